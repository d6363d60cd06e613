"""The lectures' two checks: their golden numbers, what method 1 refuses, and the verdicts."""

import itertools
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jgd
from jgd.gradients import check_gradients
from jgd.gradients.custom_gradient import with_custom_gradient
from jgd.models import MLP, Linear
from jgd.teaching import method_one, two_checks
from jgd.transforms import AddDecayedWeights, ScaleByLearningRate

EXACT = -28 / 3
LOSS = jgd.SupervisedLoss(Linear(1, bias=False), "squared_error")


def hours(dtype):
    inputs, targets = jgd.datasets.hours_points().rows
    return jnp.asarray(inputs, dtype), jnp.asarray(targets, dtype)


def start(dtype):
    return {"weights": jnp.ones(1, dtype)}


def test_golden_numbers(x64):
    result = two_checks(LOSS, start(jnp.float64), hours(jnp.float64), 0.01, step=1e-5)
    assert result.verdict == "ok"
    assert result.method_one["weights"][0] == pytest.approx(-9.333333333333327, rel=1e-15)
    assert result.method_two["weights"][0] == pytest.approx(-9.333333333394478, rel=2e-11)  # rounding of L is its noise
    assert result.automatic["weights"][0] == pytest.approx(EXACT, rel=1e-15)
    assert set(result.errors) == {"automatic – method 1", "automatic – method 2", "method 1 – method 2"}
    assert max(result.errors.values()) < 1e-10


@pytest.mark.parametrize(
    ("dtype", "rate", "lost"),
    [
        ("float32", 1e-2, 3.7e-7),
        ("float32", 1e-4, 4.7e-5),
        ("float32", 1e-6, 3.8e-3),
        ("float32", 1e-8, 0.28),
        ("float64", 1e-2, 7.6e-16),
        ("float64", 1e-10, 8e-8),
        ("float64", 1e-14, 8e-4),
    ],
)
def test_method_one_loses_digits_and_says_how_many(x64, dtype, rate, lost):
    result = two_checks(LOSS, start(dtype), hours(dtype), rate)
    error = abs(result.method_one["weights"][0] / EXACT - 1)
    assert error == pytest.approx(lost, rel=0.4)
    tolerance = result.tolerances["automatic – method 1"]
    assert error <= tolerance  # reported, not only known
    own = max(100 * float(np.finfo(dtype).eps), 1e-12)  # the automatic gradient's digits
    assert tolerance - own == pytest.approx(float(np.finfo(dtype).eps) / (rate * abs(EXACT)), rel=0.4)
    assert result.verdict == ("ok" if tolerance < 1e-2 else "inconclusive")


@pytest.mark.parametrize(
    ("build", "words"),
    [
        (partial(jgd.optimizers.sgd, momentum=0.9), "Trace, momentum"),
        (jgd.optimizers.momentum, "Trace, momentum"),
        (jgd.optimizers.nesterov, "DescendByLookAhead, momentum"),
        (jgd.optimizers.adam, "ScaleByAdam, an adaptive method"),
        (jgd.optimizers.adagrad, "ScaleByAdagrad, an adaptive method"),
        (jgd.optimizers.rmsprop, "ScaleByRms, an adaptive method"),
        (lambda rate: jgd.chain(AddDecayedWeights(0.1), ScaleByLearningRate(rate)), "AddDecayedWeights, weight decay"),
        (lambda rate: jgd.chain(ClipByNorm(), ScaleByLearningRate(rate)), "ClipByNorm, clipping"),
        (lambda rate: jgd.chain(Strange(), ScaleByLearningRate(rate)), "Strange, which is not plain descent"),
        (lambda rate: jgd.chain(Strange()), "Strange"),
        (
            lambda rate: jgd.chain(ScaleByLearningRate(rate), ScaleByLearningRate(rate)),
            "ScaleByLearningRate.*take one of the two",
        ),
        (lambda rate: jgd.optimizers.sgd(2 * rate), "learning_rate must be the optimizer's, 0.02, got 0.01"),
    ],
)
def test_method_one_refuses_what_is_no_plain_step(build, words):
    with pytest.raises(jgd.JgdError, match=words):
        method_one(start("float32"), start("float32"), 0.01, build(0.01))


@jgd.record
class Strange(jgd.Transform):
    def update(self, updates, state, context):
        return updates, state


@jgd.record
class ClipByNorm(Strange):
    pass


def test_method_one_takes_plain_descent_and_its_schedules():
    for optimizer in (jgd.optimizers.sgd(0.01), jgd.optimizers.sgd(jgd.schedules.StepDecay(0.01, 1, 0.5))):
        progress, _ = jgd.step(LOSS, optimizer, jgd.start(optimizer, start("float32")), hours("float32"))
        found = method_one(start("float32"), progress.params, 0.01, optimizer)
        assert found.gradient["weights"][0] == pytest.approx(EXACT, rel=found.relative_tolerance)


