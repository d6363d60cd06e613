"""The journal of a sweep's directory: a line a block result, appended when its files are on the disk.

A line carries its own SHA-256; one that a kill has cut short never happened.
"""

import hashlib
import json
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

JOURNAL = "journal"


def append(path: Path, line: Mapping[str, Any]) -> None:
    """One more line in the journal of a directory, on the disk when this returns."""
    with (path / JOURNAL).open("a", encoding="utf-8") as out:
        out.write(row(line))
        out.flush()
        os.fsync(out.fileno())


def row(line: Mapping[str, Any]) -> str:
    """A line as it is written."""
    text = json.dumps(line)
    return f"\n{hashlib.sha256(text.encode()).hexdigest()} {text}\n"  # after what a kill may have cut short


def read_journal(path: Path) -> tuple[list[dict[str, Any]], int, bool]:
    """The whole lines of a directory's journal, the later of two about one file; how many are damaged; whether it is torn.

    What follows the last newline was cut short by a kill, or is being written: it never happened.
    """
    found, damaged, tail = {}, 0, b""
    with suppress(FileNotFoundError):
        *rows, tail = (path / JOURNAL).read_bytes().split(b"\n")
        for each in rows:
            digest, _, text = each.partition(b" ")
            if hashlib.sha256(text).hexdigest().encode() == digest:
                line = json.loads(text)
                found[line["file"]] = line
            else:
                damaged += bool(each)
    return list(found.values()), damaged, bool(tail)
