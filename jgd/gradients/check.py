"""Check a gradient against numbers, leaf by leaf, and name the fault.

screen: random directions in each leaf ─ fits ─► ok
    └ doesn't ─► the same, carefully ─► entries of the failing leaf only ─► diagnosis ─► LeafCheck
"""

import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jgd.core import checks, seeds
from jgd.core.functions import name_of, untraceable
from jgd.core.types import Batch, Loss, Params
from jgd.gradients import analytic, checkable, consistency, float64_loss, preconditions
from jgd.gradients.check_leaf import blank, check_leaf
from jgd.gradients.locate_errors import Probe, random_directions
from jgd.gradients.report import GradientCheck

TOLERANCE = 1e-7  # relative, where all is float64: far above rounding, far below any fault worth the name
ROUGH = 1e-4  # a tolerance from which one direction too easily looks right
COARSE = 1e3  # units of eps that a gradient of lower precision may be off; 0.3 at most


def check_gradients(
    loss: Loss,
    params: Params,
    batch: Batch,
    *,
    gradient: Callable[[Params, Batch], Params] | None = None,
    seed: int | None = None,
    tolerance: float | None = None,
    directions: int = 2,
    every_entry: bool = False,
    order: int = 1,
    compare: str | Sequence[str] = (),
) -> GradientCheck:
    """Compare the gradient of `loss(params, batch)` with differences of the loss; print the result.

    gradient: a function (params, batch) -> tree like params, checked instead of `jax.grad(loss)`. A `custom_vjp`
    inside the loss is checked by leaving it None. It may be NumPy code.
    seed: of the random directions; by default they are new for every check, so that no fault can hide from them, and
    the result's `seed` repeats them.
    tolerance: relative error allowed beside the number's own error bar; by default 1e-7, or eps of the coarsest dtype
    inside, and 1000 eps (0.3 at most) in a gradient that can't be evaluated in float64. Each leaf's `resolution` says
    what came of it.
    directions: how many a leaf in the screen. every_entry: measure each entry of every leaf, 3 evaluations each.
    order: 2 checks Hessian-vector products too (the gradient's own derivative against differences of it).
    compare: "jit" (compiled = not compiled), "looped_mean" or "looped_sum" (the batch's gradient = that mean or sum of
    its rows').

    Losses are evaluated in float64 whatever the program's precision, their own casts taken away (widen.py). Bad input
    raises JgdValueError or JgdTypeError; a wrong gradient is in the result: `GradientCheck.ok`, `raise_if_failed`.

    >>> loss = lambda params, batch: jnp.mean((batch[0] @ params["w"] - batch[1]) ** 2)
    >>> params, batch = {"w": jnp.array([1.0, -2.0, 3.0])}, (jnp.eye(3), jnp.ones(3))
    >>> check_gradients(loss, params, batch).ok
    True
    >>> doubled = lambda params, batch: jax.tree.map(lambda g: 2 * g, jax.grad(loss)(params, batch))
    >>> check_gradients(loss, params, batch, gradient=doubled).leaves[0].cause
    '2 times too large: a factor 2 too much'
    """
    float64_loss.usable(loss, params, batch)
    compare = (compare,) if isinstance(compare, str) else tuple(compare)
    _arguments(gradient, directions, order, compare, tolerance)
    seed = secrets.randbits(32) if seed is None else seeds.check(seed)
    rng = np.random.default_rng(seed)
    try:
        wide = float64_loss.around(loss, params, batch)
        layout = wide.layout
        grads = analytic.gradients(loss, gradient, params, batch, wide)
        value, here = grads.value, wide.here()
        if value is None:
            value = checkable.value_of(loss, params, batch)
        problem = checkable.problem(loss, params, batch, value, here)
        if problem:
            leaves = tuple(blank(layout, at, "inconclusive", cause=problem) for at in range(len(layout.paths)))
            return GradientCheck(leaves, value, seed, wide.spent["points"], problem)
    except jax.errors.ConcretizationTypeError as error:
        raise untraceable(loss) from error
    allowed = tolerance
    if allowed is None:  # constants that a program rounds to its own dtypes may be other ones in its gradient
        allowed = (
            max(TOLERANCE, wide.grain, grads.grain) if grads.eps < float64_loss.SHARP else min(0.3, COARSE * grads.eps)
        )
    rows = common_rows(batch)
    leaves = []
    for at, place in enumerate(layout.places):
        if place is None or place[0] == place[1]:
            leaves.append(
                blank(
                    layout,
                    at,
                    "skipped",
                    cause="empty" if place else f"{layout.dtypes[at]} is not real floating",
                )
            )
            continue
        probe = Probe(wide, here, grads.sharp, place, allowed)
        looks = directions if allowed < ROUGH else 4 * directions
        leaf = check_leaf(probe, grads, at, rows, rng, looks, every_entry)
        if leaf.kind == "unused" and preconditions.read(loss, params, batch)[at]:
            leaf = replace(leaf, kind="flat", cause="no effect near these parameters: gradient and differences are 0")
        leaves.append(leaf)
    second = None
    if order == 2 and any(place and place[0] < place[1] for place in layout.places):
        options = {"seed": seed, "tolerance": tolerance, "directions": directions, "every_entry": every_entry}
        with _traceable(gradient, "order=2"):
            second = check_gradients(_projected(loss, gradient, layout, rng), params, batch, **options)
    agreements = []
    for name in compare:
        with _traceable(gradient, f"compare={name!r}"):
            agreements.append(consistency.compare(name, loss, gradient, params, batch))
    return GradientCheck(tuple(leaves), value, seed, wide.spent["points"], "", second, tuple(agreements))


