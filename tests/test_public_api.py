"""The public names and signatures of jgd, as they stand in public_api.txt: none changes by accident.

A change on purpose rewrites the file, and the difference is what the change log tells:

    python tests/test_public_api.py
"""

import ast
import difflib
import enum
import importlib
import importlib.util
import inspect
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import is_typeddict

import pytest
from helpers.public import is_function, public_modules, public_names

import jgd

SNAPSHOT = Path(__file__).parent / "public_api.txt"
REWRITE = "python tests/test_public_api.py"


def signature(function) -> str:
    """The parameters with their kinds and defaults; annotations print differently in each version of Python and JAX."""
    found = inspect.signature(function)
    plain = [
        parameter.replace(annotation=inspect.Parameter.empty, default=_default(parameter.default))
        for parameter in found.parameters.values()
    ]
    return str(found.replace(parameters=plain, return_annotation=inspect.Signature.empty))


class _Text(str):
    """A default's text; `inspect` prints the repr."""

    __repr__ = str.__str__


def _default(value):
    if value is inspect.Parameter.empty:
        return value
    text = getattr(value, "__name__", repr(value))
    return _Text(type(value).__name__ if " at 0x" in text else text)


def members(kind: type) -> list[str]:
    """Its own public methods and properties, but for those that say again what a base class says."""
    lines = []
    for name, value in sorted(vars(kind).items()):
        if name.startswith("_"):
            continue
        bound = getattr(kind, name)
        if is_function(bound):
            text = f".{name}{signature(bound)}"
        elif isinstance(value, property) or hasattr(value, "func"):  # or a cached_property
            text = f".{name}"
        else:
            continue
        inherited = any(text in members(base) for base in kind.__mro__[1:] if base.__module__.startswith("jgd"))
        lines += [] if inherited else [text]
    return lines


def described(whole: str, value: object) -> list[str]:
    if isinstance(value, ModuleType):
        return [f"{whole} (module)"]
    if is_typeddict(value):
        return [f"{whole}[{', '.join(value.__annotations__)}]"]
    if inspect.isclass(value):
        plain = issubclass(value, Exception | enum.Enum)  # whose signatures are Python's, and change with its version
        return [whole if plain else f"{whole}{signature(value)}", *(whole + line for line in members(value))]
    if is_function(value):
        return [f"{whole}{signature(value)}"]
    return [f"{whole}: {type(value).__name__}"]


def api() -> str:
    """One line a name, sorted by module."""
    lines = []
    for path in public_modules():
        module = importlib.import_module(path)
        for name in public_names(module):
            lines += described(f"{path}.{name}", getattr(module, name))
    return "\n".join(lines) + "\n"


@pytest.mark.snapshot
def test_the_public_names_and_signatures_are_those_of_the_snapshot():
    was, now = SNAPSHOT.read_text().splitlines(), api().splitlines()
    changes = list(difflib.unified_diff(was, now, "public_api.txt", "jgd", lineterm="", n=0))
    assert not changes, f"if on purpose, rewrite the file with `{REWRITE}`:\n" + "\n".join(changes)


def example(first, *rest, second=2, **more):
    """What the lines below describe."""


class Base:
    def init(self, params):
        """Said once."""


class Derived(Base):
    def init(self, params):
        """Said again."""

    def update(self, updates, scale=len):
        """New."""

    @property
    def place(self):
        """No call."""


@pytest.mark.parametrize(
    ("value", "lines"),
    [
        (example, ["x(first, *rest, second=2, **more)"]),
        (Base, ["x()", "x.init(self, params)"]),
        (Derived, ["x()", "x.init(self, params)", "x.place", "x.update(self, updates, scale=len)"]),
        (jgd, ["x (module)"]),
        (3, ["x: int"]),
        (jgd.JgdError, ["x"]),
    ],
    ids=["function", "class", "property and default", "module", "constant", "error"],
)
def test_a_line_says_what_a_caller_may_write(value, lines):
    assert described("x", value) == lines


@pytest.mark.parametrize(
    "package", [jgd, jgd.optimizers, jgd.sweeps, jgd.transforms], ids=lambda package: package.__name__
)
def test_what_a_type_checker_sees_is_what_is_imported_on_demand(package):
    block = next(node for node in ast.parse(inspect.getsource(package)).body if isinstance(node, ast.If)).body
    if block[0].names[0].name == "*":  # they stand in a file of their own
        there = inspect.getsource(importlib.import_module(block[0].module))
        block = [node for node in ast.parse(there).body if isinstance(node, ast.ImportFrom)]
    seen = {(node.module, alias.name) for node in block for alias in node.names}
    of = lambda home: importlib.util.resolve_name(f".{home}", package.__name__) if home else package.__name__
    assert seen == {(of(home), name) for home, names in package.HOMES.items() for name in names.split()}


@pytest.mark.slow
def test_importing_jgd_imports_no_room():
    """A fresh process: what `import jgd` brings besides jax is a handful of modules, and a method brings its own."""
    code = (
        "import sys, jgd; print(len([name for name in sys.modules if name.startswith('jgd')]))\n"
        "import jgd.optimizers.adamw; jgd.optimizers.adam(0.1), jgd.optimizers.adamw(0.1)  # functions, not their modules\n"
        "print(*(name for name in ('optimizers.soap', 'transforms.switch', 'gradients') if f'jgd.{name}' in sys.modules))"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    modules, others = out.split("\n")[:2]
    assert int(modules) <= 4
    assert others == ""


if __name__ == "__main__":
    SNAPSHOT.write_text(api())
    print(f"{SNAPSHOT.name}: {len(api().splitlines())} lines", file=sys.stderr)
