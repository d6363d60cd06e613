"""Exhaustive search over a grid, and divide and conquer: a coarse grid, then a finer one inside the best cell."""

from collections.abc import Callable
from dataclasses import replace

import jax.numpy as jnp
import numpy as np
from jax import Array

from jgd.core import checks
from jgd.core.types import Params
from jgd.gradient_free.found import LIMIT, Box, Found, Running, affordable, box, values

CHUNK = 2**16  # points at once: memory stays flat however fine the grid is


def _grid(inside: Box, points: int, numbers: np.ndarray, offset: float) -> Array:
    """The grid's points of these numbers, the last dimension fastest: (numbers, dimensions)."""
    digits = np.stack(np.unravel_index(numbers, (points,) * inside.dimensions), axis=1)
    return inside.at(jnp.asarray((digits + offset) / points, inside.low.dtype))


def exhaustive(
    loss: Callable[[Params], Array],
    low: Params,
    high: Params,
    points: int = 100,
    at: str = "centre",
    limit: int = LIMIT,
) -> Found:
    """The loss at every point of a grid: `points` values a dimension, points^dimensions evaluations.

    low, high: trees of numbers, the box; loss takes a tree like them. at: the "centre" or the "left" end of each of the
    `points` equal cells of a dimension. Points stream by in chunks, in the order of the last dimension first.

    >>> found = exhaustive(lambda w: (2 * w - 4.0) ** 2, 0.0, 4.0, at="left")
    >>> float(found.params), found.value, found.evaluations
    (2.0, 0.0, 100)

    Raises `JgdValueError` for more than `limit` evaluations, with their number, before any is made.
    """
    points = checks.count("points", points, 1)
    offset = {"centre": 0.5, "left": 0.0}[checks.choice("place in at", at, ("centre", "left"))]
    inside = box(low, high)
    total = affordable("points^dimensions", points, inside.dimensions, limit)
    measure, running = values(loss, inside), Running()
    for first in range(0, total, CHUNK):
        numbers = np.minimum(np.arange(first, first + min(CHUNK, total)), total - 1)  # one shape, one program
        grid = _grid(inside, points, numbers, offset)
        running.absorb(grid, measure(grid)[: total - first])
    return running.found("exhaustive", inside)


def divide_and_conquer(
    loss: Callable[[Params], Array], low: Params, high: Params, cells: int = 4, levels: int = 2, limit: int = LIMIT
) -> Found:
    """The centres of cells^dimensions cells, then the same inside the best cell, `levels` times.

    levels · cells^dimensions evaluations instead of cells^(levels · dimensions). The answer is the centre of the best
    cell of the last level, as of the full grid (a coarser centre may lie lower by chance). It may end in a local
    minimum, where the best coarse cell is not the one with the minimum in it.

    >>> found = divide_and_conquer(lambda p: (p[0] - 37.0) ** 2 + (p[1] - 61.0) ** 2, [0.0, 0.0], [100.0, 100.0])
    >>> [float(x) for x in found.params], found.evaluations
    ([34.375, 59.375], 32)
    """
    cells, levels = checks.count("cells", cells, 2), checks.count("levels", levels, 1)
    inside = whole = box(low, high)
    total = affordable("cells^dimensions", cells, inside.dimensions, limit)
    measure, running, level = values(loss, inside), Running(), Running()
    for _ in range(levels):
        level = Running()
        for first in range(0, total, CHUNK):
            numbers = np.arange(first, min(first + CHUNK, total))
            grid = _grid(inside, cells, numbers, 0.5)
            found = measure(grid)
            level.absorb(grid, found)
            running.absorb(grid, found)
        if level.point is None:
            break
        half = (inside.high - inside.low) / (2 * cells)
        inside = Box(jnp.asarray(level.point) - half, jnp.asarray(level.point) + half, whole.params)
    found = running.found("divide and conquer", whole)
    if level.point is None:
        return found
    return replace(found, params=whole.params(jnp.asarray(level.point)), value=level.value)
