"""From one value to another, once: constant, linear, polynomial, cosine, REX, exponential, inverse time and square root.

t is the step, 0 at the first update. Where optax has the schedule, names and formulas are its own; `end_value` is
reached at the step that the formula says and held. A transition of 0 steps is at its end at once (optax holds the start).
"""

import jax.numpy as jnp
from jax import Array

from jgd.core.record import hyper, record
from jgd.core.spellings import builder
from jgd.schedules.clock import Number, at, between, eased, elapsed, left, number, raised, spent


@builder
@record
class Constant:
    """η_t = value.

    >>> float(Constant(0.1)(jnp.array(7)))
    0.1
    """

    value: Number = hyper(">= 0", schedule=False)

    def __call__(self, step: Array) -> Array:
        return at(self.value, step)


@builder
@record
class Linear:
    """η_t = init_value + (end_value − init_value) · x, x = (t − transition_begin) / transition_steps within [0, 1].

    >>> Linear(1.0, 0.0, transition_steps=4)(jnp.arange(6)).tolist()
    [1.0, 0.75, 0.5, 0.25, 0.0, 0.0]
    """

    init_value: Number = hyper(">= 0", schedule=False)
    end_value: Number = hyper(">= 0", schedule=False)
    transition_steps: Number = hyper(">= 0", schedule=False)
    transition_begin: Number = hyper(">= 0", schedule=False, default=0.0)

    def __call__(self, step: Array) -> Array:
        return between(
            self.init_value, self.end_value, spent(elapsed(step, self.transition_begin), self.transition_steps)
        )


@builder
@record
class Polynomial:
    """η_t = end_value + (init_value − end_value) · (1 − x)^power, x as in `Linear`; torch's PolynomialLR.

    >>> Polynomial(1.0, 0.0, power=2.0, transition_steps=4)(jnp.arange(6)).tolist()
    [1.0, 0.5625, 0.25, 0.0625, 0.0, 0.0]
    """

    init_value: Number = hyper(">= 0", schedule=False)
    end_value: Number = hyper(">= 0", schedule=False)
    power: Number = hyper("> 0", schedule=False)
    transition_steps: Number = hyper(">= 0", schedule=False)
    transition_begin: Number = hyper(">= 0", schedule=False, default=0.0)

    def __call__(self, step: Array) -> Array:
        share = left(elapsed(step, self.transition_begin), self.transition_steps)
        return between(self.end_value, self.init_value, raised(share, number(self.power)))


@builder
@record
class CosineDecay:
    """η_t = init_value · (alpha + (1 − alpha) · ((1 + cos(π t / decay_steps)) / 2)^exponent), until t = decay_steps.

    One run of Loshchilov & Hutter 2017, arXiv:1608.03983, equation 5. `alpha` is the share that is left at the end:
    end value / init_value. torch's CosineAnnealingLR goes up again after its T_max; this one stays.

    >>> CosineDecay(1.0, decay_steps=4)(jnp.arange(6)).tolist()
    [1.0, 0.854, 0.5, 0.146, 0.0, 0.0]
    """

    init_value: Number = hyper(">= 0", schedule=False)
    decay_steps: Number = hyper(">= 0", schedule=False)
    alpha: Number = hyper(">= 0", schedule=False, default=0.0)
    exponent: Number = hyper("> 0", schedule=False, default=1.0)

    def __call__(self, step: Array) -> Array:
        share = raised(eased(left(step, self.decay_steps)), number(self.exponent))
        return number(self.init_value) * between(self.alpha, 1.0, share)


@builder
@record
class Rex:
    """η_t = end_value + (init_value − end_value) · z / (1 − beta + beta z), z = 1 − t / transition_steps within [0, 1].

    The reflected exponential of Chen, Wolfe & Kyrillidis 2021, arXiv:2107.04197, whose beta is 1/2; beta = 0 is linear,
    and the nearer to 1, the longer it stays high.

    >>> Rex(1.0, transition_steps=4)(jnp.arange(6)).tolist()
    [1.0, 0.857, 0.667, 0.4, 0.0, 0.0]
    """

    init_value: Number = hyper(">= 0", schedule=False)
    transition_steps: Number = hyper(">= 0", schedule=False)
    end_value: Number = hyper(">= 0", schedule=False, default=0.0)
    beta: Number = hyper("[0, 1)", schedule=False, default=0.5)

    def __call__(self, step: Array) -> Array:
        z, beta = left(step, self.transition_steps), number(self.beta)
        return between(self.end_value, self.init_value, z / (1 - beta + beta * z))


@builder
@record
class ExponentialDecay:
    """η_t = init_value · decay_rate^((t − transition_begin) / transition_steps), at most init_value, at least end_value.

    A smooth decay, by decay_rate every transition_steps; torch's ExponentialLR at transition_steps = 1. decay_rate in
    [0, 1] is taken literally: 1 never decays, 0 is zero from the second step on. (optax's schedule of this name takes 0
    to mean a constant, and its staircase is `StepDecay`.)

    >>> ExponentialDecay(0.1, transition_steps=1, decay_rate=0.5)(jnp.arange(4)).tolist()
    [0.1, 0.05, 0.025, 0.0125]
    """

    init_value: Number = hyper(">= 0", schedule=False)
    transition_steps: Number = hyper("> 0", schedule=False)
    decay_rate: Number = hyper("[0, 1]", schedule=False)
    transition_begin: Number = hyper(">= 0", schedule=False, default=0.0)
    end_value: Number = hyper(">= 0", schedule=False, default=0.0)

    def __call__(self, step: Array) -> Array:
        times = number(elapsed(step, self.transition_begin)) / number(self.transition_steps)
        decayed = number(self.init_value) * raised(number(self.decay_rate), times)
        end = number(self.end_value)
        return jnp.where(
            decayed >= end, decayed, end
        )  # a tie's derivative is the decay's, where maximum would halve it


@builder
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
        passed = number(step) / number(self.transition_steps)
        return number(self.init_value) / (1 + number(self.decay_rate) * passed)


@builder
@record
class InverseSqrtDecay:
    """η_t = init_value / √(1 + t / transition_steps).

    After a `LinearWarmup` of transition_steps it is peak · √(warmup_steps / step), the tail of `Noam`.

    >>> InverseSqrtDecay(1.0, transition_steps=1)(jnp.arange(4)).tolist()
    [1.0, 0.707, 0.577, 0.5]
    """

    init_value: Number = hyper(">= 0", schedule=False)
    transition_steps: Number = hyper("> 0", schedule=False)

    def __call__(self, step: Array) -> Array:
        return number(self.init_value) / jnp.sqrt(1 + number(step) / number(self.transition_steps))
