"""Importance: exact where it can be, planted effects found where it can't."""

import itertools
from types import SimpleNamespace

import numpy as np
import pytest

import jgd
from jgd.analysis.final_scores import final_scores, overall_ranks
from jgd.analysis.importance import _main_effects, boxes, importance, importance_of
from jgd.analysis.unit_cube import neighbors, unit_cube

N = np.nan


def named(**columns):
    """Configs of one recipe from columns; a value of NaN means that the config has no such name."""
    rows = zip(*columns.values(), strict=True)
    kept = [{k: v for k, v in zip(columns, row, strict=True) if v == v} for row in rows]
    return [("sgd", config) for config in kept]


def shares(configs, scores, **options):
    return {each.name: each for each in importance(unit_cube(configs), np.asarray(scores), True, **options)}


def test_a_grids_shares_are_the_anova_of_its_ranks():
    a, b = map(np.array, zip(*itertools.product([1.0, 2.0, 3.0], [1.0, 2.0, 3.0]), strict=True))
    scores = 10 * a + b  # the ranks are 3a + b, up to a constant: variances 9 · 2/3 and 2/3
    found = shares(named(a=a, b=b), scores)
    assert (found["a"].share, found["b"].share) == pytest.approx((0.9, 0.1))
    assert found["a"].method == "grid"
    exclusive = shares(named(a=a[[0, 1, 3, 4]], b=b[[0, 1, 3, 4]]), [0.0, 1.0, 1.0, 0.0])
    assert exclusive["a"].share == exclusive["b"].share == 0  # all of it is interaction


def test_a_trees_main_effects_are_its_integrals():
    from sklearn.tree import DecisionTreeRegressor

    rng = np.random.default_rng(0)
    x = rng.random((40, 2))
    tree = DecisionTreeRegressor(max_leaf_nodes=8, random_state=0).fit(x, x[:, 0] + x[:, 0] * x[:, 1])
    side = (np.arange(500) + 0.5) / 500
    surface = tree.predict(np.stack(np.meshgrid(side, side, indexing="ij"), -1).reshape(-1, 2)).reshape(500, 500)
    want = [surface.mean(axis=axis).var() / surface.var() for axis in (1, 0)]
    np.testing.assert_allclose(_main_effects(tree.tree_, 2), want, atol=0.01)
    low, high, values = boxes(tree.tree_, 2)
    assert (high - low).prod(axis=1).sum() == pytest.approx(1)
    assert len(values) == 8


def test_a_forest_finds_what_was_planted():
    rng = np.random.default_rng(0)
    rate, decay, idle = rng.random((3, 120))
    found = shares(named(rate=rate, decay=decay, idle=idle), -((rate - 0.4) ** 2) - 0.05 * decay)
    assert list(found) == ["rate", "decay", "idle"]
    assert found["rate"].share > 0.7
    assert found["idle"].share < 0.05
    assert found["rate"].fit > 0.8
    assert found == shares(named(rate=rate, decay=decay, idle=idle), -((rate - 0.4) ** 2) - 0.05 * decay)


def test_noise_is_told_by_the_fit():
    rng = np.random.default_rng(0)
    found = shares(named(a=rng.random(60), b=rng.random(60)), rng.random(60))
    assert max(each.fit for each in found.values()) < 0.2


def test_diverged_configs_rank_worst():
    rates = np.array([0.1, 0.2, 0.4, 0.8])
    a, b = map(np.array, zip(*itertools.product(rates, [1.0, 2.0]), strict=True))
    found = shares(named(a=a, b=b), np.where(a > 0.3, N, b))
    assert (found["a"].share, found["b"].share) == pytest.approx((8 / 9, 1 / 18))  # four share the rank 2.5


def test_a_conditional_name_is_measured_where_it_is():
    rng = np.random.default_rng(0)
    adam = np.arange(80) < 40
    rate, b2 = rng.random(80), np.where(adam, rng.random(80), N)
    kind = np.where(adam, "adam", "sgd").astype(object)
    found = shares(named(rate=rate, optimizer=kind, b2=b2), np.where(adam, 2 * np.nan_to_num(b2) - 5, rate))
    assert (found["b2"].configs, found["rate"].configs) == (40, 80)
    assert found["b2"].share > 0.9
    assert found["optimizer"].share > 0.5


