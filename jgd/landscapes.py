"""Layer 1: test functions with known minima, for pictures, tests and comparisons of methods.

Each is a loss without data: `landscape(params, batch)` ignores its batch, and params is one vector (dimensions,).

>>> import jgd
>>> valley = jgd.landscapes.get("rosenbrock")
>>> run = jgd.train(valley, jgd.optimizers.adam(0.05), valley.start, steps=2000)
>>> [round(float(x), 2) for x in run.params]
[1.0, 1.0]
"""

from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import Array

from jgd.core import checks
from jgd.core.record import record, static_field


@record
class Landscape:
    """A function of a vector, with a start, the box that a picture or a search should show, and its global minima."""

    name: str = static_field()
    function: Callable[[Array], Array] = static_field()
    start_at: tuple[float, ...] = static_field()
    low: tuple[float, ...] = static_field()
    high: tuple[float, ...] = static_field()
    minima: tuple[tuple[float, ...], ...] = static_field()  # () where the function falls for ever
    least: float = static_field(default=0.0)  # the value at the minima

    def __call__(self, params: Array, batch: Any = None) -> Array:
        """The value at a point (dimensions,): ()."""
        return self.function(params)

    @property
    def start(self) -> Array:
        """Where descents usually start, (dimensions,)."""
        return jnp.asarray(self.start_at, jnp.result_type(float))

    def distance(self, params: Array) -> float:
        """From the nearest global minimum."""
        point = np.asarray(params, np.float64)
        return min(float(np.linalg.norm(point - np.asarray(minimum))) for minimum in self.minima)


def _quadratic(x: Array) -> Array:
    return jnp.sum(x**2) / 2


def _ill_conditioned(x: Array) -> Array:
    """Σ cᵢ xᵢ² / 2 with curvatures from 1 to 100, equally spaced in the logarithm."""
    return jnp.sum(jnp.logspace(0, 2, x.shape[0], dtype=x.dtype) * x**2) / 2


def _rosenbrock(x: Array) -> Array:
    """Σ 100 (x_{i+1} − x_i²)² + (1 − x_i)². Rosenbrock 1960."""
    return jnp.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


def _beale(p: Array) -> Array:
    """(1.5 − x + x y)² + (2.25 − x + x y²)² + (2.625 − x + x y³)². Beale 1958."""
    x, y = p
    return (1.5 - x + x * y) ** 2 + (2.25 - x + x * y**2) ** 2 + (2.625 - x + x * y**3) ** 2


def _himmelblau(p: Array) -> Array:
    """(x² + y − 11)² + (x + y² − 7)²: four minima, all of value 0. Himmelblau 1972."""
    x, y = p
    return (x**2 + y - 11) ** 2 + (x + y**2 - 7) ** 2


def _rastrigin(x: Array) -> Array:
    """10 d + Σ x² − 10 cos 2πx: a bowl full of local minima. Rastrigin 1974."""
    return 10 * x.shape[0] + jnp.sum(x**2 - 10 * jnp.cos(2 * jnp.pi * x))


def _ackley(x: Array) -> Array:
    """20 + e − 20 exp(−0.2 √mean x²) − exp(mean cos 2πx). Ackley 1987; the root is kept off 0, where it has no slope."""
    tiny = jnp.finfo(x.dtype).tiny
    near = jnp.sqrt(jnp.mean(x**2) + tiny)
    return 20 + jnp.e - 20 * jnp.exp(-0.2 * near) - jnp.exp(jnp.mean(jnp.cos(2 * jnp.pi * x)))


def _saddle(p: Array) -> Array:
    """x² − y²: a descent from y = 0 stays at the saddle, from anywhere else it leaves."""
    x, y = p
    return x**2 - y**2


def _plateau(w: Array) -> Array:
    """Σ 1 − exp(−w²/2): almost flat far from 0."""
    return jnp.sum(1 - jnp.exp(-(w**2) / 2))


def _local_minimum(w: Array) -> Array:
    """0.05 w² + 0.15 sin 3w: a small learning rate gets stuck beside the global minimum."""
    return jnp.sum(0.05 * w**2 + 0.15 * jnp.sin(3 * w))


