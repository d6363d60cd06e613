"""What a sweep was asked for, kept beside it as command.json: going on with it needs no words but the directory's.

The directory may be somebody else's. Code that it names is imported only for who says --trust.
"""

import hashlib
import os
import sys
import warnings
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Annotated, Any

import typer

import jgd
from jgd.cli import console
from jgd.cli.importing import given_imports, import_module, imported
from jgd.cli.task_options import COLUMNS, TaskOptions
from jgd.core import atomic_files, checks
from jgd.core.fingerprint import function_fingerprint
from jgd.core.functions import name_of
from jgd.core.strict_json import fault_of, is_word

FILE = atomic_files.COMMAND
TYPED = "argv"  # for people who read of the sweep; other words may ask for the same one
_WORDS = (None, is_word)
_LISTS = [each.name for each in fields(TaskOptions) if each.default == ()]
_ABSENT = {each.name: [] if each.name in _LISTS else None for each in fields(TaskOptions) if each.name in COLUMNS}
_CONTENT = {
    **{each.name: _WORDS for each in fields(TaskOptions)},
    **{name: [is_word] for name in _LISTS},
    "directory": str,
    "recipes": [is_word],
    "imports": [is_word],
}

Trust = Annotated[
    bool,
    typer.Option("--trust", help="Import the code that the directory names: it runs. Only if you trust its maker."),
]


@dataclass(frozen=True)
class Request:
    """What the command was asked for.

    Attributes:
        task: Its options.
        recipes: Those of a user's own, module:function each.
        imports: Modules of --import, whose optimizers register themselves.
        options: All other options.
    """

    task: TaskOptions
    recipes: tuple[str, ...]
    imports: tuple[str, ...] = ()
    options: dict[str, Any] = field(default_factory=dict)

    def recipe_functions(self) -> dict[str, Callable[..., Any]]:
        """The user's own recipes by their names."""
        each = [imported("--recipe", address, self.task.directory) for address in self.recipes]
        by_name = {name_of(function): function for function in each}
        if len(by_name) < len(each):
            raise checks.JgdValueError(
                f"--recipe must name functions of different names, got {', '.join(self.recipes)}"
            )
        return by_name

    def to_dict(self) -> dict[str, Any]:
        """All of it as JSON, with what functions do and data files hold: equal for the same sweep asked for again."""
        own = [*self.recipes, *([self.task.function] if self.task.function is not None else [])]
        code = {address: function_fingerprint(imported("address", address, self.task.directory)) for address in own}
        file = self.task.data_file
        data = None if file is None else hashlib.sha256(file.read_bytes()).hexdigest()
        return {
            "format": atomic_files.FORMAT,
            **asdict(self.task),
            **{name: list(getattr(self.task, name)) for name in _LISTS},
            "recipes": list(self.recipes),
            "imports": list(self.imports),
            "options": self.options,
            "code": code,
            "data_sha256": data,
        }

    def is_stored_in(self, directory: Path) -> bool:
        """Whether the directory holds this very sweep."""
        there = _read(directory / FILE)
        return there is not None and {name: each for name, each in there.items() if name != TYPED} == self.to_dict()

    def save(self, directory: Path) -> None:
        """Write command.json, whole or not at all, with the words that were typed."""
        atomic_files.write(directory / FILE, atomic_files.sealed({**self.to_dict(), TYPED: sys.argv[1:]}))


def load(directory: Path, trust: bool) -> jgd.Sweep:
    """The sweep in a directory, to go on with: bundled tasks, tables and registered optimizers are found by name.

    trust: import the modules and functions of a user's own that command.json names, looked for in the working directory and in the
    one that the command was given in. Without a command.json that can be read, sweep.json has to do.
    """
    if not directory.is_dir():
        raise checks.JgdValueError(f"there is no directory {str(directory)!r}")
    stored = request_in(directory)
    if stored is None:
        return jgd.load_sweep(directory, trust=trust)
    modules = [module for module in stored.imports if module not in given_imports()]  # those have run by now
    own = [*modules, *stored.recipes, *([stored.task.function] if stored.task.function is not None else [])]
    if own and not trust:
        raise checks.JgdValueError(
            f"going on with {str(directory)!r} runs code that is not jgd's: {', '.join(own)}; --trust imports it (from "
            f"the working directory, else {stored.task.directory!r}), `jgd show` needs none of it"
        )
    if own:
        console.print_line(f"imports {', '.join(own)}")
    for module in modules:
        import_module("--import", module, stored.task.directory)
    return jgd.load_sweep(directory, stored.task.make()[0], stored.recipe_functions())


def request_in(directory: Path) -> Request | None:
    """What was asked for there; None where it isn't known, with a warning where command.json can't be read."""
    file = directory / FILE
    if not os.path.lexists(file):
        return None
    try:
        stored = {**_ABSENT, **atomic_files.unsealed(file)}  # of an older jgd
        fault = fault_of(stored, _CONTENT)
        if fault:
            raise checks.JgdValueError(f"{FILE} is not what jgd writes: {fault}")
    except checks.JgdError as fault:
        warnings.warn(f"in {str(directory)!r}, {fault}: going on takes what sweep.json says", stacklevel=2)
        return None
    words = {each.name: stored[each.name] for each in fields(TaskOptions)}
    task = TaskOptions(**{**words, **{name: tuple(words[name]) for name in _LISTS}})
    return Request(task, tuple(stored["recipes"]), tuple(stored["imports"]))


def _read(file: Path) -> dict[str, Any] | None:
    """What is in it; None where it is missing, damaged, or of another version."""
    try:
        return atomic_files.unsealed(file)
    except checks.JgdError:
        return None
