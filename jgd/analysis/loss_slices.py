"""The loss around solutions: enters parameters, leaves losses along a line or over a plane through them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.flatten_util import ravel_pytree

from jgd.core import checks
from jgd.core.types import Batch, Loss, Params


@dataclass(frozen=True)
class LossLine:
    """The loss on the straight line between two solutions.

    Attributes:
        shares: (points,) of the way, 0 at the first, 1 at the second.
        losses: (points,).
    """

    shares: np.ndarray
    losses: np.ndarray

    @property
    def barrier(self) -> float:
        """How far the loss between the two rises above the straight line between their losses; 0 where it doesn't."""
        inside = (self.shares >= 0) & (self.shares <= 1)
        t, between = self.shares[inside], self.losses[inside]
        return float(max(0.0, np.max(between - ((1 - t) * between[0] + t * between[-1]))))


@dataclass(frozen=True)
class LossPlane:
    """The loss on a plane through a solution.

    Attributes:
        x: (columns,) along the first direction.
        y: (rows,) along the second.
        losses: (rows, columns).
        marks: (solutions, 2) where the solutions lie on the plane, the center first.
        unit: What x and y are, in words.
    """

    x: np.ndarray
    y: np.ndarray
    losses: np.ndarray
    marks: np.ndarray
    unit: str


def loss_line(
    loss: Loss, first: Params, second: Params, rows: Batch = None, *, points: int = 51, beyond: float = 0.25
) -> LossLine:
    """The loss at (1 − t) a + t b: whether two solutions lie in one valley or have a barrier between them.

    Source: Goodfellow, Vinyals & Saxe 2015, arXiv:1412.6544.

    Args:
        loss: A function (params, rows) -> one real floating number.
        first: The parameters at t = 0.
        second: Those at t = 1, a tree like first.
        rows: What the loss takes.
        points: On the line; both solutions are among them.
        beyond: How far the line goes on behind each, in units of their distance.

    Returns:
        The losses.

    Raises:
        JgdValueError: For trees of other structure, fewer than 3 points and a negative `beyond`.

    Example:
        >>> line = loss_line(lambda w, rows: (w**2 - 1) ** 2, jnp.array(-1.0), jnp.array(1.0), points=5, beyond=0)
        >>> line.shares.tolist(), line.losses.tolist(), line.barrier
        ([0.0, 0.25, 0.5, 0.75, 1.0], [0.0, 0.5625, 1.0, 0.5625, 0.0], 1.0)
    """
    checks.parameters(first)
    checks.same_structure(second, first, "second", "first")
    between = checks.count("points", points, 3)
    further = round(checks.number("beyond", beyond, "[0, inf)") * (between - 1))
    shares = np.arange(-further, between + further) / (between - 1)
    a, tree_of = ravel_pytree(first)
    way = ravel_pytree(second)[0] - a
    return LossLine(shares, _losses(loss, tree_of, rows, a, way[None], shares[:, None]))


