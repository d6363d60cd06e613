"""Populations on the engine: who went on from whom, by which hyperparameters, to which bits, and whether it is worth it."""

import functools

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from helpers.sweeping import Crash, by_loss, crashing, fragile, same, sweep

import jgd
from jgd.sweeps.policies.replay import ScheduleSegment
from jgd.sweeps.runner import run_plan
from jgd.sweeps.store.memory import MemoryStore

SPACE = jgd.space(learning_rate=jgd.spaces.log_uniform(1e-3, 1), b1=jgd.spaces.one_minus_log_uniform(0.01, 0.5))


@functools.cache
def usual():
    return sweep("adam", SPACE, on=by_loss(), samples=6, policy=jgd.PopulationBasedTraining(every=4))


def test_the_result_tells_who_came_from_whom():
    found = usual()
    assert [each.until for each in found.rounds] == [4, 8, 12]
    moved = [(each, run, donor) for each in found.rounds for run, donor in (each.origins or {}).items()]
    assert moved
    data = found.dataset
    for each, (config, place), donor in moved:
        at = {"round": each.until, "config": config, "seed": found.seeds[place]}
        assert int(data["origin"].sel(at)) == donor
        assert float(data["round_b1"].sel(at)) == each.values[config, place]["b1"]
        place_of = found.evaluation_steps.index(each.begin)
        scores = found.validation["loss"][:, place, place_of]
        assert scores[donor] < scores[config]
    assert data["round_learning_rate"].sel(round=4).values[:, 0].tolist() == data["learning_rate"].values.tolist()


def test_a_member_goes_on_from_its_donor():
    found = usual()
    second = found.rounds[1]
    (config, place), donor = next(iter(second.origins.items()))
    np.testing.assert_allclose(found.loss[config, place, 4], found.loss[donor, place, 4], rtol=1e-6)


@pytest.mark.slow
def test_the_best_member_is_trained_again_by_its_schedule_bit_for_bit():
    found = usual()
    for config in range(6):
        for seed in found.seeds:
            past = found.schedule(config, seed)
            first = past[0].hyperparameters
            again = sweep("adam", first, on=by_loss(), seeds=[seed], policy=jgd.PopulationReplay(past))
            np.testing.assert_array_equal(again.loss[0, 0], found.run_loss(config, seed))
            chex.assert_trees_all_equal(again.params(0, seed), found.params(config, seed))
            run = found.replay(config, seed)
            assert run.notes[0] == "bit for bit the stored run over its 12 steps"


def test_the_pick_is_of_the_best_members_and_is_confirmed_by_their_schedule():
    found = usual()
    (pick,) = found.picks
    best = found.scores.min(axis=0)
    assert pick.validation.mean == pytest.approx(best.mean())
    config, seed = found.best_member()
    assert found.scores[found.indices(config, seed)] == best.min()
    assert pick.hyperparameters == found.schedule(config, seed)[-1].hyperparameters
    confirmed = found.confirm(seeds=[7, 8])
    assert confirmed.runs.schedule(0, 7)[-1].hyperparameters == pick.hyperparameters
    assert np.isfinite(confirmed.confirmed[0].test.mean)


def test_what_people_read_of_a_population_is_of_members(tmp_path):
    found = usual()
    written = jgd.reports.save_sweep(found, tmp_path / "run")
    assert "members.png" in {path.name for path in written}
    text = jgd.reports.report(found)
    assert "Best members" in text
    assert "Best configs" not in text
    config, seed = found.best_member()
    assert f"member {config} at seed {seed}, went by" in text
    with pytest.raises(jgd.JgdError, match="plot_member_schedules"):
        jgd.plots.plot_sensitivity(found)


def test_a_crash_and_another_run_decide_the_same():
    store = MemoryStore(usual().plan.facts)
    with pytest.raises(Crash):
        run_plan(usual().plan, store, crashing(6))
    same(run_plan(usual().plan, store), usual())


def test_lost_lanes_are_made_again_through_their_forebears():
    store = MemoryStore(usual().plan.facts)
    with pytest.raises(Crash):
        run_plan(usual().plan, store, crashing(14))
    assert store.done(8).all()  # two rounds of three
    store.held.clear()
    found = run_plan(usual().plan, store)
    assert found.cost["steps"] > 0
    same(found, usual())


def test_a_space_whose_ends_the_recipe_refuses_is_refused_before_any_step():
    space = jgd.space(learning_rate=jgd.spaces.log_uniform(1e-3, 1), momentum=jgd.spaces.uniform(0.5, 1))
    with pytest.raises(jgd.JgdError, match="momentum"):
        sweep("momentum", space, samples=6, policy=jgd.PopulationBasedTraining(every=4))


