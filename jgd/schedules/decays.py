"""From one value to another, once: constant, linear, polynomial, cosine, REX, exponential.

t is the step, 0 at the first update. Where optax has the schedule, names and formulas are its own; `end_value` is
reached at the step that the formula says and held. A transition of 0 steps is at its end at once (optax holds the start).
"""

import jax.numpy as jnp
from jax import Array

from jgd.core.record import hyper, record, static_field
from jgd.schedules.clock import Number, at, between, eased, elapsed, left, number, periods, raised, spent


@record
class Constant:
    """η_t = value.

    Args:
        value: The value at every step. ≥ 0.

    Raises:
        JgdValueError: For a number outside its range.
        JgdTypeError: For an argument of another kind.

    Example:
        >>> float(Constant(0.1)(jnp.array(7)))
        0.1
    """

    value: Number = hyper(">= 0", schedule=False)

    def __call__(self, step: Array) -> Array:
        return at(self.value, step)


@record
class Linear:
    """η_t = init_value + (end_value − init_value) · x, x = (t − transition_begin) / transition_steps within [0, 1].

    Args:
        init_value: The value at the start. ≥ 0.
        end_value: The value at the end. ≥ 0.
        transition_steps: How many steps the transition takes. ≥ 0.
        transition_begin: The step at which it begins. ≥ 0. Default: 0.0.

    Raises:
        JgdValueError: For a number outside its range.
        JgdTypeError: For an argument of another kind.

    Example:
        >>> Linear(1.0, 0.0, transition_steps=4)(jnp.arange(6)).tolist()
        [1.0, 0.75, 0.5, 0.25, 0.0, 0.0]
    """

    init_value: Number = hyper(">= 0", schedule=False)
    end_value: Number = hyper(">= 0", schedule=False)
    transition_steps: Number = hyper(">= 0", schedule=False, length=True)
    transition_begin: Number = hyper(">= 0", schedule=False, length=True, default=0.0)

    def __call__(self, step: Array) -> Array:
        return between(
            self.init_value, self.end_value, spent(elapsed(step, self.transition_begin), self.transition_steps)
        )


@record
class Polynomial:
    """η_t = end_value + (init_value − end_value) · (1 − x)^power, x as in `Linear`; torch's PolynomialLR.

    With cycle it rises again from each end: transition_steps is multiplied by ⌈t / transition_steps⌉, TensorFlow's `cycle`.

    Args:
        init_value: The value at the start. ≥ 0.
        end_value: The value at the end. ≥ 0.
        power: The exponent of the share that is left. > 0.
        transition_steps: How many steps the transition takes. ≥ 0.
        transition_begin: The step at which it begins. ≥ 0. Default: 0.0.
        cycle: Whether it rises again, each time for longer; structure. Default: False.

    Raises:
        JgdValueError: For a number outside its range.
        JgdTypeError: For an argument of another kind.

    Example:
        >>> Polynomial(1.0, 0.0, power=2.0, transition_steps=4)(jnp.arange(6)).tolist()
        [1.0, 0.5625, 0.25, 0.0625, 0.0, 0.0]
    """

    init_value: Number = hyper(">= 0", schedule=False)
    end_value: Number = hyper(">= 0", schedule=False)
    power: Number = hyper("> 0", schedule=False)
    transition_steps: Number = hyper(">= 0", schedule=False, length=True)
    transition_begin: Number = hyper(">= 0", schedule=False, length=True, default=0.0)
    cycle: bool = static_field(default=False)

    def __call__(self, step: Array) -> Array:
        time, length = elapsed(step, self.transition_begin), number(self.transition_steps)
        if self.cycle:
            length = length * jnp.maximum(
                1, -periods(-number(time), jnp.where(length > 0, length, jnp.ones_like(length)))
            )
        share = left(time, length)
        return between(self.end_value, self.init_value, raised(share, number(self.power)))


