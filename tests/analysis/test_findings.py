"""Findings: each planted fault is found, and a sound sweep has none."""

from types import SimpleNamespace

import numpy as np
import pytest

import jgd
from jgd.analysis.findings import findings, still_improving

N = np.nan
STEPS, AT = 60, (10, 20, 30, 40, 50, 60)


def planted(scores, configs=None, curve=None, space=None, reached=None):
    """A sweep whose final losses are `scores` (configs, seeds); its curves fall early and stay."""
    scores = np.asarray(scores, np.float64)
    shape = np.array([2.0, 1.1, 1.0, 1.0, 1.0, 1.0]) if curve is None else np.asarray(curve)
    values = scores[..., None] * shape
    configs = [("sgd", {"learning_rate": 10.0**i}) for i in range(len(scores))] if configs is None else configs
    reached = np.full(len(scores), STEPS) if reached is None else np.asarray(reached)
    return SimpleNamespace(
        configs=configs,
        loss=np.where(np.isnan(scores)[..., None], N, np.ones((*scores.shape, STEPS))),
        validation={"loss": values},
        steps=STEPS,
        evaluation_steps=AT,
        diverged_at=np.where(np.isnan(scores), 3, -1),
        metric="loss",
        larger_is_better=False,
        given=np.repeat(reached[:, None], scores.shape[1], axis=1),
        reached=reached,
        stopped=reached < STEPS,
        space_of=lambda recipe=None: space,
        facts=SimpleNamespace(splits=SimpleNamespace(overlap=0.0)),
    )


def kinds(sweep):
    return [finding.kind for finding in findings(sweep)]


NOISE = np.array([0.0, 0.01, -0.01])


def test_a_sound_sweep_has_no_findings():
    assert findings(planted(np.array([[0.9], [0.5], [0.3], [0.6], [0.8]]) + NOISE)) == []


@pytest.mark.parametrize(("losses", "end", "value"), [((1, 2, 3, 4), "lower", 1.0), ((4, 3, 2, 1), "upper", 1000.0)])
def test_a_best_at_the_end_of_a_grid_is_found(losses, end, value):
    (finding,) = findings(planted(np.array(losses)[:, None] + NOISE))
    assert (finding.kind, finding.numbers["end"], finding.numbers["value"]) == ("edge", end, value)
    assert finding.message.startswith(f"sgd: the best learning_rate, {value:.4g}, is at the {end} edge")


@pytest.mark.parametrize(("best", "edge"), [(0.7, True), (0.5, False), (2e-4, False), (1.2e-4, True)])
def test_of_a_sampled_range_the_outer_twentieth_is_the_edge(best, edge):
    rates = [best, 3e-3, 1e-2, 0.1, 0.3]
    configs = [("sgd", {"learning_rate": rate, "kind": "a"}) for rate in rates]
    space = jgd.space(learning_rate=jgd.spaces.log_uniform(1e-4, 1))
    losses = np.array([0.1, 0.5, 0.4, 0.5, 0.6])[:, None] + NOISE
    assert kinds(planted(losses, configs, space=space)) == ["edge"] * edge


def sampled(score, seed=0, count=64):
    rng = np.random.default_rng(seed)
    configs = [("sgd", {"rate": r, "decay": d}) for r, d in rng.random((count, 2)).tolist()]
    losses = np.array([score(config["rate"], config["decay"]) for _, config in configs])
    space = jgd.space(rate=jgd.spaces.uniform(0, 1), decay=jgd.spaces.uniform(0, 1))
    return planted(losses[:, None] + 0.1 * NOISE, configs, space=space)


def test_an_edge_is_found_beside_a_stronger_name_and_an_idle_name_is_not_accused():
    edges = lambda score: [
        finding.numbers["name"]
        for seed in range(20)
        for finding in findings(sampled(score, seed))
        if finding.kind == "edge"
    ]
    assert edges(lambda rate, decay: 1 + (rate - 0.5) ** 2).count("decay") <= 2
    weak = edges(lambda rate, decay: 1 + (rate - 0.5) ** 2 + decay)
    assert weak.count("decay") >= 12  # else the best of 64 lies further in than 5%
    assert weak.count("rate") <= 2
    assert edges(lambda rate, decay: 1 + (rate - 0.5) ** 2 + (decay - 0.5) ** 2) == []


