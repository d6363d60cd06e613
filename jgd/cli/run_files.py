"""A sweep's directory as the command leaves it: what there is, starting anew, and the results saved beside it."""

import os
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import jgd
from jgd import reports
from jgd.cli import console, request
from jgd.core import atomic_files, checks
from jgd.reports import confirmation, files
from jgd.reports.table import cost_line, interval_words, stopped_line, table_columns, table_rows
from jgd.sweeps.store.configs_file import CONFIGS_FILE
from jgd.sweeps.store.disk import FOLDERS
from jgd.sweeps.store.journal import SHARE
from jgd.sweeps.store.manifest import OWN
from jgd.sweeps.store.packs import PACK_FILE

SWEEP = atomic_files.SWEEP
STORED = (*OWN, request.FILE)  # what makes a directory a sweep's
ASIDE = ".before"
REPLAYS = "replays"
_REPLAY = re.compile(rf"{REPLAYS}/config-\d+-seed-\d+(/(history\.csv|training\.png))?")
_PACK = re.compile(rf"({'|'.join(FOLDERS)})/{PACK_FILE.pattern}")
ALL_DIVERGED = "every run diverged, there is nothing to choose: try smaller learning rates"


def holds_a_sweep(directory: Path) -> bool:
    """Whether there is one, or no more than the beginning of one."""
    there = {path.name for path in directory.iterdir()} if directory.is_dir() else set()
    own = {name for name in there if CONFIGS_FILE.fullmatch(name) or SHARE.fullmatch(name)}
    return SWEEP in there or there <= {*STORED, *own, "lock", ASIDE}


@contextmanager
def overwritten(directory: Path) -> Iterator[None]:
    """What a sweep has left there is moved aside, and deleted in the end; it comes back if no new one could begin.

    Of what was moved, files that jgd didn't write are kept where they are then, and told of.
    """
    aside = directory / ASIDE
    with atomic_files.held(directory):
        atomic_files.refuse_links(directory, (ASIDE,))
        _delete_own(aside)  # of a command that was killed
        if aside.exists():
            raise checks.JgdValueError(f"{str(aside)!r} has files that jgd did not write: move them away")
        aside.mkdir()
        for name in os.listdir(directory):
            if _is_own(name):
                (directory / name).rename(aside / name)
    try:
        yield
    finally:
        if not (directory / SWEEP).exists():
            for path in aside.iterdir():
                path.rename(directory / path.name)
        _delete_own(aside)
        if aside.exists():
            warnings.warn(f"{str(aside)!r} keeps what jgd did not write", stacklevel=2)


_NAMES = (*STORED, *files.FILES, *confirmation.FILES, REPLAYS)


def _is_own(name: str) -> bool:
    """Whether jgd has written a file or folder of this name beside a sweep."""
    return name in _NAMES or CONFIGS_FILE.fullmatch(name) is not None or SHARE.fullmatch(name) is not None


def _delete_own(aside: Path) -> None:
    """Delete what jgd writes in a directory of a sweep, and the folders that are empty then."""
    for path in sorted(aside.rglob("*"), reverse=True):  # what is in a folder before the folder
        name = path.relative_to(aside).as_posix()
        if path.is_dir() and not path.is_symlink():
            with suppress(OSError):
                path.rmdir()
        elif _is_own(name) or _PACK.fullmatch(name) or _REPLAY.fullmatch(name):
            path.unlink()
    with suppress(OSError):
        aside.rmdir()


def save_share(found: jgd.Sweep, directory: Path, shard: str | None) -> int:
    """`save` where all runs are there; else what a shard has left to the others: -> the exit code."""
    left = found.runs_left
    if shard is None and left:
        console.print_line(
            f"time is over: {left} of {found.diverged_at.size} runs are left; the same command, or `jgd extend {directory}`, goes on"
        )
        return 0
    if not left:
        return save(found, directory)
    console.print_line(
        f"shard {shard} is done; {left} of {found.diverged_at.size} runs have not landed yet: `jgd show {directory}` tells "
        f"how far they are, and when all shards have ended, `jgd extend {directory}` runs what a killed one has left"
    )
    return 0


def save(found: jgd.Sweep, directory: Path) -> int:
    """Print a sweep's picks and cost and write them down: -> the exit code, 1 where every run diverged."""
    size = f"{len(found.configs)} configs × {found.facts.seed_words}, {found.facts.step_words}"
    title = f"{found.task}: {size}; {interval_words(found)}"
    console.print_table(table_columns(found), table_rows(found), title=title)
    if stopped_line(found):
        console.print_line(stopped_line(found))
    if found.cost["steps"]:
        console.print_line(cost_line(found))
    else:
        console.print_line("nothing was left to run: all runs are stored")
    for note in found.notes:
        console.print_line(f"note: {note}")
    if found.cost["steps"] or not files.are_there(found, directory):
        for path in reports.save_sweep(found, directory):
            console.print_line(f"wrote {path}")
    if found.best.config is None:
        console.print_line(ALL_DIVERGED)
        return 1
    console.print_line(f"next: jgd confirm {directory}   (fresh seeds, and only then the test rows)")
    return 0
