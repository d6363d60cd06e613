"""Several seeds in one call: the mean with its interval, every run, and how many broke (I5, I6)."""

import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

import jgd

pytestmark = pytest.mark.slow  # the fast part runs what these stand on

TASK = jgd.tasks.get("iris")
SETTINGS = {"steps": 20, "batch_size": 16, "validation": TASK.validation, "metrics": TASK.metrics}


def test_every_seed_is_its_own_run():
    runs = jgd.train_seeds(TASK.loss, jgd.optimizers.adam(0.1), TASK.init, TASK.train, seeds=[3, 5], **SETTINGS)
    assert runs.seeds == (3, 5)
    for seed, run in zip(runs.seeds, runs, strict=True):
        alone = jgd.train(
            TASK.loss, jgd.optimizers.adam(0.1), TASK.init(jgd.init_key(seed)), TASK.train, seed=seed, **SETTINGS
        )
        np.testing.assert_array_equal(run.history["loss"], alone.history["loss"])
    assert (runs.runs[0].history["loss"] != runs.runs[1].history["loss"]).any()


def test_the_summary_is_students():
    runs = jgd.train_seeds(TASK.loss, jgd.optimizers.adam(0.1), TASK.init, TASK.train, seeds=4, **SETTINGS)
    values = np.array([run.evaluations["accuracy"][-1] for run in runs])
    got = runs.summary("accuracy", confidence=0.9)
    low, high = stats.t.interval(0.9, 3, values.mean(), values.std(ddof=1) / 2)
    np.testing.assert_allclose(
        [got["mean"], got["std"], got["low"], got["high"]], [values.mean(), values.std(ddof=1), low, high]
    )
    assert (got["n"], got["diverged"]) == (4, 0)


def test_a_diverged_run_is_counted_not_averaged():
    init = lambda key: jnp.where(jgd.init_key(1) == key, 1e30, 1.0) * jnp.ones(1)
    runs = jgd.train_seeds(lambda w, _: jnp.sum(w**2), jgd.optimizers.sgd(0.1), init, seeds=3, steps=5)
    summary = runs.summary()
    assert (summary["n"], summary["diverged"]) == (2, 1)
    assert np.isfinite(summary["mean"])
    assert np.isnan(runs.last()).tolist() == [False, True, False]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"seeds": []}, "seeds"),
        ({"seeds": [1, 1]}, "differ"),
        ({"seeds": 0}, "seeds"),
        ({"seeds": 2.0}, "seeds must be a whole number"),
        ({"seeds": "two"}, "seeds must be a whole number"),
        ({"seed": 3}, "takes seeds"),
    ],
)
def test_nonsense_is_refused_by_name(options, words):
    with pytest.raises(jgd.JgdError, match=words):
        jgd.train_seeds(TASK.loss, jgd.optimizers.adam(0.1), TASK.init, TASK.train, steps=1, **options)


def test_an_init_that_is_no_function_is_refused_by_name():
    with pytest.raises(jgd.JgdError, match="init must be a function"):
        jgd.train_seeds(TASK.loss, jgd.optimizers.adam(0.1), {"weights": jnp.ones(4)}, TASK.train, steps=1)


def test_no_step_has_no_mean():
    runs = jgd.train_seeds(TASK.loss, jgd.optimizers.adam(0.1), TASK.init, TASK.train, seeds=np.int64(2), steps=0)
    assert (runs.seeds, runs.diverged, runs.summary()["n"]) == ((0, 1), 0, 0)
    assert np.isnan(runs.summary()["mean"])
