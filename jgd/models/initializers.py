"""Where weights start: records called with (key, shape, dtype)."""

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import jax
import jax.numpy as jnp
from jax import Array

from jgd.core import checks
from jgd.core.record import hyper, record

Initializer: TypeAlias = Callable[..., Array]


@record
class Zeros:
    """All zeros: right for biases and linear models; hidden units that start equal stay equal.

    >>> Zeros()(jax.random.key(0), (2,)).tolist()
    [0.0, 0.0]
    """

    def __call__(self, key: Array, shape: Sequence[int], dtype=jnp.float32) -> Array:
        return jnp.zeros(shape, dtype)


@record
class Normal:
    """Gaussian with mean 0 and the standard deviation `std` (the lectures' "variance 0.1" is std = √0.1 = 0.316…).

    >>> round(float(Normal(std=0.1)(jax.random.key(0), (10_000,)).std()), 2)
    0.1
    """

    std: float | Array = hyper(">= 0", schedule=False)

    @staticmethod
    def of_variance(variance: float) -> "Normal":
        """The same, said as a variance."""
        return Normal(checks.number("variance", variance, ">= 0") ** 0.5)

    def __call__(self, key: Array, shape: Sequence[int], dtype=jnp.float32) -> Array:
        return jnp.asarray(self.std).astype(dtype) * jax.random.normal(key, shape, dtype)


@record
class GlorotUniform:
    """Uniform within ±√6 / √(n_in + n_out), variance 2 / (n_in + n_out), for a matrix (n_in, n_out).

    Glorot & Bengio 2010, equation 16.

    >>> bool((abs(GlorotUniform()(jax.random.key(0), (3, 5))) <= 0.8660254).all())
    True
    """

    def __call__(self, key: Array, shape: Sequence[int], dtype=jnp.float32) -> Array:
        if len(shape) != 2:
            raise checks.JgdValueError(f"GlorotUniform needs a matrix shape (n_in, n_out), got {tuple(shape)}")
        bound = (6 / (shape[0] + shape[1])) ** 0.5
        return jax.random.uniform(key, shape, dtype, -bound, bound)


def check(key: Any, dtype: Any) -> None:
    """Refuse what no parameters can be drawn with: something that is no key, or a dtype that isn't floating."""
    checks.floating_dtype("dtype", dtype)
    of_keys = isinstance(key, Array) and jnp.issubdtype(key.dtype, jax.dtypes.prng_key)
    if not (of_keys and key.shape == ()) and not (isinstance(key, Array) and key.dtype == jnp.uint32):
        raise checks.JgdTypeError(
            f"key must be a key of jax.random, such as jgd.init_key(0), got {checks.shown(key)}", argument="key"
        )


def check_initializer(initializer: Any) -> None:
    """Refuse what can't draw weights; a class in the place of its instance too."""
    initializer = checks.bare(initializer)
    if isinstance(initializer, type) or not callable(initializer):
        raise checks.JgdTypeError(
            f"initializer must be a function of (key, shape, dtype), such as GlorotUniform(), got "
            f"{checks.shown(initializer)}",
            argument="initializer",
        )


registry: dict[str, Callable[..., Initializer]] = {
    "zeros": Zeros,
    "normal": Normal,
    "glorot_uniform": GlorotUniform,
}


def get(name: str) -> Callable[..., Initializer]:
    """The initializer registered under `name`; an unknown one raises and lists the choices."""
    return registry[checks.choice("initializer", name, registry)]
