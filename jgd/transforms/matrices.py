"""Leaves as stacks of matrices: which axes of a weight are its inputs, which its outputs, and which count matrices.

A layer computes x W, so that a matrix has its inputs as rows and its outputs as columns. By the number of axes:

2: (in, out), one matrix.
3: (stack, in, out), as many matrices as the stack is high.
4 and more: a convolution's kernel (spatial…, in, out), one matrix (spatial·in, out).

A pattern of paths says otherwise: {"kernel": (in_axes, out_axes)} or (in_axes, out_axes, spatial_axes); the other axes
are the stack.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array

from jgd.core import checks
from jgd.core.masks import first_match
from jgd.core.paths import matches, paths
from jgd.core.types import Params


@dataclass(frozen=True)
class Axes:
    """A matrix inside a leaf: its rows are the inputs (and a kernel's spatial axes), its columns the outputs.

    The leaf's other axes are the stack.
    """

    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    spatial: tuple[int, ...] = ()

    def of(self, shape: tuple[int, ...]) -> tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]:
        """(stack, rows, columns), each an axis from 0 up, for a leaf of this shape."""
        count = len(shape)
        rows, columns = (*self.spatial, *self.inputs), self.outputs
        used = [axis % count for axis in (*rows, *columns) if -count <= axis < count]
        if len(used) < len(rows) + len(columns) or len(set(used)) < len(used):
            raise checks.JgdValueError(
                f"matrices: input axes {self.inputs}, output axes {self.outputs} and spatial axes {self.spatial} "
                f"must be different axes of the leaf, got a leaf of shape {shape}",
                argument="matrices",
            )
        stack = tuple(axis for axis in range(count) if axis not in used)
        return stack, tuple(used[: len(rows)]), tuple(used[len(rows) :])

    def sizes(self, shape: tuple[int, ...]) -> tuple[int, int, int]:
        """(rows, columns, taps): how many each matrix has; taps are the places of a kernel, among the rows."""
        _, rows, columns = self.of(shape)
        size = lambda axes: math.prod(shape[a] for a in axes)
        return size(rows), size(columns), size(self.spatial)

    def stack(self, leaf: Array) -> Array:
        """The leaf as (stack, rows, columns)."""
        order = self.of(leaf.shape)
        sizes = [math.prod(leaf.shape[a] for a in axes) for axes in order]
        return jnp.transpose(leaf, sum(order, ())).reshape(sizes)

    def unstack(self, stack: Array, shape: tuple[int, ...]) -> Array:
        """(stack, rows, columns) as a leaf of this shape."""
        order = sum(self.of(shape), ())
        back = sorted(range(len(order)), key=order.__getitem__)
        return jnp.transpose(stack.reshape([shape[a] for a in order]), back)


Matrices = tuple[tuple[str, Axes], ...]  # patterns, first match first, and what they say


def named_axes(given: Mapping[str, Sequence[Any]] | None) -> Matrices:
    """The axes that patterns name, hashable; one axis stands for a tuple of one.

    Args:
        given: {pattern: (in_axes, out_axes) or (in_axes, out_axes, spatial_axes)}, or None for no pattern.

    Returns:
        (pattern, axes) in their order.

    Raises:
        JgdTypeError: For anything else.

    Example:
        >>> named_axes({"torchs": (1, 0, (2, 3))})
        (('torchs', Axes(inputs=(1,), outputs=(0,), spatial=(2, 3))),)
    """
    if given is None:
        return ()
    several = lambda axes: (int(axes),) if isinstance(axes, int) else tuple(int(a) for a in axes)
    try:
        return tuple((str(pattern), Axes(*map(several, axes))) for pattern, axes in given.items())
    except (AttributeError, TypeError, ValueError) as error:
        raise checks.JgdTypeError(
            f'matrices must be {{pattern: (in_axes, out_axes)}} such as {{"kernel": (0, (1, 2))}}, got {checks.shown(given)}',
            argument="matrices",
        ) from error


def axes_of(params: Params, given: Matrices) -> list[Axes]:
    """The axes of each leaf, all of two axes or more."""
    by_count = lambda count: Axes((-2,), (-1,), tuple(range(count - 2)) if count > 3 else ())
    return [
        next((axes for pattern, axes in given if matches(pattern, path)), by_count(jnp.ndim(leaf)))
        for path, leaf in zip(paths(params), jax.tree.leaves(params), strict=True)
    ]


@dataclass(frozen=True)
class MatrixGroups:
    """A `Partition`'s rule: group 0 for matrices, group i + 1 for those that special[i] matches, `vectors` for the rest.

    A matrix is any leaf of two axes or more. Refuses a pattern, here or in `axes`, that matches no leaf at all.
    """

    special: tuple[tuple[str, ...], ...]
    vectors: int
    axes: Matrices = ()

    def __call__(self, params: Params) -> list[int]:
        for pattern in (*sum(self.special, ()), *(pattern for pattern, _ in self.axes)):
            first_match((pattern, "*"), params)
        return [
            next((i for i, group in enumerate(self.special, 1) if any(matches(p, path) for p in group)), 0)
            if jnp.ndim(leaf) >= 2
            else self.vectors
            for path, leaf in zip(paths(params), jax.tree.leaves(params), strict=True)
        ]


def each_shape(function: Callable[[Array], Array], stacks: list[Array]) -> list[Array]:
    """function((stack, m, n)) for every stack, once for all those of a shape: a hundred layers compile as one.

    Sharded leaves are gathered to stand in one array.
    """
    groups: dict[tuple[int, ...], list[int]] = {}
    for place, stack in enumerate(stacks):
        groups.setdefault(stack.shape[1:], []).append(place)
    out = list(stacks)
    for places in groups.values():
        done = function(jnp.concatenate([stacks[i] for i in places]))
        start = 0
        for i in places:
            out[i] = done[start : start + len(stacks[i])]
            start += len(stacks[i])
    return out
