"""Grid search: every point of a grid, and divide and conquer: a coarse grid, then a finer one within the best cell."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import Array

from jgd.core import checks
from jgd.core.types import Params
from jgd.gradient_free.result import SearchResult
from jgd.gradient_free.search_space import LIMIT, BestSoFar, Bounds, bounds, check_budget, losses_at, of_params

CHUNK = 2**16  # points at once: memory stays flat however fine the grid is


def _grid(within: Bounds, points: int, numbers: np.ndarray, offset: float) -> Array:
    """The grid's points of these numbers, the last dimension fastest: (numbers, dimensions)."""
    digits = np.stack(np.unravel_index(numbers, (points,) * within.dimensions), axis=1)
    return within.at(jnp.asarray((digits + offset) / points, within.low.dtype))


def grid_search(
    loss: Callable[..., Array],
    low: Params | None = None,
    high: Params | None = None,
    points: int = 100,
    at: str = "left",
    limit: int = LIMIT,
    *,
    data: Any = None,
) -> SearchResult:
    """The loss at every point of a grid: `points` values a dimension, points^dimensions evaluations.

    Points stream by in chunks, in the order of the last dimension first.

    Args:
        loss: params -> () float; a landscape; or with data a loss(params, data) of `jgd.losses`.
        low: A tree of numbers, the lower bounds; a list of numbers is a vector. Default: the landscape's.
        high: The upper ones, in the same structure. Default: the landscape's.
        points: Equal cells of a dimension.
        at: The "left" end of each cell, so that 0 … 4 in 100 cells is 0, 0.04, …, 3.96; or its "center". Default: "left".
        limit: Evaluations that are too many.
        data: What the loss takes beside the parameters. Default: None, nothing.

    Returns:
        The best point.

    Raises:
        JgdValueError: More than `limit` evaluations, with their number, before any is made; or a lower bound that is
            not below its upper one.

    Example:
        >>> found = grid_search(lambda w: (2 * w - 4.0) ** 2, 0.0, 4.0)
        >>> float(found.params), found.value, found.evaluations
        (2.0, 0.0, 100)
    """
    points = checks.count("points", points, 1)
    offset = {"center": 0.5, "left": 0.0}[checks.choice("place in at", at, ("center", "left"))]
    alone, within = of_params(loss, data), bounds(loss, low, high)
    total = check_budget("points^dimensions", points, within.dimensions, limit)
    measure, best = losses_at(alone, within), BestSoFar()
    for first in range(0, total, CHUNK):
        numbers = np.minimum(np.arange(first, first + min(CHUNK, total)), total - 1)  # one shape, one program
        grid = _grid(within, points, numbers, offset)
        best.update(grid, measure(grid)[: total - first])
    return best.result("grid search", within)


def divide_and_conquer(
    loss: Callable[..., Array],
    low: Params | None = None,
    high: Params | None = None,
    cells: int = 4,
    levels: int = 2,
    limit: int = LIMIT,
    *,
    data: Any = None,
) -> SearchResult:
    """The centers of cells^dimensions cells, then the same within the best cell, `levels` times.

    levels · cells^dimensions evaluations instead of cells^(levels · dimensions). The answer is the center of the best
    cell of the last level, as of the full grid (a coarser center may lie lower by chance). It may end in a local
    minimum, where the best coarse cell is not the one with the minimum in it.

    Args:
        loss: params -> () float; a landscape; or with data a loss(params, data) of `jgd.losses`.
        low: A tree of numbers, the lower bounds; a list of numbers is a vector. Default: the landscape's.
        high: The upper ones, in the same structure. Default: the landscape's.
        cells: Of a dimension, ≥ 2.
        levels: How often the best cell is cut, ≥ 1.
        limit: Evaluations of a level that are too many.
        data: What the loss takes beside the parameters. Default: None, nothing.

    Returns:
        The center of the best cell of the last level.

    Raises:
        JgdValueError: More than `limit` evaluations, or a lower bound that is not below its upper one.

    Example:
        >>> found = divide_and_conquer(lambda p: (p[0] - 37.0) ** 2 + (p[1] - 61.0) ** 2, [0.0, 0.0], [100.0, 100.0])
        >>> [float(x) for x in found.params], found.evaluations
        ([34.375, 59.375], 32)
    """
    cells, levels = checks.count("cells", cells, 2), checks.count("levels", levels, 1)
    alone, within = of_params(loss, data), bounds(loss, low, high)
    whole = within
    total = check_budget("cells^dimensions", cells, within.dimensions, limit)
    measure, best, level = losses_at(alone, within), BestSoFar(), BestSoFar()
    for _ in range(levels):
        level = BestSoFar()
        for first in range(0, total, CHUNK):
            numbers = np.arange(first, min(first + CHUNK, total))
            grid = _grid(within, cells, numbers, 0.5)
            losses = measure(grid)
            level.update(grid, losses)
            best.update(grid, losses)
        if level.point is None:
            break
        half = (within.high - within.low) / (2 * cells)
        within = Bounds(jnp.asarray(level.point) - half, jnp.asarray(level.point) + half, whole.params)
    found = best.result("divide and conquer", whole)
    if level.point is None:
        return found
    return replace(found, params=whole.params(jnp.asarray(level.point)), value=level.value)
