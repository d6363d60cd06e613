"""When a run ends before its budget, and what is kept of it: G11, G12, I12."""

import jax.numpy as jnp
import numpy as np
import pytest

import jgd
from jgd.stopping import EarlyStopping

HOURS = jgd.datasets.hours_points()
LOSS = jgd.SupervisedLoss(jgd.models.Linear(1, bias=False), "squared_error")


def train(steps=500, rate=0.01, **options):
    return jgd.train(LOSS, jgd.optimizers.sgd(rate), {"weights": jnp.ones(1)}, HOURS.rows, steps=steps, **options)


@pytest.mark.slow
def test_g12_a_small_gradient_has_converged():
    whole = train()
    run = train(stop=jgd.StoppingRule(gradient_norm=1e-3))
    first = int(np.argmax(whole.history["gradient_norm"] <= 1e-3))
    assert (run.status, run.end.step) == ("converged", first + 1)  # the update of that step is still made
    assert "gradient_norm <= 0.001" in run.end.detail
    np.testing.assert_array_equal(run.history["loss"], whole.history["loss"][: first + 1])
    assert int(run.train_state.opt_state.step) == first + 1


def test_g12_a_loss_that_no_longer_changes_has_converged():
    whole = train()
    run = train(stop=jgd.StoppingRule(loss_change=1e-4))
    change = np.abs(np.diff(whole.history["loss"]))
    assert (run.status, run.end.step) == ("converged", int(np.argmax(change <= 1e-4)) + 2)


@pytest.mark.slow
def test_the_loss_of_an_epoch_is_compared_not_of_a_batch():
    run = train(stop=jgd.StoppingRule(loss_change=1e-5), batch_size=1)
    assert run.status == "converged"
    assert run.end.step % 3 == 0
    epochs = run.history["loss"].reshape(-1, 3).mean(axis=1)
    assert abs(epochs[-1] - epochs[-2]) <= 1e-5 < abs(epochs[-2] - epochs[-3])


def test_a_target_is_reached():
    run = train(stop=jgd.StoppingRule(loss=0.5))
    assert run.status == "target"
    assert run.history["loss"][-1] <= 0.5 < run.history["loss"][-2]


@pytest.mark.slow
def test_out_of_budget_is_never_converged():
    assert train(steps=3, stop=jgd.StoppingRule(gradient_norm=1e-9, loss_change=1e-9, loss=-1.0)).status == "max_steps"


def test_the_first_goal_that_is_met_counts():
    loose = train(stop=jgd.StoppingRule(gradient_norm=1e3, loss=1e-9))
    assert (loose.status, loose.end.step) == ("converged", 1)


@pytest.mark.slow
def test_patience_and_the_best_parameters():
    """I12: the validation rows want w = 1.5, the training rows 2, so that the best w is passed on the way."""
    validation = (jnp.array([[1.0]]), jnp.array([1.5]))
    observed = {"validation": validation, "evaluate_every": 1, "observe": lambda params: params["weights"][0]}
    run = train(**observed, stop=jgd.StoppingRule(patience=4))
    losses = run.evaluations["loss"]
    best = int(np.argmin(losses))
    assert run.status == "no_progress"
    assert run.end.step == best + 4
    assert (run.best.step, run.best.value) == (best, losses[best])
    assert float(run.best.params["weights"][0]) == run.observations[best - 1]
    assert abs(float(run.best.params["weights"][0]) - 1.5) < 0.1 < abs(float(run.params["weights"][0]) - 1.5)
    assert train(**observed).best.step == best  # kept without patience too


def judged(values, **rule):
    """Which evaluations were the best so far, and what is remembered after the last."""
    judge = (
        jgd.StoppingRule(**rule).early_stopping(larger_is_better=False)
        if rule
        else EarlyStopping(larger_is_better=True)
    )
    best, won = judge.init(jnp.zeros(())), []
    for step, value in enumerate(values):
        best = judge.update(best, jnp.float32(step), jnp.int32(step), jnp.float32(value))
        won.append(int(best.step) == step)
        assert float(best.params) == max(int(best.step), 0)  # kept with the value
    return won, best