def test_a_step_that_is_not_the_gradients_stands_alone():
    params, batch = start("float32"), hours("float32")
    optimizer = jgd.optimizers.momentum(0.01)
    progress = jgd.start(optimizer, params)
    progress, _ = jgd.step(LOSS, optimizer, progress, batch)
    before = progress.params
    progress, _ = jgd.step(LOSS, optimizer, progress, batch)  # the second step carries the first one's velocity
    result = two_checks(LOSS, before, batch, 0.01, after=progress.params)
    assert result.verdict == "wrong"
    assert "method 1 stands alone" in result.detail


@pytest.mark.slow
def test_a_wrong_gradient_stands_against_method_two(x64):
    wrong = with_custom_gradient(LOSS, lambda p, b: jax.tree.map(lambda g: 2 * g, jax.grad(LOSS)(p, b)))
    result = two_checks(wrong, start("float64"), hours("float64"), 0.01)
    assert result.verdict == "wrong"
    assert "method 2 stands alone" in result.detail  # method 1 gives the wrong gradient back, as it must
    assert result.errors["automatic – method 1"] < 1e-12
    assert result.errors["automatic – method 2"] == pytest.approx(0.5)


@pytest.mark.slow
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_several_leaves_and_the_table(x64, dtype):
    model = MLP((3, 4, 2), "tanh")
    loss = jgd.SupervisedLoss(model, "squared_error")
    rng = np.random.default_rng(0)
    batch = (jnp.asarray(rng.standard_normal((8, 3)), dtype), jnp.asarray(rng.standard_normal((8, 2)), dtype))
    result = two_checks(loss, model.init(jax.random.key(0), jnp.dtype(dtype)), batch, 0.1)
    assert result.verdict == "ok", str(result)
    lines = str(result).splitlines()
    assert lines[2].startswith("[0]['bias']")
    assert lines[-1] == "verdict: ok"
    assert sum("allowed" in line for line in lines) == 3


@pytest.mark.slow
def test_what_cannot_be_told_is_inconclusive():
    kink = lambda w, batch: jnp.sum(jax.nn.relu(w))
    result = two_checks(kink, jnp.zeros(2), None, 0.1)
    assert (result.verdict, "kink" in result.detail) == ("inconclusive", True)
    assert two_checks(lambda w, batch: jnp.sum(w**2), jnp.zeros(2), None, 0.1).verdict == "inconclusive"
    result = two_checks(lambda w, batch: jnp.sum(jnp.log(w)), jnp.zeros(2), None, 0.1)
    assert (result.verdict, result.detail) == ("inconclusive", "the loss is -inf at params")
    steep = lambda w, batch: jnp.sum(jnp.sqrt(w))
    result = two_checks(steep, jnp.zeros(2), None, 0.1)
    assert (result.verdict, "not finite" in result.detail) == ("inconclusive", True)


@pytest.mark.slow
def test_a_large_step_is_no_kink(x64):
    waves = lambda w, batch: jnp.sum(jnp.sin(50 * w))
    result = two_checks(waves, jnp.array([0.1, 0.2]), None, 1e-3, step=0.05)
    assert result.verdict == "inconclusive"
    assert "kink" not in result.detail
    assert "smaller step" in result.detail
    sharp_bend = lambda w, batch: jnp.sum(jnp.square(1e6 * w)) + jnp.sum(w)
    assert "kink" not in two_checks(sharp_bend, jnp.zeros(2), None, 1e-3, step=1e-4).detail


@pytest.mark.slow
def test_another_function_in_float64_is_inconclusive_as_in_check_gradients():
    noisy = lambda w, b: jnp.sum(jnp.square(w + jax.random.normal(jax.random.key(0), (3,)).astype(w.dtype)))
    result = two_checks(noisy, jnp.ones(3), None, 0.1)
    assert result.verdict == "inconclusive"
    assert result.detail == check_gradients(noisy, jnp.ones(3), None).problem
    assert "another function in float64" in result.detail
    count = itertools.count()
    result = two_checks(lambda w, batch: jnp.sum(w) * (1 + next(count)), jnp.ones(2), None, 0.1)
    assert "not deterministic" in result.detail


def test_a_narrow_program_is_too_coarse_not_wrong():
    loss = lambda w, batch: jnp.sum(jnp.sin(w.astype(jnp.bfloat16))).astype(jnp.float32)
    result = two_checks(loss, jnp.array([0.3, 1.0, 2.1]), None, 0.1)
    assert (result.verdict, "narrow dtype" in result.detail) == ("inconclusive", True)


@pytest.mark.slow
def test_a_small_gradient_beside_a_large_loss_is_no_false_alarm(x64):
    large = lambda w, batch: 1e6 + jnp.sum(1e-3 * jnp.square(w - 1))
    assert two_checks(large, jnp.full(3, 1.01), None, 0.1).verdict != "wrong"


def test_bad_input_is_named():
    for rate in (0.0, -0.1, np.nan):
        with pytest.raises(jgd.JgdError, match="learning_rate"):
            method_one(start("float32"), start("float32"), rate)
    with pytest.raises(jgd.JgdError, match="weights"):
        method_one(start("float32"), {"weights": jnp.ones(2)}, 0.1)
    with pytest.raises(jgd.JgdError, match=r"optimizer must be a jgd\.Optimizer"):
        method_one(start("float32"), start("float32"), 0.1, ScaleByLearningRate(0.1))
