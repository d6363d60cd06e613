"""Checks of rows: trees of arrays that share their leading axis."""

from collections.abc import Callable, Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jgd.core.checks.errors import JgdTypeError, JgdValueError
from jgd.core.checks.hyperparameters import not_deleted
from jgd.core.checks.shown import shown
from jgd.core.checks.trees import leaves_of, path_of


def as_rows(name: str, data: Any) -> Any:
    """`data` with its frames and columns (pandas, polars) as arrays.

    Raises:
        JgdTypeError: A leaf that holds rows in a way which JAX doesn't read: a tensor of torch, a sparse or masked array; the
            message says what makes an array of it. Or a dict whose keys have no order; or a list of batches.
    """
    leaves = leaves_of(name, data)
    if are_batches(data):
        raise JgdTypeError(
            f"{name} must be one tree of arrays, got a list of {len(data)} batches: join them, or where they are parts of "
            "one tree, give a tuple; jgd.train takes batches as data",
            argument=name,
        )
    made = [_as_array(f"{name}{path_of(path) if path else ''}", leaf) for path, leaf in leaves]
    if all(new is old for new, (_, old) in zip(made, leaves, strict=True)):
        return data
    return jax.tree.unflatten(jax.tree.structure(data), made)


def are_batches(data: Any) -> bool:
    """Whether this is a list of trees alike, in structure, dtypes and the shape of a row: batches, no tree of arrays.

    >>> x, y = np.ones((4, 2)), np.arange(4)
    >>> are_batches([(x, y), (x, y)]), are_batches([x, y]), are_batches(((x, y), (x, y)))
    (True, False, False)
    """
    if type(data) is not list or len(data) < 2 or any(jax.tree_util.all_leaves([each]) for each in data):
        return False
    array = lambda leaf: (getattr(leaf, "dtype", None), np.shape(leaf)[1:]) if np.ndim(leaf) else None
    kind = lambda tree: (jax.tree.structure(tree), [array(leaf) for leaf in jax.tree.leaves(tree)])
    first = kind(data[0])
    return None not in first[1] and all(kind(each) == first for each in data[1:])


def _as_array(name: str, leaf: Any) -> Any:
    library = type(leaf).__module__.partition(".")[0]
    if library in ("pandas", "polars") and hasattr(leaf, "to_numpy"):
        return leaf.to_numpy()
    call = _CALLS.get(library) if library != "numpy" else "filled(…)" if isinstance(leaf, np.ma.MaskedArray) else None
    if call is not None:
        raise JgdTypeError(
            f"{name} is a {library}.{type(leaf).__name__}, which JAX can't read: give {name}.{call}",
            argument=name.partition("[")[0],
        )
    return leaf


_CALLS = {
    "torch": "numpy(force=True)",
    "scipy": "toarray()",
    "sparse": "todense()",
    "tensorflow": "numpy()",
    "pyarrow": "to_pandas()",
}


def rows(name: str, data: Any) -> int:
    """The number of rows that all leaves of `data` share; no leaf, no row and unequal counts are refused."""
    leaves = leaves_of(name, data)
    if not leaves:
        raise JgdValueError(f"{name} must hold at least one array, got {shown(data)}", argument=name)
    first = None
    for path, leaf in leaves:
        if np.ndim(leaf) == 0:
            raise JgdValueError(
                f"{name}{path_of(path)} must have a leading axis of rows, got a scalar (np.asarray makes one array of a list)",
                argument=name,
            )
        have = np.shape(leaf)[0]
        if first is None:
            first = (path, have)
        elif have != first[1]:
            raise JgdValueError(
                f"{name} must have as many rows in every array: {name}{path_of(first[0])} has {first[1]}, "
                f"{name}{path_of(path)} has {have}",
                argument=name,
            )
    assert first is not None
    if first[1] == 0:
        raise JgdValueError(f"{name} has 0 rows", argument=name)
    return first[1]