def test_min_delta_counts_what_it_has_to_beat():
    won, best = judged([10.0, 9.8, 9.6, 9.4, float("nan"), 9.5], min_delta=0.5)
    assert won == [True, True, True, True, False, False]
    assert (int(best.step), float(best.value), int(best.waited)) == (3, np.float32(9.4), 2)


def test_a_metric_may_be_the_larger_the_better():
    assert judged([float("nan"), 0.5, 0.4, 0.6])[0] == [False, True, False, True]


def test_patience_is_counted_in_evaluations_that_are_no_better():
    ends = [bool(judged([3.0, 2.0, 2.0, 2.0][:n], patience=2)[1].out_of_patience) for n in (2, 3, 4)]
    assert ends == [False, False, True]


@pytest.mark.slow
def test_a_metric_that_never_is_a_number_loses_patience_and_says_so():
    run = train(
        validation=HOURS.rows, metrics={"broken": lambda *_: jnp.nan}, metric="broken", evaluate_every=1,
        stop=jgd.StoppingRule(patience=3),
    )  # fmt: skip
    assert (run.status, run.end.step, run.best) == ("no_progress", 2, None)
    assert run.end.detail == "best validation broken was never a number"


def test_time_is_a_reason_too():
    run = train(steps=10**6, stop=jgd.StoppingRule(seconds=0.0))
    assert (run.status, run.end.step) == ("time", 0)


@pytest.mark.parametrize(
    "options", [{"gradient_norm": -1.0}, {"patience": 0}, {"seconds": float("nan")}, {"loss": "0"}]
)
def test_bad_numbers_are_refused_by_name(options):
    with pytest.raises(jgd.JgdError, match=next(iter(options))):
        jgd.StoppingRule(**options)


def test_patience_needs_validation():
    with pytest.raises(jgd.JgdError, match="patience need validation"):
        train(stop=jgd.StoppingRule(patience=1))


E6 = [1, 0.8, 0.8, 0.81, 0.79, 0.79, 0.79, 0.79, 0.5]


def metric_of(values):
    """A metric that reads `values` by the number of updates made, which the loss below counts in its parameter."""
    return lambda params, rows: jnp.asarray(values, jnp.float32)[params.astype(int)]


def rates(values, steps, **plateau):
    """The rates of a run that is evaluated after every step and hears `values`, the first before any step."""
    count = lambda params, rows: -params  # plain descent at rate r moves the parameter by r: keep the count apart
    optimizer = jgd.chain(
        jgd.transforms.ReduceOnPlateau(**plateau, metric="validation"),
        jgd.transforms.ClipByValue(1e-9),
        jgd.transforms.ScaleByLearningRate(1e9),
    )
    run = jgd.train(
        count, optimizer, jnp.zeros(()), steps=steps, validation=jnp.zeros(1), metrics={"m": metric_of(values)},
        metric="m", evaluate_every=1,
    )  # fmt: skip
    np.testing.assert_array_equal(run.evaluations["m"], np.float32(values[: steps + 1]))
    return run.history["learning_rate"] / 1e9


@pytest.mark.slow
def test_e6_the_rate_falls_on_a_validation_plateau():
    """Patience 2 of the lecture: the third value in a row that is not better is one too many; ours counts the second."""
    settings = {"factor": 0.5, "patience": 1, "threshold": 0.0}
    np.testing.assert_allclose(rates(E6, 8, **settings), [1, 1, 1, 0.5, 0.5, 0.5, 0.25, 0.25])


def test_e6_a_nan_metric_leaves_the_rate():
    values = [1, float("nan"), float("nan"), float("nan"), float("nan"), 0.9]
    np.testing.assert_allclose(rates(values, 5, factor=0.5, patience=0, threshold=0.0), 1)
