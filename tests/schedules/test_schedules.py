"""Schedules: one table of values, and numbers that can be traced, swept and differentiated, also at their edges."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from helpers.schedule_table import STEPS, TABLE, wave
from jax.flatten_util import ravel_pytree

import jgd
from jgd.schedules import (
    Constant,
    CosineDecay,
    CosineRestarts,
    Cyclic,
    ExponentialDecay,
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
    linear_onecycle,
)

tabled = pytest.mark.parametrize(("build", "numbers", "want"), TABLE.values(), ids=TABLE)


called = jax.jit(lambda schedule, steps: schedule(steps))


def floats(numbers, factor=1.0):
    """The numbers as float32 arrays, scaled where that keeps them within their rules; what is structure is left out."""
    numeric = {name: value for name, value in numbers.items() if not isinstance(value, str)}
    scaled = {name: 1.0 if name == "multiplier" else factor for name in numeric}
    return {name: jax.tree.map(lambda v, by=scaled[name]: jnp.float32(by * v), numeric[name]) for name in numeric}


def with_words(build, numbers):
    words = {name: value for name, value in numbers.items() if isinstance(value, str)}
    return lambda traced: build(**words, **traced)


@tabled
def test_values(build, numbers, want, x64):
    np.testing.assert_allclose(called(build(**numbers), jnp.arange(STEPS)), want, rtol=1e-13, atol=1e-16)


@tabled
def test_an_array_of_steps_is_step_by_step(build, numbers, want, x32):
    schedule = build(**numbers)
    each = [called(schedule, jnp.asarray(t, jnp.int32)) for t in range(STEPS)]
    assert {(value.shape, value.dtype) for value in each} == {((), jnp.dtype(jnp.float32))}
    np.testing.assert_allclose(called(schedule, jnp.arange(STEPS, dtype=jnp.int32)), each, rtol=1e-6, atol=1e-7)
    table = called(
        schedule, np.linspace(0, 12.5, 26, dtype=np.float32).reshape(13, 2)
    )  # a picture's steps, in between too
    np.testing.assert_allclose(table[:, 0], each, rtol=1e-6, atol=1e-7)


@tabled
def test_its_numbers_are_leaves(build, numbers, want):
    rows = [floats(numbers), floats(numbers, 0.5)]
    made = with_words(build, numbers)
    assert len(jax.tree.leaves(made(rows[0]))) >= len(jax.tree.leaves(rows[0]))
    lanes = jax.tree.map(lambda *values: jnp.stack(values), *rows)
    together = jax.jit(jax.vmap(lambda n: made(n)(jnp.arange(STEPS))))(lanes)
    np.testing.assert_allclose(together, [called(made(row), jnp.arange(STEPS)) for row in rows], rtol=1e-5, atol=1e-7)


@pytest.mark.slow
@tabled
def test_its_derivatives_are_finite(build, numbers, want):
    made = with_words(build, numbers)
    slopes = jax.jit(jax.jacobian(lambda n: made(n)(jnp.arange(STEPS))))(floats(numbers))
    assert all(np.isfinite(slope).all() for slope in jax.tree.leaves(slopes))


def test_a_decay_to_0_at_once_has_its_slope():
    at = lambda build, t: jax.grad(lambda rate: build(0.5, 1.0, rate)(jnp.int32(t)))(0.0)
    for build in (ExponentialDecay, StepDecay):
        assert [float(at(build, t)) for t in range(3)] == [0.0, 0.5, 0.0]


@pytest.mark.slow
def test_a_whole_schedule_has_a_slope():
    for schedule in (
        Linear(0.1, 0.2, 10.0),
        Noam(64.0),
        Cyclic(0.1, 0.2),
        OneCycle(10.0, 0.1),
        CosineRestarts(0.1, 4.0),
    ):
        slopes = jax.tree.leaves(jax.grad(lambda schedule: schedule(5))(schedule))
        assert np.isfinite(slopes).all()
        assert np.any(slopes)


SMOOTH = (
    "polynomial",
    "cosine to an end",
    "restarts, longer",
    "restarts, a little longer",
    "one cycle of three",
    "piecewise cosine",
    "warm-up cosine",
)


@pytest.mark.slow
@pytest.mark.parametrize("name", SMOOTH)
def test_its_derivatives_are_those_of_its_values(name, x64):
    build, numbers, _ = TABLE[name]
    made, at = with_words(build, numbers), jnp.array([0.3, 1.7, 3.4, 5.2, 6.1, 8.7])  # away from kinks
    flat, back = ravel_pytree({k: jax.tree.map(jnp.float64, v) for k, v in numbers.items() if not isinstance(v, str)})
    of = jax.jit(lambda flat: made(back(flat))(at))
    ahead = [(of(flat + h) - of(flat - h)) / 2e-6 for h in 1e-6 * np.eye(flat.size)]
    np.testing.assert_allclose(jax.jacobian(of)(flat), jnp.stack(ahead, axis=1), rtol=1e-6, atol=1e-8)


@tabled
def test_the_end_of_the_clock_is_an_end(build, numbers, want):
    last = jnp.iinfo(jnp.int32).max
    ends = called(build(**numbers), jnp.array([last - 1000, last], jnp.int32))
    assert np.isfinite(ends).all()
    assert (ends >= 0).all()


def test_every_registered_schedule_is_tabled():
    tested = {build for build, _, _ in TABLE.values()}
    assert tested >= set(jgd.schedules.registry.values())
    made_here = lambda each: callable(each) and each.__module__.startswith("jgd.schedules.")
    public = {name for name, each in vars(jgd.schedules).items() if made_here(each)}
    assert public == {build.__name__ for build in jgd.schedules.registry.values()}


def test_boundaries_and_scales_may_be_one_mapping():
    for build in (PiecewiseConstant, lambda *given: PiecewiseInterpolate("linear", *given)):
        assert build(1.0, {4: 0.1, 2: 0.5}) == build(1.0, (2, 4), (0.5, 0.1))
    with pytest.raises(jgd.JgdError, match="scales must be left out"):
        PiecewiseConstant(1.0, {2: 0.5}, (0.5,))
    with pytest.raises(jgd.JgdError, match="end_value must be > 0"):
        WarmupStableDecay(0.0, 1.0, 1, 1, 1, decay_type="exponential")


@pytest.mark.slow
def test_e5_every_k_epochs(x64):
    rates = StepDecay(0.1, step_size=3, decay_rate=0.5)(jnp.arange(7))
    np.testing.assert_allclose(rates, [0.1, 0.1, 0.1, 0.05, 0.05, 0.05, 0.025], rtol=1e-15)


def test_the_first_update_uses_the_value_at_0():
    falls = StepDecay(1.0, step_size=1, decay_rate=0.5)
    optimizer = jgd.optimizers.sgd(falls)
    params, state, moved = jnp.zeros(()), optimizer.init(jnp.zeros(())), []
    for _ in range(3):
        updates, state = optimizer.update(jnp.ones(()), state, params)
        moved.append(float(updates))
    assert moved == [-1.0, -0.5, -0.25]


# the ends of an interval, at lengths whose reciprocal product misses 1
LENGTHS = (3, 41, 47, 55, 399)
ENDS = {
    "linear": lambda n: Linear(0.3, 0.1, n),
    "polynomial": lambda n: Polynomial(0.3, 0.1, 0.5, n),
    "cosine": lambda n: CosineDecay(0.3, n, 0.1 / 0.3),
    "rex": lambda n: Rex(0.3, n, 0.1),
    "warm-up": lambda n: LinearWarmup(0.1, n, 0.3),
    "warm-up cosine": lambda n: WarmupCosineDecay(0.0, 0.3, 0, n, 0.1),
    "stable": lambda n: WarmupStableDecay(0.3, 0.3, 0, 0, n, 0.1, "1-sqrt"),
    "interpolated": lambda n: PiecewiseInterpolate("cosine", 0.3, (n,), (0.1 / 0.3,)),
}


@pytest.mark.parametrize("make", ENDS.values(), ids=ENDS)
def test_an_interval_begins_and_ends_exactly(make):
    for length in LENGTHS:
        schedule = make(length)
        start, before, end, after = jax.jit(lambda t, schedule=schedule: schedule(t))(
            jnp.array([0, length - 1, length, length + 1])
        )
        assert float(start) == np.float32(0.3)
        assert np.float32(0.1) == pytest.approx(float(end), rel=2e-7)
        assert end == after
        assert before != end


@pytest.mark.parametrize("size", [3, 41, 47, 55, 399])
def test_periods_begin_on_time_where_their_size_is_a_constant_of_the_program(size):
    at = jnp.array([size - 1, size, 2 * size], jnp.int32)
    value = lambda schedule: jax.jit(lambda step: schedule(step))(at).tolist()
    assert value(StepDecay(1.0, size, 0.5)) == [1.0, 0.5, 0.25]
    assert value(Cyclic(0.0, 1.0, 1, size - 1))[1:] == [0.0, 0.0]
    assert value(CosineRestarts(1.0, size))[1:] == [1.0, 1.0]


@pytest.mark.parametrize(("first", "m"), [(10, 1), (7, 2), (3, 3), (1, 10), (2, 1.5)])
def test_every_restart_begins_on_time(first, m):
    begins = [0, first]
    while len(begins) < 12 and begins[-1] < 2**22:
        begins.append(begins[-1] + (begins[-1] - begins[-2]) * m)
    values = jax.jit(CosineRestarts(1.0, first, m).__call__)(jnp.array(begins, jnp.float32))
    assert values.tolist() == [1.0] * len(begins)
    just_before = jnp.array([b - 0.01 for b in begins[1:5]], jnp.float32)
    assert (CosineRestarts(1.0, first, m)(just_before) < 0.01).all()


@pytest.mark.slow
def test_a_multiplier_of_1_is_no_special_case(x64):
    at = lambda m: CosineRestarts(1.0, 3.0, m)(jnp.array(10))  # run 3 begins at 3 (1 + m + m²), its length is 3 m³
    share = lambda m: (10 - 3 * (1 + m + m**2)) / (3 * m**3)
    slope = (wave(share(1 + 1e-6)) - wave(share(1 - 1e-6))) / 2e-6
    np.testing.assert_allclose(jax.grad(at)(1.0), slope, rtol=1e-6)
    np.testing.assert_allclose(at(1 + 1e-12), at(1.0), rtol=1e-10)


def test_a_difference_of_late_steps_is_exact():
    late = 2**30
    schedule = Join((0.0, Linear(0.0, 8.0, 8)), (late,))
    assert schedule(jnp.array([late - 1, late + 1, late + 7, late + 9])).tolist() == [0.0, 1.0, 7.0, 8.0]
    swept = Join((0.0, Linear(0.0, 8.0, 8)), (jnp.float32(late),))
    assert swept(jnp.array([late - 1, late + 1, late + 7, late + 9])).tolist() == [0.0, 1.0, 7.0, 8.0]
    assert Linear(0.0, 8.0, 8, late)(jnp.array([late, late + 3])).tolist() == [0.0, 3.0]


def test_a_cosine_keeps_its_digits_to_the_end():
    steps = 10**4 - np.array([1, 2, 10])
    exact = np.sin(np.pi / 2 * (10**4 - steps) / 10**4) ** 2
    np.testing.assert_allclose(CosineDecay(1.0, 10**4)(jnp.asarray(steps)), exact, rtol=1e-6)


def test_a_function_is_a_part_and_counts_in_whole_numbers():
    squares = jnp.arange(5.0) ** 2
    joined = Join((1.0, lambda t: squares[t]), (2,))
    assert joined(jnp.arange(5)).tolist() == [1.0, 1.0, 0.0, 1.0, 4.0]
    assert jax.jit(lambda s, t: s(t))(joined, jnp.arange(5)).tolist() == [1.0, 1.0, 0.0, 1.0, 4.0]


def test_another_number_is_the_same_program():
    traced = []

    @jax.jit
    def at(schedule, step):
        traced.append(1)
        return schedule(step)

    for n in (3.0, 4.0):
        at(WarmupCosineDecay(0.0, 0.1 * n, n, 3 * n), jnp.int32(2))
        at(Join((n, 0.1), (n,)), jnp.int32(2))
        at(MultiStepDecay(n, (n, 2 * n)), jnp.int32(2))
    assert len(traced) == 3


BAD = {
    "end": (lambda: Linear(0.1, -1.0, 3), ["end_value", ">= 0", "-1"]),
    "power": (lambda: Polynomial(0.1, 0.0, 0.0, 3), ["power", "> 0", "got 0"]),
    "steps": (lambda: CosineDecay(0.1, float("nan")), ["decay_steps", "nan"]),
    "steps beyond the clock": (lambda: Linear(0.1, 0.0, 2**40), ["transition_steps", "int32", "1099511627776"]),
    "beta": (lambda: Rex(0.1, 3, beta=1.0), ["beta", "[0, 1)"]),
    "multiplier": (lambda: CosineRestarts(0.1, 3, 0.5), ["multiplier", "[1, inf)", "0.5"]),
    "share": (lambda: OneCycle(3, 0.1, pct_start=1.5), ["pct_start", "[0, 1]"]),
    "shares": (lambda: linear_onecycle(3, 0.1, 0.9, 0.5), ["pct_start", "pct_final", "0.9", "0.5"]),
    "strategy": (lambda: OneCycle(3, 0.1, anneal_strategy="cosine"), ["anneal_strategy", "'cosine'", "cos, linear"]),
    "mode": (lambda: Cyclic(0.1, 0.2, mode="triangle"), ["mode", "did you mean 'triangular'"]),
    "down": (lambda: Cyclic(0.1, 0.2, 3, 0), ["step_size_down", "> 0"]),
    "decay type": (
        lambda: WarmupStableDecay(0, 1, 1, 1, 1, decay_type="sqrt"),
        ["decay_type", "did you mean '1-sqrt'"],
    ),
    "interpolation": (lambda: PiecewiseInterpolate("cubic", 1, (1,), (1,)), ["interpolate_type", "linear, cosine"]),
    "warm-up after the end": (lambda: WarmupCosineDecay(0, 1, 9, 5), ["warmup_steps", "decay_steps", "9", "5"]),
    "warm-up of nothing": (lambda: LinearWarmup("0.1", 3), ["schedule", "'0.1'"]),
    "order": (lambda: MultiStepDecay(0.1, (3, 2)), ["milestones[0]", "milestones[1]", "3", "2"]),
    "boundary": (lambda: PiecewiseConstant(0.1, (3, -1), (1, 1)), ["boundaries[1]", "-1"]),
    "scale": (lambda: PiecewiseConstant(0.1, (3,), (-0.1,)), ["scales[0]", "-0.1"]),
    "counts": (lambda: PiecewiseConstant(0.1, (3, 4), (1,)), ["boundaries", "scales", "2 and 1"]),
    "one boundary": (lambda: MultiStepDecay(0.1, 3), ["milestones", "list or tuple", "got 3"]),
    "a boundary as text": (lambda: Join((0.1, 0.2), ("3",)), ["boundaries[0]", "'3'"]),
    "parts": (lambda: Join((0.1, 0.2), (3, 4)), ["boundaries", "schedules less 1", "2 and 2"]),
    "no part": (lambda: Product(()), ["schedules", "at least one"]),
    "part": (lambda: Sum((0.1, None)), ["schedules[1]", "None"]),
    "parts as one": (lambda: Product(Constant(0.1)), ["schedules", "list or tuple"]),
}


@pytest.mark.parametrize(("call", "words"), BAD.values(), ids=BAD)
def test_bad_input_is_named(call, words, x32):
    with pytest.raises(jgd.JgdError) as error:
        call()
    assert [word for word in words if word not in str(error.value)] == []
