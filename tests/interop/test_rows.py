"""Tasks of other libraries' models take rows as tables do: labels, units, scales, weights, metrics by name, folds."""

import jax
import numpy as np
import pytest
from helpers import tables

import jgd
from jgd.tasks import Score

RNG = np.random.default_rng(0)
INPUTS = RNG.normal(10, 3, size=(60, 2, 3))
WORDS = np.where(INPUTS.mean((1, 2)) > 10, "dog", "cat")
VALUES = 1000 + 300 * INPUTS[:, 0, 0]


def task(outputs, loss, data, **options):
    hk = pytest.importorskip("haiku", reason="Haiku is not installed")

    def net(x):
        out = hk.Linear(outputs or 1)(hk.Flatten()(x))
        return out if outputs else out[:, 0]

    return jgd.interop.haiku.task(net, loss, data, **options)


@pytest.mark.slow
def test_a_run_on_words_answers_in_words_and_so_does_its_file(tmp_path):
    own = task(2, "softmax_cross_entropy", (INPUTS, WORDS), scale=jgd.Standard(), metric="balanced_accuracy")
    assert (own.metric, own.larger_is_better) == ("balanced_accuracy", True)
    np.testing.assert_allclose(own.train[0].mean((0, 1)), 0, atol=1e-5)
    run = jgd.train(own, jgd.optimizers.adam(0.05), steps=60)
    assert np.mean(run.predict(INPUTS) == WORDS) > 0.8
    kept = jgd.load_model(jgd.save_model(run, tmp_path), own.model)
    assert (kept.predict(INPUTS) == run.predict(INPUTS)).all()
    other = task(3, "squared_error", (INPUTS, np.zeros((60, 3), np.float32)))
    with pytest.raises(
        jgd.JgdError, match=r"model has other parameters than the one in .*of shape \(3,\) here, \(2,\) there"
    ):
        jgd.load_model(tmp_path, other.model)
    part = own.raw.parts[1]  # rows that chose, as they were
    score = kept.score(part[0], "balanced_accuracy", targets=np.array(kept.classes)[part[1]])
    assert run.best.value == pytest.approx(score, abs=1e-6)
    for fold in own.folds(3):
        np.testing.assert_allclose(fold.train[0].mean((0, 1)), 0, atol=1e-5)


def test_labels_that_the_outputs_cannot_tell_are_refused():
    with pytest.raises(jgd.JgdError, match=r"labels 0 … 1, the classes of the model's outputs, got the label [23]"):
        task(2, "softmax_cross_entropy", (INPUTS, np.arange(60) % 2 + 2))


def test_values_return_to_their_unit():
    own = task(0, "squared_error", (INPUTS, VALUES), target_scale=jgd.Standard(), metric="mae")
    params = own.init(jgd.init_key(0))
    rows = own.raw.parts[1]
    said = own.predictor(params).predict(rows[0])
    error = own.metrics["mae"](params, own.validation)
    assert float(error) == pytest.approx(np.abs(said - rows[1]).mean(), rel=1e-5)
    assert error > 100


def test_a_table_becomes_features_and_its_rows_count_by_class():
    own = task(2, "softmax_cross_entropy", tables.read(), class_weight="balanced")
    same = jgd.tasks.of_table(tables.read(), class_weight="balanced")
    for mine, theirs in zip(
        jax.tree.leaves((own.train, own.test)), jax.tree.leaves((same.train, same.test)), strict=True
    ):
        np.testing.assert_array_equal(mine, theirs)
    assert own.preprocessing.classes == ("no", "yes")
    assert own.predictor(own.init(jgd.init_key(0))).predict(tables.mixed(5)).shape == (5,)


def test_a_row_of_weight_0_is_as_if_it_were_not_there():
    """So an epoch's short last batch can be filled up."""
    weights = np.arange(60) % 3
    weighted = task(2, "softmax_cross_entropy", (INPUTS, WORDS, weights))
    params, rows = jax.jit(weighted.init)(jgd.init_key(0)), weighted.train
    there = rows[2] > 0
    some = tuple(array[there] for array in rows)
    at = jax.jit(lambda rows: jax.value_and_grad(lambda params: weighted.loss(params, rows)[0])(params))
    (value, grads), (again, same) = at(rows), at(some)
    np.testing.assert_allclose(value, again, rtol=1e-6)
    jax.tree.map(lambda one, other: np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-6), grads, same)
    short = weighted.loss.weighted(some[:2], np.asarray(some[2]))
    np.testing.assert_array_equal(short[2], some[2])
    assert float(weighted.loss.row_share(some, rows)) == pytest.approx(1.0)
    mean = task(2, lambda outputs, targets: outputs.mean(), (INPUTS, WORDS, weights))
    assert not hasattr(mean.loss, "weighted")
    with pytest.raises(jgd.JgdError, match="an error a row"):
        mean.loss(params, rows)


