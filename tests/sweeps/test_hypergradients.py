"""Derivatives of a run's end in its hyperparameters: closed forms, differences, and what can't be differentiated."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from helpers import sweeping

import jgd
from jgd.sweeps.run_spec import RunSpec

CURVATURE, RATE, MOMENTUM, STEPS = np.array([1.0, 3.0]), 0.15, 0.6, 7


def bowl(params, _batch):
    """Σ λ w² / 2."""
    return jnp.sum(jnp.asarray(CURVATURE, params.dtype) * params**2) / 2


def valley() -> jgd.Task:
    rows = np.zeros((3, 1))
    start = lambda key: jnp.array([2.0, -1.0], jnp.result_type(float))
    return jgd.Task("valley", start, bowl, rows, rows, rows)


def heavy_ball(rate, momentum):
    """The loss after STEPS steps of v ← μ v + g, w ← w − η v, by powers of the matrix that maps (w, v) to the next."""
    total = 0
    for curvature, start in zip(CURVATURE, (2.0, -1.0), strict=True):
        step = np.array([[1 - rate * curvature, -rate * momentum], [curvature, momentum]])
        w = (np.linalg.matrix_power(step, STEPS) @ np.array([start, 0.0]))[0]
        total += curvature * w**2 / 2
    return total


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["forward", "reverse"])
def test_on_a_quadratic_the_derivatives_are_those_of_the_closed_form(mode, x64):
    found = jgd.hypergradient(valley(), "sgd", {"learning_rate": RATE}, steps=STEPS, mode=mode)
    shrink, start = 1 - RATE * CURVATURE, np.array([2.0, -1.0])
    np.testing.assert_allclose(found.value, np.sum(CURVATURE * (shrink**STEPS * start) ** 2) / 2, rtol=1e-13)
    slope = -np.sum(STEPS * CURVATURE**2 * shrink ** (2 * STEPS - 1) * start**2)  # d/dη λ/2 (1 − ηλ)^2T w₀²
    np.testing.assert_allclose(found.gradient["learning_rate"], slope, rtol=1e-12)
    np.testing.assert_allclose(found.log_gradient["learning_rate"], RATE * slope, rtol=1e-12)

    at = {"learning_rate": RATE, "momentum": MOMENTUM}
    found = jgd.hypergradient(valley(), "momentum", at, steps=STEPS, mode=mode)
    np.testing.assert_allclose(found.value, heavy_ball(RATE, MOMENTUM), rtol=1e-12)
    h = 1e-30j  # the closed form is analytic: the complex step is exact
    exact = [heavy_ball(RATE + h, MOMENTUM).imag / 1e-30, heavy_ball(RATE, MOMENTUM + h).imag / 1e-30]
    np.testing.assert_allclose([found.gradient["learning_rate"], found.gradient["momentum"]], exact, rtol=1e-11)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("adam", {"batch_size": 16}),
        ("noisy_sgd", {"batch_size": 40, "order": "replacement"}),
        ("schedule_free_sgd", {}),
    ],
)
def test_the_value_is_the_end_of_the_run_that_train_and_sweep_make(name, options):
    """Over epochs with a short last batch, draws with replacement, a transform's noise, an average to evaluate."""
    task, steps = sweeping.task(), 20
    found = jgd.hypergradient(task, name, {"learning_rate": 0.05}, steps=steps, seed=3, **options)
    optimizer, start = jgd.optimizers.get(name)(0.05), task.init(jgd.init_key(3))
    run = jgd.train(task.loss, optimizer, start, task.train, steps=steps, seed=3, validation=task.validation, **options)
    np.testing.assert_allclose(found.value, run.evaluations["loss"][-1], rtol=1e-6)
    swept = jgd.sweep(task, name, {"learning_rate": [0.05]}, seeds=[3], steps=steps, **options)
    np.testing.assert_allclose(found.value, swept.validation["loss"][0, 0, -1], rtol=1e-6)


@pytest.mark.slow
def test_both_modes_agree_and_every_value_and_seed_is_one_program():
    task, traces = sweeping.counting()
    at = {"learning_rate": 0.1, "b1": 0.8, "b2": 0.95, "eps": 1e-3, "weight_decay": 0.1}
    one = lambda mode, seed=0, **other: jgd.hypergradient(
        task, "adamw", {**at, **other}, steps=11, batch_size=20, seed=seed, mode=mode
    )
    forward, backward = one("forward"), one("reverse")
    for name in at:
        np.testing.assert_allclose(forward.gradient[name], backward.gradient[name], rtol=1e-4, err_msg=name)
    before = len(traces)
    assert one("forward", seed=1, b1=0.5).value != forward.value
    one("reverse", seed=1, weight_decay=0.0)
    assert len(traces) == before
    few = {"learning_rate": 0.1}
    assert jgd.hypergradient(task, "adamw", few, steps=2).mode == "forward"
    assert jgd.hypergradient(task, "adamw", at, steps=2).mode == "reverse"


