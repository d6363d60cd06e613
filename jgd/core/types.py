"""The words of the library: parameters, batches, schedules, hyperparameters, losses."""

from collections.abc import Callable
from typing import Any, TypeAlias

from jax import Array

Params: TypeAlias = Any  # a pytree of floating arrays
Batch: TypeAlias = Any  # a pytree of arrays that share their leading axis, the examples
Schedule: TypeAlias = Callable[[Array], Array]  # () int32 step, or an array of steps -> the value there
Scalar: TypeAlias = float | Array | Schedule  # a hyperparameter: a number, a traced number, or a schedule
Loss: TypeAlias = Callable[[Params, Batch], Array]  # -> () floating