def test_structure_and_two_values_have_no_edges():
    configs = [("sgd", {"kind": kind, "decay": decay}) for kind in ("a", "b", "c") for decay in (0.0, 0.1)]
    assert kinds(planted(np.arange(6.0)[:, None] + 1 + NOISE, configs)) == []


def test_diverged_runs_are_counted_and_all_diverged_is_clear():
    half = planted([[0.5, 0.51], [0.2, 0.21], [N, N], [N, N]])
    assert kinds(half) == ["diverged"]
    assert findings(half)[0].message == "sgd: 4 of 8 runs diverged (50%); narrow the space"
    (all_gone,) = findings(planted([[N, N], [N, N]]))
    assert all_gone.kind == "all_diverged"
    assert all_gone.message.startswith("sgd: all runs diverged")
    assert all_gone.numbers == {"diverged": 4, "runs": 4}
    assert "best_diverged" in kinds(planted([[N, 0.3, 0.31], [0.2, N, 0.21], [0.6, 0.5, N]]))


def test_too_few_seeds_say_how_many_might_do():
    scores = np.array([[0.9, 0.9, 0.9], [0.30, 0.33, 0.28], [0.31, 0.31, 0.31], [0.9, 0.8, 0.9]])
    (finding,) = findings(planted(scores))
    assert (finding.kind, finding.config, finding.numbers["next"]) == ("undecided", 1, 2)
    differences = scores[1] - scores[2]
    assert finding.numbers["seeds_to_decide"] > 3
    assert f"about {finding.numbers['seeds_to_decide']} seeds would" in finding.message
    assert abs(differences.mean()) > 0
    (alone,) = findings(planted(scores[:, :1]))
    assert "one seed has no interval" in alone.message
    assert kinds(planted(np.array([[0.9], [0.3], [0.3], [0.9]]) + NOISE)) == ["undecided"]


def test_still_improving_is_found_and_a_plateau_with_noise_is_not():
    scores = np.array([[0.9], [0.3], [0.8]]) + NOISE
    assert kinds(planted(scores, curve=[6, 5, 4, 3, 2, 1])) == ["improving"]
    assert kinds(planted(scores, curve=[6, 2, 1.5, 1.01, 1.005, 1])) == []  # less than 2% of the gain
    rng = np.random.default_rng(0)
    noisy = lambda seeds: 1 + 0.1 * rng.normal(size=(seeds, 12))
    alarms = {s: np.mean([bool(still_improving(noisy(s), range(12), False)) for _ in range(400)]) for s in (1, 4)}
    assert max(alarms.values()) < 0.05
    falling = 1 - np.outer([0.5, 1.0, 1.5, 2.0], np.arange(6)) / 10
    told = [bool(still_improving(falling, range(6), False, overlap=each)) for each in (0.0, 2.0)]
    assert told == [True, False]  # folds share their rows, and say less


def test_seeds_at_chance_and_configs_that_never_moved_are_told():
    scores = np.array([[0.9, 0.91, 0.92], [0.3, 0.31, 0.97], [0.93, 0.94, 0.95]])
    (finding, *_) = [each for each in findings(planted(scores)) if each.kind == "chance"]
    assert (finding.config, finding.numbers) == (1, {"at_chance": 1, "seeds": 3, "more": 0})
    assert "1 of 3 seeds are at chance in config 1" in finding.message
    scores[1, 2] = 0.7  # slow, not at chance
    assert "chance" not in kinds(planted(scores))
    assert "unmoved" in kinds(planted(scores, curve=[1, 1, 1, 1, 1, 1]))


def test_configs_stopped_early_are_neither_best_nor_diverged():
    sweep = planted(np.array([[0.9], [0.5], [0.7]]) + NOISE, reached=np.array([60, 60, 20]))
    sweep.validation["loss"][2, :, 2:] = N
    assert "diverged" not in kinds(sweep)
    assert "undecided" not in kinds(sweep)
