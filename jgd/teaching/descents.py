"""Descents over a landscape: enter optimizers, leave the points that they went through and the losses there."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.flatten_util import ravel_pytree

from jgd import optimizers
from jgd.core import checks
from jgd.core.optimizer import Optimizer
from jgd.core.types import Batch, Loss, Params
from jgd.descent import start as start_of
from jgd.descent import step
from jgd.gradients import max_stable_learning_rate
from jgd.landscapes import Landscape
from jgd.landscapes import get as landscape_named

RATES = {"too small": 0.05, "good": 0.5, "at the edge": 1.0, "diverging": 1.08}  # in units of 2/λ
ROOM, SQUARE = 0.25, 4.0  # around points, of their extent; sides of a box up to which it is made square
FLAT = 1e-3  # of the slope at the start: a slope that counts as none
RACES = {"bowl": "quadratic", "ravine": "ill_conditioned", "saddle": "saddle", "plateau": "plateau"}


@dataclass(frozen=True)
class Descents:
    """Descents over one landscape.

    Attributes:
        landscape: Where they went.
        paths: {name: (steps + 1, dimensions)}, the start first.
        losses: {name: (steps + 1,)} there.
    """

    landscape: Landscape
    paths: dict[str, np.ndarray]
    losses: dict[str, np.ndarray]


def descents(landscape: Landscape, methods: Mapping[str, Optimizer], steps: int, start: Any = None) -> Descents:
    """Where optimizers go from one start. Nothing is watched: a path that diverges ends in inf and NaN.

    Args:
        landscape: Such as `jgd.landscapes.get("rosenbrock")`, or of `landscape_of`.
        methods: {name: optimizer}.
        steps: Updates of each.
        start: (dimensions,); default the landscape's.

    Returns:
        The points, and the losses there.

    Raises:
        JgdValueError: For no step, no method, and a start of another shape.
        JgdTypeError: For what is no optimizer.

    Example:
        >>> import jgd
        >>> found = descents(jgd.landscapes.quadratic([1.0]), {"halves": jgd.optimizers.sgd(0.5)}, 3)
        >>> found.paths["halves"].ravel().tolist(), found.losses["halves"].tolist()
        ([1.0, 0.5, 0.25, 0.125], [0.5, 0.125, 0.03125, 0.0078125])
    """
    checks.instance("landscape", landscape, Landscape, "jgd.landscapes.get(…) returns")
    if not methods:
        raise checks.JgdValueError("methods must hold at least one {name: optimizer}, got none", argument="methods")
    for name, method in methods.items():
        checks.instance(f"methods[{name!r}]", method, Optimizer, "jgd.optimizers.sgd(0.1) is")
    begin, steps = _start(landscape, start), checks.count("steps", steps, 1)
    found = {name: jax.device_get(path_points(landscape, method, begin, steps)) for name, method in methods.items()}
    paths = {name: np.asarray(points, np.float64) for name, (points, _) in found.items()}
    return Descents(landscape, paths, {name: np.asarray(losses, np.float64) for name, (_, losses) in found.items()})


def learning_rates(landscape: Landscape, steps: int = 12, start: Any = None) -> Descents:
    """Plain descent at four rates: too small, good, at the edge and diverging, 0.05, 0.5, 1 and 1.08 times 2/λ.

    λ is the largest curvature at the minimum, or at the start of a landscape without one. On a parabola the good rate
    needs one step, the edge swings for ever.

    Args:
        landscape: Where to descend.
        steps: Updates of each.
        start: (dimensions,); default the landscape's.

    Returns:
        The descents, named by kind and rate.

    Raises:
        JgdValueError: As `descents`, and where no direction curves up.

    Example:
        >>> import jgd
        >>> found = learning_rates(jgd.landscapes.quadratic([4.0]), steps=2)
        >>> {name: path.ravel().round(3).tolist() for name, path in found.paths.items()}["at the edge, η = 0.5"]
        [1.0, -1.0, 1.0]
    """
    point = jnp.asarray(landscape.minima[0] if landscape.minima else _start(landscape, start))
    edge = max_stable_learning_rate(landscape, point.astype(jnp.result_type(float)), None)
    if not np.isfinite(edge):
        raise checks.JgdValueError(f"landscape must curve up somewhere, {landscape.name} doesn't", argument="landscape")
    rates = {f"{kind}, η = {share * edge:.3g}": share * edge for kind, share in RATES.items()}
    return descents(landscape, {name: optimizers.sgd(rate) for name, rate in rates.items()}, steps, start)


def race(methods: Mapping[str, Optimizer], steps: int = 60) -> dict[str, Descents]:
    """Optimizers on a bowl, a ravine (condition number 100), beside a saddle, and on a plateau with a hole.

    Args:
        methods: {name: optimizer}.
        steps: Updates of each.

    Returns:
        {landscape: descents} in two dimensions.

    Raises:
        JgdValueError: As `descents`.
        JgdTypeError: As `descents`.

    Example:
        >>> import jgd
        >>> found = race({"sgd": jgd.optimizers.sgd(0.015)}, steps=5)
        >>> list(found), found["ravine"].paths["sgd"].shape
        (['bowl', 'ravine', 'saddle', 'plateau'], (6, 2))
    """
    grounds = {title: landscape_named(name) for title, name in RACES.items()}
    plateau = grounds["plateau"]  # in two dimensions
    grounds["plateau"] = replace(plateau, start_at=(2.4, 1.6), low=(-3.0,) * 2, high=(3.0,) * 2, minima=((0.0,) * 2,))
    grounds["saddle"] = replace(grounds["saddle"], start_at=(1.0, 1e-3))
    return {title: descents(ground, methods, steps) for title, ground in grounds.items()}


def landscape_of(
    loss: Loss, params: Params, rows: Batch = None, *, low: Any = None, high: Any = None, name: str = "loss"
) -> Landscape:
    """A loss of one or two parameters as a landscape, with the minimum that BFGS finds from `params`.

    Args:
        loss: A function (params, rows) -> one real floating number.
        params: A tree that holds one or two numbers: where descents start.
        rows: What the loss takes.
        low: (dimensions,) corner of the box that pictures show, in the order of the tree's leaves; default such that start
            and minimum lie well inside.
        high: (dimensions,), the opposite corner.
        name: Of the landscape.

    Returns:
        The landscape, of a vector of the parameters.

    Raises:
        JgdValueError: For other numbers of parameters, and corners of another shape or order.

    Example:
        >>> import jgd
        >>> task = jgd.tasks.get("hours_points")
        >>> parabola = landscape_of(task.loss, {"weights": jnp.ones(1)}, task.train, low=[0.0], high=[4.0])
        >>> parabola.start_at, round(parabola.minima[0][0], 4)
        ((1.0,), 2.0)
    """
    flat, tree_of = ravel_pytree(jax.tree.map(lambda leaf: jnp.asarray(leaf, jnp.result_type(float)), params))
    if flat.size not in (1, 2):
        raise checks.JgdValueError(f"params must hold one or two numbers, got {flat.size}", argument="params")
    function: Callable[[Array], Array] = lambda point: loss(tree_of(point), rows)
    end, start = _minimum(function, flat), np.asarray(flat, np.float64)
    own = box_around(np.stack([start, start if end is None else end]))
    low, high = (np.ravel(own[i] if given is None else given).astype(float) for i, given in enumerate((low, high)))
    if not low.shape == high.shape == flat.shape or not (low < high).all():
        raise checks.JgdValueError(
            f"low must be below high, {flat.size} numbers each, got {low.tolist()} and {high.tolist()}", argument="low"
        )
    numbers = lambda values: tuple(map(float, values))
    minima = () if end is None or (end < low).any() or (end > high).any() else (numbers(end),)
    least = float(function(jnp.asarray(end, flat.dtype))) if minima else -np.inf
    return Landscape(name, function, numbers(flat), numbers(low), numbers(high), minima, least)


def box_around(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(low, high) with room around points (n, dimensions), square where its sides don't differ by more than a factor of 4."""
    middle, extent = (points.max(axis=0) + points.min(axis=0)) / 2, np.ptp(points, axis=0)
    extent = np.where(extent > 0, extent, extent.max() or 1.0)
    extent = np.full_like(extent, extent.max()) if extent.max() <= SQUARE * extent.min() else extent
    return middle - (0.5 + ROOM) * extent, middle + (0.5 + ROOM) * extent


