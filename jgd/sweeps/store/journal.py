"""The journal of a sweep's directory: a line a block result, appended when its blobs are on the disk.

Processes that share a sweep have a journal each, journal-0, journal-1, …, so that no two write one file.

A line carries its own SHA-256; one that a kill has cut short never happened. A line is somebody else's word until it is
checked: its packs have plain names such as jgd writes, so that nothing outside the directory is read or deleted for it.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from jgd.core import atomic_files
from jgd.core.strict_json import fault_of
from jgd.sweeps.store.packs import is_place

JOURNAL = "journal"
SHARE = re.compile(r"journal-\d{1,6}")

_KEYS = re.compile(r"([0-9a-f]{16})+")
_LINE = {
    "sweep": str,
    "configs": lambda keys: isinstance(keys, str) and _KEYS.fullmatch(keys) is not None,
    "seed": int,
    "begin": int,
    "end": int,
    "scores": is_place,
    "rest": is_place,
    "lanes": is_place,
}


def append(path: Path, line: Mapping[str, Any], name: str = JOURNAL) -> None:
    """One more line in a journal of a directory, on the disk when this returns."""
    atomic_files.append(path / name, row(line).encode())


def row(line: Mapping[str, Any]) -> str:
    """A line as it is written."""
    text = json.dumps(line)
    return f"\n{hashlib.sha256(text.encode()).hexdigest()} {text}\n"  # after what a kill may have cut short


def joined(keys: np.ndarray) -> str:
    """The keys of configs as a line has them."""
    return keys.astype(">u8").tobytes().hex()


def keys_of(line: Mapping[str, Any]) -> np.ndarray:
    """The keys of a line's configs."""
    return np.frombuffer(bytes.fromhex(line["configs"]), ">u8").astype(np.uint64)


@dataclass
class Reader:
    """The journals of a directory, read from where they were read before.

    damaged: how many lines were, so far. torn: whether the last look saw what a kill has cut short, or is being written.
    """

    path: Path
    damaged: int = 0
    torn: bool = False
    _read: dict[str, int] = field(default_factory=dict)  # name -> bytes

    def news(self) -> list[dict[str, Any]]:
        """The whole lines that came since the last look. Of a block that has landed twice there are two."""
        found, self.torn = list[dict[str, Any]](), False
        for name in (JOURNAL, *shares(self.path)):
            with suppress(FileNotFoundError):
                begin = self._read.get(name, 0)
                *rows, tail = atomic_files.read(self.path / name, begin).split(b"\n")
                self._read[name] = begin + sum(map(len, rows)) + len(rows)
                self.torn |= bool(tail)
                for each in filter(None, rows):
                    line = _line_of(each)
                    if line is None:
                        self.damaged += 1
                    else:
                        found.append(line)
        return found


def read_journal(path: Path) -> Sequence[dict[str, Any]]:
    """The whole lines of a directory's journals."""
    return Reader(path).news()


def join(path: Path, lines: Iterable[Mapping[str, Any]]) -> None:
    """One journal of these lines, and no other; `OSError` where it can't be written."""
    atomic_files.write(path / JOURNAL, "".join(map(row, lines)).encode())
    for name in shares(path):
        with suppress(OSError):
            (path / name).unlink()


def shares(path: Path) -> list[str]:
    """The names of the journals of those who have shared the sweep."""
    return sorted(each.name for each in path.iterdir() if SHARE.fullmatch(each.name)) if path.is_dir() else []


def _line_of(row: bytes) -> dict[str, Any] | None:
    """What a row of the file says; None where it is not what jgd writes."""
    digest, _, text = row.partition(b" ")
    if hashlib.sha256(text).hexdigest().encode() != digest:
        return None
    try:
        line = json.loads(text)
        whole = not fault_of(line, _LINE) and 0 <= line["begin"] <= line["end"]
    except (ValueError, RecursionError):
        return None
    return line if whole else None
