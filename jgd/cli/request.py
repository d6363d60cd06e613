"""What a sweep was asked for, kept beside it as command.json: the directory alone is enough to go on with it."""

import hashlib
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

import jgd
from jgd.cli.importing import imported
from jgd.cli.task_options import TaskOptions
from jgd.core import atomic_files, checks
from jgd.core.fingerprint import function_fingerprint
from jgd.core.functions import name_of

FILE = "command.json"


@dataclass(frozen=True)
class Request:
    """The task's options, the recipes of a user's own (module:function each), and all other options of the command."""

    task: TaskOptions
    recipes: tuple[str, ...]
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
            "recipes": list(self.recipes),
            "options": self.options,
            "code": code,
            "data_sha256": data,
        }

    def is_stored_in(self, directory: Path) -> bool:
        """Whether the directory holds this very sweep."""
        return _read(directory / FILE) == self.to_dict()

    def save(self, directory: Path) -> None:
        """Write command.json, whole or not at all."""
        atomic_files.write(directory / FILE, atomic_files.sealed(self.to_dict()))


def load(directory: Path) -> jgd.Sweep:
    """The sweep in a directory, with the task and the recipes that command.json names; `jgd.load_sweep` without one."""
    if not directory.is_dir():
        raise checks.JgdValueError(f"there is no directory {str(directory)!r}")
    if not (directory / FILE).exists():
        return jgd.load_sweep(directory)
    stored = atomic_files.unsealed(directory / FILE)
    options = TaskOptions(**{each.name: stored[each.name] for each in fields(TaskOptions)})
    request = Request(options, tuple(stored["recipes"]))
    return jgd.load_sweep(directory, options.make()[0], request.recipe_functions())


def _read(file: Path) -> dict[str, Any] | None:
    """What is in it; None where it is missing, damaged, or of another version."""
    try:
        return atomic_files.unsealed(file)
    except (OSError, checks.JgdError):
        return None
