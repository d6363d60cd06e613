"""Tasks of one's own: what is refused, and rows that are cut anew."""

import dataclasses
from dataclasses import replace

import jax.numpy as jnp
import numpy as np
import pandas as pd
import pytest

import jgd

ROWS = (np.arange(20.0), np.arange(20))
TASK = jgd.Task.from_arrays("twenty", lambda key: jnp.zeros(()), lambda w, rows: jnp.mean((w - rows[0]) ** 2), ROWS)


def own(**options):
    return jgd.Task.from_arrays("no", TASK.init, TASK.loss, ROWS, **options)


def guess(w, x):
    return w * x


def test_folds_are_each_row_once_and_never_the_test_rows():
    folds = TASK.folds(3, seed=1)
    held = np.concatenate([fold.validation[1] for fold in folds])
    assert sorted(held) == sorted(np.concatenate([TASK.train[1], TASK.validation[1]]))
    for fold in folds:
        assert not set(fold.train[1]) & set(fold.validation[1])
        assert len(fold.train[1]) + len(fold.validation[1]) == 16
        assert fold.test is TASK.test
        assert (fold.train[0] == fold.train[1]).all()  # rows stay rows
    assert folds[0].name == "twenty fold 1 of 3"
    assert list(TASK.folds(3)[0].validation[1]) != list(folds[0].validation[1])


@pytest.mark.filterwarnings("ignore:.* is constant")  # the rare word, in a fold without it
def test_folds_of_a_table_are_fitted_on_their_own_training_rows():
    """Fills, scales, the target's unit, balanced weights: nothing of a fold's validation rows is in them."""
    rng = np.random.default_rng(0)
    table = {"x": rng.normal(5, 2, 50), "word": np.array(["a", "b"] * 24 + ["c", "c"]), "y": rng.normal(100, 30, 50)}
    table["x"][::7] = np.nan
    values = jgd.tasks.of_table(jgd.data.read(table, "y", one_hot="auto", missing="mean")).chosen_by("rmse")
    for task in (values.with_rows(20), values):
        folds = task.folds(3)
    for fold in folds:
        inputs, targets = fold.train
        np.testing.assert_allclose(inputs.mean(axis=0), 0, atol=1e-6)
        np.testing.assert_allclose([targets.mean(), targets.std()], [0, 1], atol=1e-6)
        assert fold.train[0].shape[1] == values.train[0].shape[1]  # the model stays
        unit = fold.preprocessing.unit
        assert fold.metrics["rmse"].unit == pytest.approx(1 / float(unit.factor[0]))
        raw = fold.raw.parts
        assert not set(raw[0][1]) & set(raw[1][1])
        np.testing.assert_allclose(fold.preprocessing.values(fold.validation[1]), raw[1][1], rtol=1e-5)
        np.testing.assert_allclose(fold.preprocessing.values(fold.test[1]), raw[2][1], rtol=1e-5)
        assert np.nanmean(raw[0][0][:, 0]) == pytest.approx(fold.preprocessing.encoder.fills[0])
    assert len({fold.preprocessing.encoder.fills[0] for fold in folds}) == 3
    weighted = jgd.tasks.of_table(jgd.datasets.get("iris"), class_weight="balanced")
    for fold in weighted.folds(2):
        labels, weights = fold.train[1:]
        np.testing.assert_allclose([weights[labels == each].sum() for each in range(3)], len(labels) / 3, rtol=1e-5)


def test_rows_of_ones_own_are_cut_as_they_are():
    """A task of a table with other rows in their place: no fold brings the table's back."""
    iris = jgd.tasks.get("iris")
    noisy = dataclasses.replace(iris, train=(iris.train[0] + 100, iris.train[1]))
    for made in (noisy, noisy.with_rows(0.5)):
        for fold in made.folds(2):
            assert fold.train[0].max() > 50
            assert fold.preprocessing is iris.preprocessing


def test_arrays_keep_their_scale_their_labels_and_their_weights():
    inputs, words = np.arange(40.0).reshape(20, 2), np.array(["no", "yes"] * 10)
    model = jgd.models.Softmax(2, 2)
    own = {"scale": jgd.MinMax(), "class_weight": {"yes": 3.0}}
    task = jgd.Task.from_arrays(
        "own", model.init, jgd.SupervisedLoss(model, "softmax_cross_entropy"), (inputs, words), **own
    )
    assert (task.train[0].min(), task.train[0].max(), set(task.train[2].tolist())) == (0, 1, {1.0, 3.0})
    chosen = task.chosen_by("f1")
    predictor = chosen.predictor(model.init(jgd.init_key(0)))
    assert set(predictor.predict(inputs)) <= {"no", "yes"}
    assert all((fold.train[0].min(), fold.train[0].max()) == (0, 1) for fold in chosen.folds(2))
    pair = lambda *rows: jgd.Task.from_arrays("own", model.init, lambda params, batch: 0.0, rows, classes=("a", "b"))
    with pytest.raises(jgd.JgdError, match="an array each"):
        pair({"x": inputs}, words)
    assert pair(inputs, np.array([0, 1] * 10)).preprocessing.classes == ("a", "b")


