"""Stopping early on the engine: survivors keep their bits, the winner stays, nothing that stopped is taken for diverged."""

import functools
from dataclasses import replace

import chex
import numpy as np
import pytest
from helpers.sweeping import RATES, Crash, by_loss, crashing, fragile, same, sweep, task

import jgd
from jgd.analysis.findings import findings
from jgd.analysis.time_to_target import time_to_target_of
from jgd.reports import table_columns, table_rows
from jgd.sweeps.runner import run_plan
from jgd.sweeps.store.memory import MemoryStore

POLICIES = {
    "halving": jgd.SuccessiveHalving(2, min_steps=2),
    "hyperband": jgd.Hyperband(2, min_steps=3),
    "median": jgd.MedianStopping(every=3),
}


@functools.cache
def full():
    return sweep("adam", on=by_loss(), evaluate_every=1)


@functools.cache
def stopped(name):
    return sweep("adam", on=by_loss(), policy=POLICIES[name])


def known(found):
    """name -> (steps, what the sweep knows of a lane), for bitwise comparison."""
    looks = [full().evaluation_steps.index(look) for look in found.evaluation_steps]
    return {"loss": (found.loss, full().loss), **{
        name: (values, full().validation[name][..., looks]) for name, values in found.validation.items()
    }}  # fmt: skip


@pytest.mark.parametrize("name", POLICIES)
def test_every_lane_is_the_full_runs_bit_for_bit_as_far_as_it_went(name):
    found = stopped(name)
    assert 0 < (found.reached < 12).sum() < 7
    for values, whole in known(found).values():
        seen = ~np.isnan(values)
        np.testing.assert_array_equal(values[seen], whole[seen])
    assert [int(steps) for steps in found.reached] == [int(n) for n in (~np.isnan(found.loss[:, 0])).sum(axis=1)]
    for config in np.flatnonzero(found.reached == 12):
        for seed in found.seeds:
            chex.assert_trees_all_equal(found.params(config, seed), full().params(config, seed))


@pytest.mark.parametrize("name", POLICIES)
def test_the_winner_is_the_full_runs(name):
    assert stopped(name).best.config == full().best.config
    assert stopped(name).best.validation == full().best.validation


def test_steps_are_saved_and_said():
    found = stopped("halving")
    assert found.reached.tolist().count(12) == 1
    assert found.cost["steps"] == 2 * found.reached.sum()
    assert found.cost["saved_share"] == pytest.approx(1 - found.reached.sum() / (7 * 12))
    assert found.cost["round_until"] == [2, 4, 8, 12]
    assert found.cost["round_steps"] == [28, 12, 8, 8]  # 7, 3, 1 and 1 configs, 2 seeds
    assert found.cost["round_padded_steps"] == [32, 16, 32, 32]  # blocks of four
    assert "6 of 7 configs stopped early · 67% of the steps saved" in jgd.reports.table_text(found)


@pytest.mark.slow
def test_a_stopped_config_is_not_called_diverged(tmp_path):
    found = stopped("halving")
    assert (found.diverged_at == -1).all()
    assert found.picks[0].diverged == 0
    assert np.isnan(found.scores[found.reached < 12]).all()
    assert not [each for each in findings(found) if "diverged" in each.kind]
    assert found.dataset["reached"].values.tolist() == found.reached.tolist()
    jgd.reports.save_sweep(found, tmp_path / "run")


def test_a_recipe_whose_configs_all_stopped_is_picked_by_its_last_score_and_says_so():
    space = {"good": {"learning_rate": [0.1, 0.2]}, "bad": {"learning_rate": [1e-6, 2e-6]}}
    both = {"good": jgd.optimizers.adam, "bad": jgd.optimizers.sgd}
    found = sweep(both, space, on=by_loss(), policy=jgd.SuccessiveHalving(2, min_steps=6))
    good, bad = found.picks
    assert (good.reached, bad.reached, bad.config) == (12, 6, 3)
    assert bad.validation.mean == pytest.approx(found.validation["loss"][3, :, found.evaluation_steps.index(6)].mean())
    assert found.best is good
    assert table_columns(found)[-2:] == ["steps", "diverged"]
    assert [row[-2:] for row in table_rows(found)] == [["12", "0 of 4"], ["6", "0 of 4"]]