@jgd.record
class Penalized:
    """A loss with an L2 penalty, whose strength is a leaf."""

    loss: jgd.SupervisedLoss
    strength: float

    def __call__(self, params, batch):
        return self.loss(params, batch) + self.strength * sum(jnp.sum(leaf**2) for leaf in jax.tree.leaves(params))


def whole_trial(peak, warmup, strength, scale):
    """Everything that a recipe may do: a schedule's numbers, a penalty, the scale of the start."""
    model = jgd.models.Softmax(4, 3, initializer=jgd.models.Normal(std=scale))
    schedule = jgd.schedules.LinearWarmup(peak, warmup)
    loss = Penalized(jgd.SupervisedLoss(model, "softmax_cross_entropy"), strength)
    return RunSpec(jgd.optimizers.adam(schedule), init=model, loss=loss, measure=loss.loss)


@pytest.mark.slow
@pytest.mark.sampled(2)  # the test above compares the modes
@pytest.mark.parametrize("mode", ["forward", "reverse"])
def test_schedules_penalties_and_the_start_are_differentiated_and_the_check_agrees(mode):
    at = {"peak": 0.1, "warmup": 4.5, "strength": 1e-3, "scale": 0.2}
    found = jgd.hypergradient("iris", whole_trial, at, steps=12, batch_size=16, mode=mode, check=True)
    assert found.check.raise_if_failed().conclusive, str(found)
    for leaf, name in zip(found.check.leaves, sorted(at), strict=True):
        np.testing.assert_allclose(leaf.analytic, found.gradient[name], rtol=1e-3, err_msg=name)
        np.testing.assert_allclose(leaf.analytic, leaf.numeric, rtol=1e-4, err_msg=name)  # the start is float32
        assert found.gradient[name] != 0, name


@pytest.mark.slow
def test_a_rate_for_every_step_is_an_array():
    recipe = lambda rates: jgd.optimizers.sgd(lambda step: rates[step])
    at = {"rates": np.linspace(0.3, 0.1, 9)}
    found = jgd.hypergradient(valley(), recipe, at, steps=9, check=True)
    assert found.mode == "reverse"
    assert found.gradient["rates"].shape == (9,)
    assert found.check.ok
    assert "rates" in str(found)


@pytest.mark.slow
def test_the_memory_of_reverse_mode_grows_with_the_root_of_the_steps():
    from jgd.sweeps import unrolled

    def temporary(steps):
        caught = []
        original = unrolled._slopes
        unrolled._slopes = lambda *a, **k: caught.append(original.lower(*a, **k).compile()) or original(*a, **k)
        try:
            jgd.hypergradient("iris", "adam", {"learning_rate": 0.1}, steps=steps, batch_size=16, mode="reverse")
        finally:
            unrolled._slopes = original
        return caught[0].memory_analysis().temp_size_in_bytes

    few, many = temporary(256), temporary(4096)
    assert few < many < 6 * few  # 16 times the steps


@pytest.mark.slow
def test_a_run_that_diverges_says_when_and_has_no_derivative():
    found = jgd.hypergradient(valley(), "sgd", {"learning_rate": 1e3}, steps=9, check=True)
    run = jgd.train(bowl, jgd.optimizers.sgd(1e3), jnp.array([2.0, -1.0]), np.zeros((3, 1)), steps=9)
    assert (found.status, found.end.step) == ("diverged", run.end.step)
    assert np.isnan(found.value)
    assert np.isnan(found.gradient["learning_rate"])
    assert found.check is None
    assert "diverged at step" in str(found)


def test_a_sign_has_no_slope():
    found = jgd.hypergradient(valley(), "lion", {"learning_rate": 0.01, "b1": 0.9, "b2": 0.99}, steps=5)
    assert (found.gradient["b1"], found.gradient["b2"]) == (0, 0)
    assert found.gradient["learning_rate"] < 0


@jgd.record
class Halved(jgd.Transform):
    """Halves each update until it is small: a loop whose length is known only when it runs."""

    def update(self, updates, state, context):
        large = lambda u: sum(jnp.sum(x**2) for x in jax.tree.leaves(u)) > 1e-4
        return jax.lax.while_loop(large, lambda u: jax.tree.map(lambda x: x / 2, u), updates), state


def halved(learning_rate):
    return jgd.chain(*jgd.optimizers.sgd(learning_rate).transform.transforms, Halved())


