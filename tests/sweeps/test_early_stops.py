"""Early stopping as a reading of a sweep: the rule of single runs, applied to each run."""

from types import SimpleNamespace
from typing import Any

import jax
import numpy as np
import pytest

import jgd
from jgd.core.checks import JgdError
from jgd.stopping import EarlyStopping
from jgd.sweeps.early_stops import early_stops
from jgd.sweeps.engine import engine

NAN = np.nan
VALUES = np.array([[[3, 2, 2.2, 1.95, 1.9, 1.0], [5, 6, 7, 8, 9, 4]], [[NAN] * 6, [3, NAN, NAN, NAN, NAN, NAN]]])


def swept(values: np.ndarray, larger_is_better: bool = False, **others: Any) -> Any:
    """As much of a sweep as is read."""
    own = {
        "validation": {"loss": values},
        "metric": "loss",
        "larger_is_better": larger_is_better,
        "is_population": False,
        **others,
    }
    facts = SimpleNamespace(run_steps=(12, 12))
    return SimpleNamespace(evaluation_steps=(2, 4, 6, 8, 10, 12), facts=facts, **{"given": np.full((2, 2), 12), **own})


RULES = ({"target": 0.9}, {"patience": 2}, {"patience": 1, "min_delta": 0.01, "target": 0.93})


@pytest.mark.slow
@pytest.mark.parametrize("rule", RULES, ids=str)
def test_a_sweep_stops_its_runs_where_they_would_have_been(rule, tmp_path):
    rates = {"learning_rate": [0.01, 0.1, 0.3, 1e9, 1.0]}
    asked = {"seeds": 3, "steps": 58, "batch_size": 15, "block": 4, "evaluate_every": 6}
    full = jgd.sweep("iris", "sgd", rates, **asked)
    want = full.early_stops(**rule)
    asked |= {"policy": jgd.EarlyStopping(**rule)}
    found = jgd.sweep("iris", "sgd", rates, **asked, store=tmp_path / "run")
    np.testing.assert_array_equal(found.given, want.steps)
    made = np.arange(58) < want.steps[..., None]
    np.testing.assert_array_equal(found.loss, np.where(made, full.loss, np.nan))
    at = np.searchsorted(full.evaluation_steps, want.steps)[..., None]
    np.testing.assert_array_equal(found.scores, np.take_along_axis(full.validation["accuracy"], at, 2)[..., 0])
    assert found.runs_left == 0
    assert not found.stopped.any()  # each came to its own end
    assert found.cost["saved_share"] == pytest.approx(want.saved_share)
    ended = found.run_statuses
    assert (ended[3] == "diverged").all()
    survived = found.diverged_at < 0
    assert ((ended == "max_steps") == ~want.stopped)[survived].all()
    assert ((ended == "target") <= (found.scores >= rule.get("target", 2)))[survived].all()
    again = found.replay(2, seed=1)
    assert again.reproduced
    assert again.end.status == ended[2, 1]
    np.testing.assert_array_equal(again.params["weights"], found.params(2, seed=1)["weights"])
    assert "runs stopped by their validation" in jgd.reports.table_text(found)
    seen = jgd.load_sweep(tmp_path / "run")
    np.testing.assert_array_equal(seen.run_statuses, ended)
    assert seen.picks == found.picks
    longer = seen.extend(seeds=4, steps=90)
    fresh = jgd.sweep("iris", "sgd", rates, **(asked | {"seeds": 4, "steps": 90}))
    np.testing.assert_array_equal(longer.given, fresh.given)
    for name, values in fresh.validation.items():
        np.testing.assert_array_equal(longer.validation[name], values)
    sure = found.confirm(seeds=2, picks=found.best).runs
    assert sure.facts.policy == found.facts.policy  # the rule is part of how a run is trained