@contextmanager
def _traceable(gradient: Any, asked: str) -> Iterator[None]:
    """Refuse, by name, a gradient in NumPy where JAX must trace it."""
    try:
        yield
    except (*analytic.UNTRACEABLE, checks.JgdTypeError) as error:
        cause = error if isinstance(error, analytic.UNTRACEABLE) else error.__cause__
        if gradient is None or not isinstance(cause, analytic.UNTRACEABLE):
            raise
        raise checks.JgdTypeError(
            f"{asked} needs a gradient that JAX can trace, and {name_of(gradient)} is NumPy code: write it with "
            f"jax.numpy, or leave {asked} out"
        ) from error


def common_rows(batch: Batch) -> int | None:
    """The rows of a batch, None where its arrays don't share a leading axis."""
    lengths = {jnp.shape(leaf)[0] if jnp.ndim(leaf) else None for leaf in jax.tree.leaves(batch)}
    return lengths.pop() if len(lengths) == 1 else None


def _projected(loss: Loss, gradient: Any, layout: float64_loss.Layout, rng: np.random.Generator) -> Loss:
    """<gradient(params), w> for a random w over all leaves: its gradient is the Hessian-vector product H w."""
    d = max([0, *(place[1] for place in layout.places if place)])
    w = random_directions(rng, 1, (0, d), d)[0]

    def slope(params: Params, batch: Batch):
        grads = consistency.gradient_of(loss, gradient, params, batch)
        parts = [
            jnp.sum(grad * w[slice(*place)].reshape(shape).astype(grad.dtype)).astype(jnp.result_type(float))
            for grad, place, shape in zip(
                grads, filter(None, layout.places), _checked(layout.shapes, layout), strict=True
            )
        ]
        return sum(parts[1:], start=parts[0])

    return slope


def _checked(values: Sequence[Any], layout: float64_loss.Layout) -> list[Any]:
    return [value for value, place in zip(values, layout.places, strict=True) if place]


def _arguments(gradient: Any, directions: Any, order: Any, compare: Any, tolerance: Any) -> None:
    if gradient is not None and not callable(gradient):
        raise checks.JgdTypeError(
            f"gradient must be a function (params, batch) -> a tree like params, got {type(gradient).__name__}"
        )
    checks.count("directions", directions, 1)
    checks.count("order", order, 1, 2)
    if tolerance is not None:
        checks.number("tolerance", tolerance, "> 0")
    for name in compare:
        checks.choice("comparison", name, consistency.comparisons)
