"""Files that are whole, or not there. Enters: bytes, arrays, facts. Leaves: files, and what they held.

A file is written under a temporary name, flushed to the disk and renamed; a SHA-256 tells whether it still is what was
written.
"""

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np

from jgd.core import checks

FORMAT = 3  # of what is written; another one is refused, by its number


class OtherFormatError(checks.JgdValueError):
    """The file is whole, but another version of jgd wrote it."""


@contextmanager
def held(path: str | os.PathLike) -> Iterator[Path]:
    """The directory `path`, made if missing and held by this process alone until the block (or the process) ends.

    Args:
        path: A directory.

    Yields:
        The directory.

    Raises:
        JgdValueError: Where another process holds it, or it can't be made, written or locked.
    """
    path = Path(path)
    try:
        path.mkdir(parents=True, exist_ok=True)
        lock = (path / "lock").open("a+b")
    except OSError as fault:
        raise checks.JgdValueError(f"store {str(path)!r} can't be written: {fault.strerror}") from fault
    with lock:
        if not _locked(lock):
            raise checks.JgdValueError(f"store {str(path)!r} is in use by another process")
        for litter in path.rglob("*.part"):  # of a process that was killed while it wrote
            with suppress(OSError):
                litter.unlink()
        yield path


def in_use(path: str | os.PathLike) -> bool:
    """Whether a process holds the directory `path`; nothing is written."""
    try:
        with (Path(path) / "lock").open("rb") as lock:
            return not _locked(lock)
    except OSError:  # never held, or not to be read
        return False


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


def write(file: Path, content: bytes) -> None:
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


def save_arrays(file: Path, arrays: Mapping[str, np.ndarray]) -> dict[str, Any]:
    """A safetensors file.

    Args:
        file: Where it is written, whole or not at all.
        arrays: What it holds, by name, in any dtype of NumPy or of JAX.

    Returns:
        What `load_arrays` needs to know of it, as JSON holds it.

    Raises:
        OSError: Where it can't be written.
    """
    from safetensors.numpy import save

    held = {name: np.asarray(array) for name, array in arrays.items()}
    blob = save({name: _storable(array) for name, array in held.items()})
    write(file, blob)
    return {
        "sha256": hashlib.sha256(blob).hexdigest(),
        "bytes": len(blob),
        "arrays": {name: [str(array.dtype), list(array.shape)] for name, array in held.items()},
    }


def load_arrays(file: Path, known: Mapping[str, Any]) -> dict[str, np.ndarray]:
    """What was saved, in its order.

    Args:
        file: What `save_arrays` wrote.
        known: What it returned.

    Returns:
        The arrays by name.

    Raises:
        JgdValueError: Where the file isn't what was written.
        OSError: Where it can't be read.
    """
    from safetensors.numpy import load

    blob = file.read_bytes()
    if hashlib.sha256(blob).hexdigest() != known["sha256"]:
        raise checks.JgdValueError(f"its arrays are not what was written: {len(blob)} bytes of {known['bytes']}")
    stored = load(blob)
    return {name: stored[name].view(np.dtype(dtype)).reshape(shape) for name, (dtype, shape) in known["arrays"].items()}


def _storable(array: np.ndarray) -> np.ndarray:
    """In a dtype that the file format knows: bfloat16 and its like as the bits they are."""
    array = np.ascontiguousarray(array)
    return array.reshape(-1).view(np.uint8) if array.dtype.kind == "V" else array.reshape(-1)


def sealed(facts: Mapping[str, Any]) -> bytes:
    """JSON with its own SHA-256, so that a flipped byte in it is noticed too."""
    text = json.dumps(facts, sort_keys=True)
    return json.dumps({"sha256": hashlib.sha256(text.encode()).hexdigest(), "content": facts}, indent=1).encode()


def unsealed(file: Path) -> dict[str, Any]:
    """What `sealed` has sealed.

    Args:
        file: A file that holds it.

    Returns:
        The facts.

    Raises:
        JgdValueError: Where the file is damaged.
        OtherFormatError: Where another version of jgd wrote it.
        OSError: Where it can't be read.
    """
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
