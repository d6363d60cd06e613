"""SGDR: a cosine that starts anew, each run longer than the last."""

import jax
import jax.numpy as jnp
from jax import Array

from jgd.core.record import hyper, record
from jgd.schedules.clock import Number, between, eased, left, number, raised


@record
class CosineRestarts:
    """A cosine from init_value to alpha · init_value, again and again, each run multiplier times as long: SGDR.

    Loshchilov & Hutter 2017, arXiv:1608.03983, equation 5. Run n = 0, 1, … begins at T_0 · (1 + m + … + m^(n−1)) and
    takes T_0 · m^n steps, T_0 = decay_steps, m = multiplier ≥ 1, which need not be whole. torch's
    CosineAnnealingWarmRestarts (T_0, T_mult, eta_min = alpha · init_value). The peak of run n is peak_decay^n as high above
    alpha · init_value as the first, TensorFlow's m_mul. optax's sgdr_schedule, with a peak for each run, is a `Join` of
    `WarmupCosineDecay`.

    Args:
        init_value: The value at the start. ≥ 0.
        decay_steps: The length of the first run, T_0. > 0.
        multiplier: Each run's length over the one before, m. In [1, inf). Default: 1.0.
        alpha: The share of init_value that is left at the end. ≥ 0. Default: 0.0.
        peak_decay: Each peak over the one before. In [0, 1]. Default: 1.0.

    Raises:
        JgdValueError: For a number outside its range.
        JgdTypeError: For an argument of another kind.

    Example:
        >>> CosineRestarts(1.0, decay_steps=2, multiplier=2.0)(jnp.arange(7)).tolist()
        [1.0, 0.5, 1.0, 0.854, 0.5, 0.146, 1.0]
    """

    init_value: Number = hyper(">= 0", schedule=False)
    decay_steps: Number = hyper("> 0", schedule=False, length=True)
    multiplier: Number = hyper("[1, inf)", schedule=False, default=1.0)
    alpha: Number = hyper(">= 0", schedule=False, default=0.0)
    peak_decay: Number = hyper("[0, 1]", schedule=False, default=1.0)

    def __call__(self, step: Array) -> Array:
        first, m = number(self.decay_steps), number(self.multiplier)
        n, begin, length = _run(number(step), first, m)
        share = raised(number(self.peak_decay), n) * eased(left(number(step) - first * begin, first * length))
        return number(self.init_value) * between(self.alpha, 1.0, share)


def _run(t: Array, first: Array, m: Array) -> tuple[Array, Array, Array]:
    """n of the run that step t is in, its begin 1 + m + … + m^(n−1) and its length m^n in units of the first run.

    n is the largest with begin ≤ t / first, so about log_m(1 + (m − 1) t / first).
    """
    runs, growth = jax.lax.stop_gradient(t / first), jax.lax.stop_gradient(m - 1)
    grows = growth > 0
    logs = jnp.log1p(runs * growth) / jnp.where(grows, jnp.log1p(growth), jnp.ones_like(growth))
    n = jnp.maximum(jnp.floor(jnp.where(grows, logs, runs)) - 1, 0)  # rounding may be one off, so from one before on
    far = m >= 1.5
    by_doubling, by_sinh = _doubled(n, jnp.where(far, m, 2.0)), _sinh(n, jnp.where(far, 1.0, m))
    begin, length = (jnp.where(far, a, b) for a, b in zip(by_doubling, by_sinh, strict=True))
    for _ in range(2):
        later = first * (1 + m * begin) <= t
        n = jnp.where(later, n + 1, n)
        begin, length = jnp.where(later, 1 + m * begin, begin), jnp.where(later, m * length, length)
    return n, begin, length


def _doubled(n: Array, m: Array) -> tuple[Array, Array]:
    """The sum and the power from the bits of n, exact where they are whole. For m ≥ 1.5 no clock reaches run 64."""
    bits = jnp.minimum(n, 63).astype(jnp.int32)
    begin, length = jnp.zeros_like(n), jnp.ones_like(n)
    for place in range(5, -1, -1):
        begin, length = begin * (1 + length), length * length
        odd = (bits >> place) & 1 == 1
        begin, length = jnp.where(odd, 1 + m * begin, begin), jnp.where(odd, m * length, length)
    return begin, length


def _sinh(n: Array, m: Array) -> tuple[Array, Array]:
    """The same as e^((n − 1) b) sinh(n b) / sinh(b) and e^(2 n b), b = log(m) / 2, which hold their digits near m = 1."""
    b = jnp.log1p(m - 1) / 2
    small = n * b < 1e-3  # where two terms of the series are all digits, also of the derivative at m = 1
    safe = jnp.where(small, jnp.ones_like(b), b)
    ratio = jnp.where(
        small, n * (1 + (n * n - 1) * b * b / 6), jnp.sinh(jnp.where(small, 1.0, n) * safe) / jnp.sinh(safe)
    )
    return jnp.exp((n - 1) * b) * ratio, jnp.exp(2 * n * b)
