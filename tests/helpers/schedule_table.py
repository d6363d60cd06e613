"""Every schedule with numbers and its values at steps 0 … 12, in NumPy."""

import itertools

import numpy as np

from jgd.schedules import (
    Constant,
    CosineDecay,
    CosineRestarts,
    Cyclic,
    ExponentialDecay,
    ExponentialWarmup,
    InverseSqrtDecay,
    InverseTimeDecay,
    Join,
    Linear,
    LinearWarmup,
    MultiStepDecay,
    Noam,
    OneCycle,
    PiecewiseConstant,
    PiecewiseInterpolate,
    Polynomial,
    Product,
    Rex,
    StepDecay,
    Sum,
    WarmupCosineDecay,
    WarmupStableDecay,
    cosine_onecycle,
    linear_onecycle,
)

STEPS = 13
T = np.arange(STEPS)


def wave(share):
    """Half a cosine from 1 to 0."""
    return (1 + np.cos(np.pi * np.clip(share, 0, 1))) / 2


def through(*points, shape=lambda x: x):
    """The values of a curve through points (step, value), linear unless said otherwise, and held outside."""

    def one(t):
        for (a, low), (b, high) in itertools.pairwise(points):
            if a <= t < b:
                return low + (high - low) * shape((t - a) / (b - a))
        return points[-1][1] if t >= points[-1][0] else points[0][1]

    return np.array([one(t) for t in T])


def restarts(first, m):
    """(share of its run that has passed, at each step), run by run."""
    begin, length, shares = 0.0, float(first), []
    for t in T:
        while t >= begin + length:
            begin, length = begin + length, length * m
        shares.append((t - begin) / length)
    return np.array(shares)


