"""Arrays as safetensors files that are whole, or not there. What a file has to hold is told beside it, as JSON holds it.

A blob is such a file's content that tells by itself what it holds; several are put together by whoever keeps them.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from jgd.core import atomic_files, checks


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
    blob = save({name: storable(array) for name, array in held.items()})
    atomic_files.write(file, blob)
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
    from safetensors import SafetensorError
    from safetensors.numpy import load

    blob = atomic_files.read(file)
    if hashlib.sha256(blob).hexdigest() != known.get("sha256"):
        raise checks.JgdValueError(f"its arrays are not what was written: {len(blob)} bytes of {known.get('bytes')}")
    try:
        stored = load(blob)
        return {name: as_said(stored[name], *kind) for name, kind in known["arrays"].items()}
    except (SafetensorError, LookupError, TypeError, ValueError, AttributeError, SyntaxError) as fault:
        raise checks.JgdValueError(f"its arrays are not what is said of them: {fault}") from fault


def blob_of(arrays: Mapping[str, np.ndarray], facts: Mapping[str, Any]) -> bytes:
    """Arrays and facts that JSON holds, as the content of a safetensors file with both."""
    from safetensors.numpy import save

    held = {name: np.asarray(array) for name, array in arrays.items()}
    kinds = {name: [str(array.dtype), list(array.shape)] for name, array in held.items()}
    told = json.dumps({"arrays": kinds, **facts})
    return save({name: storable(array) for name, array in held.items()}, {_TOLD: told})


def read_blob(blob: bytes) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """What `blob_of` has put together.

    Raises:
        JgdValueError: Where it has not.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        facts = _told(blob[8 : 8 + int.from_bytes(blob[:8], "little")])
        stored = load(blob)
        return {name: as_said(stored[name], *kind) for name, kind in facts.pop("arrays").items()}, facts
    except (
        SafetensorError, LookupError, TypeError, ValueError, AttributeError, SyntaxError, RecursionError
    ) as fault:  # fmt: skip
        raise checks.JgdValueError(f"its arrays are not what is said of them: {fault}") from fault


def kinds_in(file: Path) -> dict[str, list[Any]]:
    """(dtype, shape) of each array in a file whose content is a blob; no more than its head is read."""
    return _told(atomic_files.read(file, 8, int.from_bytes(atomic_files.read(file, 0, 8), "little")))["arrays"]


_TOLD = "jgd"  # the name of the facts in a blob's head


def _told(head: bytes) -> dict[str, Any]:
    """The facts in a blob's head."""
    return json.loads(json.loads(head)["__metadata__"][_TOLD])


def as_said(stored: np.ndarray, dtype: str, shape: Sequence[int]) -> np.ndarray:
    """An array that `storable` made a vector of, as it was; `ValueError` or `TypeError` where it can't have been."""
    if any(size < 0 for size in shape):
        raise ValueError(f"there is no shape {tuple(shape)}")  # NumPy would guess
    return stored.view(np.dtype(dtype)).reshape(shape)


def storable(array: np.ndarray) -> np.ndarray:
    """An array as a vector of a dtype that the file format knows: bfloat16 and its like as the bits they are."""
    array = np.ascontiguousarray(array)
    return array.reshape(-1).view(np.uint8) if array.dtype.kind == "V" else array.reshape(-1)