def test_rows_that_meet_in_training_are_never_filled_up():
    hk = pytest.importorskip("haiku", reason="Haiku is not installed")
    net = lambda x, is_training: hk.Linear(2)(hk.Flatten()(hk.BatchNorm(True, True, 0.9)(x, is_training)))
    own = jgd.interop.haiku.task(net, "softmax_cross_entropy", (INPUTS, WORDS))
    assert not hasattr(own.loss, "weighted")
    assert hasattr(own.evaluation_loss, "row_share")
    state = own.init_state(jgd.init_key(0))
    other = jax.tree.map(lambda leaf: leaf + 1.0, state)
    params = own.init(jgd.init_key(0))
    score = Score("log_loss", own.model, 2)
    assert score(params, own.test, state) != score(params, own.test, other)


@pytest.mark.parametrize(
    ("outputs", "loss", "targets", "metrics"),
    [
        (3, "softmax_cross_entropy", np.arange(60) % 3, ["accuracy"]),
        (0, "logistic_nll", np.arange(60) % 2, ["accuracy"]),
        (0, "poisson_nll", np.arange(60) % 2, []),  # counts
        (0, "squared_error", np.arange(60) % 3, []),
        (2, "squared_error", RNG.normal(size=(60, 2)), []),
    ],
)
def test_what_targets_are_follows_from_them_and_the_outputs(outputs, loss, targets, metrics):
    own = task(outputs, loss, (INPUTS, targets))
    assert list(own.metrics) == metrics
    assert len(own.preprocessing.classes) == (len(np.unique(targets)) if metrics else 0)
    shape = (60, 2) if targets.ndim > 1 else (60,)
    assert own.predictor(own.init(jgd.init_key(0))).predict(INPUTS).shape == shape


@pytest.mark.parametrize(
    ("outputs", "targets", "options", "says"),
    [
        (3, WORDS, {}, r"a logit for each of the 2 classes, outputs \(n, 2\) or \(n,\), got \(n, 3\)"),
        (2, VALUES, {"classes": ["a", "b"]}, "classes names 2 classes: targets must then be integers 0 … 1"),
        (2, WORDS, {"classes": ["cat", "cow"]}, "'dog', which is none of classes"),
        (2, VALUES.astype(object) * np.nan, {}, "no empty cell"),
        (2, WORDS, {"clases": 1}, "there is no option 'clases'"),
        (2, WORDS, {"metric": "rmse"}, "unknown metric 'rmse'"),
        (2, WORDS, {"metrics": {"size": 3}}, r"metrics\['size'\] must be a function"),
        (2, WORDS, {"scale": 3}, "a scale must be"),
        (2, WORDS, {"scale": "standard"}, "a scale must be"),
        (2, VALUES, {"classes": 2}, "classes must be names"),
        (2, WORDS, {"class_weight": [1, 2]}, "class_weight must be a mapping"),
        (0, VALUES, {"class_weight": "balanced"}, "class_weight is of classes"),
    ],
)
def test_what_does_not_fit_the_rows_is_refused(outputs, targets, options, says):
    loss = "softmax_cross_entropy" if outputs else "squared_error"
    with pytest.raises(jgd.JgdError, match=says):
        task(outputs, loss, (INPUTS, targets), **options)


def test_rows_of_another_shape_are_told_by_shape():
    own = task(2, "softmax_cross_entropy", (INPUTS, WORDS))
    predictor = own.predictor(own.init(jgd.init_key(0)))
    for rows, says in (
        (INPUTS[:, :1], r"\(n, 2, 3\), got \(60, 1, 3\)"),
        (WORDS, "got"),
        ([[1], [1, 2]], "of one shape"),
    ):
        with pytest.raises(jgd.JgdError, match=says):
            predictor.predict(rows)