# builder, its numbers, and the values at steps 0 … 12 in NumPy
FALLS = {"1-square": lambda x: 1 - x**2, "exponential": lambda x: (0.1**x - 0.1) / 0.9}
TABLE = {
    "constant": (Constant, {"value": 0.1}, np.full(STEPS, 0.1)),
    "linear": (
        Linear,
        {"init_value": 0.3, "end_value": 0.1, "transition_steps": 7.0, "transition_begin": 2.0},
        through((2, 0.3), (9, 0.1)),
    ),
    "linear up, at once": (Linear, {"init_value": 0.1, "end_value": 0.7, "transition_steps": 0.0}, np.full(STEPS, 0.7)),
    "polynomial": (
        Polynomial,
        {"init_value": 0.3, "end_value": 0.1, "power": 1.7, "transition_steps": 9.0, "transition_begin": 1.0},
        0.1 + 0.2 * (1 - np.clip((T - 1) / 9, 0, 1)) ** 1.7,
    ),
    "polynomial, again and again": (
        lambda **numbers: Polynomial(cycle=True, **numbers),
        {"init_value": 0.3, "end_value": 0.1, "power": 1.7, "transition_steps": 4.0},
        0.1 + 0.2 * (1 - T / (4 * np.maximum(1, np.ceil(T / 4)))) ** 1.7,
    ),
    "root": (
        Polynomial,
        {"init_value": 0.3, "end_value": 0.0, "power": 0.5, "transition_steps": 9.0},
        0.3 * np.sqrt(1 - np.clip(T / 9, 0, 1)),
    ),
    "cosine": (CosineDecay, {"init_value": 0.3, "decay_steps": 9.0}, 0.3 * wave(T / 9)),
    "cosine to an end": (
        CosineDecay,
        {"init_value": 0.3, "decay_steps": 9.0, "alpha": 0.2, "exponent": 0.5},
        0.3 * (0.2 + 0.8 * np.sqrt(wave(T / 9))),
    ),
    "rex": (
        Rex,
        {"init_value": 0.3, "transition_steps": 10.0, "end_value": 0.1},
        0.1 + 0.2 * (1 - np.minimum(T, 10) / 10) / (1 / 2 + 1 / 2 * (1 - np.minimum(T, 10) / 10)),
    ),
    "exponential, in steps": (
        lambda **numbers: ExponentialDecay(staircase=True, **numbers),
        {"init_value": 0.1, "transition_steps": 2.0, "decay_rate": 0.5, "transition_begin": 1.0},
        0.1 * 0.5 ** np.maximum(0, (T - 1) // 2),
    ),
    "inverse time, in steps": (
        lambda **numbers: InverseTimeDecay(staircase=True, **numbers),
        {"init_value": 0.1, "decay_rate": 0.5, "transition_steps": 3.0},
        0.1 / (1 + 0.5 * (T // 3)),
    ),
    "exponential": (
        ExponentialDecay,
        {"init_value": 0.1, "transition_steps": 2.0, "decay_rate": 0.5},
        0.1 * 0.5 ** (T / 2),
    ),
    "exponential to an end": (
        ExponentialDecay,
        {"init_value": 0.1, "transition_steps": 2.0, "decay_rate": 0.5, "transition_begin": 3.0, "end_value": 0.02},
        np.maximum(0.1 * 0.5 ** (np.maximum(T - 3, 0) / 2), 0.02),
    ),
    "exponential rise": (
        ExponentialDecay,
        {"init_value": 0.1, "transition_steps": 1.0, "decay_rate": 1.05},
        0.1 * 1.05**T,
    ),
    "exponential rise to an end": (
        ExponentialDecay,
        {"init_value": 0.1, "transition_steps": 1.0, "decay_rate": 1.5, "end_value": 0.4},
        np.minimum(0.1 * 1.5**T, 0.4),
    ),
    "E4": (ExponentialDecay, {"init_value": 0.1, "transition_steps": 1.0, "decay_rate": 0.5}, 0.1 / 2**T),
    "A12 exponential freezes": (
        ExponentialDecay,
        {"init_value": 0.1, "transition_steps": 1.0, "decay_rate": 0.0},
        0.1 * (T == 0),
    ),
    "exponential freezes slowly": (
        ExponentialDecay,
        {"init_value": 0.1, "transition_steps": 3.0, "decay_rate": 0.0},
        0.1 * (T == 0),
    ),
    "inverse time": (
        InverseTimeDecay,
        {"init_value": 1.0, "decay_rate": 0.5, "transition_steps": 2.0},
        1 / (1 + T / 4),
    ),
    "inverse root": (InverseSqrtDecay, {"init_value": 0.3, "transition_steps": 4.0}, 0.3 * np.sqrt(4 / (4 + T))),
    "step": (StepDecay, {"init_value": 0.1, "step_size": 3.0, "decay_rate": 0.5}, 0.1 * 0.5 ** (T // 3)),
    "A12 never decays": (StepDecay, {"init_value": 0.1, "step_size": 1.0, "decay_rate": 1.0}, np.full(STEPS, 0.1)),
    "A12 freezes": (StepDecay, {"init_value": 0.1, "step_size": 3.0, "decay_rate": 0.0}, 0.1 * (T < 3)),
    "multi-step": (
        MultiStepDecay,
        {"init_value": 0.3, "milestones": (2.0, 5.0, 5.0, 9.0), "decay_rate": 0.5},
        0.3 * np.repeat([1, 1 / 2, 1 / 8, 1 / 16], [2, 3, 4, 4]),
    ),
    "multi-step, none": (MultiStepDecay, {"init_value": 0.3, "milestones": ()}, np.full(STEPS, 0.3)),
    "piecewise constant": (
        PiecewiseConstant,
        {"init_value": 0.3, "boundaries": (0.0, 4.0, 9.0), "scales": (2.0, 0.5, 0.0)},
        np.repeat([0.6, 0.3, 0.0], [4, 5, 4]),
    ),
    "piecewise linear": (
        lambda **numbers: PiecewiseInterpolate("linear", **numbers),
        {"init_value": 0.3, "boundaries": (4.0, 6.0, 11.0), "scales": (2.0, 0.25, 0.1)},
        through((0, 0.3), (4, 0.6), (6, 0.15), (11, 0.015)),
    ),
    "piecewise cosine": (
        PiecewiseInterpolate,
        {"interpolate_type": "cosine", "init_value": 0.3, "boundaries": (4.0, 11.0), "scales": (2.0, 0.0)},
        through((0, 0.3), (4, 0.6), (11, 0.0), shape=lambda x: 1 - wave(x)),
    ),
    "a jump": (
        lambda **numbers: PiecewiseInterpolate("linear", **numbers),
        {"init_value": 0.3, "boundaries": (4.0, 4.0, 8.0), "scales": (2.0, 0.25, 0.0)},
        np.where(T < 4, 0.3 + 0.3 * T / 4, np.clip(0.15 * (8 - T) / 4, 0, None)),
    ),
    "warm-up": (
        LinearWarmup,
        {"schedule": ExponentialDecay(0.3, 2.0, 0.5), "warmup_steps": 5.0, "init_value": 0.1},
        np.where(T < 5, 0.1 + 0.2 * T / 5, 0.3 * 0.5 ** ((T - 5) / 2)),
    ),
    "warm-up to a number": (LinearWarmup, {"schedule": 0.3, "warmup_steps": 5.0}, through((0, 0), (5, 0.3))),
    "no warm-up": (LinearWarmup, {"schedule": Linear(0.3, 0.0, 6.0), "warmup_steps": 0.0}, through((0, 0.3), (6, 0))),
    "exponential warm-up": (
        ExponentialWarmup,
        {"schedule": Linear(0.3, 0.0, 12.0), "warmup_steps": 3.0},
        (1 - np.exp(-(T + 1) / 3)) * 0.3 * (1 - T / 12),
    ),
    "no exponential warm-up": (ExponentialWarmup, {"schedule": 0.3, "warmup_steps": 0.0}, np.full(STEPS, 0.3)),
    "warm-up cosine": (
        WarmupCosineDecay,
        {
            "init_value": 0.1,
            "peak_value": 0.5,
            "warmup_steps": 3.0,
            "decay_steps": 11.0,
            "end_value": 0.05,
            "exponent": 1.5,
        },
        np.where(T < 3, 0.1 + 0.4 * T / 3, 0.05 + 0.45 * wave((T - 3) / 8) ** 1.5),
    ),
    "warm-up cosine without either": (
        WarmupCosineDecay,
        {"init_value": 0.1, "peak_value": 0.5, "warmup_steps": 0.0, "decay_steps": 0.0, "end_value": 0.2},
        np.full(STEPS, 0.2),
    ),
    **{
        f"warm-up, stable, decay: {kind}": (
            WarmupStableDecay,
            {
                "decay_type": kind,
                "init_value": 0.1,
                "peak_value": 0.5,
                "warmup_steps": 3.0,
                "stable_steps": 2.0,
                "decay_steps": 6.0,
                "end_value": 0.05,
            },
            np.where(T < 3, 0.1 + 0.4 * T / 3, 0.05 + 0.45 * shape(np.clip((T - 5) / 6, 0, 1))),
        )
        for kind, shape in {
            "linear": lambda x: 1 - x,
            "1-sqrt": lambda x: 1 - np.sqrt(x),
            "cosine": wave,
            **FALLS,
        }.items()
    },
    "noam": (
        Noam,
        {"model_size": 64.0, "warmup_steps": 4.0, "factor": 2.0},
        2 * 64**-0.5 * np.minimum((T + 1.0) ** -0.5, (T + 1) * 4**-1.5),
    ),
    "one cycle": (
        OneCycle,
        {"transition_steps": 10.0, "peak_value": 0.5, "pct_start": 0.4, "div_factor": 5.0, "final_div_factor": 20.0},
        through((0, 0.1), (4, 0.5), (10, 0.005), shape=lambda x: 1 - wave(x)),
    ),
    "one cycle of three": (
        lambda **numbers: OneCycle(three_phase=True, **numbers),
        {
            "transition_steps": 10.0,
            "peak_value": 0.5,
            "pct_start": 0.4,
            "pct_final": 0.75,
            "div_factor": 5.0,
            "final_div_factor": 20.0,
        },
        through((0, 0.1), (4, 0.5), (7.5, 0.1), (10, 0.005), shape=lambda x: 1 - wave(x)),
    ),
    "one cycle, linear": (
        linear_onecycle,
        {
            "transition_steps": 10.0,
            "peak_value": 0.5,
            "pct_start": 0.4,
            "pct_final": 0.8,
            "div_factor": 5.0,
            "final_div_factor": 20.0,
        },
        through((0, 0.1), (4, 0.5), (8, 0.1), (10, 0.005)),
    ),
    "one cycle, cosine": (
        cosine_onecycle,
        {"transition_steps": 10.0, "peak_value": 0.5},
        through((0, 0.02), (3, 0.5), (10, 2e-6), shape=lambda x: 1 - wave(x)),
    ),
    "triangles": (
        Cyclic,
        {"init_value": 0.1, "peak_value": 0.5, "step_size_up": 2.0, "step_size_down": 3.0},
        0.1 + 0.4 * np.array([0, 1 / 2, 1, 2 / 3, 1 / 3] * 3)[:STEPS],
    ),
    "triangles, halved": (
        lambda **numbers: Cyclic(mode="triangular2", **numbers),
        {"init_value": 0.1, "peak_value": 0.5, "step_size_up": 2.0},
        0.1 + 0.4 * np.array([0, 1 / 2, 1, 1 / 2] * 4)[:STEPS] * 0.5 ** (T // 4),
    ),
    "triangles, exponential": (
        lambda **numbers: Cyclic(mode="exp_range", **numbers),
        {"init_value": 0.1, "peak_value": 0.5, "step_size_up": 2.0, "decay_rate": 0.9},
        0.1 + 0.4 * np.array([0, 1 / 2, 1, 1 / 2] * 4)[:STEPS] * 0.9**T,
    ),
    "restarts": (CosineRestarts, {"init_value": 0.3, "decay_steps": 3.0}, 0.3 * wave(restarts(3, 1))),
    "restarts, longer": (
        CosineRestarts,
        {"init_value": 0.3, "decay_steps": 2.0, "multiplier": 1.5, "alpha": 0.1},
        0.3 * (0.1 + 0.9 * wave(restarts(2, 1.5))),
    ),
    "restarts, lower": (
        CosineRestarts,
        {"init_value": 0.3, "decay_steps": 3.0, "alpha": 0.1, "peak_decay": 0.5},
        0.3 * (0.1 + 0.9 * 0.5 ** (T // 3) * wave(restarts(3, 1))),
    ),
    "restarts, a little longer": (
        CosineRestarts,
        {"init_value": 0.3, "decay_steps": 2.0, "multiplier": 1.2},
        0.3 * wave(restarts(2, 1.2)),
    ),
    "join": (
        Join,
        {"schedules": (0.1, Linear(0.3, 0.1, 3.0), Linear(0.1, 0.5, 4.0)), "boundaries": (2.0, 7.0)},
        np.select(
            [T < 2, T < 7],
            [np.full(STEPS, 0.1), 0.3 - 0.2 * np.clip((T - 2) / 3, 0, 1)],
            np.clip(0.1 * (T - 6), 0, 0.5),
        ),
    ),
    "product": (
        Product,
        {"schedules": (0.5, Linear(1.0, 0.0, 12.0), Constant(0.3))},
        0.15 * (1 - T / 12),
    ),
    "sum": (Sum, {"schedules": (0.5, Linear(1.0, 0.0, 12.0))}, 0.5 + (1 - T / 12)),
}
