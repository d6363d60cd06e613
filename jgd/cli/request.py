"""What a sweep was asked for, kept beside it as command.json: the directory alone is enough to go on with it."""

import hashlib
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import jgd
from jgd.cli import options
from jgd.cli.importing import imported
from jgd.cli.train import CLASSES, VALUES
from jgd.core import atomic_files, checks
from jgd.core.functions import fingerprint, name_of

FILE = "command.json"


@dataclass(frozen=True)
class Asked:
    """The words that name a task and recipes of one's own, where they were said, and what they stood for then.

    task: a bundled task or module:function, None with data. recipes: module:function each. directory: where modules and
    data are looked for if they aren't in the working directory. options: all other words of the command.
    """

    task: str | None
    model: str | None
    data: str | None
    target: str | None
    loss: str | None
    scale: str | None
    recipes: tuple[str, ...]
    directory: str
    options: dict[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Of the task, for a directory of runs."""
        return Path(self.data).stem if self.data is not None else str(self.task).rpartition(":")[2]

    def make_task(self) -> jgd.Task:
        """The task; `JgdValueError` names the option that is wrong."""
        if (self.task is None) == (self.data is None):
            raise checks.JgdValueError("name a task of `jgd list`, or give --data FILE --target COLUMN")
        if self.data is not None:
            return self._of_table()
        for option, value in (("--target", self.target), ("--loss", self.loss), ("--scale", self.scale)):
            if value is not None:
                raise checks.JgdValueError(f"{option} belongs to --data; the task {self.task!r} has its own")
        if ":" not in str(self.task):
            return jgd.tasks.get(str(self.task), self.model)
        if self.model is not None:
            raise checks.JgdValueError(f"--model belongs to a bundled task or --data, got the function {self.task!r}")
        made = _called("task", str(self.task), self.directory)
        if not isinstance(made, jgd.Task):
            raise checks.JgdTypeError(f"task: {self.task} must return a jgd.Task, got {type(made).__name__}")
        return made

    def _of_table(self) -> jgd.Task:
        if self.target is None:
            raise checks.JgdValueError("--data needs --target, the column to predict")
        if self.loss is not None:
            checks.choice("loss", self.loss, jgd.losses.errors)
        says = self.loss or self.model  # whichever was named tells labels from values
        kind = "classes" if says in CLASSES else "values" if says in VALUES else "auto"
        table = jgd.data.read(self._data_file, str(self.target), kind)
        scale = options.SCALES[checks.choice("scale", self.scale or "standard", options.SCALES)]
        return jgd.tasks.of_table(table, self.model, self.loss, scale=scale)

    @property
    def _data_file(self) -> Path:
        given = Path(str(self.data))
        return given if given.exists() or not (Path(self.directory) / given).exists() else Path(self.directory) / given

    def functions(self) -> dict[str, Callable[..., Any]]:
        """The recipes of one's own by their names."""
        each = [imported("--recipe", address, self.directory) for address in self.recipes]
        by_name = {name_of(function): function for function in each}
        if len(by_name) < len(each):
            raise checks.JgdValueError(
                f"--recipe must name functions of different names, got {', '.join(self.recipes)}"
            )
        return by_name

    def facts(self) -> dict[str, Any]:
        """All of it as JSON, with what functions do and data files hold: equal for the same sweep asked for again."""
        own = [*self.recipes, *([self.task] if self.task is not None and ":" in self.task else [])]
        code = {address: fingerprint(imported("address", address, self.directory)) for address in own}
        data = None if self.data is None else hashlib.sha256(self._data_file.read_bytes()).hexdigest()
        return {
            "format": atomic_files.FORMAT,
            **asdict(self),
            "recipes": list(self.recipes),
            "code": code,
            "data_sha256": data,
        }

    def is_in(self, directory: Path) -> bool:
        """Whether the directory holds this sweep, asked for by these words."""
        return _read(directory / FILE) == self.facts()

    def keep_in(self, directory: Path) -> None:
        """Write command.json, whole or not at all."""
        atomic_files.write(directory / FILE, atomic_files.sealed(self.facts()))


def opened(directory: Path) -> jgd.Sweep:
    """The sweep in a directory, with the task and the recipes that command.json names; `jgd.load_sweep` without one."""
    if not directory.is_dir():
        raise checks.JgdValueError(f"there is no directory {str(directory)!r}")
    if not (directory / FILE).exists():
        return jgd.load_sweep(directory)
    facts = atomic_files.unsealed(directory / FILE)
    said = {name: facts[name] for name in Asked.__dataclass_fields__}
    asked = Asked(**{**said, "recipes": tuple(facts["recipes"])})
    return jgd.load_sweep(directory, asked.make_task(), asked.functions())


def _read(file: Path) -> dict[str, Any] | None:
    """What is in it; None where it is missing, damaged, or of another version."""
    try:
        return atomic_files.unsealed(file)
    except (OSError, checks.JgdError):
        return None


def _called(argument: str, address: str, directory: str) -> Any:
    try:
        return imported(argument, address, directory)()
    except checks.JgdError:
        raise
    except Exception as error:  # whatever a user's code raises, it is the input that is bad
        raise checks.JgdValueError(f"{argument}: {address}() raised {type(error).__name__}: {error}") from error
