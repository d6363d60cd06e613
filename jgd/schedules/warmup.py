"""Schedules that begin low: a warm-up before any schedule, and the named ones of today's trainings.

A warm-up of 0 steps begins at the peak. Beginning at 0, as optax does, makes a first update of 0.
"""

import jax.numpy as jnp
from jax import Array
from jax.core import Tracer

from jgd.core import checks, tree
from jgd.core.record import hyper, record, static_field
from jgd.core.types import Scalar
from jgd.schedules.clock import Number, at, between, eased, elapsed, left, number, raised, spent


@record
class LinearWarmup:
    """From init_value straight to schedule(0) at t = warmup_steps, then schedule(t − warmup_steps).

    Goyal et al. 2017, arXiv:1706.02677, section 2.2. As optax.join_schedules([linear, schedule], [warmup_steps]): the
    schedule's own clock starts after the warm-up. `schedule` may be a number: optax's warmup_constant_schedule.

    Args:
        schedule: What follows: a schedule, whose clock starts after the warm-up, or a number. ≥ 0.
        warmup_steps: How many steps the warm-up takes. ≥ 0.
        init_value: The value at the start. ≥ 0. Default: 0.0.

    Raises:
        JgdValueError: For a number outside its range.
        JgdTypeError: For an argument of another kind.

    Example:
        >>> LinearWarmup(1.0, warmup_steps=4)(jnp.arange(6)).tolist()
        [0.0, 0.25, 0.5, 0.75, 1.0, 1.0]
    """

    schedule: Scalar = hyper(">= 0")
    warmup_steps: Number = hyper(">= 0", schedule=False, length=True)
    init_value: Number = hyper(">= 0", schedule=False, default=0.0)

    def __call__(self, step: Array) -> Array:
        after = elapsed(step, self.warmup_steps)
        peak = at(self.schedule, jnp.zeros_like(step))
        rising = between(self.init_value, peak, spent(step, self.warmup_steps))
        return jnp.where(after >= 0, at(self.schedule, jnp.maximum(after, 0)), rising)


@record
class ExponentialWarmup:
    """η_t = (1 − exp(−(t + 1) / warmup_steps)) · schedule(t): nears the schedule and never stops doing so.

    Ma & Yarats 2019, arXiv:1910.04209, whose "untuned" warm-up for Adam has warmup_steps = 1 / (1 − b2). It multiplies
    the schedule, whose clock runs from the first update on.

    Args:
        schedule: What is warmed up: a schedule or a number. ≥ 0.
        warmup_steps: The time constant, in steps. ≥ 0.

    Raises:
        JgdValueError: For a number outside its range.
        JgdTypeError: For an argument of another kind.

    Example:
        >>> ExponentialWarmup(1.0, warmup_steps=2)(jnp.arange(4)).tolist()
        [0.393, 0.632, 0.777, 0.865]
    """

    schedule: Scalar = hyper(">= 0")
    warmup_steps: Number = hyper(">= 0", schedule=False, length=True)

    def __call__(self, step: Array) -> Array:
        tau = number(self.warmup_steps)
        some = tau > 0
        share = -jnp.expm1(-(number(step) + 1) / jnp.where(some, tau, jnp.ones_like(tau)))
        return jnp.where(some, share, jnp.ones_like(share)) * at(self.schedule, step)


@record
class WarmupCosineDecay:
    """Linear from init_value to peak_value at warmup_steps, then a cosine to end_value at decay_steps, and that for ever.

    decay_steps counts from step 0 and includes the warm-up, as in optax. After the warm-up
    η_t = end_value + (peak_value − end_value) · ((1 + cos(π (t − warmup_steps) / (decay_steps − warmup_steps))) / 2)^exponent.

    Args:
        init_value: The value at the start. ≥ 0.
        peak_value: The highest value. ≥ 0.
        warmup_steps: How many steps the warm-up takes. ≥ 0.
        decay_steps: The step of the end, counted from 0, warm-up and all. ≥ 0.
        end_value: The value at the end. ≥ 0. Default: 0.0.
        exponent: The exponent of the cosine. > 0. Default: 1.0.

    Raises:
        JgdValueError: For a number outside its range.
        JgdTypeError: For an argument of another kind.

    Example:
        >>> WarmupCosineDecay(0.0, 1.0, warmup_steps=2, decay_steps=6)(jnp.arange(8)).tolist()
        [0.0, 0.5, 1.0, 0.854, 0.5, 0.146, 0.0, 0.0]
    """

    init_value: Number = hyper(">= 0", schedule=False)
    peak_value: Number = hyper(">= 0", schedule=False)
    warmup_steps: Number = hyper(">= 0", schedule=False, length=True)
    decay_steps: Number = hyper(">= 0", schedule=False, length=True)
    end_value: Number = hyper(">= 0", schedule=False, default=0.0)
    exponent: Number = hyper("> 0", schedule=False, default=1.0)

    def __post_init__(self) -> None:
        checks.in_order("warmup_steps", self.warmup_steps, "decay_steps", self.decay_steps)

    def __call__(self, step: Array) -> Array:
        after = elapsed(step, self.warmup_steps)
        share = eased(left(after, number(self.decay_steps) - number(self.warmup_steps)))
        falling = between(self.end_value, self.peak_value, raised(share, number(self.exponent)))
        rising = between(self.init_value, self.peak_value, spent(step, self.warmup_steps))
        return jnp.where(after >= 0, falling, rising)