def slope(params, _batch):
    return jnp.asarray(CURVATURE, params.dtype) * params


@pytest.mark.slow
def test_a_program_that_allows_one_mode_only_gets_that_one_or_is_refused():
    at = {"learning_rate": 0.1, "eps": 0.1, "b1": 0.5, "b2": 0.5, "weight_decay": 0.1}  # five: reverse by itself
    recipe = lambda learning_rate, **others: halved(learning_rate)
    assert jgd.hypergradient(valley(), recipe, at, steps=3).mode == "forward"
    with pytest.raises(jgd.JgdError, match=r"can't be differentiated in reverse mode.*try mode='forward'"):
        jgd.hypergradient(valley(), recipe, at, steps=3, mode="reverse")
    own = replace(valley(), loss=jgd.gradients.with_custom_gradient(bowl, slope))
    found = jgd.hypergradient(own, "sgd", {"learning_rate": RATE}, steps=STEPS)
    assert found.mode == "reverse"
    usual = jgd.hypergradient(valley(), "sgd", {"learning_rate": RATE}, steps=STEPS)
    np.testing.assert_allclose(found.gradient["learning_rate"], usual.gradient["learning_rate"], rtol=1e-5)
    with pytest.raises(jgd.JgdError, match=r"forward mode.*try mode='reverse'"):
        jgd.hypergradient(own, "sgd", {"learning_rate": RATE}, steps=STEPS, mode="forward")


def branching(learning_rate):
    return jgd.optimizers.sgd(learning_rate if learning_rate > 0.2 else 0.2)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"task": 3}, "task must be"),
        ({"recipe": 3}, "recipe must be a function"),
        ({"recipe": "adm"}, "did you mean 'adam'"),
        ({"recipe": branching}, "branching.*needs the value"),
        ({"recipe": lambda learning_rate: 3}, "must return an optimizer"),
        ({"hyperparameters": {}}, "hyperparameters must map names"),
        ({"hyperparameters": 0.1}, "hyperparameters must map names"),
        ({"hyperparameters": {"learning_rate": 1}}, r"hyperparameters\['learning_rate'\] must be a float.*write 1.0"),
        ({"hyperparameters": {"learning_rate": True}}, r"hyperparameters\['learning_rate'\] must be a float"),
        ({"hyperparameters": {"learning_rate": "0.1"}}, r"hyperparameters\['learning_rate'\] must be a float"),
        ({"hyperparameters": {"learning_rate": np.arange(3)}}, r"hyperparameters\['learning_rate'\] must be a float"),
        ({"hyperparameters": {"learning_rate": np.nan}}, r"hyperparameters\['learning_rate'\] must be a finite number"),
        ({"hyperparameters": {"learning_rate": -0.1}}, "learning_rate must be a finite number > 0, got -0.1"),
        ({"hyperparameters": {"learning_rat": 0.1}}, "did you mean 'learning_rate'"),
        (
            {"hyperparameters": {"momentum": 0.1}, "recipe": "momentum"},
            "hyperparameters must give a value to 'learning_rate'",
        ),
        (
            {"recipe": "muon", "hyperparameters": {"learning_rate": 0.1, "ns_steps": 5.0}},
            "ns_steps must be a whole number",
        ),
        ({"steps": -1}, "steps"),
        ({"steps": 2.5}, "steps"),
        ({"batch_size": 4}, "batch_size.*from 1 to 3"),
        ({"seed": -1}, "seed"),
        ({"order": "random"}, "unknown order"),
        ({"order": jgd.data.orders.HardMining(3)}, "HardMining"),
        ({"metric": "accuracy"}, "unknown metric 'accuracy'"),
        ({"mode": "backward"}, "unknown mode"),
        ({"check": 1}, "check must be True or False"),
        ({"diverged_above": 0}, "diverged_above"),
    ],
)
def test_bad_input_is_refused_by_name_before_a_step(change, words):
    given = {"task": valley(), "recipe": "sgd", "hyperparameters": {"learning_rate": 0.1}, "steps": 2, **change}
    with pytest.raises(jgd.JgdError, match=words):
        jgd.hypergradient(**given)


def test_a_traced_value_is_sent_to_rollout():
    with pytest.raises(jgd.JgdError, match=r"jgd.rollout"):
        jax.jit(lambda rate: jgd.hypergradient(valley(), "sgd", {"learning_rate": rate}, steps=1).value)(0.1)


def test_no_step_is_the_start():
    found = jgd.hypergradient(valley(), "sgd", {"learning_rate": 0.1}, steps=0)
    assert (found.value, found.gradient) == (3.5, {"learning_rate": 0.0})
