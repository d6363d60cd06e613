"""Folds and other splits in a sweep: runs by hand, means over them, one program, kept, gone on with, and used."""

import dataclasses

import jax.numpy as jnp
import numpy as np
import pytest
from helpers import tables

import jgd
from jgd.sweeps.splits import Splits

X = np.linspace(-1, 1, 25, dtype=np.float32)
ROWS = X, (2 * X + 0.3 * np.sin(40 * X)).astype(np.float32)
TRACED = []


def loss(params, rows):
    TRACED.append(1)
    return jnp.mean((params["w"] * rows[0] - rows[1]) ** 2)


TASK = jgd.Task.from_arrays("slope", lambda key: {"w": jnp.ones(())}, loss, ROWS)  # 15, 5 and 5 rows
RATES = {"learning_rate": [0.02, 0.1]}
RUN = {"steps": 6, "batch_size": 4}


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return tmp_path_factory.mktemp("folds")


@pytest.fixture(scope="module")
def found(store):
    return jgd.sweep(TASK, "sgd", RATES, folds=4, seeds=[1, 3], store=store / "sweep", **RUN)


def same(a, b):
    np.testing.assert_array_equal(np.asarray(a), np.asarray(b))


@pytest.mark.slow
def test_each_run_is_that_of_its_seed_on_its_fold(found):
    assert found.seeds == (4, 5, 6, 7, 12, 13, 14, 15)
    assert found.dataset.seed_of.values.tolist() == [1, 1, 1, 1, 3, 3, 3, 3]
    assert found.dataset.fold.values.tolist() == [0, 1, 2, 3] * 2
    assert "2 configs × 2 seeds × 4 folds" in repr(found)
    for place, fold in enumerate(TASK.folds(4)):  # 20 rows: folds of one size
        alone = jgd.sweep(fold, "sgd", RATES, seeds=[1, 3], **RUN)
        same(found.loss[:, place::4], alone.loss)
        same(found.validation["loss"][:, place::4], alone.validation["loss"])
    assert len(np.unique(found.scores[0])) == 8


def test_what_chooses_is_the_mean_and_its_interval_knows_that_runs_share_rows(found):
    best = found.best
    assert best.config == found.scores.mean(axis=1).argmin()
    scores = found.scores[best.config]
    assert best.validation.mean == pytest.approx(scores.mean())
    assert best.validation.standard_error == pytest.approx(scores.std(ddof=1) * np.sqrt(1 / 8 + 5 / 15), rel=1e-5)
    assert "share training rows" in best.validation.note
    assert "2 seeds × 4 folds" in jgd.reports.report(found)
    apart = found.scores[0] - found.scores[1]
    pair = jgd.analysis.paired(*found.scores, larger_is_better=False, overlap=5 / 15)
    assert pair.difference.standard_error == pytest.approx(apart.std(ddof=1) * np.sqrt(1 / 8 + 5 / 15), rel=1e-5)


def test_folds_compile_nothing_of_their_own():
    jgd.sweep(TASK, "sgd", RATES, folds=4, seeds=2, **RUN)  # under this test's settings of jax, which programs are of
    before = len(TRACED)
    jgd.sweep(TASK, "sgd", RATES, folds=4, resplit=True, seeds=2, **RUN)
    assert len(TRACED) - before <= 1  # the dry run's look at the loss, no program


def test_it_is_kept_replayed_extended_and_confirmed(found, store):
    read = jgd.load_sweep(store / "sweep")
    same(read.loss, found.loss)
    assert (read.facts.splits, read.seeds) == (found.facts.splits, found.seeds)
    assert read.dataset.fold.values.tolist() == [0, 1, 2, 3] * 2
    assert found.replay(1, seed=14).reproduced
    more = found.extend(seeds=[1, 2, 3])
    assert len(more.seeds) == 12
    same(more.loss[:, [*range(4), *range(8, 12)]], found.loss)
    with pytest.raises(jgd.JgdError, match=r"seeds must hold those of the sweep, \(1, 3\), got \(1,\)"):
        found.extend(seeds=[1])
    sure = found.confirm(seeds=2)
    assert (sure.seeds, sure.runs.seeds) == ((4, 5), tuple(range(16, 24)))
    want = [TASK.loss(sure.runs.params(0, label), TASK.test) for label in sure.runs.seeds]
    assert sure.confirmed[0].test.mean == pytest.approx(np.mean(want), rel=1e-5)
    assert "fresh seeds 4, 5" in jgd.reports.confirmation_text(sure)
    with pytest.raises(jgd.JgdError, match="must be fresh"):
        found.confirm(seeds=[3])
    with pytest.raises(jgd.JgdError, match="another sweep; what differs: folds"):
        jgd.sweep(TASK, "sgd", RATES, folds=5, seeds=[1, 3], store=store / "sweep", **RUN)


