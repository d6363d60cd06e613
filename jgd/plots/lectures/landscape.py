"""A landscape as a picture: a curve in one dimension, contours in two."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jgd.landscapes import Landscape

CURVE_POINTS, GRID_POINTS, LEVELS = 801, 241, 18
LONGEST = 4.0  # sides of a box up to which one unit is as long on both axes
STAR = {"ms": 12, "color": "k", "mec": "white", "mew": 0.6, "zorder": 5}  # a minimum


@jax.jit  # by the landscape's functions: drawn again, it isn't compiled again
def _heights(landscape: Landscape, points: jax.Array) -> jax.Array:
    return jax.vmap(landscape)(points)


@jax.jit
def _slopes(landscape: Landscape, points: jax.Array) -> jax.Array:
    return jax.vmap(jax.grad(landscape))(points)


def heights(landscape: Landscape, points: np.ndarray) -> np.ndarray:
    """The landscape at points (…, dimensions): (…)."""
    flat = jnp.asarray(points.reshape(-1, points.shape[-1]), jnp.result_type(float))
    return np.asarray(_heights(landscape, flat), np.float64).reshape(points.shape[:-1])


def slopes(landscape: Landscape, points: np.ndarray) -> np.ndarray:
    """The gradient at points (n, dimensions): (n, dimensions)."""
    flat = jnp.asarray(points, jnp.result_type(float))
    return np.asarray(_slopes(landscape, flat), np.float64)


def condition_number(landscape: Landscape) -> float:
    """λ_max / λ_min of the Hessian at the first minimum, or at the start where there is none.

    NaN where an eigenvalue is not positive; inf where the dtype is too coarse to tell λ_min from 0.

    Example:
        >>> from jgd import landscapes
        >>> condition_number(landscapes.quadratic([1.0, 100.0]))
        100.0
    """
    point = jnp.asarray(landscape.minima[0] if landscape.minima else landscape.start_at, jnp.result_type(float))
    found = jax.hessian(landscape)(point)
    values = np.linalg.eigvalsh(np.asarray(found, np.float64))
    if values[-1] <= 0 or values[0] < -4 * jnp.finfo(found.dtype).eps * values[-1]:
        return float("nan")
    return float(values[-1] / values[0]) if values[0] > 4 * jnp.finfo(found.dtype).eps * values[-1] else float("inf")


def draw_curve(ax: Any, landscape: Landscape) -> None:
    """A landscape of one dimension as a curve, its minima as stars."""
    (low,), (high,) = landscape.low, landscape.high
    x = np.linspace(low, high, CURVE_POINTS)
    y = heights(landscape, x[:, None])
    ax.plot(x, y, color="0.35", lw=1.4, zorder=1)
    for minimum in landscape.minima:
        ax.plot(minimum[0], heights(landscape, np.asarray(minimum)), "*", **STAR)
    ax.set_xlim(low, high)
    room = 0.06 * np.ptp(y)
    ax.set_ylim(y.min() - room, y.max() + room)  # a path that diverges leaves the picture


def draw_contours(ax: Any, landscape: Landscape, low: Any = None, high: Any = None) -> None:
    """A landscape of two dimensions as contours, its minima as stars, one unit as long on both axes where that fits.

    low, high: corners of another box than the landscape's.
    """
    (x0, y0), (x1, y1) = landscape.low if low is None else low, landscape.high if high is None else high
    x, y = np.linspace(x0, x1, GRID_POINTS), np.linspace(y0, y1, GRID_POINTS)
    above = heights(landscape, np.stack(np.meshgrid(x, y), axis=-1))
    above = above - above.min()
    levels = np.unique(np.quantile(above, np.linspace(0, 1, LEVELS) ** 2))
    if len(levels) > 1:
        ax.contourf(x, y, above, levels=levels, cmap="Blues", alpha=0.4, norm="asinh", zorder=0)
        ax.contour(x, y, above, levels=levels, colors="0.45", linewidths=0.4, zorder=1)
    for minimum in landscape.minima:
        ax.plot(*minimum, "*", **STAR)
    ax.set_xlim(x0, x1)
    ax.set_ylim(y0, y1)
    if shape((x0, y0), (x1, y1)) is not None:
        ax.set_aspect("equal")


def shape(low: Any, high: Any) -> float | None:
    """Height over width of a box whose units are equally long on both axes; None where it would be too long for that.

    Example:
        >>> shape((-2.0, -1.0), (2.0, 1.0)), shape((0, 0), (100.0, 1e6))
        (0.5, None)
    """
    if len(low) != 2:
        return None
    width, height = (float(high[axis]) - float(low[axis]) for axis in (0, 1))
    return height / width if max(width, height) <= LONGEST * min(width, height) else None
