"""Asynchronous halving: in whatever order blocks land, runs keep their bits, and what was decided stays decided."""

import concurrent.futures as cf
from dataclasses import replace
from functools import cache
from types import SimpleNamespace

import numpy as np
import pytest
from helpers.sweeping import Crash, by_loss, same, sweep

import jgd
from jgd.sweeps.engine import elsewhere, pool
from jgd.sweeps.policies.policy import Round, SweepState

RATES = np.random.default_rng(0).permutation(jgd.spaces.log_grid(1e-3, 1.0, 16)).tolist()
POLICY = jgd.AsynchronousHalving(2, min_steps=3)


def swept(**more):
    return sweep(space={"learning_rate": RATES}, on=by_loss(), **{"evaluate_every": 3, **more})


class Contrary:
    """Three workers, of which the one that got its block last is done first: `wait` runs that. dies: after so many blocks."""

    _max_workers = 3

    def __init__(self, dies=None):
        self.tasks, self.left = {}, dies

    def submit(self, function, *arguments):
        future = cf.Future()
        self.tasks[future] = lambda: function(*arguments)
        return future

    def wait(self, sent, return_when):
        future = list(sent)[-1]
        if self.left == 0:
            raise Crash
        self.left = None if self.left is None else self.left - 1
        future.set_result(self.tasks.pop(future)())
        return SimpleNamespace(done={future})


@pytest.fixture
def by(monkeypatch):
    """What sweeps by a contrary pool, which knows no sweep so far."""
    elsewhere._known.clear()

    def swept_by(contrary, **more):
        monkeypatch.setattr(pool, "wait", contrary.wait)
        return swept(policy=POLICY, executor=contrary, **more)

    return swept_by


@cache
def whole():
    return swept()


def losses(found):
    return found.validation["loss"], whole().validation["loss"]


def keeps_bits(found):
    """Assert that every run has the full sweep's bits as far as it was given steps, and nothing beyond."""
    pairs = (found.loss, whole().loss, np.arange(1, 13)), (*losses(found), np.array(found.evaluation_steps))
    for some, all_of_them, steps in pairs:
        measured, asked = np.isfinite(some), steps <= found.given[..., None]
        np.testing.assert_array_equal(some[measured], all_of_them[measured])
        assert (measured >= asked).all()
        assert found.runs_left or (measured == asked).all()
    if found.runs_left:
        return
    params = found.params(found.best.config, 1)
    np.testing.assert_array_equal(params["weights"], whole().params(found.best.config, 1)["weights"])


def test_contrary_workers_change_no_bits_and_a_kill_no_decision(by, tmp_path):
    found = by(Contrary())
    keeps_bits(found)
    untils = [each.until for each in found.rounds]
    assert untils != sorted(untils)  # some went on before all had begun
    assert set(untils) == {3, 6, 12}
    assert (found.runs_left, found.stopped.sum(), found.cost["round_until"]) == (0, (found.reached < 12).sum(), [])
    assert found.reached[found.best.config] == 12


def test_a_kill_changes_no_decision(by, tmp_path):
    with pytest.raises(Crash):
        by(Contrary(dies=7), store=tmp_path / "run")
    seen = jgd.load_sweep(tmp_path / "run")
    assert seen.runs_left > 0
    keeps_bits(seen)
    again = by(Contrary(), store=tmp_path / "run")  # the blocks that were on their way land in another order
    keeps_bits(again)
    assert 3 < len(seen.rounds) < len(again.rounds)
    assert again.rounds[: len(seen.rounds)] == seen.rounds
    ended = swept(policy=POLICY, store=tmp_path / "run")
    assert (ended.cost["steps"], ended.runs_left) == (0, 0)
    same(ended, again)
    same(jgd.load_sweep(tmp_path / "run"), again)
    for more in ({"configs": [{"learning_rate": 2.0}]}, {"seeds": 3}, {"steps": 24}):
        with pytest.raises(jgd.JgdError, match=r"can't be extended by .*order in which results landed"):
            ended.extend(**more)
    (tmp_path / "run" / "rounds.json").write_text("{}")
    with pytest.warns(UserWarning, match=r"decided anew"):
        keeps_bits(swept(policy=POLICY, store=tmp_path / "run"))