@pytest.mark.parametrize("folds", [None, 4])
def test_each_seed_has_a_split_of_its_own(folds):
    swept = jgd.sweep(TASK, "sgd", RATES, folds=folds, resplit=True, seeds=2, **RUN)
    count = folds or 1
    tasks = swept.plan.tasks
    assert len(swept.seeds) == len(tasks) == 2 * count
    held = [np.concatenate([task.validation[0] for task in tasks[i * count : (i + 1) * count]]) for i in (0, 1)]
    assert len(held[0]) == len(held[1]) == (20 if folds else 5)
    assert held[0].tolist() != held[1].tolist()
    for task in tasks:
        assert (len(task.train[0]), len(task.validation[0])) == (15, 5)
        known = {*task.train[0].tolist(), *task.validation[0].tolist()}
        assert known == {*TASK.train[0].tolist(), *TASK.validation[0].tolist()}
    assert swept.best.validation.n == 2 * count


def test_rows_that_folds_do_not_divide_train_always():
    tasks = Splits.of(TASK, 3, False).tasks(TASK, range(3))
    assert [(len(task.train[0]), len(task.validation[0])) for task in tasks] == [(14, 6)] * 3
    always = set.intersection(*({*task.train[0].tolist()} for task in tasks))
    assert len(always) == 2


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.* is constant")
def test_a_run_predicts_by_what_was_fitted_on_its_own_rows(tmp_path):
    table = {**tables.mixed(60), "income": np.linspace(10, 90, 60)}
    task = jgd.tasks.of_table(tables.read(table, "income", drop=["bought"])).chosen_by("rmse")
    found = jgd.sweep(task, "adam", {"learning_rate": [0.1]}, folds=3, seeds=1, steps=8, store=tmp_path)
    read = jgd.load_sweep(tmp_path)
    for place, own in enumerate(found.plan.tasks):
        answers = found.predictor(0, place).predict(table)
        outputs = own.loss.outputs(found.params(0, place), (own.preprocessing.inputs(table), None))
        np.testing.assert_allclose(answers, own.preprocessing.values(np.asarray(outputs)), rtol=1e-5)
        same(read.predictor(0, place).predict(table), answers)
        targets = own.raw.parts[1][1]
        error = own.preprocessing.values(own.loss.outputs(found.params(0, place), own.validation)) - targets.ravel()
        assert found.scores[0, place] == pytest.approx(np.sqrt(np.mean(error**2)), rel=1e-4)  # in the target's unit
    assert len({float(own.preprocessing.unit.shift[0]) for own in found.plan.tasks}) == 3


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"folds": 1}, "folds must be a whole number from 2 to 20, got 1"),
        ({"folds": 21}, "from 2 to 20, got 21"),
        ({"resplit": 1}, "resplit must be"),
        ({"folds": 4, "seeds": [2**31]}, "seeds, times the folds, must be"),
    ],
)
def test_what_is_refused(options, says):
    with pytest.raises(jgd.JgdError, match=says):
        jgd.sweep(TASK, "sgd", RATES, **options, **RUN)


def test_a_recipe_has_no_hyperparameter_named_like_the_coordinates():
    recipe = lambda learning_rate, fold: jgd.optimizers.sgd(learning_rate)
    with pytest.raises(jgd.JgdError, match="is named 'fold'"):
        jgd.sweep(dataclasses.replace(TASK), {"mine": recipe}, {**RATES, "fold": [1.0]}, **RUN)
