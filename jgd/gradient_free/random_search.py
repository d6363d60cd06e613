"""Random search: draw points, keep the lowest ever seen."""

from collections.abc import Callable
from typing import Any

import jax
from jax import Array

from jgd.core import checks, seeds
from jgd.core.types import Params
from jgd.gradient_free.result import SearchResult
from jgd.gradient_free.search_space import LIMIT, BestSoFar, bounds, check_budget, losses_at, of_params

CHUNK = 2**14  # points drawn at once, a constant: the first n points don't depend on how many are asked for


def random_search(
    loss: Callable[..., Array],
    low: Params | None = None,
    high: Params | None = None,
    evaluations: int = 1000,
    seed: int = 0,
    limit: int = LIMIT,
    *,
    data: Any = None,
) -> SearchResult:
    """The best of points drawn uniformly between the bounds. Bergstra & Bengio 2012, JMLR 13, section 2.

    Args:
        loss: params -> () float; a landscape; or with data a loss(params, data) of `jgd.losses`.
        low: A tree of numbers, the lower bounds; a list of numbers is a vector. Default: the landscape's.
        high: The upper ones, in the same structure. Default: the landscape's.
        evaluations: Points to draw; more of them never do worse.
        seed: The same seed draws the same points.
        limit: Evaluations that are too many.
        data: What the loss takes beside the parameters. Default: None, nothing.

    Returns:
        The best point.

    Raises:
        JgdValueError: More than `limit` evaluations, or a lower bound that is not below its upper one.

    Example:
        >>> few, many = (random_search(lambda w: (w - 2.0) ** 2, 0.0, 4.0, n) for n in (10, 1000))
        >>> many.value <= few.value
        True
    """
    total = check_budget("evaluations", checks.count("evaluations", evaluations, 1), 1, limit)
    alone, within = of_params(loss, data), bounds(loss, low, high)
    measure, best, key = losses_at(alone, within), BestSoFar(), seeds.key(seed, seeds.Stream.NOISE)
    for number, first in enumerate(range(0, total, CHUNK)):
        share = jax.random.uniform(jax.random.fold_in(key, number), (CHUNK, within.dimensions), within.low.dtype)
        points = within.at(share)[: min(CHUNK, total - first)]
        best.update(points, measure(points))
    return best.result("random search", within)
