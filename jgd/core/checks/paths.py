"""Checks of paths."""

import os
from contextlib import suppress
from pathlib import Path
from typing import Any

from jgd.core.checks.errors import JgdTypeError, JgdValueError
from jgd.core.checks.shown import shown


def path(name: str, value: Any) -> Path:
    """The absolute path of a file or directory, which stays where it is when the working directory changes.

    >>> path("store", "runs/a").is_absolute()
    True
    """
    if not isinstance(value, str | os.PathLike) or not os.fspath(value):
        raise JgdTypeError(
            f"{name} must be the path of a file or directory, got {shown(value)} ({type(value).__name__})",
            argument=name,
        )
    try:
        out = Path(os.path.abspath(os.fsdecode(value)))
        _look_up(out)
    except (ValueError, OSError) as fault:  # a NUL, a name too long for the system, a working directory that is gone
        what = getattr(fault, "strerror", None) or fault
        raise JgdValueError(
            f"{name} must be the path of a file or directory, got {shown(str(value)[:60])}: {what}", argument=name
        ) from fault
    return out


def _look_up(path: Path) -> None:
    """Raise what the system has against the path itself; whether it is there is told where it is read or written."""
    with suppress(FileNotFoundError, NotADirectoryError, PermissionError):
        path.lstat()