def test_one_worker_decides_as_it_did_and_threads_as_successive_halving():
    halved = swept(policy=jgd.SuccessiveHalving(2, min_steps=3))
    here = swept(policy=POLICY)
    same(replace(here, rounds=()), replace(halved, rounds=()))
    with cf.ThreadPoolExecutor(1) as worker:
        one, other = (swept(policy=POLICY, executor=worker) for _ in range(2))
    same(one, other)
    keeps_bits(one)
    assert one.rounds != here.rounds


def test_a_shard_is_refused(tmp_path):
    with pytest.raises(jgd.JgdError, match=r"can't be shared out in shards.*executor"):
        swept(policy=POLICY, store=tmp_path / "run", shard="0/2")


def algorithm_2(rungs, landed, went_on, scores, eta):
    """get_job of the paper's algorithm 2: (config, the rung it goes to), None for a new one. Larger scores are better."""
    for k in reversed(range(len(rungs) - 1)):
        candidates = sorted(landed[k], key=lambda c: (-scores[c, k], c))[: len(landed[k]) // eta]
        promotable = [config for config in candidates if config not in went_on[k]]
        if promotable:
            return promotable[0], rungs[k + 1]
    return None


@pytest.mark.parametrize("seed", range(3))
def test_blocks_of_one_go_on_by_algorithm_2(seed):
    draws = np.random.default_rng(seed)
    configs, rungs = 40, (1, 3, 9)
    policy = jgd.AsynchronousHalving(3, min_steps=1).resolve(9, configs)
    scores, begun, rounds, running = draws.normal(size=(configs, 3)).round(1), 0, [], []
    landed, went_on = [set() for _ in rungs], [set() for _ in rungs]
    state = SweepState(
        ({},) * configs, (0,), 9, True, rungs, np.zeros(0), scores[:, None], (), (0,) * configs, (), widths=(1,)
    )
    while True:
        now = replace(state, rounds=tuple(rounds), running=frozenset(config for config, _ in running))
        made = policy.next_round(now) if len(running) < 4 else None  # four workers
        if made is None and not running:
            break
        if made is None:
            config, until = running.pop(draws.integers(len(running)))
            landed[rungs.index(until)].add(config)
            continue
        wanted = algorithm_2(rungs, landed, went_on, scores, 3)
        if wanted is None and begun < configs:
            wanted, begun = (begun, 1), begun + 1
        assert made == Round((wanted[0],), wanted[1])
        rounds.append(made)
        running.append(wanted)
        if made.until > 1:
            went_on[rungs.index(made.until) - 1].add(wanted[0])
    assert [len(each) for each in landed] == [40, len(went_on[0]), len(went_on[1])]
    assert len(landed[0]) > len(landed[1]) >= 13
    assert len(landed[2]) >= 4


def test_groups_take_turns_and_the_best_of_a_few_has_all_steps():
    policy = jgd.AsynchronousHalving(3, min_steps=3).resolve(9, 5)
    scores = np.array([[0.1, 0], [0.2, 0], [0.4, 0], [0.3, 0], [0.5, 0]])[:, None]
    state = SweepState(({},) * 5, (0,), 9, True, (3, 9), np.zeros(0), scores, (), (0, 0, 0, 1, 1), (), widths=(2, 1))
    rounds = []
    for wanted in ((0, 1), (3,), (2,), (4,), None):  # groups of blocks of two and of one
        made = policy.next_round(replace(state, rounds=tuple(rounds), running=frozenset(range(5))))
        assert made == (None if wanted is None else Round(wanted, 3))
        rounds += [] if made is None else [made]
    after = lambda *running: policy.next_round(replace(state, rounds=tuple(rounds), running=frozenset(running)))
    assert after(0, 4, 2) is None  # one third of two
    assert after(0, 4) == Round((2,), 9)  # of three; nothing else is left, so that it fills no block
    assert after() == Round((4,), 9)
    few = replace(state, scores=scores[:2], groups=(0, 0), rounds=(Round((0, 1), 3),))
    assert policy.next_round(replace(few, running=frozenset({0}))) is None
    assert policy.next_round(few) == Round((1,), 9)
    assert policy.next_round(replace(few, rounds=(*few.rounds, Round((1,), 9)))) is None
