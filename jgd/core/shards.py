"""Arrays that are cut over processes, on the disk: each process writes the pieces it has, who goes on reads what it needs.

    array ─► pieces_of ─► "name@4,0": the piece that begins at row 4, column 0 ─► one file a process
    files ─► read_pieces ─► CutArray ─► cut[index], the part of one device

No process has to hold the whole of an array.
"""

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jax
import numpy as np

from jgd.core import array_files, atomic_files, checks


def pieces_of(arrays: Mapping[str, jax.Array]) -> dict[str, np.ndarray]:
    """The pieces that this process has to write, by name and place: of several copies the first."""
    return {
        f"{name}@{','.join(str(part.start or 0) for part in shard.index)}": np.asarray(shard.data)
        for name, array in arrays.items()
        for shard in array.addressable_shards
        if shard.replica_id == 0
    }


def write_pieces(file: Path, arrays: Mapping[str, jax.Array]) -> bytes:
    """This process's pieces as a file, whole or not at all: -> its SHA-256. Raises OSError where it can't be written."""
    blob = array_files.blob_of(pieces_of(arrays), {})
    atomic_files.write(file, blob)
    return hashlib.sha256(blob).digest()


def read_pieces(files: Mapping[Path, str], known: Mapping[str, Sequence[Any]]) -> dict[str, "CutArray"]:
    """The arrays whose pieces are in files; nothing of them is read before it is asked for.

    Args:
        files: Of all processes, with their SHA-256 in hexadecimal digits.
        known: (dtype, shape) of each array.

    Raises:
        JgdValueError: Where a file isn't what was written, or the pieces are not all of an array.
        OSError: Where one can't be read.
    """
    for file, digest in files.items():
        with atomic_files.open_file(file) as content:
            if hashlib.file_digest(content, "sha256").hexdigest() != digest:
                raise checks.JgdValueError(f"the pieces in {file.name} are not what was written")
    try:
        pieces: dict[str, list[Piece]] = {name: [] for name in known}
        for file in files:
            for key, (dtype, shape) in array_files.kinds_in(file).items():
                name, _, begin = key.rpartition("@")
                pieces[name].append(Piece(file, key, dtype, tuple(map(int, begin.split(","))), tuple(shape)))
        arrays = {
            name: CutArray(tuple(kind[1]), np.dtype(kind[0]), tuple(pieces[name])) for name, kind in known.items()
        }
        lacking = [name for name, array in arrays.items() if not array.whole]
    except (LookupError, TypeError, ValueError, AttributeError) as fault:
        raise checks.JgdValueError(f"the pieces of its arrays are not what is said of them: {fault}") from fault
    if lacking:
        raise checks.JgdValueError(f"pieces of {', '.join(lacking)} are missing")
    return arrays


@dataclass(frozen=True)
class Piece:
    """A part of an array, in a file. begin: where it lies in the array, by axes."""

    file: Path
    key: str
    dtype: str
    begin: tuple[int, ...]
    shape: tuple[int, ...]

    def read(self) -> np.ndarray:
        """It."""
        from safetensors import safe_open

        with safe_open(self.file, framework="numpy") as stored:
            return array_files.as_said(stored.get_tensor(self.key), self.dtype, self.shape)


@dataclass(frozen=True)
class CutArray:
    """An array whose pieces are in files: `cut[2:4]` reads those that it touches, `np.asarray(cut)` all."""

    shape: tuple[int, ...]
    dtype: np.dtype
    pieces: tuple[Piece, ...]

    @property
    def whole(self) -> bool:
        """Whether the pieces are as many numbers as the array."""
        return sum(math.prod(piece.shape) for piece in self.pieces) == math.prod(self.shape)

    def __getitem__(self, index: Any) -> np.ndarray:
        asked = [part.indices(size)[:2] for part, size in zip(index, self.shape, strict=True)]
        out = np.empty([end - begin for begin, end in asked], self.dtype)
        for piece in self.pieces:
            ends = [begin + size for begin, size in zip(piece.begin, piece.shape, strict=True)]
            both = [(max(a, c), min(b, d)) for (a, b), c, d in zip(asked, piece.begin, ends, strict=True)]
            if all(begin < end for begin, end in both):
                into = tuple(slice(a - c, b - c) for (a, b), (c, _) in zip(both, asked, strict=True))
                out_of = tuple(slice(a - c, b - c) for (a, b), c in zip(both, piece.begin, strict=True))
                out[into] = piece.read()[out_of]
        return out

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return self[(slice(None),) * len(self.shape)].astype(dtype or self.dtype, copy=False)