def _needle(w: Array) -> Array:
    """1 + ((w − 20)/50)² − 3 exp(−((w − 70)/1.5)²): a narrow minimum that divide and conquer overlooks."""
    return jnp.sum(1 + ((w - 20) / 50) ** 2 - 3 * jnp.exp(-(((w - 70) / 1.5) ** 2)))


_HIMMELBLAU = ((3.0, 2.0), (-2.805118, 3.131312), (-3.779310, -3.283186), (3.584428, -1.848126))

registry: dict[str, Landscape] = {
    each.name: each
    for each in (
        Landscape("quadratic", _quadratic, (2.0, -1.0), (-2.5, -2.5), (2.5, 2.5), ((0.0, 0.0),)),
        Landscape("ill_conditioned", _ill_conditioned, (2.0, 1.0), (-2.5, -1.5), (2.5, 1.5), ((0.0, 0.0),)),
        Landscape("rosenbrock", _rosenbrock, (-1.2, 1.0), (-2.0, -1.0), (2.0, 3.0), ((1.0, 1.0),)),
        Landscape("beale", _beale, (1.0, 1.0), (-1.0, -2.0), (4.5, 2.0), ((3.0, 0.5),)),
        Landscape("himmelblau", _himmelblau, (0.0, 0.0), (-5.0, -5.0), (5.0, 5.0), _HIMMELBLAU),
        Landscape("rastrigin", _rastrigin, (2.2, -1.7), (-3.0, -3.0), (3.0, 3.0), ((0.0, 0.0),)),
        Landscape("ackley", _ackley, (2.5, 1.8), (-4.0, -4.0), (4.0, 4.0), ((0.0, 0.0),)),
        Landscape("saddle", _saddle, (1.0, 1e-6), (-2.0, -2.0), (2.0, 2.0), (), -jnp.inf),
        Landscape("plateau", _plateau, (5.0,), (-6.0,), (6.0,), ((0.0,),)),
        Landscape("local_minimum", _local_minimum, (6.0,), (-7.0,), (7.0,), ((-0.4874224,),), -0.1372384),
        Landscape("needle", _needle, (50.0,), (0.0,), (100.0,), ((69.985003,),), -1.0002999),
    )
}


def get(name: str) -> Landscape:
    """The landscape registered under `name`.

    Args:
        name: One of `registry`: `"rosenbrock"`, `"beale"`, and so on.

    Returns:
        The landscape, a loss that ignores its batch.

    Raises:
        JgdValueError: For an unknown name; the message lists them.

    Example:
        >>> float(get("beale")(jnp.array([3.0, 0.5])))
        0.0
    """
    return registry[checks.choice("landscape", name, registry)]


def quadratic(curvatures: Any) -> Landscape:
    """Σ cᵢ xᵢ² / 2 with curvatures of your own, as stability at 2/λ asks for; from xᵢ = 1.

    Args:
        curvatures: The cᵢ, a vector of finite numbers.

    Returns:
        The landscape.

    Raises:
        JgdValueError: For anything else.

    Example:
        >>> float(quadratic([1.0, 100.0])(jnp.ones(2)))
        50.5
    """
    c = checks.array("curvatures", curvatures)
    if c.ndim != 1 or not np.isfinite(c).all():
        raise checks.JgdValueError(
            f"curvatures must be a vector of finite numbers, got {checks.shown(curvatures)}", argument="curvatures"
        )
    span = (1.5,) * len(c)
    down = tuple(-x for x in span)
    minima = ((0.0,) * len(c),) if (c > 0).all() else ()
    form = _Bowl(tuple(map(float, c)))
    return Landscape("quadratic", form, (1.0,) * len(c), down, span, minima, 0.0 if minima else -np.inf)


class _Bowl:
    """Σ cᵢ xᵢ² / 2 as a hashable function: equal curvatures are one program."""

    def __init__(self, curvatures: tuple[float, ...]):
        self.curvatures = curvatures

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Bowl) and self.curvatures == other.curvatures

    def __hash__(self) -> int:
        return hash(self.curvatures)

    def __call__(self, x: Array) -> Array:
        return jnp.sum(jnp.asarray(self.curvatures, x.dtype) * x**2) / 2
