"""Faults around a sweep: the caller's settings reach the worker threads, and the first fault stops them all."""

import os
import warnings
from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from helpers import sweeping

import jgd
from jgd.sweeps import pick


class Interrupted(Exception):
    pass


def test_the_first_fault_stops_the_sweep():
    reports = []

    def callback(progress):
        reports.append(progress)
        if progress.stage == "run":
            raise Interrupted

    with pytest.raises(Interrupted):
        sweeping.sweep("sgd", seeds=20, block=1, callback=callback)  # 140 blocks
    assert len([each for each in reports if each.stage == "run"]) <= 4  # one or two a device, not all


@pytest.mark.slow
def test_x64_of_the_callers_thread_holds_in_the_workers():
    task = sweeping.task()
    wide = lambda rows: (rows[0].astype(np.float64), rows[1])
    parts = {name: wide(getattr(task, name)) for name in ("train", "validation", "test")}
    with jax.enable_x64(True):
        own = replace(task, init=lambda key: task.loss.model.init(key, jnp.float64), **parts)
        found = sweeping.sweep("sgd", on=own, space={"learning_rate": [0.1]})
    assert found.loss.dtype == np.float64


def test_metrics_are_refused_before_the_work():
    reports = []
    vector = replace(sweeping.task(), metrics={"labels": lambda params, rows: rows[1]}, metric="loss")
    with pytest.raises(jgd.JgdError, match="'labels' must return one number"):
        sweeping.sweep("sgd", on=vector, callback=reports.append)
    assert not [each for each in reports if each.stage == "run"]
    named = replace(sweeping.task(), metrics={"step": lambda params, rows: 0.0}, metric="loss")
    with pytest.raises(jgd.JgdError, match="may not be named 'step'"):
        sweeping.sweep("sgd", on=named)


def test_an_infinite_score_is_never_picked():
    scores = np.array([[np.inf, 0.9], [0.7, 0.8]])
    assert pick(scores, larger_is_better=True) == 1


def freshly(learning_rate):
    return jgd.optimizers.sgd(lambda step: learning_rate / (1 + step))


def test_a_function_made_afresh_is_refused_with_one_config_too():
    with pytest.raises(jgd.JgdError, match="module-level"):
        sweeping.sweep(freshly, space={"learning_rate": [0.1]})


def open_ended(learning_rate, **others):
    return jgd.optimizers.sgd(learning_rate)


def test_a_parameter_may_not_take_a_name_of_the_results():
    space = jgd.space(learning_rate=jgd.spaces.log_uniform(0.1, 1))
    found = sweeping.sweep(space=space, samples=2, policy=jgd.PopulationBasedTraining(every=6)).dataset
    known = {"learning_rate"}
    assert {"round_learning_rate", "origin", "reached", "recipe_of"} <= set(found.variables)
    for name in {*found.variables, *found.dims} - known:
        with pytest.raises(jgd.JgdError, match=f"'{name}', which a sweep's results use"):
            sweeping.sweep(open_ended, space={"learning_rate": [0.1], name: [1.0]})


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore:.*fork")
def test_a_fork_of_a_process_with_jax_is_refused_by_name():
    jax.devices()
    if (child := os.fork()) == 0:  # whatever happens here, no test may go on in the child
        try:
            jgd.sweep("iris", "sgd", {"learning_rate": [0.1]}, steps=1)
        except jgd.JgdError as refused:
            os._exit(0 if "spawn" in str(refused) else 1)
        finally:
            os._exit(2)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


@pytest.mark.slow
def test_a_trap_for_nan_is_off_where_nan_is_watched_for(setting):
    setting("jax_debug_nans", True)
    with pytest.warns(UserWarning, match="jax_debug_nans is off inside: a run watches for NaN by itself"):
        found = sweeping.sweep("sgd", seeds=1)
    with pytest.warns(UserWarning, match="jax_debug_nans is off"):
        assert found.replay(config=0, seed=0).reproduced
    with pytest.warns(UserWarning, match="jax_debug_nans is off"):
        run = jgd.train(lambda w, _: jnp.log(w), jgd.optimizers.sgd(0.1), jnp.full((), 0.1), steps=2)
    assert run.status == "nonfinite_loss"
    with warnings.catch_warnings(action="error"):  # a rate before the first update is no fault to tell of
        start = jgd.start(jgd.optimizers.sgd(0.1), jnp.ones(2))
    after, _ = jax.jit(lambda start: jgd.step(lambda w, _: jnp.sum(w**2), jgd.optimizers.sgd(0.1), start, None))(start)
    assert after.params.tolist() == pytest.approx([0.8, 0.8])
    assert jax.config.jax_debug_nans
