"""Checks of trees of arrays: parameters, gradients, states, and rows of data."""

import math
from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jgd.core.checks.errors import JgdTypeError, JgdValueError
from jgd.core.checks.hyperparameters import not_deleted
from jgd.core.checks.shown import shown


def path_of(path: Sequence[Any]) -> str:
    """A leaf's path as a person writes it, `['layer'].weights`, or `(the tree itself)` for a bare leaf."""
    return jax.tree_util.keystr(tuple(path)) or "(the tree itself)"


def parameters(params: Any) -> None:
    """Refuse leaves that can't descend: anything but real floating numbers, by path and dtype."""
    for path, leaf in jax.tree_util.tree_leaves_with_path(params):
        not_deleted(f"params{path_of(path)}", leaf)
        dtype = getattr(leaf, "dtype", None)
        if dtype is None and isinstance(leaf, float):
            continue
        if dtype is None or not jnp.issubdtype(dtype, jnp.floating):
            got = dtype if dtype is not None else type(leaf).__name__
            raise JgdTypeError(
                f"params{path_of(path)} must hold floating numbers (complex ones as real and imaginary parts), "
                f"got {got}; keep what is not trained outside params",
                argument="params",
            )


def same_structure(grads: Any, params: Any, name: str = "grads", other: str = "params") -> None:
    """Refuse gradients (or updates) that are not floating, or whose tree or shapes are not those of `params`.

    Args:
        grads: The tree in question.
        params: The tree that it must be like.
        name: What the message calls the first; it names the path too.
        other: What it calls the second.

    Raises:
        JgdValueError: For a leaf that is missing, unexpected or of another shape.
        JgdTypeError: For a leaf that is not floating, or another kind of tree.
    """
    got = {path_of(path): jnp.shape(leaf) for path, leaf in jax.tree_util.tree_leaves_with_path(grads)}
    want = {path_of(path): jnp.shape(leaf) for path, leaf in jax.tree_util.tree_leaves_with_path(params)}
    for path in want:
        if path not in got:
            raise JgdValueError(f"{name} misses the leaf {path}, which {other} has", argument=name)
    for path in got:
        if path not in want:
            raise JgdValueError(f"{name} has an unexpected leaf {path}, which {other} has not", argument=name)
    for path, leaf in jax.tree_util.tree_leaves_with_path(grads):
        dtype = jnp.asarray(leaf).dtype
        if not jnp.issubdtype(dtype, jnp.floating):
            raise JgdTypeError(f"{name}{path_of(path)} must hold real floating numbers, got {dtype}", argument=name)
    for path, shape in want.items():
        if got[path] != shape:
            raise JgdValueError(
                f"{name}{path} must have the shape of {other}{path}, {shape}, got {got[path]}", argument=name
            )
    if jax.tree.structure(grads) != jax.tree.structure(params):
        raise JgdTypeError(
            f"{name} must be the same kind of tree as {other}, {jax.tree.structure(params)}, "
            f"got {jax.tree.structure(grads)}",
            argument=name,
        )


def same_state(state: Any, made: Any) -> None:
    """Refuse an optimizer's state that is not like `made`, the one that the optimizer makes; names the first leaf."""
    shapes = lambda at: [jnp.shape(leaf) for leaf in jax.tree.leaves(at)]
    if jax.tree.structure(state) == jax.tree.structure(made) and shapes(state) == shapes(made):
        return
    leaves = lambda at: {path_of(path): jnp.shape(leaf) for path, leaf in jax.tree_util.tree_leaves_with_path(at)}
    have, want, whose = leaves(state), leaves(made), "it is of another optimizer, or of other parameters"
    for path, shape in want.items():
        if path not in have:
            raise JgdValueError(f"state misses the leaf state{path}: {whose}", argument="state")
        if have[path] != shape:
            raise JgdValueError(f"state{path} must have the shape {shape}, got {have[path]}: {whose}", argument="state")
    for path in have:
        if path not in want:
            raise JgdValueError(f"state has an unexpected leaf state{path}: {whose}", argument="state")
    raise JgdTypeError(
        f"state must be {jax.tree.structure(made)}, got {jax.tree.structure(state)}: {whose}", argument="state"
    )


def rows(name: str, data: Any) -> int:
    """The number of rows that all leaves of `data` share; no leaf, no row and unequal counts are refused."""
    leaves = jax.tree_util.tree_leaves_with_path(data)
    if not leaves:
        raise JgdValueError(f"{name} must hold at least one array, got {shown(data)}", argument=name)
    first = None
    for path, leaf in leaves:
        if jnp.ndim(leaf) == 0:
            raise JgdValueError(f"{name}{path_of(path)} must have a leading axis of rows, got a scalar", argument=name)
        have = jnp.shape(leaf)[0]
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
    """Refuse arrays that hold no numbers (text, objects, dates), by their path."""
    for path, leaf in jax.tree_util.tree_leaves_with_path(data):
        not_deleted(f"{name}{path_of(path)}", leaf)
        dtype = getattr(leaf, "dtype", None)
        dtype = np.asarray(leaf).dtype if dtype is None else dtype
        if not (jnp.issubdtype(dtype, jnp.number) or jnp.issubdtype(dtype, jnp.bool_)):
            raise JgdTypeError(f"{name}{path_of(path)} must hold numbers, got dtype {dtype}", argument=name)


def finite_data(name: str, data: Any) -> None:
    """Refuse NaN and infinity in `data`, by the array's path and the first bad index (row, column)."""
    for path, leaf in jax.tree_util.tree_leaves_with_path(data):
        array = np.asarray(leaf)
        if not jnp.issubdtype(array.dtype, jnp.floating):
            continue
        index = _first_bad(array)
        if index is None:
            continue
        place = ", ".join(f"{word} {i}" for word, i in zip(("row", "column"), index, strict=False))
        raise JgdValueError(
            f"{name}{path_of(path)} must be finite, got {array[index]} at {place or index} "
            "(check_finite=False lets it pass)",
            argument=name,
        )


def _first_bad(array: np.ndarray) -> tuple[int, ...] | None:
    """The index of the first entry that is not finite, looked for by pieces: the array may be larger than memory."""
    if array.ndim == 0:
        return None if np.isfinite(array) else ()
    piece = max(1, 2**22 // max(1, array[:1].size))
    for first in range(0, len(array), piece):
        finite = np.isfinite(array[first : first + piece])
        if not finite.all():
            row, *rest = map(int, np.argwhere(~finite)[0])
            return (first + row, *rest)
    return None


def same_shape(name: str, array: Any, other: str, shape: tuple[int, ...]) -> None:
    """Refuse two arrays that would silently broadcast: (n,) against (n, 1) is (n, n)."""
    if jnp.shape(array) != shape:
        hint = ""
        if math.prod(jnp.shape(array)) == math.prod(shape):
            hint = f"; reshape one, for example {name}.reshape({shape})"
        raise JgdValueError(
            f"{name} must have the shape of {other}, {shape}, got {jnp.shape(array)}{hint}", argument=name
        )
