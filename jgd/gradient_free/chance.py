"""Random search: draw points, keep the lowest ever seen."""

from collections.abc import Callable

import jax
from jax import Array

from jgd.core import checks, seeds
from jgd.core.types import Params
from jgd.gradient_free.found import LIMIT, Found, Running, affordable, box, values

CHUNK = 2**14  # points drawn at once, a constant: the first n points don't depend on how many are asked for


def random(
    loss: Callable[[Params], Array],
    low: Params,
    high: Params,
    evaluations: int = 1000,
    seed: int = 0,
    limit: int = LIMIT,
) -> Found:
    """`evaluations` points drawn uniformly from the box; the same seed draws the same ones, and more never do worse.

    >>> few, many = (random(lambda w: (w - 2.0) ** 2, 0.0, 4.0, n) for n in (10, 1000))
    >>> many.value <= few.value
    True
    """
    total = affordable("evaluations", checks.count("evaluations", evaluations, 1), 1, limit)
    inside = box(low, high)
    measure, running, key = values(loss, inside), Running(), seeds.key(seed, seeds.Stream.NOISE)
    for number, first in enumerate(range(0, total, CHUNK)):
        share = jax.random.uniform(jax.random.fold_in(key, number), (CHUNK, inside.dimensions), inside.low.dtype)
        points = inside.at(share)[: min(CHUNK, total - first)]
        running.absorb(points, measure(points))
    return running.found("random", inside)
