"""Layer 1: schedules, records called with the step. Enters: a () step or an array of steps. Leaves: the values there.

clock.py      what all are computed with: shares of time, exact at their ends
decays.py     from one value to another, once: constant, linear, polynomial, cosine, REX, exponential, inverse time and root
warmup.py     a warm-up before any schedule; warm-up cosine, warm-up–stable–decay, Noam
cycles.py     one cycle, and triangles
restarts.py   cosines with restarts
pieces.py     steps and pieces: constant between boundaries, or interpolated
combine.py    join, product, sum
sequences.py  checks of what a schedule holds several of

The first update uses schedule(0). Any hyperparameter may be a schedule, not only the learning rate. Every number is a
leaf, lengths and boundaries too: it can be traced, swept and differentiated, so the code never branches on a value. Only
shapes, modes and the number of pieces are structure. Values come in the default float dtype (float64 where x64 is on).
"""

from collections.abc import Callable
from typing import Any

from jgd.core.registry import Registry
from jgd.schedules.combine import Join, Product, Sum
from jgd.schedules.cycles import Cyclic, OneCycle, cosine_onecycle, linear_onecycle
from jgd.schedules.decays import (
    Constant,
    CosineDecay,
    ExponentialDecay,
    InverseSqrtDecay,
    InverseTimeDecay,
    Linear,
    Polynomial,
    Rex,
)
from jgd.schedules.pieces import MultiStepDecay, PiecewiseConstant, PiecewiseInterpolate, StepDecay
from jgd.schedules.restarts import CosineRestarts
from jgd.schedules.warmup import ExponentialWarmup, LinearWarmup, Noam, WarmupCosineDecay, WarmupStableDecay

__all__ = [
    "Constant",
    "Linear",
    "Polynomial",
    "CosineDecay",
    "Rex",
    "ExponentialDecay",
    "InverseTimeDecay",
    "InverseSqrtDecay",
    "StepDecay",
    "MultiStepDecay",
    "PiecewiseConstant",
    "PiecewiseInterpolate",
    "LinearWarmup",
    "ExponentialWarmup",
    "WarmupCosineDecay",
    "WarmupStableDecay",
    "Noam",
    "OneCycle",
    "linear_onecycle",
    "cosine_onecycle",
    "Cyclic",
    "CosineRestarts",
    "Join",
    "Product",
    "Sum",
    "get",
    "registry",
]

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


def get(name: str) -> Callable[..., Any]:
    """The schedule registered under `name`; an unknown one raises and lists the choices."""
    return registry.find(name)
