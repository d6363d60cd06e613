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
    """Gaussian with mean 0, its standard deviation or its variance given by name: `Normal(std=0.1)`, `Normal(variance=0.1)`.

    A number alone would not say which it is: the lectures' 0.1 is a variance, and the deviation √0.1 = 0.316….

    >>> round(float(Normal(std=0.1)(jax.random.key(0), (10_000,)).std()), 2)
    0.1
    >>> round(float(Normal(variance=0.1)(jax.random.key(0), (10_000,)).var()), 2)
    0.1
    """

    std: float | Array = hyper(">= 0", schedule=False)

    def __init__(self, unnamed: Any = None, *, std: Any = None, variance: Any = None):
        if unnamed is not None:
            word = checks.shown(unnamed)
            raise checks.JgdTypeError(f"Normal takes std={word} or variance={word} by name, got {word} alone")
        if (std is None) == (variance is None):
            raise checks.JgdTypeError(f"Normal needs std or variance, got {'neither' if std is None else 'both'}")
        if variance is not None:
            checks.hyperparameter("variance", variance, ">= 0", schedule=False)
            std = variance**0.5
        object.__setattr__(self, "std", std)
        getattr(self, "__post_init__")()  # noqa: B009 (the record's check of its fields, which `record` adds)

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
