"""Layer 1: crash-safe files. One directory a run; what is in it is whole, or it is not there.

A snapshot is a safetensors file of arrays and a JSON manifest with its SHA-256. Each is written under a temporary
name, flushed to the disk and renamed; the manifest comes last, so that a snapshot without one never happened. The
newest two are kept: when the newest is damaged, the one before it is used, and a warning says so.
"""

import hashlib
import json
import os
import re
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import jax
import numpy as np

from jgd.core import checks

FORMAT = 2  # of the directory; another one is refused, by its number
KEPT = 2  # snapshots: the newest, and the one before it in case that is damaged
CHUNK = 2**24  # bytes hashed at once
_NUMBERED = re.compile(r"snapshot-(\d{8})\.json")


class OtherFormatError(checks.JgdValueError):
    """The file is whole, but another version of jgd wrote it."""


class Snapshot(NamedTuple):
    """What a run left at one moment: arrays by name, and facts that JSON holds."""

    arrays: dict[str, np.ndarray]
    facts: dict[str, Any]


@dataclass
class Store:
    """An open run directory, held by this process alone until `close` (or its end, however it ends).

    >>> import tempfile
    >>> with opened(tempfile.mkdtemp()) as store:
    ...     store.save({"w": np.arange(3)}, {"step": 7})
    ...     store.load().facts, store.load().arrays["w"].tolist()
    ({'step': 7}, [0, 1, 2])
    """

    path: Path
    _lock: Any = field(repr=False)

    def save(self, arrays: Mapping[str, np.ndarray], facts: Mapping[str, Any]) -> None:
        """A new snapshot; those before the last one are removed only when it is whole. Raises `OSError`."""
        from safetensors.numpy import save

        number = max(self._numbers(), default=0) + 1
        stored = {name: _storable(np.asarray(array)) for name, array in arrays.items()}
        described = {name: [str(a.dtype), list(a.shape)] for name, a in ((n, np.asarray(a)) for n, a in arrays.items())}
        blob = save(stored)
        _write(self._file(number, "safetensors"), blob)
        manifest = {
            "format": FORMAT,
            "sha256": hashlib.sha256(blob).hexdigest(),
            "bytes": len(blob),
            "arrays": described,
            "facts": dict(facts),
        }
        _write(self._file(number, "json"), _sealed(manifest))
        for old in self._numbers()[:-KEPT]:
            for kind in ("json", "safetensors"):  # the manifest first: a snapshot without one never happened
                with suppress(OSError):
                    self._file(old, kind).unlink()

    @property
    def holds_a_run(self) -> bool:
        return bool(self._numbers())

    def load(self) -> Snapshot | None:
        """The newest snapshot that is whole, None where there is none; a damaged one is warned about and passed over."""
        for number in reversed(self._numbers()):
            try:
                return self._read(number)
            except OtherFormatError:
                raise
            except (OSError, checks.JgdValueError) as fault:
                warnings.warn(f"snapshot {number} in {str(self.path)!r} is unusable ({fault})", stacklevel=2)
        return None

    def _read(self, number: int) -> Snapshot:
        from safetensors.numpy import load

        manifest = _unsealed(self._file(number, "json"))
        blob = self._file(number, "safetensors").read_bytes()
        if hashlib.sha256(blob).hexdigest() != manifest["sha256"]:
            raise checks.JgdValueError(f"its arrays are not what was written: {len(blob)} bytes of {manifest['bytes']}")
        stored = load(blob)
        arrays = {  # in the order in which they were saved, which the file doesn't keep
            name: stored[name].view(np.dtype(dtype)).reshape(shape)
            for name, (dtype, shape) in manifest["arrays"].items()
        }
        return Snapshot(arrays, manifest["facts"])

    def _numbers(self) -> list[int]:
        found = (_NUMBERED.fullmatch(file.name) for file in self.path.iterdir())
        return sorted(int(match[1]) for match in found if match)

    def _file(self, number: int, kind: str) -> Path:
        return self.path / f"snapshot-{number:08d}.{kind}"

    def close(self) -> None:
        """Let another process have the directory."""
        self._lock.close()


@contextmanager
def opened(path: str | os.PathLike) -> Iterator[Store]:
    """The run directory `path`, made if missing and held until the block ends.

    Raises `JgdValueError` where another process holds it, or it can't be made, written or locked.
    """
    store = _open(Path(path))
    try:
        yield store
    finally:
        store.close()


