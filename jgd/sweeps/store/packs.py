"""Packs: blobs of many blocks one after another in a file, so that a sweep has few files, each with one writer.

A blob counts once a line of the journal says where it is, and by its SHA-256. What a kill has left behind the last one is
never read. A pack has a name of its own, so that processes that write at once, or one after another, never share one.
"""

import hashlib
import re
import secrets
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from jgd.core import atomic_files, checks

PACK_BYTES = 2**26  # after which another pack is begun
PACK_FILE = re.compile(r"[0-9a-f]{16}\.pack")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a blob is, and what it is."""

    pack: str
    begin: int
    size: int
    sha256: str

    @classmethod
    def of(cls, said: Sequence[Any]) -> Self:
        """What `said` has said, as JSON holds it."""
        return cls(sys.intern(said[0]), *said[1:])

    def said(self) -> list[Any]:
        """As JSON holds it."""
        return [self.pack, self.begin, self.size, self.sha256]

    def read(self, folder: Path) -> bytes:
        """The blob.

        Raises:
            JgdValueError: where it is not what was written.
            OSError: where it can't be read.
        """
        blob = atomic_files.read(folder / self.pack, self.begin, self.size)
        if hashlib.sha256(blob).hexdigest() != self.sha256:
            raise checks.JgdValueError(f"{self.pack} is damaged from byte {self.begin:,} to {self.begin + self.size:,}")
        return blob

    def is_there(self, folder: Path) -> bool:
        """Whether the pack is so long, whatever is in it."""
        try:
            return (folder / self.pack).lstat().st_size >= self.begin + self.size
        except OSError:
            return False


def is_place(said: Any) -> bool:
    """Whether JSON says where a blob is, by such names and numbers as jgd writes."""
    return (
        isinstance(said, list)
        and [type(part) for part in said] == [str, int, int, str]
        and PACK_FILE.fullmatch(said[0]) is not None
        and 0 <= said[1] < 2**62
        and 0 <= said[2] < 2**62
    )


@dataclass
class PackWriter:
    """What one process adds to a folder."""

    folder: Path
    pack: str = ""  # that is appended to

    def append(self, *blobs: bytes) -> list[Place]:
        """Blobs at the end of a pack, on the disk when this returns.

        Raises:
            OSError: where they can't be written.
        """
        self.pack = self.pack or f"{secrets.token_hex(8)}.pack"
        begin = atomic_files.append(self.folder / self.pack, b"".join(blobs))
        places = []
        for blob in blobs:
            places.append(Place(self.pack, begin, len(blob), hashlib.sha256(blob).hexdigest()))
            begin += len(blob)
        if begin >= PACK_BYTES:
            self.pack = ""
        return places
