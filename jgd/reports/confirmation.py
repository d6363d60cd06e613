"""A confirmation as people read it: what was chosen, on fresh seeds and on the test rows, and how it is kept."""

import json
from dataclasses import asdict
from pathlib import Path

from jgd.core import atomic_files
from jgd.core.strict_json import without_nan
from jgd.core.text import align_columns
from jgd.reports.format import format_estimate
from jgd.sweeps import Confirmation, format_config

FILES = ("confirmation.json", "confirmation.txt")


def confirmed_columns() -> list[str]:
    """The headings of `confirmed_rows`; uncertainties are 95% intervals of the mean over seeds (Student's t)."""
    return ["pick", "chosen at", "fresh seeds", "optimism", "test", "diverged", "hyperparameters"]


def confirmed_rows(confirmation: Confirmation) -> list[list[str]]:
    """One row a chosen config: the validation mean that chose it, that on fresh seeds, their difference, the test.

    >>> import jgd
    >>> found = jgd.sweep("hours_points", "sgd", {"learning_rate": [0.01, 0.1]}, seeds=2, steps=30)
    >>> row = confirmed_rows(found.confirm(seeds=3))[0]
    >>> row[0], row[-2:]
    ('sgd 1', ['0 of 3', 'learning_rate=0.1'])
    """
    seeds = len(confirmation.seeds)
    return [
        [
            f"{each.recipe} {each.config}",
            f"{each.chosen_at.mean:.4f}",
            format_estimate(each.validation, seeds),
            f"{each.optimism:+.4f}",
            format_estimate(each.test, seeds),
            f"{each.diverged} of {seeds}",
            format_config(each.hyperparameters),
        ]
        for each in confirmation.confirmed
    ]


def reads_line(confirmation: Confirmation) -> str:
    """How often the test rows were read, and what that means."""
    times = "once" if confirmation.reads == 1 else f"{confirmation.reads} times, this one included"
    warning = "" if confirmation.reads == 1 else ": what is chosen by comparing these reads is chosen on the test rows"
    return f"the test rows of this sweep were read {times}{warning}"


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
    fresh = ", ".join(map(str, confirmation.seeds))
    title = f"validation and test {confirmation.metric} on the fresh seeds {fresh}; ± is the 95% interval of the mean"
    grid = [confirmed_columns(), *confirmed_rows(confirmation)]
    return "\n".join([title, *align_columns(grid), reads_line(confirmation)])


def save_confirmation(confirmation: Confirmation, directory: str | Path) -> list[Path]:
    """Adds a confirmation to those in confirmation.json and confirmation.txt, each whole or not at all.

    The JSON is a list with an entry each time that the test rows were read: metric, seeds, reads, and of each confirmed
    config what `jgd.sweeps.Confirmed` holds; what is not a number there is null.

    Args:
        confirmation: Of `Sweep.confirm`.
        directory: Where to; it is there already.

    Returns:
        The two paths.

    Example:
        >>> import tempfile, jgd
        >>> found = jgd.sweep("hours_points", "sgd", {"learning_rate": [0.01, 0.1]}, seeds=2, steps=30)
        >>> with tempfile.TemporaryDirectory() as directory:
        ...     [path.name for path in save_confirmation(found.confirm(seeds=3), directory)]
        ['confirmation.json', 'confirmation.txt']
    """
    facts, words = (Path(directory) / name for name in FILES)
    entry = {name: getattr(confirmation, name) for name in ("metric", "seeds", "reads")}
    entry["confirmed"] = [asdict(each) for each in confirmation.confirmed]
    before = json.loads(facts.read_text(encoding="utf-8")) if facts.exists() else []
    atomic_files.write(facts, json.dumps([*before, without_nan(entry)], indent=1).encode())
    before_text = words.read_text(encoding="utf-8") + "\n" if words.exists() else ""
    atomic_files.write(words, f"{before_text}{confirmation_text(confirmation)}\n".encode())
    return [facts, words]
