"""Genetic search: a population of points; the better ones recombine and mutate, the best ones live on.

Each generation: parents are the winners of tournaments of two; a child takes each coordinate from one parent or the
other (uniform crossover); a coordinate mutates with some probability, by a normal step relative to the bounds' width; the `elite`
best of the old generation replace the first children unchanged, so that the best ever seen is never lost.
Holland 1975, "Adaptation in Natural and Artificial Systems"; Eiben & Smith 2015, chapters 4 and 5.
"""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array

from jgd.core import checks, seeds
from jgd.core.types import Params
from jgd.gradient_free.result import SearchResult
from jgd.gradient_free.search_space import LIMIT, BestSoFar, bounds, check_budget, losses_at, of_params


def genetic_search(
    loss: Callable[..., Array],
    low: Params | None = None,
    high: Params | None = None,
    population: int = 50,
    generations: int = 40,
    mutation: float = 0.2,
    mutation_scale: float = 0.1,
    elite: int = 2,
    seed: int = 0,
    limit: int = LIMIT,
    *,
    data: Any = None,
) -> SearchResult:
    """The best of a population after `generations`; population + generations · (population − elite) evaluations.

    Args:
        loss: params -> () float; a landscape; or with data a loss(params, data) of `jgd.losses`.
        low: A tree of numbers, the lower bounds; a list of numbers is a vector. Default: the landscape's.
        high: The upper ones, in the same structure. Default: the landscape's.
        population: Points alive at once, ≥ 2.
        generations: How often children replace them.
        mutation: The probability in [0, 1] that a coordinate mutates.
        mutation_scale: > 0, the step's standard deviation as a share of the bounds' width; it shrinks to a hundredth
            of that over the generations.
        elite: 1 … population − 1, how many of the best live on unchanged.
        seed: The same seed draws the same numbers.
        limit: Evaluations that are too many.
        data: What the loss takes beside the parameters. Default: None, nothing.

    Returns:
        The best point ever seen.

    Raises:
        JgdValueError: A number is outside its rule, or more than `limit` evaluations.

    Example:
        >>> found = genetic_search(lambda w: (w - 2.0) ** 2, 0.0, 4.0)
        >>> abs(float(found.params) - 2.0) < 0.01, found.evaluations
        (True, 1970)
    """
    population, generations = checks.count("population", population, 2), checks.count("generations", generations, 0)
    elite = checks.count("elite", elite, 1, population - 1)
    mutation = checks.number("mutation", mutation, "[0, 1]")
    scale = checks.number("mutation_scale", mutation_scale, "> 0")
    alone, within = of_params(loss, data), bounds(loss, low, high)
    check_budget("evaluations", population + generations * (population - elite), 1, limit)
    measure, fittest, key = losses_at(alone, within), BestSoFar(), seeds.key(seed, seeds.Stream.NOISE)
    span, children = within.high - within.low, population - elite

    @jax.jit
    def offspring(number: Array, points: Array, losses: Array) -> Array:
        crossing, mixing, whether, steps = jax.random.split(jax.random.fold_in(key, number), 4)
        rivals = jax.random.randint(crossing, (2, 2, children), 0, population)  # (parent, rival, child)
        first, second = rivals[:, 0], rivals[:, 1]
        parents = points[jnp.where(losses[first] <= losses[second], first, second)]
        shape = (children, within.dimensions)
        child = jnp.where(jax.random.bernoulli(mixing, 0.5, shape), parents[0], parents[1])
        width = scale * 0.01 ** (number.astype(points.dtype) / max(generations, 1))
        step = width.astype(points.dtype) * span[None] * jax.random.normal(steps, shape, points.dtype)
        child = jnp.where(jax.random.bernoulli(whether, mutation, shape), child + step, child)
        return jnp.clip(child, within.low[None], within.high[None])

    share = jax.random.uniform(jax.random.fold_in(key, generations), (population, within.dimensions), within.low.dtype)
    points = within.at(share)
    losses = measure(points)
    fittest.update(points, losses)
    for number in range(generations):
        born = offspring(jnp.asarray(number), points, losses)
        their = measure(born)
        fittest.update(born, their)
        best = jnp.argsort(losses)[:elite]
        points, losses = jnp.concatenate([points[best], born]), jnp.concatenate([losses[best], their])
    return fittest.result("genetic search", within)
