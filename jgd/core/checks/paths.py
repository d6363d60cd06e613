"""Checks of paths."""

import os
from pathlib import Path
from typing import Any

from jgd.core.checks.errors import JgdTypeError, JgdValueError


def path(name: str, value: Any) -> Path:
    """The absolute path of a file or directory, which stays where it is when the working directory changes.

    >>> path("store", "runs/a").is_absolute()
    True
    """
    if not isinstance(value, str | os.PathLike) or not os.fspath(value):
        raise JgdTypeError(
            f"{name} must be the path of a directory, got {value!r} ({type(value).__name__})", argument=name
        )
    try:
        out = Path(os.path.abspath(os.fsdecode(value)))
        out.lstat()
    except (FileNotFoundError, NotADirectoryError, PermissionError):  # it is told where it is read or written
        pass
    except (ValueError, OSError) as fault:  # a NUL, a name too long for the system
        what = getattr(fault, "strerror", None) or fault
        raise JgdValueError(
            f"{name} must be the path of a directory, got {str(value)[:60]!r}: {what}", argument=name
        ) from fault
    return out