def test_fewer_training_rows_are_a_part_of_more():
    few, more = TASK.with_rows(3), TASK.with_rows(0.5)
    assert (len(few.train[1]), len(more.train[1])) == (3, 6)
    assert set(few.train[1]) < set(more.train[1]) < set(TASK.train[1])
    assert few.validation is TASK.validation


def test_a_metric_by_name_needs_no_more_than_what_predicts():
    """Rows as they are, of a model or a function: whether they are classes is told by targets, outputs and loss."""
    task = jgd.tasks.get("hours_points").chosen_by("rmse")
    params = {"weights": jnp.full(1, 1.5)}
    assert float(task.metrics["rmse"](params, task.validation)) == pytest.approx(2.0)  # 0.5 points an hour, at 4 hours
    assert (task.larger_is_better, [fold.metric for fold in task.folds(2)]) == (False, ["rmse", "rmse"])
    labels, inputs = np.array([0.0, 1.0] * 10), np.linspace(-1, 1, 20)
    made = lambda loss, **rest: jgd.Task.from_arrays("own", TASK.init, loss, (inputs, labels), model=guess, **rest)
    both = made(TASK.loss, metric="balanced_accuracy", scale=jgd.Standard())
    assert (both.larger_is_better, both.chosen_by("mae").larger_is_better) == (True, False)
    assert both.chosen_by("mae").chosen_by("balanced_accuracy").larger_is_better
    with pytest.raises(jgd.JgdError, match="choose from: loss, rmse, mae, r2"):
        made(jgd.SupervisedLoss(jgd.models.Linear(1), "squared_error")).chosen_by("accuracy")


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: TASK.folds(1), "count must be a whole number from 2 to 16, got 1"),
        (lambda: TASK.folds(17), "from 2 to 16, got 17"),
        (lambda: TASK.with_rows(13), "rows must be a whole number from 1 to 12"),
        (lambda: TASK.with_rows(1.5), r"rows must be a finite number in \(0, 1\]"),
        (
            lambda: jgd.Task.from_arrays("no", TASK.init, TASK.loss, ROWS, test=0.9),
            "the train split must have at least",
        ),
        (lambda: own(init_state=3), "init_state must be a function"),
        (lambda: own(evaluation_loss=3), "evaluation_loss must be"),
        (lambda: jgd.Task.from_arrays("no", None, TASK.loss, ROWS), "init must be a function"),
        (lambda: jgd.Task.from_arrays("no", TASK.init, None, ROWS), "loss must be a function"),
        (lambda: own(metrics=[len]), "metrics must be a mapping"),
        (lambda: replace(TASK, validation=ROWS[0]), "validation must hold several arrays as train does, got one array"),
        (lambda: own(metrics={"size": 3}), r"metrics\['size'\] must be a function"),
        (lambda: own(classes="ab"), "classes must be names"),
        (lambda: own(metric="rmse"), "'rmse' is of predictions: say what predicts, model="),
        (lambda: own(model=guess, metric="rmsee"), "did you mean 'rmse'.* choose from: loss, rmse, mae, r2"),
        (lambda: own(model=guess, metric="f1"), "unknown metric 'f1'"),
    ],
)
def test_what_is_refused(call, says):
    with pytest.raises(jgd.JgdError, match=says):
        call()


def test_frames_are_rows_and_a_loss_that_raises_is_named():
    def reads_elsewhere(params, rows):
        return params["elsewhere"]

    frame = pd.DataFrame({"a": np.arange(4.0, dtype=np.float32)})
    task = jgd.Task("frames", lambda key: {"w": jnp.zeros(())}, reads_elsewhere, *[(frame, frame["a"])] * 3)
    assert [type(part) for part in task.train] == [np.ndarray] * 2
    with pytest.raises(KeyError) as caught:
        jgd.train(task, jgd.optimizers.sgd(0.1), steps=1)
    assert any("reads_elsewhere, traced for a step" in note for note in caught.value.__notes__)
