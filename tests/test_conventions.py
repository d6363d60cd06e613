"""What CONTRIBUTING asks of every file, where a test can tell."""

import importlib
import inspect
import pkgutil
import re
from pathlib import Path
from types import ModuleType

import pytest
from helpers.imports import ROOT
from helpers.public import is_function, public_modules, public_names

import jgd

MOST_LINES = 250
FILES = sorted(path.relative_to(ROOT) for path in ROOT.rglob("*.py"))
LISTS = {"optimizers/typed_names.py"}  # a line a name, and nothing to split by
NAMED = [info for info in pkgutil.walk_packages(jgd.__path__, "jgd.") if info.ispkg or info.name.count(".") == 1]


@pytest.mark.parametrize("file", [file for file in FILES if str(file) not in LISTS], ids=str)
def test_a_file_is_one_idea(file):
    lines = len((ROOT / file).read_text().splitlines())
    assert lines <= MOST_LINES, f"jgd/{file} has {lines} lines: split it by its ideas"


@pytest.mark.parametrize("name", [info.name for info in NAMED])
def test_a_package_and_a_function_never_share_a_name(name):
    """Else `import jgd.sweep.optuna as o` is an ImportError: the function covers the package."""
    importlib.import_module(name)
    parent, _, own = name.rpartition(".")
    assert isinstance(getattr(importlib.import_module(parent), own), ModuleType), f"something else covers {name}"


@pytest.mark.parametrize("test", sorted(Path(__file__).parent.rglob("*.py")), ids=lambda test: test.name)
def test_no_test_imports_another(test):
    """What tests share is in helpers: else a test's module runs, and its fixtures and marks come along."""
    imported = re.findall(r"^\s*(?:from|import) (test_\w+)", test.read_text(), re.MULTILINE)
    assert imported == []


def undocumented(kind: type) -> list[str]:
    """Public methods and properties without a docstring of their own or of a base class."""
    silent = []
    for name, value in vars(kind).items():
        method = isinstance(value, property) or hasattr(value, "func") or is_function(getattr(kind, name))
        if not name.startswith("_") and method:
            says = [inspect.getdoc(vars(base)[name]) for base in kind.__mro__ if name in vars(base)]
            silent += [] if any(says) else [f"{kind.__name__}.{name}"]
    return silent


@pytest.mark.parametrize("name", public_modules())
def test_what_is_public_says_what_it_does(name):
    module = importlib.import_module(name)
    values = [getattr(module, public) for public in public_names(module)]
    kinds = [value for value in values if inspect.isclass(value)]
    functions = [value for value in values if is_function(value) and not inspect.isclass(value)]
    assert [fault for kind in kinds for fault in undocumented(kind)] == []
    assert [function.__name__ for function in functions if not inspect.getdoc(function)] == []


class Base:
    def init(self):
        """Said once."""


class Derived(Base):
    def init(self):
        return 1

    @property
    def silent(self):
        return 2

    def _private(self):
        return 3


def test_a_method_may_inherit_its_docstring():
    assert undocumented(Derived) == ["Derived.silent"]
