"""Leaves in the shapes that preconditioners work on: short axes merged into one, long axes cut into blocks."""

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array

from jgd.core.types import Params


def merged(shape: Sequence[int], longest: int) -> tuple[int, ...]:
    """The shape with neighboring axes made one while their product is at most `longest`; axes of one entry go.

    Example:
        >>> merged((3, 3, 64, 128), 1024), merged((1, 1), 1024)
        ((576, 128), (1,))
    """
    out: list[int] = []
    for size in shape:
        if size == 1:
            continue
        if out and out[-1] * size <= longest:
            out[-1] *= size
        else:
            out.append(size)
    return tuple(out) or (1,)


def cut(leaf: Array, size: int, axis: int = 0) -> Any:
    """The blocks of at most `size` entries an axis, in lists within lists, one level an axis; the last may be smaller."""
    if axis == leaf.ndim:
        return leaf
    places = list(range(size, leaf.shape[axis], size))
    return [cut(part, size, axis + 1) for part in jnp.split(leaf, places, axis)]


def joined(blocks: Any, axis: int = 0) -> Array:
    """What `cut` cut, as one array."""
    if not isinstance(blocks, list):
        return blocks
    return jnp.concatenate([joined(part, axis + 1) for part in blocks], axis)


def cut_all(params: Params, size: int, merge: bool) -> list[Any]:
    """The blocks of each leaf, whose short axes are merged first where `merge`."""
    shaped = lambda p: p.reshape(merged(p.shape, size)) if merge else p
    return [cut(shaped(jnp.asarray(p)), size) for p in jax.tree.leaves(params)]


def joined_all(blocks: list[Any], like: Params) -> Params:
    """What `cut_all` made of a tree, as the tree."""
    leaves, structure = jax.tree.flatten(like)
    return structure.unflatten([joined(b).reshape(p.shape) for b, p in zip(blocks, leaves, strict=True)])
