"""What a person should know of the lines of a sweep's journals: damaged ones, another sweep's, blocks that have none."""

import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from jgd.sweeps.store.journal import JOURNAL
from jgd.sweeps.store.packs import PACK_FILE, Place


def own_lines(path: Path, lines: Sequence[dict[str, Any]], sweep: str) -> list[dict[str, Any]]:
    """The lines of this sweep; a warning of those that another one wrote."""
    own = [line for line in lines if line["sweep"] == sweep]
    if others := len(lines) - len(own):
        says = f"{others} lines of the journal in {str(path)!r} are of another sweep; they don't count"
        warnings.warn(says, stacklevel=4)
    return own


def tell_damaged(path: Path, lines: int) -> None:
    """Warn of lines that are none."""
    says = f"{lines} lines of the journal in {str(path)!r} are damaged; their runs run again"
    warnings.warn(says, stacklevel=4)


def tell_unusable(path: Path, faults: Sequence[Exception]) -> None:
    """Warn of lines whose blocks aren't what they say."""
    for fault in faults:
        warnings.warn(f"a block in {str(path)!r} is unusable ({fault}); it runs again", stacklevel=4)


def tell_unknown(path: Path, blocks: Path, lines: Sequence[Mapping[str, Any]]) -> None:
    """Warn of block results without a line: of more than kills between a block and its line leave."""
    if lost := _unaccounted(blocks, [(Place.of(line["scores"]), Place.of(line["rest"])) for line in lines]):
        gone = "" if (path / JOURNAL).exists() else ", which is missing"
        says = f"{lost:,} bytes of block results in {str(path)!r} have no line in the journal{gone}"
        warnings.warn(f"{says}: runs that no other line tells of count as not run", stacklevel=4)


def _unaccounted(folder: Path, known: Sequence[tuple[Place, Place]]) -> int:
    """Bytes of packs behind the last blob that is known of: of packs with more of them than a kill may have left."""
    ends, most = dict[str, int](), 0
    for scores, rest in known:
        ends[rest.pack] = max(ends.get(rest.pack, 0), rest.begin + rest.size)
        most = max(most, 2 * (scores.size + rest.size))
    try:
        packs = [file for file in folder.iterdir() if PACK_FILE.fullmatch(file.name)]
        left = [file.lstat().st_size - ends.get(file.name, 0) for file in packs]
    except OSError:
        return 0
    return sum(size for size in left if size > most)
