"""Blocks run by pools: the same bits as on this process's devices, whoever runs them, and clear words where they can't."""

import concurrent.futures as cf
import multiprocessing
import os
import pickle
import signal
import sys

import numpy as np
import pytest

import jgd
from jgd.sweeps.engine import elsewhere

SPACE = {"learning_rate": jgd.spaces.log_grid(1e-2, 1, 5)}
ASK = {"seeds": 2, "steps": 20, "batch_size": 8, "block": 2}


def swept(**more):
    return jgd.sweep("iris", ["sgd", "adam"], SPACE, **ASK | more)


def same(one, other):
    assert np.array_equal(one.loss, other.loss, equal_nan=True)
    assert np.array_equal(one.scores, other.scores, equal_nan=True)
    assert np.array_equal(one.diverged_at, other.diverged_at)


@pytest.fixture
def pool():
    """A pool of threads of this process, which knows no sweep so far."""
    elsewhere._known.clear()
    with cf.ThreadPoolExecutor(2) as made:
        yield made


@pytest.mark.parametrize("policy", [None, jgd.SuccessiveHalving(2, min_steps=5)])
def test_a_pool_has_the_bits_of_this_process(pool, policy):
    alone, told = swept(policy=policy), []
    shared = swept(policy=policy, executor=pool, callback=told.append)
    same(alone, shared)
    assert told[-1].done == shared.cost["steps"] == alone.cost["steps"]
    assert shared.cost["padded_share"] == alone.cost["padded_share"]
    (host,) = shared.cost["hosts"]
    assert host.endswith(f": {told[-1].blocks + 1} blocks")
    assert f"run by {host}" in jgd.reports.report(shared)


def test_what_follows_a_sweep_takes_an_executor_too(pool, tmp_path):
    alone = swept().extend(steps=30)
    there = swept(executor=pool, store=tmp_path / "there").extend(steps=30, executor=pool)
    same(alone, there)
    one, other = alone.confirm(2), there.confirm(2, executor=pool)
    same(one.runs, other.runs)
    assert [each.test for each in one.confirmed] == [each.test for each in other.confirmed]
    same(jgd.load_sweep(tmp_path / "there"), there)


@pytest.mark.slow
def test_a_dask_client_is_an_executor():
    distributed = pytest.importorskip("distributed", reason="dask is an extra: jgd[cluster]")
    with distributed.Client(processes=False, n_workers=2, threads_per_worker=1, dashboard_address=None) as client:
        same(swept(), swept(executor=client))


def test_a_plan_pickles_and_its_devices_are_those_of_the_process():
    plan = swept().plan
    again = pickle.loads(pickle.dumps(plan))
    assert (again.facts.keys == plan.facts.keys).all()
    assert again.work.widths == plan.work.widths
    assert again.devices == type(plan.devices).all()


def test_another_machine_is_refused_unless_allowed(pool, monkeypatch):
    here = elsewhere.machine_facts()
    monkeypatch.setattr(elsewhere, "machine_facts", lambda: here | {"jax": "0.0.1"})
    with pytest.raises(jgd.JgdError, match=r"another machine.*jax 0.0.1 there.*any_machine=True"):
        swept(executor=pool)
    same(swept(), swept(executor=jgd.sweeps.Pool(pool, any_machine=True)))


def test_what_cannot_be_sent_or_run_is_named(pool, monkeypatch):
    monkeypatch.setitem(sys.modules, "cloudpickle", None)
    with pytest.raises(jgd.JgdError, match=r"can't be sent to other processes .*cloudpickle"):
        jgd.sweep("iris", lambda learning_rate: jgd.optimizers.sgd(learning_rate), SPACE, **ASK, executor=pool)
    with pytest.raises(jgd.JgdError, match=r"executor must be a concurrent\.futures\.Executor"):
        swept(executor=2)
    forks = cf.ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("fork"))
    with pytest.raises(jgd.JgdError, match=r"fork.*get_context\(\"spawn\"\)"):
        swept(executor=forks)


def test_a_recipe_of_a_script_is_sent_whole_by_cloudpickle():
    cloudpickle = pytest.importorskip("cloudpickle", reason="comes with an extra: jgd[cluster]")
    script = {"jgd": jgd, "make": jgd.optimizers, "__name__": "__main__"}
    exec("def recipe(learning_rate): return jgd.optimizers.sgd(learning_rate), make.adam(learning_rate)", script)
    there = pickle.loads(cloudpickle.dumps(script["recipe"]))
    assert there(0.1) == script["recipe"](0.1)