def test_what_diverged_is_stopped_first():
    found = sweep(
        "sgd", {"learning_rate": [1e9, 0.1, 1e8, 1e7]}, on=fragile(), policy=jgd.SuccessiveHalving(2, min_steps=3)
    )
    assert found.reached.tolist() == [6, 12, 3, 3]  # of the three that diverged the first goes on, by its place
    assert found.best.config == 1
    assert (found.diverged_at[[0, 2, 3]] >= 0).all()


def test_all_diverged_is_a_result_too():
    found = sweep("sgd", {"learning_rate": [1e9, 1e10, 1e11, 1e12]}, on=fragile(), policy=2)
    assert found.best.config is None
    assert found.picks[0].diverged == 8


@pytest.mark.parametrize("after", [4, 8, 12])  # calls of the callback, the first of them for the compiled program
def test_a_crash_and_another_run_decide_the_same(after):
    plan = stopped("halving").plan
    store = MemoryStore(plan.facts)
    with pytest.raises(Crash):
        run_plan(plan, store, crashing(after))
    found = run_plan(plan, store)
    assert 0 < found.cost["steps"] <= 56
    same(found, stopped("halving"))


def test_a_race_runs_the_full_sweeps_bits_and_a_kill_changes_none(tmp_path):
    options = {"on": by_loss(), "seeds": 4, "policy": jgd.RacingSeeds(2), "store": tmp_path / "run"}
    found = sweep("adam", **options)
    ran = found.given == 12
    assert ran.sum(axis=1).tolist() == [2] * 5 + [4] * 2
    assert found.stopped.tolist() == [True] * 5 + [False] * 2
    whole = full().scores[-1]
    np.testing.assert_array_equal(found.scores[-1, :2], whole)
    assert (np.isfinite(found.scores) == ran).all()
    assert (found.best.config, found.best.seeds, found.best.validation.n) == (
        5,
        4,
        4,
    )  # first by four seeds, second by two
    assert (found.cost["saved_share"], found.runs_left) == (pytest.approx(10 / 28), 0)
    assert found.cost["round_steps"] == [14 * 12, 4 * 12]
    assert time_to_target_of(found, 0.5).known.tolist() == ran.tolist()
    assert found.to_dataframe()["reached"].tolist() == found.given.ravel().tolist()
    same(jgd.load_sweep(tmp_path / "run"), found)
    store = MemoryStore(found.plan.facts)
    with pytest.raises(Crash):
        run_plan(replace(found.plan, store=None), store, crashing(7))
    same(run_plan(replace(found.plan, store=None), store), found)


def test_a_policy_of_a_number_is_halving_by_it():
    space = {"learning_rate": [0.1, 0.2, 0.3, 0.4]}
    by = lambda policy: jgd.sweep("iris", "sgd", space, seeds=1, steps=4, policy=policy).plan.policy
    assert by(2) == by(np.int64(2)) == jgd.SuccessiveHalving(eta=2).resolve(4, 4)


def test_a_stored_sweep_is_read_with_its_policy(tmp_path):
    options = {"on": task(), "space": {"learning_rate": RATES[:4]}, "steps": 8}
    found = sweep("sgd", policy=2, store=tmp_path / "run", **options)
    same(jgd.load_sweep(tmp_path / "run"), found)
    assert sweep("sgd", policy=2, store=tmp_path / "run", **options).cost["steps"] == 0
    with pytest.raises(jgd.JgdError, match="policy"):
        sweep("sgd", policy=4, store=tmp_path / "run", **options)
    with pytest.raises(jgd.JgdError, match=r"adds the seeds \[2\]; resume=True"):
        sweep("sgd", policy=2, store=tmp_path / "run", **options, seeds=3)


def test_a_stopped_lane_is_replayed_and_goes_on_from_where_it_was():
    found = stopped("halving")
    config = int(np.flatnonzero(found.reached == 2)[0])
    run = found.replay(config, seed=1, steps=12)
    assert run.notes[0] == "bit for bit the stored run over its 2 steps"
    np.testing.assert_array_equal(run.history["loss"], full().loss[config, 1])
