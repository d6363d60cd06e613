"""Genetic search: a population of points; the better ones recombine and mutate, the best ones live on.

Each generation: parents are the winners of tournaments of two; a child takes each coordinate from one parent or the
other (uniform crossover); a coordinate mutates with some probability, by a normal step relative to the box; the `elite`
best of the old generation replace the first children unchanged, so that the best ever seen is never lost.
Holland 1975, "Adaptation in Natural and Artificial Systems"; Eiben & Smith 2015, chapters 4 and 5.
"""

from collections.abc import Callable

import jax
import jax.numpy as jnp
from jax import Array

from jgd.core import checks, seeds
from jgd.core.types import Params
from jgd.gradient_free.found import LIMIT, Found, Running, affordable, box, values


def genetic(
    loss: Callable[[Params], Array],
    low: Params,
    high: Params,
    population: int = 50,
    generations: int = 40,
    mutation: float = 0.2,
    mutation_scale: float = 0.1,
    elite: int = 2,
    seed: int = 0,
    limit: int = LIMIT,
) -> Found:
    """The best of a population after `generations`; population + generations · (population − elite) evaluations.

    mutation: the probability in [0, 1] that a coordinate mutates, mutation_scale: the step's standard deviation, as a
    share of the box, > 0; it shrinks to a hundredth of that over the generations. elite: 1 … population − 1.

    >>> found = genetic(lambda w: (w - 2.0) ** 2, 0.0, 4.0)
    >>> abs(float(found.params) - 2.0) < 0.01, found.evaluations
    (True, 1970)
    """
    population, generations = checks.count("population", population, 2), checks.count("generations", generations, 0)
    elite = checks.count("elite", elite, 1, population - 1)
    mutation = checks.number("mutation", mutation, "[0, 1]")
    scale = checks.number("mutation_scale", mutation_scale, "> 0")
    inside = box(low, high)
    affordable("evaluations", population + generations * (population - elite), 1, limit)
    measure, running, key = values(loss, inside), Running(), seeds.key(seed, seeds.Stream.NOISE)
    span, children = inside.high - inside.low, population - elite

    @jax.jit
    def offspring(number: Array, points: Array, found: Array) -> Array:
        crossing, mixing, whether, steps = jax.random.split(jax.random.fold_in(key, number), 4)
        rivals = jax.random.randint(crossing, (2, 2, children), 0, population)  # (parent, rival, child)
        first, second = rivals[:, 0], rivals[:, 1]
        parents = points[jnp.where(found[first] <= found[second], first, second)]
        shape = (children, inside.dimensions)
        child = jnp.where(jax.random.bernoulli(mixing, 0.5, shape), parents[0], parents[1])
        width = scale * 0.01 ** (number.astype(points.dtype) / max(generations, 1))
        step = width.astype(points.dtype) * span[None] * jax.random.normal(steps, shape, points.dtype)
        child = jnp.where(jax.random.bernoulli(whether, mutation, shape), child + step, child)
        return jnp.clip(child, inside.low[None], inside.high[None])

    share = jax.random.uniform(jax.random.fold_in(key, generations), (population, inside.dimensions), inside.low.dtype)
    points = inside.at(share)
    found = measure(points)
    running.absorb(points, found)
    for number in range(generations):
        born = offspring(jnp.asarray(number), points, found)
        their = measure(born)
        running.absorb(born, their)
        best = jnp.argsort(found)[:elite]
        points, found = jnp.concatenate([points[best], born]), jnp.concatenate([found[best], their])
    return running.found("genetic", inside)