def _minimum(function: Callable[[Array], Array], start: Array) -> np.ndarray | None:
    """Where BFGS ends; None where the function falls for ever."""
    from scipy.optimize import minimize  # here: jgd imports as fast as jax

    slope = jax.jit(jax.value_and_grad(function))
    seek = lambda point: tuple(np.asarray(each, np.float64) for each in slope(jnp.asarray(point, start.dtype)))
    found = minimize(seek, np.asarray(start, np.float64), jac=True, method="BFGS")
    steep = np.linalg.norm(found.jac) > FLAT * np.linalg.norm(seek(start)[1])
    return None if steep or not np.isfinite(found.x).all() else found.x


def _start(landscape: Landscape, start: Any) -> Array:
    begin = landscape.start if start is None else jnp.asarray(start, jnp.result_type(float))
    if begin.shape != (len(landscape.low),):
        raise checks.JgdValueError(
            f"start must have shape ({len(landscape.low)},) as {landscape.name}, got {begin.shape}", argument="start"
        )
    return begin


@partial(jax.jit, static_argnames="steps")
def path_points(landscape: Landscape, method: Optimizer, begin: Array, steps: int) -> tuple[Array, Array]:
    """((steps + 1, dimensions) points, (steps + 1,) losses)."""
    move = lambda state, _: (moved := step(landscape, method, state, None)[0], moved.params)
    points = jax.lax.scan(move, start_of(method, begin), length=steps)[1]
    points = jnp.concatenate([begin[None], points])
    return points, jax.vmap(landscape)(points)