def _open(path: Path) -> Store:
    try:
        path.mkdir(parents=True, exist_ok=True)
        lock = (path / "lock").open("a+b")
    except OSError as fault:
        raise checks.JgdValueError(f"store {str(path)!r} can't be written: {fault.strerror}") from fault
    if not _locked(lock):
        lock.close()
        raise checks.JgdValueError(f"store {str(path)!r} is in use by another process")
    for litter in path.glob("*.part"):  # of a process that was killed while it wrote
        with suppress(OSError):
            litter.unlink()
    return Store(path, lock)


def _locked(file: Any) -> bool:
    """Whether this process now holds the file; the system lets go when the process ends, even by SIGKILL."""
    try:
        import fcntl
    except ImportError:  # Windows
        import msvcrt

        take = lambda: msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)  # pyright: ignore[reportAttributeAccessIssue]
    else:
        take = lambda: fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    try:
        take()
    except OSError:
        return False
    return True


def _write(file: Path, content: bytes) -> None:
    """`content` under its name, whole or not at all, on the disk when this returns."""
    part = file.with_name(file.name + ".part")
    try:
        with part.open("wb") as out:
            out.write(content)
            out.flush()
            os.fsync(out.fileno())
        part.replace(file)
    except OSError:
        with suppress(OSError):
            part.unlink()
        raise
    if os.name == "posix":  # the rename itself has to reach the disk too
        directory = os.open(file.parent, os.O_RDONLY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)


def _sealed(facts: Mapping[str, Any]) -> bytes:
    """JSON with its own SHA-256, so that a flipped byte in it is noticed too."""
    text = json.dumps(facts, sort_keys=True)
    return json.dumps({"sha256": hashlib.sha256(text.encode()).hexdigest(), "content": facts}, indent=1).encode()


def _unsealed(file: Path) -> dict[str, Any]:
    try:
        sealed = json.loads(file.read_bytes())
        content = sealed["content"]
        whole = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest() == sealed["sha256"]
    except (ValueError, KeyError, TypeError):
        whole, content = False, {}
    if not whole:
        raise checks.JgdValueError(f"{file.name} is damaged")
    if content["format"] != FORMAT:
        age = "a newer" if content["format"] > FORMAT else "an older"
        raise OtherFormatError(f"{file.name} has format {content['format']}, of {age} jgd; this one reads {FORMAT}")
    return content


def _storable(array: np.ndarray) -> np.ndarray:
    """In a dtype that the file format knows: bfloat16 and its like as the bits they are."""
    array = np.ascontiguousarray(array)
    return array.reshape(-1).view(np.uint8) if array.dtype.kind == "V" else array.reshape(-1)


def pack(name: str, tree: Any) -> dict[str, np.ndarray]:
    """The leaves of a tree as arrays named by their paths, for `save`.

    >>> list(pack("params", {"w": np.ones(2)}))
    ["params['w']"]
    """
    leaves = jax.device_get(jax.tree_util.tree_leaves_with_path(tree))
    return {name + jax.tree_util.keystr(path): np.asarray(leaf) for path, leaf in leaves}


def unpack(name: str, arrays: Mapping[str, np.ndarray], like: Any) -> Any:
    """The tree that `pack` took apart, in the structure of `like`; `JgdValueError` lists leaves that differ."""
    wanted = jax.tree_util.tree_leaves_with_path(like)
    faults, leaves = [], []
    for path, leaf in wanted:
        key = name + jax.tree_util.keystr(path)
        array = arrays.get(key)
        if array is None:
            faults.append(f"{key} is missing")
        elif (array.shape, array.dtype) != (leaf.shape, leaf.dtype):
            faults.append(f"{key} is {array.dtype}{array.shape} there, {leaf.dtype}{leaf.shape} here")
        leaves.append(array)
    known = {name + jax.tree_util.keystr(path) for path, _ in wanted}
    faults += [f"{key} is unknown here" for key in arrays if key.startswith(name) and key not in known]
    if faults:
        raise checks.JgdValueError(f"the stored {name} is of another tree: {'; '.join(faults)}")
    return jax.tree.unflatten(jax.tree.structure(like), leaves)


def digest(tree: Any) -> str:
    """The SHA-256 of a tree's structure, dtypes, shapes and bytes: two runs with one digest saw the same numbers."""
    out = hashlib.sha256(str(jax.tree.structure(tree)).encode())
    for path, leaf in jax.tree_util.tree_leaves_with_path(tree):
        array = np.asarray(jax.device_get(leaf))
        out.update(f"{jax.tree_util.keystr(path)}{array.dtype}{array.shape}".encode())
        flat = np.ascontiguousarray(array).reshape(-1).view(np.uint8)
        for begin in range(0, len(flat), CHUNK):  # a memory-mapped array never is in memory whole
            out.update(flat[begin : begin + CHUNK].data)
    return out.hexdigest()
