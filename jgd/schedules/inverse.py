"""Decays that never end: by the inverse of time, and of its root."""

import jax.numpy as jnp
from jax import Array

from jgd.core.record import hyper, record, static_field
from jgd.schedules.clock import Number, number, periods


@record
class InverseTimeDecay:
    """η_t = init_value / (1 + decay_rate · t / transition_steps): the 1/t decay under which SGD converges.

    Robbins & Monro 1951; decay_rate ≥ 0, transition_steps > 0 (1 by default).

    Args:
        init_value: The value at the start. ≥ 0.
        decay_rate: How fast it falls. ≥ 0.
        transition_steps: The unit of time. > 0. Default: 1.0.
        staircase: Whether only whole units count, TensorFlow's; structure. Default: False.

    Raises:
        JgdValueError: For a number outside its range.
        JgdTypeError: For an argument of another kind.

    Example:
        >>> InverseTimeDecay(1.0, decay_rate=1.0)(jnp.arange(4)).tolist()
        [1.0, 0.5, 0.333, 0.25]
    """

    init_value: Number = hyper(">= 0", schedule=False)
    decay_rate: Number = hyper(">= 0", schedule=False)
    transition_steps: Number = hyper("> 0", schedule=False, length=True, default=1.0)
    staircase: bool = static_field(default=False)

    def __call__(self, step: Array) -> Array:
        time, unit = number(step), number(self.transition_steps)
        passed = periods(time, unit) if self.staircase else time / unit
        return number(self.init_value) / (1 + number(self.decay_rate) * passed)


@record
class InverseSqrtDecay:
    """η_t = init_value / √(1 + t / transition_steps).

    After a `LinearWarmup` of transition_steps it is peak · √(warmup_steps / step), the tail of `Noam`.

    Args:
        init_value: The value at the start. ≥ 0.
        transition_steps: The unit of time. > 0.

    Raises:
        JgdValueError: For a number outside its range.
        JgdTypeError: For an argument of another kind.

    Example:
        >>> InverseSqrtDecay(1.0, transition_steps=1)(jnp.arange(4)).tolist()
        [1.0, 0.707, 0.577, 0.5]
    """

    init_value: Number = hyper(">= 0", schedule=False)
    transition_steps: Number = hyper("> 0", schedule=False, length=True)

    def __call__(self, step: Array) -> Array:
        return number(self.init_value) / jnp.sqrt(1 + number(step) / number(self.transition_steps))
