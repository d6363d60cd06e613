"""History in bounded memory, and the lectures' smoothing: A4, I11."""

import numpy as np
import pytest

import jgd
from jgd.training.history import History

LECTURE = [4.666666667, 3.836207407, 3.1534330]  # hours/points costs of the first epochs


def test_i11_the_lectures_numbers(x64):
    hours = jgd.datasets.hours_points()
    loss = jgd.SupervisedLoss(jgd.models.Linear(1, bias=False), "squared_error")
    run = jgd.train(loss, jgd.optimizers.sgd(0.01), {"weights": np.ones(1)}, hours.rows, steps=5)
    cost = run.history["loss"]
    np.testing.assert_allclose(jgd.smooth(cost, 0.9, "literal")[:3], [4.6666667, 3.9192533, 3.2218004], atol=1e-7)
    np.testing.assert_allclose(jgd.smooth(cost, 0.9)[:3], [4.6666667, 3.9192533, 3.2301051], atol=1e-7)
    want = [4.6666667, 4.5836207, 4.4406120, 4.2557852, 4.0433089]
    np.testing.assert_allclose(jgd.smooth(cost, 0.1), want, atol=1e-7)


@pytest.mark.parametrize("form", ["recursive", "corrected", "literal"])
def test_a_constant_stays_and_a_gap_is_never_crossed(form):
    curve = np.array([3.0, 3.0, np.nan, 7.0, 7.0, np.inf, 1.0])
    np.testing.assert_allclose(jgd.smooth(curve, 0.3, form), curve)


def test_corrected_is_the_weighted_mean():
    x = np.array([1.0, 5.0, 2.0, 8.0])
    weights = 0.3 * 0.7 ** np.arange(4)[::-1]
    np.testing.assert_allclose(jgd.smooth(x, 0.3, "corrected")[-1], weights @ x / weights.sum())


@pytest.mark.parametrize(("b", "form"), [(0.0, "recursive"), (1.1, "literal"), (0.5, "mean")])
def test_nonsense_is_refused(b, form):
    with pytest.raises(jgd.JgdError):
        jgd.smooth([1.0], b, form)


@pytest.mark.parametrize("cuts", [[1] * 100, [100], [7] * 14 + [2], [33, 33, 34]])
def test_what_is_kept_depends_on_the_steps_only(cuts):
    history = History(limit=10)
    loss = np.arange(100.0) ** 2
    for size in cuts:
        history.absorb({"loss": loss[history.done : history.done + size]})
    table = history.table()
    assert table["step"].tolist() == [0, 16, 32, 48, 64, 80, 96, 99]
    np.testing.assert_array_equal(table["loss"], loss[table["step"]])


def test_every_so_many_steps_and_the_last():
    hours = jgd.datasets.hours_points()
    loss = jgd.SupervisedLoss(jgd.models.Linear(1, bias=False), "squared_error")
    options = {"data": hours.rows, "steps": 11, "history": 3}
    runs = [
        jgd.train(loss, jgd.optimizers.sgd(0.01), {"weights": np.ones(1, np.float32)}, record_every=every, **options)
        for every in (1, 3)
    ]
    assert [run.history["step"].tolist() for run in runs] == [[0, 4, 8, 10], [0, 6, 10]]
    assert runs[0].params["weights"] == runs[1].params["weights"]


def test_no_limit_keeps_all():
    history = History(limit=None)
    history.absorb({"loss": np.arange(20_001.0)})
    assert len(history.table()["loss"]) == 20_001


def test_run_to_xarray_and_pandas():
    hours = jgd.datasets.hours_points()
    loss = jgd.SupervisedLoss(jgd.models.Linear(1, bias=False), "squared_error")
    options = {"steps": 10, "validation": hours.rows, "evaluate_every": 4}
    run = jgd.train(loss, jgd.optimizers.sgd(0.01), {"weights": np.ones(1, np.float32)}, hours.rows, **options)
    table = run.to_xarray()
    assert table.sizes["step"] == 11  # ten steps, and the evaluation after the last
    np.testing.assert_array_equal(table["loss"].dropna("step"), run.history["loss"])
    seen = table["validation_loss"].dropna("step")
    assert seen.step.values.tolist() == [0, 4, 8, 10]
    assert table.attrs["status"] == "max_steps"
    assert {"loss", "gradient_norm", "update_norm", "learning_rate", "seconds"} <= set(run.to_dataframe().columns)