def test_a_stored_population_is_read_with_its_history(tmp_path):
    policy = jgd.PopulationBasedTraining(every=4)
    found = sweep("adam", SPACE, samples=6, policy=policy, store=tmp_path / "run")
    same(jgd.load_sweep(tmp_path / "run"), found)
    past = found.schedule(*found.best_member())
    again = sweep("adam", past[0].hyperparameters, policy=jgd.PopulationReplay(past), store=tmp_path / "again")
    same(jgd.load_sweep(tmp_path / "again"), again)


def test_a_diverged_member_is_replaced_by_a_sound_one():
    space = jgd.space(learning_rate=jgd.spaces.log_uniform(1e-3, 1e9))
    rates = [{"learning_rate": rate} for rate in (1e9, 0.1, 1e8, 0.05)]
    policy = jgd.PopulationBasedTraining(every=6, resample=0)
    found = sweep("sgd", space, on=fragile(), sampler=jgd.spaces.samplers.Table(rates), policy=policy)
    assert found.rounds[1].origins.keys() == {(config, place) for config in (0, 2) for place in (0, 1)}
    assert set(found.rounds[1].origins.values()) <= {1, 3}
    assert (found.diverged_at == -1).all()
    assert np.isnan(found.loss[[0, 2], :, 3:6]).all()  # what it was before is not hidden
    assert np.isfinite(found.loss[..., 6:]).all()


def rows(count, seed):
    """Noise around 3: each row is where one example would have the parameter."""
    return 3 + jax.random.normal(jax.random.key(seed), (count,))


@functools.cache
def noisy_quadratic():
    """Far from the minimum a large rate is best; near it, noise in the gradient asks for a small one."""
    loss = lambda params, batch: 0.5 * jnp.mean((params["w"] - batch) ** 2)
    start = lambda key: {"w": jnp.asarray(-1e4)}
    gap = lambda params, batch: (params["w"] - 3.0) ** 2
    data = {"train": rows(256, 0), "validation": rows(64, 1), "test": rows(64, 2)}
    return jgd.Task("noisy quadratic", start, loss, metrics={"gap": gap}, metric="gap", **data)


@pytest.mark.slow
def test_a_population_finds_a_falling_rate_that_no_constant_one_matches():
    options = {"on": noisy_quadratic(), "steps": 200, "batch_size": 1, "samples": 16, "seeds": 4, "block": 16}
    space = jgd.space(learning_rate=jgd.spaces.log_uniform(1e-3, 1))
    found = sweep("sgd", space, policy=jgd.PopulationBasedTraining(every=10), evaluate_every=200, **options)
    constant = sweep("sgd", space, evaluate_every=200, **options)
    assert np.median(found.scores.min(axis=0)) < np.median(constant.scores, axis=1).min() / 3
    for seed in found.seeds:
        past = found.schedule(*found.best_member(seed=seed))
        assert past[-1].hyperparameters["learning_rate"] < past[0].hyperparameters["learning_rate"] / 5


def test_a_schedule_of_other_names_is_refused():
    past = (ScheduleSegment(0, 0, 12, {"learning_rate": 0.1, "b1": 0.9}),)
    with pytest.raises(jgd.JgdError, match="config 0 must have the schedule's names"):
        sweep("adam", {"learning_rate": [0.1]}, policy=jgd.PopulationReplay(past))
    with pytest.raises(jgd.JgdError, match="steps must be the schedule's, 12, got 24"):
        sweep("adam", {"learning_rate": [0.1], "b1": [0.9]}, policy=jgd.PopulationReplay(past), steps=24)


def test_exploring_stays_in_a_space_of_formulas():
    """Derived names follow; what would break a constraint or a condition is dropped for the donor's values."""
    space = jgd.space(
        "a < b",
        a=jgd.spaces.uniform(0, 1),
        b=jgd.spaces.uniform(0, 1),
        c=jgd.spaces.derived("a + b"),
        d=jgd.spaces.when([1, 2, 4], b=jgd.spaces.between(0.5)),
    )
    policy, draws = jgd.PopulationBasedTraining(every=1), np.random.default_rng(0)
    donor = space.admit({"a": 0.4, "b": 0.55, "d": 2})
    explored = [policy._explore(donor, space, draws) for _ in range(40)]
    assert [space.admit(config) for config in explored] == explored
    assert 1 < len({config["a"] for config in explored}) < 40, "some are new, some the donor's own"
