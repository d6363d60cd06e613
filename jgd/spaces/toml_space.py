"""Layer 1. Enters: the path of a TOML file. Leaves: the space that it says, for the command line."""

import tomllib
from os import PathLike
from typing import Any

from jgd.core import checks
from jgd.spaces.space import Space


def space_of_toml(path: str | PathLike[str]) -> Space:
    """The space of a TOML file with one key a name: `{ kind = [...] }`, a list of numbers, or a number.

        learning_rate = { log_uniform = [1e-4, 1.0] }
        optimizer = { choice = ["sgd", "adam"] }
        b2 = { one_minus_log_uniform = [1e-4, 0.1], when = { optimizer = "adam" } }
        width = { integers = [16, 1024], log = true }
        warmup = { integers = [0, 200], step = 20 }
        smoothing = { normal = [0.1, 0.05], low = 0.0 }
        kind = { choice = ["plain", "nesterov"], weights = [1, 3] }
        decay = [0.0, 1e-4]
        b1 = 0.9
        rates = { log_uniform = [1e-4, 1.0], length = 3 }
        hold = { derived = "200 - warmup" }
        peak = [{ uniform = [0, 1], when = { warmup = { low = 50 } } }, { uniform = [0, 0.1] }]
        constraints = ["warmup < width"]

    Kinds are log_uniform, one_minus_log_uniform, uniform, integers (each with [low, high]; the last may have log or
    step beside it), normal ([mean, std]) and log_normal ([median, spread]), which may have low and high beside them, choice
    and static, which may have weights; lists inside these two become tuples.

    Args:
        path: of the file.

    Returns:
        The `Space`.

    Raises:
        JgdTypeError: for an entry of another kind, naming the file, the key and what is allowed.
        JgdValueError: for a file that can't be read, or bad values.

    Example:
        >>> import tempfile
        >>> from pathlib import Path
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     _ = Path(folder, "space.toml").write_text("learning_rate = { log_uniform = [1e-3, 1e-1] }")
        ...     space_of_toml(Path(folder, "space.toml")).at([[0.5]])
        [{'learning_rate': 0.01}]
    """
    entries = read_toml("space", path)
    try:
        if not entries:
            raise checks.JgdValueError("space names nothing to search", argument="space")
        return Space.of(entries)
    except checks.JgdError as error:
        raise checks.prefixed(f"{path}: ", error) from error
    except (ValueError, RecursionError) as error:  # of entries in entries
        raise checks.JgdValueError(f"{path}: space must be TOML, got an error: {error}") from error


def read_toml(what: str, path: str | PathLike[str]) -> dict[str, Any]:
    """The keys of a TOML file; `JgdValueError` says what was to be read, and why it can't be."""
    given, path = path, checks.path(what, path)
    try:
        text = path.read_text(encoding="utf-8-sig")  # some editors write a mark first
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else error  # its text names the path once more
        raise checks.JgdValueError(
            f"{what} must be a readable TOML file, got {checks.shown(str(given))}: {why}", argument=what
        ) from error
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # also numbers of thousands of digits, and lists in lists as deep
        raise checks.JgdValueError(f"{path}: {what} must be TOML, got an error: {error}") from error
