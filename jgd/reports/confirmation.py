"""A confirmation as people read it: what was chosen, on fresh seeds and on the test rows, and how it is kept.

confirmation.json is sealed with its SHA-256, and what is shown later is written from it; confirmation.txt is for eyes.
"""

import os
from collections.abc import Mapping
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from jgd.core import atomic_files, checks
from jgd.core.statistics import Estimate
from jgd.core.strict_json import fault_of, is_word, without_nan
from jgd.core.text import align_columns
from jgd.spaces.json_space import of_json
from jgd.sweeps import Confirmation, Confirmed
from jgd.sweeps.confirmation import confirmed_columns, confirmed_rows, reads_line

FILES = ("confirmation.json", "confirmation.txt")

_MAYBE = (float, None)  # what is not a number is null
_ESTIMATE = {
    **dict.fromkeys(("mean", "standard_error", "low", "high"), _MAYBE),
    **{"n": int, "diverged": int, "method": is_word, "note": is_word},
}
_CONFIRMED = {
    **dict.fromkeys(("chosen_at", "validation", "test"), _ESTIMATE),
    **{"recipe": is_word, "config": int, "optimism": _MAYBE, "diverged": int},
    "hyperparameters": {str: (int, float, bool, list, None, is_word)},
}
_ENTRY = {"metric": is_word, "seeds": [int], "reads": int, "confirmed": [_CONFIRMED]}


def confirmation_text(confirmation: Confirmation) -> str:
    """What was confirmed, as plain text; the last column is the one that may be long.

    Args:
        confirmation: Of `Sweep.confirm`.

    Returns:
        A title, the table, and how often the test rows were read.

    Example:
        >>> import jgd
        >>> found = jgd.sweep("hours_points", "sgd", {"learning_rate": [0.01, 0.1]}, seeds=2, steps=30)
        >>> confirmation_text(found.confirm(seeds=3)).splitlines()[-1]
        'the test rows of this sweep were read once'
    """
    checks.instance("confirmation", confirmation, Confirmation, "jgd.sweep(…).confirm()")
    fresh = ", ".join(map(str, confirmation.seeds))
    title = (
        f"validation and test {confirmation.metric} on the fresh seeds {fresh}; ± and [ ] are 95% intervals of the mean"
    )
    grid = [confirmed_columns(), *confirmed_rows(confirmation)]
    return "\n".join([title, *align_columns(grid), reads_line(confirmation)])


def save_confirmation(confirmation: Confirmation, directory: str | Path) -> list[Path]:
    """Adds a confirmation to those in confirmation.json and confirmation.txt, each whole or not at all.

    The JSON's "content" has under "confirmations" an entry each time that the test rows were read: metric, seeds, reads,
    and of each confirmed config what `jgd.sweeps.Confirmed` holds; what is not a number there is null. The text is
    written anew from it.

    Args:
        confirmation: Of `Sweep.confirm`.
        directory: Where to; it is there already.

    Returns:
        The two paths.

    Raises:
        JgdValueError: Where the confirmation.json that is there was damaged, or the disk fails.

    Example:
        >>> import tempfile, jgd
        >>> found = jgd.sweep("hours_points", "sgd", {"learning_rate": [0.01, 0.1]}, seeds=2, steps=30)
        >>> with tempfile.TemporaryDirectory() as directory:
        ...     [path.name for path in save_confirmation(found.confirm(seeds=3), directory)]
        ['confirmation.json', 'confirmation.txt']
    """
    checks.path("directory", directory)
    facts, words = (Path(directory) / name for name in FILES)
    entry: dict[str, Any] = {name: getattr(confirmation, name) for name in ("metric", "seeds", "reads")}
    entry["confirmed"] = [asdict(each) for each in confirmation.confirmed]
    content = {"format": atomic_files.FORMAT, "confirmations": [*_stored(facts), without_nan(entry)]}
    try:
        atomic_files.write(facts, atomic_files.sealed(content))
        atomic_files.write(words, "\n".join(f"{text}\n" for text in stored_confirmations(directory)).encode())
    except OSError as fault:
        raise checks.JgdValueError(
            f"directory {str(directory)!r} can't be written: {fault.strerror or fault}", argument="directory"
        ) from fault
    return [facts, words]


def stored_confirmations(directory: str | Path) -> list[str]:
    """The texts of all confirmations in a directory, written from its confirmation.json.

    Args:
        directory: Where `save_confirmation` wrote.

    Returns:
        A text each time that the test rows were read; [] where they never were.

    Raises:
        JgdValueError: Where the file is damaged, or not what jgd writes.

    Example:
        >>> stored_confirmations("/nowhere")
        []
    """
    return [confirmation_text(each) for each in read_confirmations(directory)]


def read_confirmations(directory: str | Path) -> list[Confirmation]:
    """The confirmations in a directory, without their runs; `stored_confirmations` says the errors."""
    return [_confirmation_of(entry) for entry in _stored(Path(directory) / FILES[0])]


def _stored(file: Path) -> list[dict[str, Any]]:
    """The entries of a confirmation.json, checked."""
    if not os.path.lexists(file):
        return []
    try:
        content = atomic_files.unsealed(file)
        fault = fault_of(content, {"confirmations": [_ENTRY]})
        if fault:
            raise checks.JgdValueError(f"{file.name} is not what jgd writes: {fault}")
    except atomic_files.OtherFormatError:
        raise
    except checks.JgdValueError as fault:
        raise checks.JgdValueError(
            f"in {str(file.parent)!r}, {fault}: move it away; test_reads.json still counts the reads of the test rows"
        ) from fault
    return content["confirmations"]


def _confirmation_of(entry: Mapping[str, Any]) -> Confirmation:
    """A stored confirmation again, without its runs."""
    confirmed = tuple(_confirmed_of(each) for each in entry["confirmed"])
    none: Any = None
    return Confirmation(entry["metric"], tuple(entry["seeds"]), confirmed, entry["reads"], none)


def _confirmed_of(entry: Mapping[str, Any]) -> Confirmed:
    number = lambda value: float("nan") if value is None else value
    made: dict[str, Any] = {field.name: entry[field.name] for field in fields(Confirmed)}
    for name in ("chosen_at", "validation", "test"):
        parts: dict[str, Any] = {field.name: number(entry[name][field.name]) for field in fields(Estimate)}
        made[name] = Estimate(**parts)
    values = {name: of_json(value) for name, value in entry["hyperparameters"].items()}
    return Confirmed(**{**made, "hyperparameters": values, "optimism": number(entry["optimism"])})