@pytest.mark.slow
def test_a_longer_call_goes_on_with_the_looks_of_the_stored_one(tmp_path):
    asked = {"seeds": 1, "policy": jgd.EarlyStopping(target=0.99), "progress": False}
    jgd.sweep("iris", "sgd", {"learning_rate": [0.1]}, steps=20, store=tmp_path, **asked)
    longer = jgd.sweep("iris", "sgd", {"learning_rate": [0.1]}, steps=40, store=tmp_path, resume=True, **asked)
    assert (longer.facts.policy.every, longer.evaluation_steps[:2]) == (2, (2, 4))


def test_an_infinite_loss_is_a_first_one_to_beat():
    rule, values = EarlyStopping(patience=2), (np.inf, np.inf, 3.0, 4.0, 5.0, 6.0)
    state, out = rule.init(np.zeros(1)), []
    for step, value in enumerate(values):
        state = rule.update(state, np.zeros(1), np.int32(step), np.float32(value))
        out.append(bool(state.out_of_patience))
    found = early_stops(swept(np.full((2, 2, 6), values)), patience=2)
    assert found.steps.tolist() == [[2 * (1 + out.index(True))] * 2] * 2 == [[10] * 2] * 2
    assert (found.best_steps == 2 * (1 + state.step)).all()


def test_runs_stop_by_the_rule_of_single_runs():
    for sign, better in ((1, False), (-1, True)):
        found = early_stops(swept(sign * VALUES, better), patience=2, min_delta=0.3)
        assert found.steps.tolist() == [[8, 6], [4, 6]]
        assert found.best_steps.tolist() == [[8, 2], [-1, 2]]
        assert sign * found.scores[0, 0] == 1.95
        assert found.stopped.all()
        assert found.config == 0
        assert np.isnan(found.scores[1]).all(), "one has no number, one had diverged when it stopped"
        assert found.saved_share == pytest.approx(1 - 24 / 48)
    goal = early_stops(swept(VALUES, given=np.array([[12, 4], [12, 12]])), target=1.95)
    assert goal.steps.tolist() == [[8, 4], [12, 12]]
    assert goal.stopped.tolist() == [[True, False], [False, False]]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({}, "needs patience=, target= or both"),
        ({"patience": 0}, "patience must be a whole number >= 1, got 0"),
        ({"patience": 1, "min_delta": -1}, "min_delta must be a finite number >= 0, got -1"),
        ({"target": NAN}, "target must be a finite number"),
    ],
)
def test_bad_input_is_named(options, said):
    with pytest.raises(JgdError, match=said):
        early_stops(swept(VALUES), **options)
    with pytest.raises(JgdError, match="a population's"):
        early_stops(swept(VALUES, is_population=True), patience=1)


@pytest.mark.slow
def test_when_time_is_over_whole_configs_are_there_and_the_same_call_goes_on(tmp_path, monkeypatch):
    setting = {"seeds": 2, "steps": 6, "block": 2, "devices": jax.devices()[:1], "store": tmp_path / "kept"}
    clock = iter(range(1000))
    late = SimpleNamespace(monotonic=lambda: next(clock))  # a second a look: before compiling, then for each block
    monkeypatch.setattr(engine, "time", late)
    some = jgd.sweep("iris", "sgd", {"learning_rate": [0.01, 0.1, 0.2, 0.3, 0.4]}, **setting, seconds=4)
    assert some.given.tolist() == [[6, 6], [6, 6], [0, 0], [0, 0], [0, 0]]
    assert some.runs_left == 6
    assert some.best.config in (0, 1)
    monkeypatch.undo()
    rest = jgd.sweep("iris", "sgd", {"learning_rate": [0.01, 0.1, 0.2, 0.3, 0.4]}, **setting)
    assert rest.runs_left == 0
    assert rest.cost["steps"] == 6 * 6
    with pytest.raises(JgdError, match="seconds is a budget"):
        jgd.sweep(
            "iris", "sgd", {"learning_rate": [0.01]}, seeds=1, steps=2, store=tmp_path / "b", shard="0/2", seconds=1
        )
    with pytest.raises(JgdError, match="seconds must be a finite number > 0, got 0"):
        jgd.sweep("iris", "sgd", {"learning_rate": [0.01]}, seeds=1, steps=2, seconds=0)