@pytest.mark.slow
def test_a_killed_worker_loses_its_block_only(tmp_path):
    def kill(progress):
        if progress.blocks == 2:
            os.kill(next(iter(pool._processes)), signal.SIGKILL)

    spawned = cf.ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn"))
    with spawned as pool, pytest.raises(jgd.JgdError, match=r"worker of the executor has ended.*store="):
        swept(executor=pool, store=tmp_path, callback=kill)
    told = []
    same(swept(), swept(store=tmp_path, callback=told.append))
    assert sum(one.stage == "run" for one in told) > 0
    assert told[-1].total < swept().cost["steps"]


def shard(store, index, **more):
    return swept(store=store, shard=(index, 3), **more)


def test_shards_land_one_sweep_in_one_directory(tmp_path):
    alone = swept()
    first = shard(tmp_path, 0)
    assert 0 < first.runs_left < first.diverged_at.size
    assert shard(tmp_path, 0).cost["steps"] == 0, "what has landed isn't run again"
    later = shard(tmp_path, 1)
    same(shard(tmp_path, 2), alone)
    assert {first.cost["steps"] + later.cost["steps"] < alone.cost["steps"], first.cost["steps"] > 0} == {True}
    assert sorted(path.name for path in tmp_path.glob("journal*")) == ["journal-0", "journal-1", "journal-2"]
    same(jgd.load_sweep(tmp_path), alone)
    whole = swept(store=tmp_path)
    assert whole.cost["steps"] == 0
    same(whole, alone)
    assert [path.name for path in tmp_path.glob("journal*")] == ["journal"], "one who is alone puts them together"


def test_a_shard_takes_over_what_does_not_land(tmp_path):
    halving = {"policy": jgd.SuccessiveHalving(2, min_steps=5), "patience": 0.0}
    alone = swept(policy=halving["policy"])
    same(shard(tmp_path, 1, **halving), alone)
    same(shard(tmp_path, 0, **halving), alone)


def test_shards_of_a_policy_wait_for_each_other(tmp_path):
    policy = jgd.SuccessiveHalving(2, min_steps=5)
    swept(policy=policy)  # compiled
    with cf.ThreadPoolExecutor(3) as threads:
        made = list(threads.map(lambda k: shard(tmp_path, k, policy=policy, progress=False), range(3)))
    alone = swept(policy=policy)
    for each in made:
        same(each, alone)
    assert sum(each.cost["steps"] for each in made) == alone.cost["steps"], "no run was made twice"


def test_a_shard_that_cannot_be_is_named(tmp_path):
    for wrong, says in [
        ((3, 3), r"shard\[0\] must be .*2, got 3"),
        ("1", "shard must be a pair"),
        (("a", 2), "shard must be a pair"),
        ((0, 0), r"shard\[1\] must be"),
    ]:
        with pytest.raises(jgd.JgdError, match=says):
            swept(store=tmp_path, shard=wrong)
    with pytest.raises(jgd.JgdError, match="shard needs store="):
        swept(shard=(0, 2))
    with pytest.raises(jgd.JgdError, match="patience must be"):
        swept(store=tmp_path, shard=(0, 2), patience=-1)


def test_a_pruned_directory_keeps_its_results_and_what_is_not_its_own(tmp_path):
    alone = swept(store=tmp_path)
    held = sum(file.stat().st_size for file in (tmp_path / "lanes").iterdir())
    (tmp_path / "lanes" / "mine.txt").write_text("mine")
    assert jgd.sweeps.prune(tmp_path) == held
    assert [file.name for file in (tmp_path / "lanes").iterdir()] == ["mine.txt"]
    there = jgd.load_sweep(tmp_path)
    same(there, alone)
    longer = there.extend(steps=30)
    assert longer.cost["steps"] == 30 * alone.diverged_at.size, "from their start"
    same(longer, swept(steps=30, evaluate_every=2))
    with pytest.raises(jgd.JgdError, match="there is no sweep in"):
        jgd.sweeps.prune(tmp_path / "lanes")
