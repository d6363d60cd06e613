"""Layer 1: schedules, records called with the step. Enters: a () step or an array of steps. Leaves: the values there.

clock.py      what all are computed with: shares of time, exact at their ends
decays.py     from one value to another, once: constant, linear, polynomial, cosine, REX, exponential
inverse.py    without end: inverse time and root
warmup.py     a warm-up before any schedule; warm-up cosine, warm-up–stable–decay, Noam
cycles.py     one cycle, and triangles
restarts.py   cosines with restarts
pieces.py     steps and pieces: constant between boundaries, or interpolated
combine.py    join, product, sum
sequences.py  checks of what a schedule holds several of

The first update uses schedule(0). Any hyperparameter may be a schedule, not only the learning rate. Every number is a
leaf, lengths and boundaries too (in steps, or as `share(0.1)` of the run, or `epochs(3)`): it can be traced, swept and
differentiated, so the code never branches on a value. Only
shapes, modes and the number of pieces are structure. Values come in the default float dtype (float64 where x64 is on).
"""

from collections.abc import Callable
from typing import Any

from jgd.core.lengths import epochs as epochs
from jgd.core.lengths import in_steps as in_steps
from jgd.core.lengths import share as share
from jgd.core.registry import Registry
from jgd.schedules import notebook
from jgd.schedules.combine import Join as Join
from jgd.schedules.combine import Product as Product
from jgd.schedules.combine import Sum as Sum
from jgd.schedules.cycles import Cyclic as Cyclic
from jgd.schedules.cycles import OneCycle as OneCycle
from jgd.schedules.cycles import cosine_onecycle as cosine_onecycle
from jgd.schedules.cycles import linear_onecycle as linear_onecycle
from jgd.schedules.decays import Constant as Constant
from jgd.schedules.decays import CosineDecay as CosineDecay
from jgd.schedules.decays import ExponentialDecay as ExponentialDecay
from jgd.schedules.decays import Linear as Linear
from jgd.schedules.decays import Polynomial as Polynomial
from jgd.schedules.decays import Rex as Rex
from jgd.schedules.inverse import InverseSqrtDecay as InverseSqrtDecay
from jgd.schedules.inverse import InverseTimeDecay as InverseTimeDecay
from jgd.schedules.pieces import MultiStepDecay as MultiStepDecay
from jgd.schedules.pieces import PiecewiseConstant as PiecewiseConstant
from jgd.schedules.pieces import PiecewiseInterpolate as PiecewiseInterpolate
from jgd.schedules.pieces import StepDecay as StepDecay
from jgd.schedules.restarts import CosineRestarts as CosineRestarts
from jgd.schedules.warmup import ExponentialWarmup as ExponentialWarmup
from jgd.schedules.warmup import LinearWarmup as LinearWarmup
from jgd.schedules.warmup import Noam as Noam
from jgd.schedules.warmup import WarmupCosineDecay as WarmupCosineDecay
from jgd.schedules.warmup import WarmupStableDecay as WarmupStableDecay

registry: Registry[Callable[..., Any]] = Registry(
    "schedule",
    {
        "constant": Constant,
        "linear": Linear,
        "polynomial": Polynomial,
        "cosine_decay": CosineDecay,
        "rex": Rex,
        "exponential_decay": ExponentialDecay,
        "inverse_time_decay": InverseTimeDecay,
        "inverse_sqrt_decay": InverseSqrtDecay,
        "step_decay": StepDecay,
        "multi_step_decay": MultiStepDecay,
        "piecewise_constant": PiecewiseConstant,
        "piecewise_interpolate": PiecewiseInterpolate,
        "linear_warmup": LinearWarmup,
        "exponential_warmup": ExponentialWarmup,
        "warmup_cosine_decay": WarmupCosineDecay,
        "warmup_stable_decay": WarmupStableDecay,
        "noam": Noam,
        "onecycle": OneCycle,
        "linear_onecycle": linear_onecycle,
        "cosine_onecycle": cosine_onecycle,
        "cyclic": Cyclic,
        "cosine_restarts": CosineRestarts,
        "join": Join,
        "product": Product,
        "sum": Sum,
    },
)


notebook.show_curves(registry.values())


def get(name: str) -> Callable[..., Any]:
    """The schedule registered under `name`.

    Args:
        name: One of `registry`: `"cosine_decay"`, `"onecycle"`, and so on.

    Returns:
        The record or function that makes the schedule.

    Raises:
        JgdValueError: For an unknown name; the message suggests the nearest.

    Example:
        >>> get("constant")(0.1)
        Constant(value=0.1)
    """
    return registry.find(name)
