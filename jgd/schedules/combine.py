"""Schedules made of schedules. A number stands for a constant, and any function of the step for a schedule."""

from functools import reduce

import jax.numpy as jnp
from jax import Array

from jgd.core.record import record
from jgd.core.types import Scalar
from jgd.schedules import sequences
from jgd.schedules.clock import Number, at, elapsed


@record
class Join:
    """One schedule after the other: schedules[i + 1] from boundaries[i] on, by a clock of its own that is 0 there.

    As optax.join_schedules; torch's SequentialLR. One boundary less than schedules. A part whose boundary is a whole
    number of an integer dtype counts in whole numbers.

    Args:
        schedules: Schedules, numbers or functions of the step, in order.
        boundaries: The steps at which the next one takes over, one less than schedules.

    Raises:
        JgdValueError: For a number outside its range.
        JgdTypeError: For an argument of another kind.

    Example:
        >>> from jgd.schedules import Linear
        >>> Join((Linear(0.0, 1.0, 2), 1.0, Linear(1.0, 0.0, 2)), boundaries=(2, 4))(jnp.arange(7)).tolist()
        [0.0, 0.5, 1.0, 1.0, 1.0, 0.5, 0.0]
    """

    schedules: tuple[Scalar, ...]
    boundaries: tuple[Number, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "schedules", sequences.schedules("schedules", self.schedules))
        object.__setattr__(self, "boundaries", sequences.boundaries("boundaries", self.boundaries))
        sequences.as_many("boundaries", self.boundaries, "schedules", self.schedules, fewer=1)

    def __call__(self, step: Array) -> Array:
        value = at(self.schedules[0], step)
        for boundary, schedule in zip(self.boundaries, self.schedules[1:], strict=True):
            time = elapsed(step, boundary)
            value = jnp.where(time >= 0, at(schedule, jnp.maximum(time, 0)), value)
        return value


@record
class Product:
    """The product of schedules at the same step: Product((factor, schedule)) scales one; torch's ChainedScheduler.

    Args:
        schedules: Schedules, numbers or functions of the step.

    Raises:
        JgdValueError: For a number outside its range.
        JgdTypeError: For an argument of another kind.

    Example:
        >>> from jgd.schedules import Linear
        >>> Product((0.5, Linear(1.0, 0.0, 2)))(jnp.arange(3)).tolist()
        [0.5, 0.25, 0.0]
    """

    schedules: tuple[Scalar, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "schedules", sequences.schedules("schedules", self.schedules))

    def __call__(self, step: Array) -> Array:
        return reduce(jnp.multiply, [at(schedule, step) for schedule in self.schedules])


@record
class Sum:
    """The sum of schedules at the same step: Sum((floor, schedule)) lifts one.

    Args:
        schedules: Schedules, numbers or functions of the step.

    Raises:
        JgdValueError: For a number outside its range.
        JgdTypeError: For an argument of another kind.

    Example:
        >>> from jgd.schedules import Linear
        >>> Sum((0.5, Linear(1.0, 0.0, 2)))(jnp.arange(3)).tolist()
        [1.5, 1.0, 0.5]
    """

    schedules: tuple[Scalar, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "schedules", sequences.schedules("schedules", self.schedules))

    def __call__(self, step: Array) -> Array:
        return reduce(jnp.add, [at(schedule, step) for schedule in self.schedules])