def loss_plane(
    loss: Loss,
    params: Params,
    rows: Batch = None,
    *,
    through: Sequence[Params] = (),
    points: int = 25,
    span: float = 1.0,
    seed: int = 0,
) -> LossPlane:
    """The loss on a plane: along two random directions, filter-normalized, or through three solutions.

    A random direction is scaled filter by filter to the norm of the parameters, so that the picture doesn't depend on
    how weights are scaled: of an array of two dimensions or more, each slice of its last axis (what makes one output) is
    a filter; biases and other vectors stay as they are.

    Source: Li et al. 2018, arXiv:1712.09913 (filters); Garipov et al. 2018, arXiv:1802.10026 (three solutions).

    Args:
        loss: A function (params, rows) -> one real floating number.
        params: The center, or the first of three solutions.
        rows: What the loss takes.
        through: Two more solutions, trees like params; default random directions.
        points: Along each side.
        span: How far the plane reaches from the center, in units of the directions. Through solutions: how far beyond
            them, in units of their extent.
        seed: Of the random directions.

    Returns:
        The losses, and where the solutions lie.

    Raises:
        JgdValueError: For one more solution or three, for solutions on one line, and for fewer than 3 points.

    Example:
        >>> bowl = lambda w, rows: jnp.sum(w**2)
        >>> plane = loss_plane(bowl, jnp.zeros(3), through=[jnp.array([2.0, 0, 0]), jnp.array([0, 1.0, 0])], points=3, span=0)
        >>> plane.marks.tolist(), plane.losses.tolist()
        ([[0.0, 0.0], [2.0, 0.0], [0.0, 1.0]], [[0.0, 1.0, 4.0], [0.25, 1.25, 4.25], [1.0, 2.0, 5.0]])
    """
    checks.parameters(params)
    points, span = checks.count("points", points, 3), checks.number("span", span, "[0, inf)")
    center, tree_of = ravel_pytree(params)
    if not len(through):
        keys = jax.random.split(jax.random.key(checks.count("seed", seed)))
        basis = jnp.stack([ravel_pytree(filter_normalized(key, params))[0] for key in keys])
        x = y = np.linspace(-span, span, points)
        marks, unit = np.zeros((1, 2)), "random directions, filter-normalized"
    else:
        basis, marks = _through(params, center, through)
        low, high = marks.min(axis=0), marks.max(axis=0)
        x, y = (np.linspace(a - span * (b - a), b + span * (b - a), points) for a, b in zip(low, high, strict=True))
        unit = "through three solutions, distances of the parameters"
    places = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
    losses = _losses(loss, tree_of, rows, center, basis, places)
    return LossPlane(x, y, losses.reshape(len(y), len(x)), marks, unit)


def filter_normalized(key: Array, params: Params) -> Params:
    """A random direction of each filter's norm; 0 where an array has less than two dimensions."""

    def one(key: Array, leaf: Array) -> Array:
        if leaf.ndim < 2:
            return jnp.zeros_like(leaf)
        axes = tuple(range(leaf.ndim - 1))
        norm = lambda array: jnp.sqrt(jnp.sum(array**2, axis=axes, keepdims=True))
        drawn = jax.random.normal(key, leaf.shape, leaf.dtype)
        return drawn * norm(leaf) / jnp.maximum(norm(drawn), jnp.finfo(leaf.dtype).tiny)

    leaves, structure = jax.tree.flatten(jax.tree.map(jnp.asarray, params))
    if all(leaf.ndim < 2 for leaf in leaves):  # nothing but vectors: each is one filter
        leaves = [leaf.reshape(-1, 1) for leaf in leaves]
    shapes = [np.shape(leaf) for leaf in jax.tree.leaves(params)]
    drawn = [
        one(k, leaf).reshape(shape)
        for k, leaf, shape in zip(jax.random.split(key, len(leaves)), leaves, shapes, strict=True)
    ]
    return jax.tree.unflatten(structure, drawn)


def _through(params: Params, center: Array, through: Sequence[Params]) -> tuple[Array, np.ndarray]:
    """-> (two orthonormal directions, (3, 2) marks), by Gram and Schmidt."""
    if len(through) != 2:
        raise checks.JgdValueError(f"through must hold two more solutions, got {len(through)}", argument="through")
    for place, other in enumerate(through):
        checks.same_structure(other, params, f"through[{place}]", "params")
    u, v = (ravel_pytree(other)[0] - center for other in through)
    width = jnp.linalg.norm(u)
    e = u / width
    rest = v - (v @ e) * e
    height = jnp.linalg.norm(rest)
    if not float(width) > 0 or not float(height) > 1e-5 * float(jnp.linalg.norm(v)):
        raise checks.JgdValueError(
            "through must hold solutions that aren't on one line with params", argument="through"
        )
    marks = np.array([[0.0, 0.0], [float(width), 0.0], [float(v @ e), float(height)]])
    return jnp.stack([e, rest / height]), marks


def _losses(loss: Loss, tree_of: Any, rows: Batch, center: Array, basis: Array, places: np.ndarray) -> np.ndarray:
    """(places,) losses at center + place · basis, one after the other: a plane of copies needn't fit into memory."""
    at = lambda place: loss(tree_of(center + place @ basis), rows)
    return np.asarray(jax.jit(lambda all_: jax.lax.map(at, all_))(jnp.asarray(places, center.dtype)), np.float64)
