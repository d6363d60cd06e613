"""Policies as pure functions: tables of scores in, rounds out, checked against the papers' numbers and rules."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import jgd
from jgd.sweeps.policies.hyperband import assign_brackets, bracket_sizes
from jgd.sweeps.policies.policy import Round, SweepState
from jgd.sweeps.selection import pick, ranked

N = np.nan
SPACE = jgd.space(
    learning_rate=jgd.spaces.log_uniform(1e-3, 1),
    momentum=jgd.spaces.one_minus_log_uniform(1e-3, 0.5),
    power=jgd.spaces.integers(1, 9),
)
CONFIG = {"learning_rate": 0.1, "momentum": 0.9, "power": 2}


def state(curve, steps, seeds=1, larger_is_better=True, groups=None, configs=None):
    """Before any round; `curve` is (configs, evaluations), the same at all seeds, or (configs, seeds, evaluations)."""
    curve = np.array(curve, float)
    scores = np.repeat(curve[:, None, :], seeds, axis=1) if curve.ndim == 2 else curve
    n = len(scores)
    return SweepState(
        configs=tuple(configs or [CONFIG] * n),
        seeds=tuple(range(scores.shape[1])),
        steps=steps,
        larger_is_better=larger_is_better,
        evaluation_steps=(),
        reached=np.zeros(n, int),
        scores=scores,
        rounds=(),
        groups=tuple(groups or [0] * n),
        spaces=(SPACE,) * n,
    )


def rounds_of(policy, start):
    """All rounds that a policy makes of the scores; it sees only what current config was given."""
    policy = policy.resolve(start.steps, len(start.configs))
    evaluation_steps = tuple(sorted({*policy.evaluation_steps(start.steps), start.steps}))
    made, reached = [], np.zeros(len(start.configs), int)
    while True:
        unseen = (np.array(evaluation_steps) > reached[:, None])[:, None, :]
        now = replace(
            start,
            evaluation_steps=evaluation_steps,
            reached=reached,
            scores=np.where(unseen, N, start.scores[..., : len(evaluation_steps)]),
            rounds=tuple(made),
        )
        current = policy.next_round(now)
        if current is None:
            return made
        assert current == policy.next_round(now)  # it decides again as it did
        made.append(current)
        reached[list(current.configs)] = current.until


def said(made):
    return [(each.configs, each.until) for each in made]


def test_halving_keeps_the_best_third_at_rungs_of_three_times_as_many_steps():
    curve = [[c, (c * 2) % 9, 0] for c in range(9)]  # ranks change between the rungs
    made = said(rounds_of(jgd.SuccessiveHalving(3, min_steps=10), state(curve, 90)))
    assert made == [(tuple(range(9)), 10), ((6, 7, 8), 30), ((8,), 90)]  # (8 · 2) % 9 is 7, the best of the three


def test_a_small_loss_is_good_and_equals_go_by_place():
    curve = [[3, 1], [1, 1], [1, 1], [1, 1]]
    assert said(rounds_of(jgd.SuccessiveHalving(2, 5), state(curve, 10, larger_is_better=False)))[1] == ((1, 2), 10)


def test_a_config_with_a_diverged_seed_ranks_below_every_one_without():
    scores = np.array([[[9.0], [N]], [[1.0], [1.0]], [[2.0], [2.0]], [[N], [N]]])
    scores = np.repeat(scores, 2, axis=2)
    assert said(rounds_of(jgd.SuccessiveHalving(2, 5), state(scores, 10)))[1] == ((1, 2), 10)
    assert ranked(scores[..., 0], True).tolist() == [2, 1, 0, 3]


def test_by_default_fewer_than_eta_configs_are_left_for_the_last_stretch():
    resolved = jgd.SuccessiveHalving(3).resolve(steps=300, configs=64)
    assert (resolved.min_steps, resolved.evaluation_steps(300)) == (12, (12, 36, 108))
    assert jgd.SuccessiveHalving(3).resolve(steps=810, configs=3**7).evaluation_steps(810) == (
        10,
        30,
        90,
        270,
    )  # not below steps / 3⁴


def test_hyperband_is_the_papers_table():
    """Table 1 of Li et al. 2018: R = 81, eta = 3; (n, r) of each bracket."""
    assert bracket_sizes(3, 4)[::-1] == [81, 34, 15, 8, 5]
    home = np.array(assign_brackets(143, 3, 4))
    made = rounds_of(jgd.Hyperband(3, min_steps=1), state(np.random.default_rng(0).random((143, 5)), 81))
    assert [each.until for each in made] == [1, 3, 9, 27, 81]
    alive = [[int((home[list(each.configs)] == s).sum()) for each in made] for s in (4, 3, 2, 1, 0)]
    assert alive == [[81, 27, 9, 3, 1], [34, 34, 11, 3, 1], [15, 15, 15, 5, 1], [8, 8, 8, 8, 2], [5] * 5]


@settings(deadline=None, max_examples=50)
@given(st.integers(2, 5), st.integers(1, 4), st.integers(0, 300))
def test_brackets_are_dealt_in_proportion_and_over_the_whole_order(eta, deepest, more):
    parts = np.array(bracket_sizes(eta, deepest))
    count = len(parts) + more
    home = assign_brackets(count, eta, deepest)
    counts = np.bincount(home, minlength=len(parts))
    assert counts.sum() == count
    assert counts.min() >= 1
    if count % parts.sum() == 0:
        np.testing.assert_array_equal(counts, parts * count // parts.sum())
    for bracket, mine in enumerate(counts):  # each bracket has its share of the first half, give or take one
        assert abs(home[: count // 2].count(bracket) - mine / 2) <= 1


def test_the_median_rule_by_hand():
    #        looks at    10   20   30
    curve = [[5, 5, 5], [4, 4, 4], [3.9, 4.5, 9], [1, 1, 1]]
    made = said(rounds_of(jgd.MedianStopping(10), state(curve, 30)))
    # at 10: 3.9 < median(5, 4, 1), 1 < median(5, 4, 3.9), 4 > median(5, 3.9, 1); at 20: 4 < 5
    assert made == [((0, 1, 2, 3), 10), ((0, 1), 20), ((0,), 30)]
    late = said(rounds_of(jgd.MedianStopping(10, after=20), state(curve, 30)))
    # at 20: its best, 4.5 > median(5, 4, 1); 4 < median(5, 4.2, 1), where 4.2 is an average of two looks
    assert late == [((0, 1, 2, 3), 10), ((0, 1, 2, 3), 20), ((0, 2), 30)]


def test_the_median_rule_stops_what_diverged_unless_all_did():
    scores = np.array([[[2.0], [N]], [[1.0], [1.0]], [[1.0], [1.0]]]).repeat(2, axis=2)
    assert said(rounds_of(jgd.MedianStopping(10), state(scores, 20)))[1] == ((1, 2), 20)
    assert said(rounds_of(jgd.MedianStopping(10), state(scores[:1], 20)))[1] == ((0,), 20)


@settings(deadline=None, max_examples=30)
@given(
    st.integers(0, 2**32),
    st.sampled_from([jgd.SuccessiveHalving(2), jgd.Hyperband(2), jgd.MedianStopping()]),
    st.booleans(),
)
def test_the_best_at_every_evaluation_always_reaches_the_end(seed, policy, larger):
    scores = np.random.default_rng(seed).normal(size=(20, 2, 10))
    scores[7] = 10 if larger else -10
    scores[3, 1, 4:] = N
    made = rounds_of(policy, state(scores, 100, larger_is_better=larger))
    assert made[-1].until == 100
    assert 7 in made[-1].configs
    for before, after in pairwise(made):
        assert set(after.configs) <= set(before.configs)
        assert before.until < after.until


def test_a_race_gives_more_seeds_to_those_that_may_be_the_best():
    noise = np.random.default_rng(0).normal(0, 0.1, (6, 12))
    means = np.array([0, 5, 4.99, 1, 4.98, 2])[:, None]
    made = rounds_of(jgd.RacingSeeds(3), state((means + noise)[..., None], 90))
    assert [(each.configs, list(each.seeds), each.until) for each in made] == [
        (tuple(range(6)), [0, 1, 2], 90),
        ((1, 2, 4), [3, 4, 5], 90),
        ((1, 2, 4), [6, 7, 8, 9, 10, 11], 90),
    ]
    small = rounds_of(jgd.RacingSeeds(2, growth=1.1), state((means + noise)[:, :4, None], 90, larger_is_better=False))
    assert [(each.configs, each.seeds) for each in small[1:]] == [((0,), (2,)), ((0,), (3,))]  # alone, to the end
    lost = np.where(means > 4, N, noise)[..., None]
    assert rounds_of(jgd.RacingSeeds(3), state(lost, 90))[1].configs == (0, 3, 5)
    nobody = rounds_of(jgd.RacingSeeds(3), state(lost * N, 90))
    assert [len(each.configs) for each in nobody] == [6, 6, 6]


@pytest.mark.slow
@pytest.mark.parametrize("spread", [0.0, 1.0])
def test_a_race_keeps_the_best_with_its_confidence(spread):
    """Simulated: 20 configs with normal scores; whether the best has all seeds, and what the race costs."""
    draws, kept, cost = np.random.default_rng(1), 0, 0.0
    for _ in range(400):
        means = draws.normal(0, spread, 20)
        scores = means[:, None] + draws.normal(size=(20, 12))
        made = rounds_of(jgd.RacingSeeds(3), state(scores[..., None], 9))
        kept += int(means.argmax()) in made[-1].configs
        cost += sum(len(each.configs) * len(each.seeds) for each in made) / 240 / 400
    assert kept / 400 >= 0.93  # 0.95 less two standard errors
    assert cost < (0.99 if spread == 0 else 0.75)


def test_halving_with_a_confidence_keeps_ties_with_the_best():
    scores = np.array([[1.0, 1.1, 0.9], [1.01, 0.9, 1.1], [0.99, 1.0, 1.0], [0.5, 0.4, 0.6]])[..., None].repeat(2, 2)
    assert said(rounds_of(jgd.SuccessiveHalving(4, 5), state(scores, 10)))[1] == ((1,), 10)
    assert said(rounds_of(jgd.SuccessiveHalving(4, 5, 0.95), state(scores, 10)))[1] == ((0, 1, 2), 10)
    with pytest.raises(jgd.JgdError, match="seeds must be at least 2, by which SuccessiveHalving"):
        rounds_of(jgd.SuccessiveHalving(4, 5, 0.95), state(scores[:, :1], 10))


def population(curve, policy=None, **options):
    return rounds_of(policy or jgd.PopulationBasedTraining(every=10), state(curve, 20, **options))[1]


def test_the_worst_fifth_goes_on_from_the_best_fifth():
    second = population([[c] * 2 for c in range(10)], seeds=3)
    assert second.begin == 10
    assert sorted(second.origins) == [(c, place) for c in (0, 1) for place in range(3)]
    assert set(second.origins.values()) <= {8, 9}
    assert set(second.values) == set(second.origins)


def test_who_is_as_good_as_the_best_stays_and_who_diverged_never_does():
    assert population([[1, 1]] * 5).origins == {}
    second = population([[1, 1], [N, N], [1, 1], [N, N], [N, N]])
    assert set(second.origins) == {(1, 0), (3, 0), (4, 0)}
    assert set(second.origins.values()) == {0}  # the first of the best
    assert population([[N, N]] * 3).origins == {}  # nobody is sound


def test_members_of_another_structure_are_no_donors():
    second = population([[c] * 2 for c in range(10)], groups=[0, 1] * 5)
    assert set(second.origins) == {(0, 0), (1, 0)}
    assert second.origins == {(0, 0): 8, (1, 0): 9}


def test_explored_values_are_a_factor_away_and_in_the_space():
    policy = jgd.PopulationBasedTraining(every=10, fraction=0.5, resample=0)
    second = population([[c] * 2 for c in range(100)], policy)
    found = {name: {round(config[name], 9) for config in second.values.values()} for name in CONFIG}
    assert found == {"learning_rate": {0.08, 0.12}, "momentum": {0.88, 0.92}, "power": {1, 3}}


def test_resampled_values_are_of_the_space():
    second = population([[c] * 2 for c in range(100)], jgd.PopulationBasedTraining(every=10, fraction=0.5, resample=1))
    values = [SPACE.admit(config) for config in second.values.values()]
    assert len({config["learning_rate"] for config in values}) == 50
    assert min(config["learning_rate"] for config in values) < 0.01  # of a range from 0.001 to 1


def test_values_last_until_they_are_changed_again():
    made = rounds_of(jgd.PopulationBasedTraining(every=10), state([[c, 9 - c, c] for c in range(10)], 30))
    first, second = made[1].values, made[2].values
    assert {lane: second[lane] for lane in first if lane not in made[2].origins} == {
        lane: values for lane, values in first.items() if lane not in made[2].origins
    }
    for lane, donor in made[2].origins.items():  # what is explored is a factor from what the donor had then
        had = first.get((donor, 0), CONFIG)
        assert second[lane] == SPACE.admit(second[lane])
        assert second[lane] != had


@pytest.mark.parametrize(
    ("kind", "value", "up", "down"),
    [
        (jgd.spaces.log_uniform(1e-3, 1), 0.5, 0.6, 0.4),
        (jgd.spaces.log_uniform(1e-3, 1), 0.9, 1.0, 0.72),
        (jgd.spaces.uniform(-1, 1), -0.5, -0.6, -0.4),
        (jgd.spaces.one_minus_log_uniform(0.01, 0.5), 0.9, 0.88, 0.92),
        (jgd.spaces.one_minus_log_uniform(0.01, 0.5), 0.99, 0.988, 0.99),
        (jgd.spaces.integers(1, 100), 50, 60, 40),
        (jgd.spaces.integers(1, 100), 2, 3, 1),
        (jgd.spaces.integers(1, 100), 1, 2, 1),
        (jgd.spaces.integers(0, 100, step=10), 50, 60, 40),
        (jgd.spaces.integers(0, 100, step=10), 10, 20, 0),
        (jgd.spaces.integers(1, 100, log=True), 90, 100, 72),
        (jgd.spaces.choice([16, 64, 32]), 32, 64, 16),
        (jgd.spaces.choice([16, 64, 32]), 64, 64, 32),
    ],
)
def test_scaled_values_stay_in_their_distribution(kind, value, up, down):
    for factor, want in ((1.2, up), (0.8, down), (1, value)):
        got = kind.scaled(value, factor)
        assert got == pytest.approx(want, rel=1e-12)
        assert kind.admit(got) == got


def test_scores_after_fewer_steps_are_no_match():
    scores = np.array([[0.9, 0.9], [0.7, 0.7], [0.6, N]])
    reached = np.array([10, 30, 30])
    assert pick(scores, True, reached) == 1
    assert pick(np.array([[0.9, 0.9], [N, N], [N, N]]), True, reached) == 0  # every lane that came further diverged


def test_rounds_tell_a_lanes_values():
    second = Round((0, 1), 20, 10, {(0, 0): 1}, {(0, 0): {"learning_rate": 0.4}})
    assert second.values_of(0, 0, CONFIG) == {"learning_rate": 0.4}
    assert second.values_of(0, 1, CONFIG) == CONFIG
    assert (second.origin(0, 0, 10), second.origin(0, 0, 15), second.origin(1, 0, 10)) == (1, 0, 1)


BAD = {
    "eta of 1": (lambda: jgd.SuccessiveHalving(1), "eta must be a whole number >= 2, got 1"),
    "eta of 2.5": (lambda: jgd.Hyperband(2.5), "eta must be a whole number >= 2, got 2.5"),
    "no step": (lambda: jgd.SuccessiveHalving(3, 0), "min_steps must be a whole number >= 1, got 0"),
    "a rung at the end": (
        lambda: jgd.SuccessiveHalving(3, 90).resolve(90, 9),
        "min_steps must be below the sweep's steps, 90",
    ),
    "few configs": (lambda: jgd.SuccessiveHalving(3).resolve(90, 2), "needs at least 3 configs, got 2"),
    "few for brackets": (lambda: jgd.Hyperband(3).resolve(90, 4), "needs at least 5 configs and 3 steps, got 4 and 90"),
    "few for those": (lambda: jgd.Hyperband(3, 1).resolve(81, 4), "5 brackets in 81 steps and needs a config for each"),
    "no rung": (lambda: jgd.Hyperband(3, 31).resolve(90, 99), "min_steps must be at most steps / eta = 90 / 3, got 31"),
    "every too far": (
        lambda: jgd.MedianStopping(90).resolve(90, 9),
        "every must be below the sweep's steps, 90, got 90",
    ),
    "after too far": (lambda: jgd.MedianStopping(9, 90).resolve(90, 9), "after must be below"),
    "a race of one seed": (lambda: jgd.RacingSeeds(1), "first must be a whole number >= 2, got 1"),
    "no growth": (lambda: jgd.RacingSeeds(growth=1.0), "growth must be a finite number > 1|growth must be .*1, inf"),
    "a race at its end": (
        lambda: rounds_of(jgd.RacingSeeds(3), state([[1]] * 2, 9, seeds=3)),
        "seeds must be more than the 3 that RacingSeeds.first=3. gives every config, got 3",
    ),
    "a confidence of 1": (lambda: jgd.Hyperband(confidence=1), "confidence must be a finite number in .0, 1., got 1"),
    "a large fraction": (
        lambda: jgd.PopulationBasedTraining(fraction=0.6),
        "fraction must be a finite number in .0, 0.5., got 0.6",
    ),
    "a factor of 0": (
        lambda: jgd.PopulationBasedTraining(factors=(0, 2)),
        "factors.0. must be a finite number > 0, got 0",
    ),
    "no factor": (lambda: jgd.PopulationBasedTraining(factors=()), "factors must be numbers > 0"),
    "no probability": (
        lambda: jgd.PopulationBasedTraining(resample=2),
        "resample must be a finite number in .0, 1., got 2",
    ),
    "an interval too far": (
        lambda: jgd.PopulationBasedTraining(90).resolve(90, 9),
        "every must be below the sweep's steps, 90",
    ),
    "alone": (lambda: jgd.PopulationBasedTraining(9).resolve(90, 1), "needs at least 2 configs, got 1"),
    "no schedule": (lambda: jgd.PopulationReplay(()), "schedule must be what Sweep.schedule returned"),
    "a number of 1": (lambda: jgd.sweep("iris", "sgd", {"learning_rate": 1.0}, steps=9, policy=1), "policy must be"),
    "a class": (
        lambda: jgd.sweep("iris", "sgd", {"learning_rate": 1.0}, steps=9, policy=jgd.SuccessiveHalving),
        "policy must be",
    ),
    "not resolved": (
        lambda: jgd.SuccessiveHalving(3).evaluation_steps(90),
        "min_steps must be known, got None: resolve",
    ),
    "not resolved either": (
        lambda: jgd.MedianStopping().evaluation_steps(90),
        "every must be known, got None: resolve",
    ),
}


@pytest.mark.parametrize(("call", "words"), BAD.values(), ids=BAD)
def test_what_cannot_be_is_refused(call, words):
    with pytest.raises(jgd.JgdError, match=words):
        call()
