"""Values that change at given steps: at once (constant between them) or gradually (interpolated between them)."""

from typing import Any

import jax.numpy as jnp
from jax import Array

from jgd.core import checks
from jgd.core.record import hyper, record, static_field
from jgd.schedules import sequences
from jgd.schedules.clock import Number, at, between, eased, elapsed, number, periods, raised, spent


@record
class StepDecay:
    """η_t = init_value · decay_rate^⌊t / step_size⌋: by decay_rate at once, every step_size updates.

    The lectures' decay each epoch is step_size = updates per epoch; torch calls it StepLR. decay_rate in [0, 1].

    Args:
        init_value: The value at the start. ≥ 0.
        step_size: Steps from one drop to the next. > 0.
        decay_rate: The factor of one decay. In [0, 1].

    Raises:
        JgdValueError: For a number outside its range.
        JgdTypeError: For an argument of another kind.

    Example:
        >>> StepDecay(0.1, step_size=3, decay_rate=0.5)(jnp.arange(7)).tolist()
        [0.1, 0.1, 0.1, 0.05, 0.05, 0.05, 0.025]
    """

    init_value: Number = hyper(">= 0", schedule=False)
    step_size: Number = hyper("> 0", schedule=False, length=True)
    decay_rate: Number = hyper("[0, 1]", schedule=False)

    def __call__(self, step: Array) -> Array:
        drops = periods(number(step), number(self.step_size))
        return number(self.init_value) * raised(number(self.decay_rate), drops)


@record
class MultiStepDecay:
    """η_t = init_value · decay_rate^(number of milestones ≤ t): torch's MultiStepLR; a milestone given twice counts twice.

    Args:
        init_value: The value at the start. ≥ 0.
        milestones: The steps of the drops, in order, each ≥ 0.
        decay_rate: The factor of one decay. In [0, 1]. Default: 0.1.

    Raises:
        JgdValueError: For a number outside its range.
        JgdTypeError: For an argument of another kind.

    Example:
        >>> MultiStepDecay(1.0, milestones=(2, 5), decay_rate=0.1)(jnp.arange(7)).tolist()
        [1.0, 1.0, 0.1, 0.1, 0.1, 0.01, 0.01]
    """

    init_value: Number = hyper(">= 0", schedule=False)
    milestones: tuple[Number, ...]
    decay_rate: Number = hyper("[0, 1]", schedule=False, default=0.1)

    def __post_init__(self) -> None:
        object.__setattr__(self, "milestones", sequences.boundaries("milestones", self.milestones))

    def __call__(self, step: Array) -> Array:
        drops = sum((number(elapsed(step, m) >= 0) for m in self.milestones), start=number(jnp.zeros(jnp.shape(step))))
        return number(self.init_value) * raised(number(self.decay_rate), drops)


@record
class PiecewiseConstant:
    """η_t = init_value · the product of all scales_i with boundaries_i ≤ t.

    optax writes the two as one dict {boundary: scale}, which is taken as `boundaries` too.

    Args:
        init_value: The value at the start. ≥ 0.
        boundaries: The steps of the changes, in order, each ≥ 0; or {step: scale}.
        scales: What the value is multiplied by there, each ≥ 0; where there are none, `boundaries` has them. Default: ().

    Raises:
        JgdValueError: For a number outside its range.
        JgdTypeError: For an argument of another kind.

    Example:
        >>> PiecewiseConstant(1.0, boundaries=(2, 4), scales=(0.5, 0.1))(jnp.arange(6)).tolist()
        [1.0, 1.0, 0.5, 0.5, 0.05, 0.05]
    """

    init_value: Number = hyper(">= 0", schedule=False)
    boundaries: Any  # a tuple of numbers, once it is made
    scales: tuple[Number, ...] = ()

    def __post_init__(self) -> None:
        steps, scales = sequences.steps_and_scales(self.boundaries, self.scales)
        object.__setattr__(self, "boundaries", sequences.boundaries("boundaries", steps))
        object.__setattr__(self, "scales", sequences.numbers("scales", scales, ">= 0"))
        sequences.as_many("boundaries", self.boundaries, "scales", self.scales)

    def __call__(self, step: Array) -> Array:
        value = at(self.init_value, step)
        for boundary, scale in zip(self.boundaries, self.scales, strict=True):
            value = jnp.where(elapsed(step, boundary) >= 0, value * number(scale), value)
        return value


@record
class PiecewiseInterpolate:
    """From v_0 = init_value at step 0 to v_i = v_(i−1) · scales_i at boundaries_i, and v_k from then on.

    interpolate_type: "linear", or "cosine" (half a wave from value to value). Two equal boundaries make a jump, and so
    does a first one at 0.

    Args:
        interpolate_type: "linear" or "cosine"; structure.
        init_value: The value at the start. ≥ 0.
        boundaries: The steps at which values are reached, in order, each ≥ 0; or {step: scale}.
        scales: Each value over the one before, each ≥ 0; where there are none, `boundaries` has them. Default: ().

    Raises:
        JgdValueError: For a number outside its range.
        JgdTypeError: For an argument of another kind.

    Example:
        >>> PiecewiseInterpolate("linear", 1.0, boundaries=(2, 4), scales=(0.5, 0.1))(jnp.arange(6)).tolist()
        [1.0, 0.75, 0.5, 0.275, 0.05, 0.05]
    """

    interpolate_type: str = static_field()
    init_value: Number = hyper(">= 0", schedule=False)
    boundaries: Any  # a tuple of numbers, once it is made
    scales: tuple[Number, ...] = ()

    def __post_init__(self) -> None:
        checks.choice("interpolate_type", self.interpolate_type, ("linear", "cosine"))
        steps, scales = sequences.steps_and_scales(self.boundaries, self.scales)
        object.__setattr__(self, "boundaries", sequences.boundaries("boundaries", steps))
        object.__setattr__(self, "scales", sequences.numbers("scales", scales, ">= 0"))
        sequences.as_many("boundaries", self.boundaries, "scales", self.scales)

    def __call__(self, step: Array) -> Array:
        ends = [number(self.init_value)]
        for scale in self.scales:
            ends.append(ends[-1] * number(scale))
        return along(step, self.boundaries, ends, self.interpolate_type)


def along(step: Array, boundaries: Any, values: list[Array], shape: str) -> Array:
    """values[0] at step 0, values[i] at boundaries[i − 1], in between linear or half a cosine wave, then held."""
    value, begin = at(values[0], step), 0
    for boundary, low, high in zip(boundaries, values, values[1:], strict=False):
        time = elapsed(step, begin)
        share = spent(time, number(boundary) - number(begin))
        share = eased(share) if shape == "cosine" else share
        value = jnp.where(time >= 0, between(low, high, share), value)
        begin = boundary
    return value
