"""optax's and torch's schedules beside ours, under the settings where the formulas are the same; skipped where missing.

Where they differ: optax's transitions of 0 steps stay at their start, ours are at their end at once; its one-cycle
schedules round inner boundaries down to whole steps; its exponential_decay takes a rate of 0 to mean a constant. torch
changes a rate after the update, so that its value after t calls of step() is our schedule(t); CosineAnnealingLR rises
again after T_max; OneCycleLR counts its phases from 1 (see `OneCycle`) and ends with an error.
"""

import warnings

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jgd.schedules import (
    CosineDecay,
    CosineRestarts,
    Cyclic,
    ExponentialDecay,
    Join,
    Linear,
    LinearWarmup,
    MultiStepDecay,
    OneCycle,
    PiecewiseConstant,
    PiecewiseInterpolate,
    Polynomial,
    Product,
    StepDecay,
    WarmupCosineDecay,
    cosine_onecycle,
    linear_onecycle,
)

STEPS = 60

OPTAX = {
    "linear": (Linear(0.3, 0.1, 20, 7), lambda o: o.linear_schedule(0.3, 0.1, 20, 7)),
    "polynomial": (Polynomial(0.3, 0.1, 1.7, 20, 7), lambda o: o.polynomial_schedule(0.3, 0.1, 1.7, 20, 7)),
    "cosine": (CosineDecay(0.3, 40, 0.1, 1.3), lambda o: o.cosine_decay_schedule(0.3, 40, 0.1, 1.3)),
    "exponential": (
        ExponentialDecay(0.3, 7, 0.8, 5, 0.1),
        lambda o: o.exponential_decay(0.3, 7, 0.8, 5, end_value=0.1),
    ),
    "staircase": (StepDecay(0.3, 7, 0.8), lambda o: o.exponential_decay(0.3, 7, 0.8, staircase=True)),
    "constants": (
        PiecewiseConstant(0.3, (10, 25), (0.5, 1.5)),
        lambda o: o.piecewise_constant_schedule(0.3, {10: 0.5, 25: 1.5}),
    ),
    **{
        f"interpolated, {kind}": (
            PiecewiseInterpolate(kind, 0.3, (10, 25, 45), (2.0, 0.1, 0.5)),
            lambda o, kind=kind: o.piecewise_interpolate_schedule(kind, 0.3, {10: 2.0, 25: 0.1, 45: 0.5}),
        )
        for kind in ("linear", "cosine")
    },
    "one cycle, linear": (
        linear_onecycle(40, 0.3, 0.25, 0.75),
        lambda o: o.linear_onecycle_schedule(40, 0.3, 0.25, 0.75),
    ),
    "one cycle, cosine": (
        cosine_onecycle(40, 0.3, 0.25, 10.0, 100.0),
        lambda o: o.cosine_onecycle_schedule(40, 0.3, 0.25, 10.0, 100.0),
    ),
    "warm-up, constant": (LinearWarmup(0.3, 20, 0.1), lambda o: o.warmup_constant_schedule(0.1, 0.3, 20)),
    "warm-up, cosine": (
        WarmupCosineDecay(0.1, 0.3, 10, 50, 0.05, 1.3),
        lambda o: o.warmup_cosine_decay_schedule(0.1, 0.3, 10, 50, 0.05, 1.3),
    ),
    "warm-up, exponential": (
        LinearWarmup(ExponentialDecay(0.3, 7, 0.8), 10, 0.1),
        lambda o: o.warmup_exponential_decay_schedule(0.1, 0.3, 10, 7, 0.8),
    ),
    "restarts with warm-ups": (
        Join(
            (
                WarmupCosineDecay(0.0, 0.3, 2, 10, 0.1),
                WarmupCosineDecay(0.1, 0.2, 5, 20),
                WarmupCosineDecay(0, 0.1, 5, 20),
            ),
            (10, 30),
        ),
        lambda o: o.sgdr_schedule(
            {"init_value": i, "peak_value": p, "warmup_steps": w, "decay_steps": d, "end_value": e}
            for i, p, w, d, e in [(0.0, 0.3, 2, 10, 0.1), (0.1, 0.2, 5, 20, 0.0), (0.0, 0.1, 5, 20, 0.0)]
        ),
    ),
    "joined": (
        Join((Linear(0.3, 0.1, 10), CosineDecay(0.2, 20), 0.05), (15, 40)),
        lambda o: o.join_schedules(
            [o.linear_schedule(0.3, 0.1, 10), o.cosine_decay_schedule(0.2, 20), o.constant_schedule(0.05)], [15, 40]
        ),
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize(("ours", "theirs"), OPTAX.values(), ids=OPTAX)
def test_as_in_optax(ours, theirs, x64):
    peer = theirs(pytest.importorskip("optax"))
    with jax.numpy_dtype_promotion("standard"):
        want = [float(peer(t)) for t in range(STEPS)]
    np.testing.assert_allclose(ours(jnp.arange(STEPS)), want, rtol=1e-12, atol=1e-16)


N, P = 40, 0.3  # torch's total_steps and pct_start, whose peak is not at a whole step of ours
START = (P * N - 1) / (N - 1)
TORCH = {
    "step": (StepDecay(0.3, 7, 0.8), lambda s, o: s.StepLR(o, 7, 0.8)),
    "multi-step": (MultiStepDecay(0.3, (10, 20, 20), 0.8), lambda s, o: s.MultiStepLR(o, [10, 20, 20], 0.8)),
    "constant at first": (PiecewiseConstant(0.1, (10,), (3.0,)), lambda s, o: s.ConstantLR(o, 1 / 3, 10)),
    "linear": (Linear(0.06, 0.24, 20), lambda s, o: s.LinearLR(o, 0.2, 0.8, 20)),
    "exponential": (ExponentialDecay(0.3, 1, 0.9), lambda s, o: s.ExponentialLR(o, 0.9)),
    "polynomial": (Polynomial(0.3, 0.0, 1.7, 20), lambda s, o: s.PolynomialLR(o, 20, 1.7)),
    "cosine": (CosineDecay(0.3, STEPS, 0.1), lambda s, o: s.CosineAnnealingLR(o, STEPS, 0.03)),
    "restarts": (CosineRestarts(0.3, 7, 1, 0.1), lambda s, o: s.CosineAnnealingWarmRestarts(o, 7, 1, 0.03)),
    "restarts, longer": (CosineRestarts(0.3, 7, 2), lambda s, o: s.CosineAnnealingWarmRestarts(o, 7, 2)),
    **{
        f"one cycle, {kind}": (
            OneCycle(N - 1, 0.3, START, div_factor=10.0, final_div_factor=100.0, anneal_strategy=kind),
            lambda s, o, kind=kind: s.OneCycleLR(
                o,
                0.3,
                N,
                pct_start=P,
                anneal_strategy=kind,
                cycle_momentum=False,
                div_factor=10.0,
                final_div_factor=100.0,
            ),
        )
        for kind in ("cos", "linear")
    },
    "one cycle of three": (
        OneCycle(N - 1, 0.3, START, 2 * START, 10.0, 100.0, three_phase=True),
        lambda s, o: s.OneCycleLR(
            o, 0.3, N, pct_start=P, cycle_momentum=False, div_factor=10.0, final_div_factor=100.0, three_phase=True
        ),
    ),
    **{
        f"cyclic, {mode}": (
            Cyclic(0.1, 0.3, 5, 8, mode, 0.97),
            lambda s, o, mode=mode: s.CyclicLR(o, 0.1, 0.3, 5, 8, mode, 0.97, cycle_momentum=False),
        )
        for mode in ("triangular", "triangular2", "exp_range")
    },
    "chained": (
        Product((0.3, PiecewiseConstant(0.1, (10,), (10.0,)), ExponentialDecay(1.0, 1, 0.9))),
        lambda s, o: s.ChainedScheduler([s.ConstantLR(o, 0.1, 10), s.ExponentialLR(o, 0.9)]),
    ),
    "in sequence": (
        Join((Linear(0.03, 0.3, 10), ExponentialDecay(0.3, 1, 0.9)), (10,)),
        lambda s, o: s.SequentialLR(o, [s.LinearLR(o, 0.1, 1.0, 10), s.ExponentialLR(o, 0.9)], [10]),
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize(("ours", "theirs"), TORCH.values(), ids=TORCH)
def test_as_in_torch(ours, theirs, x64):
    torch = pytest.importorskip("torch")
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.3)
    scheduler = theirs(torch.optim.lr_scheduler, optimizer)
    steps = N if isinstance(ours, OneCycle) else STEPS
    rates = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its SequentialLR warns of itself
        for t in range(steps):
            rates.append(optimizer.param_groups[0]["lr"])
            optimizer.step()
            if t < steps - 1:
                scheduler.step()
    np.testing.assert_allclose(ours(jnp.arange(steps)), rates, rtol=1e-11)
