"""Schedules: the lectures' decays, and numbers that can be traced, swept and differentiated."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jgd
from jgd.schedules import Constant, ExponentialDecay, InverseTimeDecay, StepDecay

# builder, its numbers, and the value at steps 0 … 6 in NumPy
T = np.arange(7)
TABLE = {
    "constant": (Constant, {"value": 0.1}, np.full(7, 0.1)),
    "exponential": (
        ExponentialDecay,
        {"init_value": 0.1, "transition_steps": 2.0, "decay_rate": 0.5},
        0.1 * 0.5 ** (T / 2),
    ),
    "step": (StepDecay, {"init_value": 0.1, "step_size": 3.0, "decay_rate": 0.5}, 0.1 * 0.5 ** (T // 3)),
    "inverse_time": (
        InverseTimeDecay,
        {"init_value": 1.0, "decay_rate": 0.5, "transition_steps": 2.0},
        1 / (1 + T / 4),
    ),
    "E4": (ExponentialDecay, {"init_value": 0.1, "transition_steps": 1.0, "decay_rate": 0.5}, 0.1 / 2**T),
    "A12 never decays": (
        StepDecay,
        {"init_value": 0.1, "step_size": 1.0, "decay_rate": 1.0},
        np.full(7, 0.1),
    ),
    "A12 freezes": (StepDecay, {"init_value": 0.1, "step_size": 3.0, "decay_rate": 0.0}, 0.1 * (T < 3)),
    "A12 exponential freezes": (
        ExponentialDecay,
        {"init_value": 0.1, "transition_steps": 1.0, "decay_rate": 0.0},
        0.1 * (T == 0),
    ),
}
tabled = pytest.mark.parametrize(("build", "numbers", "want"), TABLE.values(), ids=TABLE)


@tabled
def test_values(build, numbers, want, x64):
    np.testing.assert_allclose(build(**numbers)(jnp.arange(7)), want, rtol=1e-14, atol=1e-300)


@tabled
def test_an_array_of_steps_is_step_by_step(build, numbers, want):
    schedule = build(**numbers)
    each = [schedule(jnp.asarray(t, jnp.int32)) for t in range(7)]
    assert {value.shape for value in each} == {()}
    np.testing.assert_allclose(schedule(jnp.arange(7, dtype=jnp.int32)), each, rtol=1e-6)
    assert schedule(jnp.zeros((2, 3), jnp.int32)).shape == (2, 3)


@tabled
def test_its_numbers_are_leaves(build, numbers, want):
    lanes = {name: jnp.array([value, value / 2], jnp.float32) for name, value in numbers.items()}
    together = jax.jit(jax.vmap(lambda n: build(**n)(jnp.arange(7))))(lanes)
    halved = build(**{name: value / 2 for name, value in numbers.items()})(jnp.arange(7))
    np.testing.assert_allclose(together, [want, halved], rtol=1e-5, atol=1e-12)


@tabled
def test_its_derivatives_are_finite(build, numbers, want):
    slopes = jax.jacobian(lambda n: build(**n)(jnp.arange(7)))({k: jnp.float32(v) for k, v in numbers.items()})
    assert all(np.isfinite(slope).all() for slope in slopes.values())


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


def test_every_registered_schedule_is_tabled():
    assert {build for build, _, _ in TABLE.values()} == set(jgd.schedules.registry.values())


@pytest.mark.parametrize("size", [3, 41, 47, 55, 399])
def test_step_decay_drops_on_time_where_its_size_is_a_constant_of_the_program(size):
    schedule = StepDecay(1.0, size, 0.5)
    at = jax.jit(lambda step: schedule(step))
    assert [float(at(jnp.int32(step))) for step in (size - 1, size, 2 * size)] == [1.0, 0.5, 0.25]