@record
class CosineDecay:
    """η_t = init_value · (alpha + (1 − alpha) · ((1 + cos(π t / decay_steps)) / 2)^exponent), until t = decay_steps.

    One run of Loshchilov & Hutter 2017, arXiv:1608.03983, equation 5. `alpha` is the share that is left at the end:
    end value / init_value. torch's CosineAnnealingLR goes up again after its T_max; this one stays.

    Args:
        init_value: The value at the start. ≥ 0.
        decay_steps: How many steps the decay takes. ≥ 0.
        alpha: The share of init_value that is left at the end. ≥ 0. Default: 0.0.
        exponent: The exponent of the cosine. > 0. Default: 1.0.

    Raises:
        JgdValueError: For a number outside its range.
        JgdTypeError: For an argument of another kind.

    Example:
        >>> CosineDecay(1.0, decay_steps=4)(jnp.arange(6)).tolist()
        [1.0, 0.854, 0.5, 0.146, 0.0, 0.0]
    """

    init_value: Number = hyper(">= 0", schedule=False)
    decay_steps: Number = hyper(">= 0", schedule=False, length=True)
    alpha: Number = hyper(">= 0", schedule=False, default=0.0)
    exponent: Number = hyper("> 0", schedule=False, default=1.0)

    def __call__(self, step: Array) -> Array:
        share = raised(eased(left(step, self.decay_steps)), number(self.exponent))
        return number(self.init_value) * between(self.alpha, 1.0, share)


@record
class Rex:
    """η_t = end_value + (init_value − end_value) · z / (1 − beta + beta z), z = 1 − t / transition_steps within [0, 1].

    The reflected exponential of Chen, Wolfe & Kyrillidis 2021, arXiv:2107.04197, whose beta is 1/2; beta = 0 is linear,
    and the nearer to 1, the longer it stays high.

    Args:
        init_value: The value at the start. ≥ 0.
        transition_steps: How many steps the transition takes. ≥ 0.
        end_value: The value at the end. ≥ 0. Default: 0.0.
        beta: How long it stays high; 0 is linear. In [0, 1). Default: 0.5.

    Raises:
        JgdValueError: For a number outside its range.
        JgdTypeError: For an argument of another kind.

    Example:
        >>> Rex(1.0, transition_steps=4)(jnp.arange(6)).tolist()
        [1.0, 0.857, 0.667, 0.4, 0.0, 0.0]
    """

    init_value: Number = hyper(">= 0", schedule=False)
    transition_steps: Number = hyper(">= 0", schedule=False, length=True)
    end_value: Number = hyper(">= 0", schedule=False, default=0.0)
    beta: Number = hyper("[0, 1)", schedule=False, default=0.5)

    def __call__(self, step: Array) -> Array:
        z, beta = left(step, self.transition_steps), number(self.beta)
        return between(self.end_value, self.init_value, z / (1 - beta + beta * z))


@record
class ExponentialDecay:
    """η_t = init_value · decay_rate^((t − transition_begin) / transition_steps), init_value before, end_value the bound.

    A smooth decay, by decay_rate every transition_steps; torch's ExponentialLR at transition_steps = 1. decay_rate is
    taken literally: 1 never decays, 0 is zero from the second step on, and above 1 the value rises. (optax's schedule of
    this name takes 0 to mean a constant.)

    Args:
        init_value: The value at the start. ≥ 0.
        transition_steps: Steps in which it changes by decay_rate. > 0.
        decay_rate: The factor of one decay, above 1 of one rise. ≥ 0.
        transition_begin: The step at which it begins. ≥ 0. Default: 0.0.
        end_value: The least value, or the largest of a rising one, where 0 is no bound. ≥ 0. Default: 0.0.
        staircase: Whether it changes every transition_steps at once, as `StepDecay` does; structure. Default: False.

    Raises:
        JgdValueError: For a number outside its range.
        JgdTypeError: For an argument of another kind.

    Example:
        >>> ExponentialDecay(0.1, transition_steps=1, decay_rate=0.5)(jnp.arange(4)).tolist()
        [0.1, 0.05, 0.025, 0.0125]
    """

    init_value: Number = hyper(">= 0", schedule=False)
    transition_steps: Number = hyper("> 0", schedule=False, length=True)
    decay_rate: Number = hyper(">= 0", schedule=False)
    transition_begin: Number = hyper(">= 0", schedule=False, length=True, default=0.0)
    end_value: Number = hyper(">= 0", schedule=False, default=0.0)
    staircase: bool = static_field(default=False)

    def __call__(self, step: Array) -> Array:
        time, unit = number(elapsed(step, self.transition_begin)), number(self.transition_steps)
        times = periods(time, unit) if self.staircase else time / unit
        start, end, rate = number(self.init_value), number(self.end_value), number(self.decay_rate)
        largest = jnp.finfo(start.dtype).max  # of a rise, that no later step may overflow
        decayed = jnp.minimum(start * jnp.minimum(raised(rate, times), largest), largest)
        within = jnp.where(rate > 1, (decayed <= end) | (end == 0), decayed >= end)
        return jnp.where(within, decayed, end)  # a tie's derivative is the decay's, where maximum would halve it