@record
class WarmupStableDecay:
    """Linear to peak_value in warmup_steps, constant for stable_steps, then down to end_value in decay_steps: WSD.

    Hu et al. 2024 (MiniCPM), arXiv:2404.06395; the shapes are of Hägele et al. 2024, arXiv:2405.18392, with x the share
    of decay_steps that has passed: decay_type "linear" 1 − x, "1-sqrt" 1 − √x, "cosine" (1 + cos(π x)) / 2, "1-square"
    1 − x², and "exponential", which falls by the same factor at every step, to end_value > 0. Each of the three steps is a
    length (so that the decay can be moved by stable_steps alone). MiniCPM's own halving is
    Join((LinearWarmup(peak, w), ExponentialDecay(peak, half_life, 0.5)), (w + stable,)).

    Args:
        init_value: The value at the start. ≥ 0.
        peak_value: The highest value. ≥ 0.
        warmup_steps: How many steps the warm-up takes. ≥ 0.
        stable_steps: How many steps the value stays at its peak. ≥ 0.
        decay_steps: How many steps the decay takes. ≥ 0.
        end_value: The value at the end. ≥ 0. Default: 0.0.
        decay_type: "linear", "1-sqrt", "cosine", "1-square" or "exponential"; structure. Default: 'linear'.

    Raises:
        JgdValueError: For a number outside its range.
        JgdTypeError: For an argument of another kind.

    Example:
        >>> WarmupStableDecay(0.0, 1.0, warmup_steps=2, stable_steps=2, decay_steps=4)(jnp.arange(9)).tolist()
        [0.0, 0.5, 1.0, 1.0, 1.0, 0.75, 0.5, 0.25, 0.0]
    """

    init_value: Number = hyper(">= 0", schedule=False)
    peak_value: Number = hyper(">= 0", schedule=False)
    warmup_steps: Number = hyper(">= 0", schedule=False, length=True)
    stable_steps: Number = hyper(">= 0", schedule=False, length=True)
    decay_steps: Number = hyper(">= 0", schedule=False, length=True)
    end_value: Number = hyper(">= 0", schedule=False, default=0.0)
    decay_type: str = static_field(default="linear")

    def __post_init__(self) -> None:
        checks.choice("decay_type", self.decay_type, ("linear", "1-sqrt", "cosine", "1-square", "exponential"))
        known = not (isinstance(self.end_value, Tracer) or jnp.ndim(self.end_value))
        if self.decay_type == "exponential" and known and self.end_value == 0:
            raise checks.JgdValueError(
                'end_value must be > 0 for decay_type="exponential", which never reaches 0', argument="end_value"
            )

    def __call__(self, step: Array) -> Array:
        rising = between(self.init_value, self.peak_value, spent(step, self.warmup_steps))
        time = elapsed(step, number(self.warmup_steps) + number(self.stable_steps))
        share = {
            "linear": lambda: left(time, self.decay_steps),
            "1-sqrt": lambda: 1 - tree.safe_sqrt(spent(time, self.decay_steps)),
            "cosine": lambda: eased(left(time, self.decay_steps)),
            "1-square": lambda: 1 - jnp.square(spent(time, self.decay_steps)),
            "exponential": lambda: spent(time, self.decay_steps),
        }[self.decay_type]()
        falling = between(self.end_value, self.peak_value, share)
        if self.decay_type == "exponential":
            peak, end = number(self.peak_value), number(self.end_value)
            falling = peak * raised(tree.safe_divide(end, peak), share)
        return jnp.where(elapsed(step, self.warmup_steps) >= 0, falling, rising)


@record
class Noam:
    """η = factor · model_size^−0.5 · min(s^−0.5, s · warmup_steps^−1.5), s = t + 1 the number of the update.

    Vaswani et al. 2017, arXiv:1706.03762, equation 3 (its warmup_steps is 4000): linear up to update number
    warmup_steps, then the inverse square root. The highest rate is factor / √(model_size · warmup_steps).

    Args:
        model_size: The width of the model. > 0.
        warmup_steps: How many steps the warm-up takes. > 0. Default: 4000.0.
        factor: A factor of the whole schedule. ≥ 0. Default: 1.0.

    Raises:
        JgdValueError: For a number outside its range.
        JgdTypeError: For an argument of another kind.

    Example:
        >>> Noam(model_size=1, warmup_steps=2)(jnp.arange(4)).tolist()
        [0.354, 0.707, 0.577, 0.5]
    """

    model_size: Number = hyper("> 0", schedule=False)
    warmup_steps: Number = hyper("> 0", schedule=False, length=True, default=4000.0)
    factor: Number = hyper(">= 0", schedule=False, default=1.0)

    def __call__(self, step: Array) -> Array:
        s, warmup = number(step) + 1, number(self.warmup_steps)
        return number(self.factor) * number(self.model_size) ** -0.5 * jnp.minimum(s**-0.5, s * warmup**-1.5)