def numeric_data(name: str, data: Any) -> None:
    """Refuse arrays that hold no numbers (text, objects, dates), or whole numbers that their dtype in JAX can't hold."""
    for path, leaf in leaves_of(name, data):
        not_deleted(f"{name}{path_of(path)}", leaf)
        dtype = getattr(leaf, "dtype", None)
        dtype = np.asarray(leaf).dtype if dtype is None else dtype
        if not (jnp.issubdtype(dtype, jnp.number) or jnp.issubdtype(dtype, jnp.bool_)):
            raise JgdTypeError(f"{name}{path_of(path)} must hold numbers, got dtype {dtype}", argument=name)
        _fits(f"{name}{path_of(path)}", leaf, dtype)


def _fits(name: str, leaf: Any, dtype: Any) -> None:
    """Refuse int64 that wraps where x64 is off: 2**40 would become 0."""
    held = jax.dtypes.canonicalize_dtype(dtype)
    if held == dtype or not jnp.issubdtype(dtype, jnp.integer):
        return
    low, high = jnp.iinfo(held).min, jnp.iinfo(held).max
    index = _first_bad(np.asarray(leaf), lambda piece: (piece >= low) & (piece <= high))
    if index is not None:
        raise JgdValueError(
            f"{name} must fit {held}, got {np.asarray(leaf)[index]} at {_place(index)}: give it as floats, or turn x64 on "
            '(jax.config.update("jax_enable_x64", True))',
            argument=name.partition("[")[0],
        )


def _place(index: tuple[int, ...]) -> str:
    return ", ".join(f"{word} {i}" for word, i in zip(("row", "column"), index, strict=False)) or str(index)


def finite_data(name: str, data: Any) -> None:
    """Refuse NaN and infinity in `data`, also in the dtype that JAX holds, by the array's path and the first bad index."""
    for path, leaf in leaves_of(name, data):
        array = np.asarray(leaf)
        if not jnp.issubdtype(array.dtype, jnp.floating):
            continue
        held = jax.dtypes.canonicalize_dtype(array.dtype)
        with np.errstate(over="ignore"):
            index = _first_bad(array, lambda piece, held=held: np.isfinite(piece.astype(held, copy=False)))
        if index is None:
            continue
        far = f", which is infinite in {held}" if np.isfinite(array[index]) else ""
        raise JgdValueError(
            f"{name}{path_of(path)} must be finite, got {array[index]} at {_place(index)}{far} "
            "(check_finite=False lets it pass)",
            argument=name,
        )


def _first_bad(array: np.ndarray, good: Callable[[np.ndarray], np.ndarray]) -> tuple[int, ...] | None:
    """The index of the first entry that isn't good, looked for by pieces: the array may be larger than memory."""
    if array.ndim == 0:
        return None if good(array) else ()
    piece = max(1, 2**22 // max(1, array[:1].size))
    for first in range(0, len(array), piece):
        fine = good(array[first : first + piece])
        if not fine.all():
            row, *rest = map(int, np.argwhere(~fine)[0])
            return (first + row, *rest)
    return None


def same_kind_of_rows(name: str, data: Any, train: Any) -> None:
    """Refuse a part of the rows that is built otherwise than the training rows: one array beside several, other names.

    How many arrays there are may differ, as weights may stand in one part alone.
    """
    if _kind(data) != _kind(train):
        raise JgdTypeError(f"{name} must hold {_kind(train)} as train does, got {_kind(data)}", argument=name)


def _kind(rows: Any) -> str:
    """What sort of rows these are, in words.

    Example:
        >>> _kind((1, 2)), _kind({"x": 1, "y": 2}), _kind(np.ones(3))
        ('several arrays', 'arrays named x, y', 'one array')
    """
    if isinstance(rows, Mapping):
        return f"arrays named {', '.join(sorted(map(str, rows)))}"
    return "several arrays" if isinstance(rows, tuple | list) else "one array"
