"""Layer 1: learning-rate schedules, records called with the step. The first update uses schedule(0).

Every number is a leaf: it can be traced, swept and differentiated, so the code never branches on a value. Any
hyperparameter may be a schedule, not only the learning rate. A schedule takes a () step or an array of steps and
answers in the default float dtype (float64 where x64 is on).
"""

from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
from jax import Array

from jgd.core import checks
from jgd.core.record import hyper, record

Number = float | Array


def _default(value: Any) -> Array:
    return jnp.asarray(value).astype(jnp.result_type(float))


def _power(rate: Array, times: Array) -> Array:
    """rate^times for times ≥ 0, with a finite derivative by a rate of 0: at times = 0 it is 0, not 0 · ∞."""
    some = times > 0
    return jnp.where(some, rate ** jnp.where(some, times, jnp.ones_like(times)), jnp.ones_like(times))


@record
class Constant:
    """η_t = value.

    >>> float(Constant(0.1)(jnp.array(7)))
    0.1
    """

    value: Number = hyper(">= 0", schedule=False)

    def __call__(self, step: Array) -> Array:
        return jnp.broadcast_to(_default(self.value), jnp.shape(step))


@record
class ExponentialDecay:
    """η_t = init_value · decay_rate^(t / transition_steps): a smooth decay, by decay_rate every transition_steps.

    decay_rate in [0, 1] is taken literally: 1 never decays, 0 is zero from the second step on. (optax's schedule of
    this name takes 0 to mean a constant.)

    >>> ExponentialDecay(0.1, transition_steps=1, decay_rate=0.5)(jnp.arange(4)).tolist()
    [0.1, 0.05, 0.025, 0.0125]
    """

    init_value: Number = hyper(">= 0", schedule=False)
    transition_steps: Number = hyper("> 0", schedule=False)
    decay_rate: Number = hyper("[0, 1]", schedule=False)

    def __call__(self, step: Array) -> Array:
        return _default(self.init_value) * _power(
            _default(self.decay_rate), _default(step) / _default(self.transition_steps)
        )


@record
class StepDecay:
    """η_t = init_value · decay_rate^⌊t / step_size⌋: by decay_rate at once, every step_size updates.

    The lectures' decay each epoch is step_size = updates per epoch; torch calls it StepLR. decay_rate in [0, 1].

    >>> StepDecay(0.1, step_size=3, decay_rate=0.5)(jnp.arange(7)).tolist()
    [0.1, 0.1, 0.1, 0.05, 0.05, 0.05, 0.025]
    """

    init_value: Number = hyper(">= 0", schedule=False)
    step_size: Number = hyper("> 0", schedule=False)
    decay_rate: Number = hyper("[0, 1]", schedule=False)

    def __call__(self, step: Array) -> Array:
        step, size = _default(step), _default(self.step_size)
        drops = jnp.floor(step / size)
        # XLA may divide by a constant as a product with its reciprocal, which can be one off at a multiple
        drops = drops + ((drops + 1) * size <= step).astype(drops.dtype) - (drops * size > step).astype(drops.dtype)
        return _default(self.init_value) * _power(_default(self.decay_rate), drops)


@record
class InverseTimeDecay:
    """η_t = init_value / (1 + decay_rate · t / transition_steps): the 1/t decay under which SGD converges.

    Robbins & Monro 1951; decay_rate ≥ 0, transition_steps > 0 (1 by default).

    >>> InverseTimeDecay(1.0, decay_rate=1.0)(jnp.arange(4)).tolist()
    [1.0, 0.5, 0.333, 0.25]
    """

    init_value: Number = hyper(">= 0", schedule=False)
    decay_rate: Number = hyper(">= 0", schedule=False)
    transition_steps: Number = hyper("> 0", schedule=False, default=1.0)

    def __call__(self, step: Array) -> Array:
        elapsed = _default(step) / _default(self.transition_steps)
        return _default(self.init_value) / (1 + _default(self.decay_rate) * elapsed)


registry: dict[str, Callable[..., Any]] = {
    "constant": Constant,
    "exponential_decay": ExponentialDecay,
    "step_decay": StepDecay,
    "inverse_time_decay": InverseTimeDecay,
}


def get(name: str) -> Callable[..., Any]:
    """The schedule registered under `name`; an unknown one raises and lists the choices."""
    return registry[checks.choice("schedule", name, registry)]
