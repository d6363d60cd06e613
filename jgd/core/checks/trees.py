"""Checks of trees of arrays: parameters, gradients, states, and rows of data."""

import math
from collections.abc import Mapping, Sequence
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


def leaves_of(name: str, tree: Any) -> list[tuple[Any, Any]]:
    """(path, leaf) of each leaf; `JgdTypeError` for a dict whose keys have no order, which JAX can't flatten.

    >>> leaves_of("params", {"a": {"b": 1.0, 0: 2.0}})
    Traceback (most recent call last):
    jgd.core.checks.errors.JgdTypeError: params['a'] must have keys of one kind, got 'b' (str) and 0 (int)
    """
    try:
        return jax.tree_util.tree_leaves_with_path(tree)
    except (TypeError, ValueError) as fault:
        found = _unordered(tree)
        if found is None:
            raise
        path, first, other = found
        raise JgdTypeError(
            f"{name}{path} must have keys of one kind, got {shown(first)} ({type(first).__name__}) and {shown(other)} "
            f"({type(other).__name__})",
            argument=name,
        ) from fault


def arrays_of(name: str, tree: Any) -> str:
    """The arrays of a tree in words.

    >>> arrays_of("batch", (np.ones((2, 3)), np.arange(2)))
    'batch[0] float64[2, 3], batch[1] int64[2]'
    """
    dtype = lambda leaf: getattr(leaf, "dtype", type(leaf).__name__)
    leaves = jax.tree_util.tree_leaves_with_path(tree)
    return ", ".join(f"{name}{jax.tree_util.keystr(at)} {dtype(leaf)}{list(np.shape(leaf))}" for at, leaf in leaves)


def _unordered(tree: Any, path: str = "") -> tuple[str, Any, Any] | None:
    """(path, two keys of different kinds) of the first dict that mixes them."""
    if isinstance(tree, Mapping):
        keys = list(tree)
        other = next((key for key in keys if type(key) is not type(keys[0])), None)
        if other is not None:
            return path, keys[0], other
    parts = tree.items() if isinstance(tree, Mapping) else enumerate(tree) if isinstance(tree, list | tuple) else ()
    return next(filter(None, (_unordered(part, f"{path}[{key!r}]") for key, part in parts)), None)


def parameters(params: Any) -> None:
    """Refuse leaves that can't descend: anything but real floating numbers, by path and dtype."""
    for path, leaf in leaves_of("params", params):
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


def _shapes(name: str, tree: Any, *kinds: type) -> dict[str, tuple[int, ...]]:
    """Path -> shape; `JgdTypeError` for a leaf that is no number and no array of numbers. kinds: of leaves that pass too."""
    leaves = [(path_of(path), leaf) for path, leaf in leaves_of(name, tree)]
    for path, leaf in leaves:
        not_deleted(f"{name}{path}", leaf)
        if not isinstance(leaf, (jax.Array, np.ndarray, np.generic, float, complex, *kinds)):
            raise JgdTypeError(f"{name}{path} must hold real floating numbers, got {shown(leaf)}", argument=name)
        if isinstance(leaf, np.ndarray | np.generic) and leaf.dtype.kind in "OSUMm":
            raise JgdTypeError(f"{name}{path} must hold real floating numbers, got {leaf.dtype}", argument=name)
    return {path: jnp.shape(leaf) for path, leaf in leaves}


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
    got, want = _shapes(name, grads), _shapes(other, params, jax.ShapeDtypeStruct)
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


def same_shape(name: str, array: Any, other: str, shape: tuple[int, ...]) -> None:
    """Refuse two arrays that would silently broadcast: (n,) against (n, 1) is (n, n)."""
    if jnp.shape(array) != shape:
        hint = ""
        if math.prod(jnp.shape(array)) == math.prod(shape):
            hint = f"; reshape one, for example {name}.reshape({shape})"
        raise JgdValueError(
            f"{name} must have the shape of {other}, {shape}, got {jnp.shape(array)}{hint}", argument=name
        )
