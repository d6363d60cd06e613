"""The journal of a sweep's directory: a line a block result, appended when its files are on the disk.

Processes that share a sweep have a journal each, journal-0, journal-1, …, so that no two write one file.

A line carries its own SHA-256; one that a kill has cut short never happened. A line is somebody else's word until it is
checked: its file is a plain name such as jgd writes, so that nothing outside the directory is read or deleted for it.
"""

import hashlib
import json
import os
import re
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from jgd.core import atomic_files
from jgd.core.strict_json import fault_of

JOURNAL = "journal"
SHARE = re.compile(r"journal-\d{1,6}")
BLOCK_FILE = re.compile(r"[0-9a-f]{12}-seed\d{1,20}-\d{1,10}-\d{1,10}\.safetensors")

_ARRAYS = {"sha256": str, "bytes": int, "arrays": {str: [str, [int]]}}
_LINE = {
    "sweep": str,
    "file": lambda name: isinstance(name, str) and BLOCK_FILE.fullmatch(name),
    "configs": lambda keys: isinstance(keys, list) and bool(keys) and all(isinstance(key, str) for key in keys),
    "seed": int,
    "begin": int,
    "end": int,
    "evaluation_steps": [int],
    "seconds": float,
    "block": _ARRAYS,
    "lanes": _ARRAYS,
    "tree": (None, str, list),
}


def append(path: Path, line: Mapping[str, Any], name: str = JOURNAL) -> None:
    """One more line in a journal of a directory, on the disk when this returns."""
    with (path / name).open("a", encoding="utf-8") as out:
        out.write(row(line))
        out.flush()
        os.fsync(out.fileno())


def row(line: Mapping[str, Any]) -> str:
    """A line as it is written."""
    text = json.dumps(line)
    return f"\n{hashlib.sha256(text.encode()).hexdigest()} {text}\n"  # after what a kill may have cut short


def read_journal(path: Path) -> tuple[list[dict[str, Any]], int, bool]:
    """The whole lines of a directory's journals, the later of two about one file; how many are damaged; whether one is torn.

    What follows the last newline was cut short by a kill, or is being written: it never happened.
    """
    found, damaged, torn = {}, 0, False
    for name in (JOURNAL, *shares(path)):
        with suppress(FileNotFoundError):
            *rows, tail = atomic_files.read(path / name).split(b"\n")
            torn |= bool(tail)
            for each in rows:
                line = _line_of(each)
                if line is None:
                    damaged += bool(each)
                else:
                    found[line["file"]] = line
    return list(found.values()), damaged, torn


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
        whole = whole and not fault_of(line.get("state_tree"), _LINE["tree"])
    except (ValueError, RecursionError):
        return None
    return line if whole else None