def test_configs_stopped_early_stand_as_they_went():
    values = np.array([[[2.0, 1.0]], [[1.0, N]], [[3.0, N]], [[9.0, 8.0]], [[N, N]]])
    sweep = SimpleNamespace(
        configs=named(a=[1.0, 2.0, 3.0, 4.0, 5.0]),
        validation={"loss": values},
        loss=np.ones((5, 1, 20)),
        steps=20,
        diverged_at=np.array([[-1], [-1], [-1], [-1], [2]]),
        reached=np.array([20, 10, 10, 20, 10]),
        given=np.array([[20], [10], [10], [20], [10]]),
        stopped=np.array([False, True, True, False, True]),
        metric="loss",
        larger_is_better=False,
        space_of=lambda recipe=None: None,
        facts=SimpleNamespace(splits=SimpleNamespace(overlap=0.0)),
    )
    np.testing.assert_array_equal(np.argsort(overall_ranks(sweep, final_scores(sweep))), [2, 1, 3, 0, 4])  # NaN last
    assert np.isnan(overall_ranks(sweep, final_scores(sweep))[4])
    assert importance_of(sweep)[0].share == 1  # one name on a grid


def test_several_recipes_are_one_more_name():
    configs = [(recipe, {"learning_rate": rate}) for recipe in ("sgd", "adam") for rate in (0.1, 1.0)]
    found = {each.name: each.share for each in importance(unit_cube(configs), np.array([1.0, 2.0, 3.0, 4.0]), True)}
    assert found == pytest.approx({"recipe": 0.8, "learning_rate": 0.2})


SPACE = jgd.space(
    rate=jgd.spaces.log_uniform(1e-4, 1),
    decay=[3.0, 1.0, 2.0],
    warmup=jgd.spaces.integers(1, 4),
    hidden=jgd.spaces.integers(1, 4, log=True),
    width=jgd.spaces.static([4, 8]),
)


def test_places_come_from_the_space_where_there_is_one():
    found = unit_cube(named(rate=[1e-4, 1e-3], decay=[1.0, 3.0], width=[8, 4], kind=["b", "a"]), SPACE)
    np.testing.assert_allclose(found.units, [[0, 1 / 6, 0.75, 0.25], [0.25, 5 / 6, 0.25, 0.75]])
    assert found.structural.tolist() == [False, False, True, True]
    whole = unit_cube(named(warmup=[2, 3]), SPACE)
    assert (whole.column("warmup").tolist(), whole.edges.tolist()) == ([0.375, 0.625], [[0.125, 0.125]])
    uneven = unit_cube(named(hidden=[1, 4]), SPACE)
    np.testing.assert_allclose(uneven.edges, [[np.log(3) / np.log(9) / 2, np.log(9 / 7) / np.log(9) / 2]])
    outside = unit_cube(named(rate=[1e-4, 10.0]), SPACE)
    assert outside.column("rate").tolist() == [0.25, 0.75]  # by rank


def test_neighbors_share_the_structure():
    configs = [("sgd", {"a": a, "kind": kind}) for kind in ("x", "y") for a in (1.0, 2.0, 3.0, 9.0)]
    assert neighbors(unit_cube(configs), 0) == [1, 2, 3]
    assert neighbors(unit_cube(configs), 6, 2) == [5, 7]


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: shares(named(a=[1.0, 1.0]), [1.0, 2.0]), "takes two values or more"),
        (lambda: shares(named(a=[1.0, 2.0]), [N, N]), "all equal"),
        (lambda: shares(named(a=[1.0, 2.0]), [1.0]), r"scores must have shape \(2,\)"),
        (lambda: shares(named(a=[1.0, 2.0, 3.0], b=[3.0, 1.0, 2.0]), [1.0, 2.0, 4.0]), "16 configs and 4 for each"),
        (lambda: unit_cube([]), "configs must hold at least one"),
    ],
)
def test_refusals(call, said):
    with pytest.raises(jgd.JgdError, match=said):
        call()
