"""Pictures of searches and of methods compared draw the numbers that jgd.analysis has."""

import functools
from dataclasses import replace

import numpy as np
import pytest
from helpers import sweeping
from scipy import stats

import jgd
from jgd import analysis, plots
from jgd.analysis.final_scores import larger_is_better


@functools.cache
def plane_of():
    """Momentum on a grid whose largest rate diverges."""
    space = {"learning_rate": [0.01, 0.1, 9.0], "momentum": [0.0, 0.9]}
    return jgd.sweep("hours_points", "momentum", space, seeds=2, steps=30)


def means_of(found):
    """(configs,) in float64; NaN where a seed diverged."""
    return np.where(np.isfinite(found.scores), found.scores, np.nan).astype(float).mean(axis=1)


def labeled(ax, label):
    (line,) = [line for line in ax.get_lines() if line.get_label() == label]
    return line


def test_a_heatmap_is_the_table_of_means_with_the_best_framed(ax):
    found = plane_of()
    assert plots.plot_response_heatmap(found, "learning_rate", "momentum", ax=ax) is ax
    rates, momenta, table = analysis.response_plane(found, "learning_rate", "momentum").grid
    assert (rates, momenta) == ((0.01, 0.1, 9.0), (0.0, 0.9))
    np.testing.assert_array_equal(table.ravel(), means_of(found))
    drawn = ax.collections[0].get_array()
    np.testing.assert_array_equal(np.ma.filled(drawn, np.nan), table.T)
    written = {tuple(text.get_position()): text.get_text() for text in ax.texts}
    assert written == {(i, j): f"{table[i, j]:.3g}" for i, j in np.argwhere(np.isfinite(table))}
    frame = ax.patches[-1]
    best = np.unravel_index(np.nanargmin(table), table.shape)
    assert (frame.get_x() + 0.5, frame.get_y() + 0.5) == best
    crosses = [line.get_xydata()[0].tolist() for line in ax.get_lines() if line.get_marker() == "x"]
    assert crosses == [[2, 0], [2, 1]]
    assert (ax.get_xlabel(), ax.figure.axes[1].get_ylabel()) == ("learning_rate", "validation loss")


def test_contours_have_a_dot_for_each_pair_and_a_ring_at_the_best(ax):
    plane = analysis.response_plane(plane_of(), "learning_rate", "momentum")
    plots.plot_response_contour(plane_of(), "learning_rate", "momentum", ax=ax)
    dots, crosses, ring = ax.get_lines()
    alive = np.isfinite(plane.means)
    np.testing.assert_array_equal(dots.get_xydata(), np.array(plane.pairs)[alive])
    np.testing.assert_array_equal(crosses.get_xydata(), np.array(plane.pairs)[~alive])
    assert tuple(ring.get_xydata()[0]) == plane.pairs[np.nanargmin(plane.means)]
    assert (ax.get_xscale(), ax.get_yscale()) == ("log", "linear")
    with pytest.raises(jgd.JgdError, match="did you mean 'momentum'"):
        plots.plot_response_contour(plane_of(), "learning_rate", "momentun")


def test_parallel_coordinates_are_places_in_the_cube_and_ranks(ax):
    found = plane_of()
    plots.plot_parallel_coordinates(found, ax=ax)
    lines = np.array([line.get_ydata() for line in ax.get_lines()])
    cube = analysis.unit_cube(found.configs, found.space_of("momentum"))
    means = means_of(found)
    order = np.argsort(-np.where(np.isnan(means), np.inf, means), kind="stable")  # the worst first
    np.testing.assert_array_equal(lines[:, :2], cube.units[order])
    assert (np.diff(lines[:, 2]) >= 0).all()
    assert [line.get_linestyle() for line in ax.get_lines()] == ["--"] * 2 + ["-"] * 4  # two diverged
    assert [label.get_text() for label in ax.get_xticklabels()] == [
        "learning_rate",
        "momentum",
        "rank by validation loss",
    ]


def test_pairs_are_bars_below_and_shares_of_a_grid_of_two_are_whole(ax):
    singles, pairs = analysis.importance_pairs_of(plane_of())
    plots.plot_importance(plane_of(), pairs=True, ax=ax)
    drawn = dict(
        zip([text.get_text() for text in ax.get_yticklabels()], [bar.get_width() for bar in ax.patches], strict=True)
    )
    assert drawn == {each.name: each.share for each in singles} | {" × ".join(pairs[0].names): pairs[0].share}
    assert sum(drawn.values()) == pytest.approx(1)


@pytest.mark.slow
def test_the_forest_sees_an_interaction_that_neither_shows_alone():
    """y = sign of (a − ½)(b − ½): no main effect, all interaction; c does nothing."""
    from jgd.analysis.importance import boxes, grow_forest
    from jgd.analysis.importance_pairs import _on_grid, _on_trees

    x = np.random.default_rng(0).random((300, 3))
    y = np.sign((x[:, 0] - 0.5) * (x[:, 1] - 0.5))
    trees = [boxes(tree.tree_, 3) for tree in grow_forest(x, y, 0).estimators_[:20]]
    shares = {pair: _on_trees(trees, pair)[0] for pair in ((0, 1), (0, 2), (1, 2))}
    assert shares[0, 1] > 0.5 > 0.1 > max(shares[0, 2], shares[1, 2])
    corners = np.array([[a, b] for a in (0, 1) for b in (0, 1)])
    assert _on_grid(corners, np.array([1, -1, -1, 1]), (0, 1)) == (1.0, 0.0)


def test_the_history_is_the_means_and_their_best(ax):
    found = plane_of()
    plots.plot_search_history(found, ax=ax)
    dots, stairs, crosses, entry = ax.get_lines()
    assert entry.get_label() == "diverged"  # whichever recipe it was
    history = analysis.search_history(found)
    np.testing.assert_array_equal(dots.get_ydata(), history.means)
    np.testing.assert_array_equal(stairs.get_ydata(), np.fmin.accumulate(history.means))
    assert crosses.get_xdata().tolist() == [5, 6]
    assert ax.get_ylabel() == "validation loss"


def test_the_distribution_is_the_share_at_least_as_good(ax):
    plots.plot_score_distribution(plane_of(), ax=ax)
    values, shares = labeled(ax, "momentum, 12 runs").get_data()
    scores = plane_of().scores
    for value, share in zip(values, shares, strict=True):
        assert share == (scores <= value).mean()
    assert shares[-1] == 8 / 12  # four diverged
    assert ax.xaxis_inverted()
    accuracy = plots.plot_score_distribution(sweeping.usual())
    assert not accuracy.xaxis_inverted()
    assert accuracy.get_xlabel() == "validation accuracy after 12 steps, better to the right"
    found = sweeping.usual()
    by_loss = replace(found, facts=replace(found.facts, metric="loss", larger_is_better=False))
    assert not plots.plot_score_distribution(by_loss, "accuracy").xaxis_inverted()
    assert not larger_is_better(by_loss, "rmse")


def test_time_to_target_is_the_share_of_the_picks_seeds(ax):
    found = sweeping.sweep(["sgd", "adam"], evaluate_every=2)
    plots.plot_time_to_target(found, 0.7, ax=ax)
    for pick in found.picks:
        hit = found.validation["accuracy"][pick.config] >= 0.7
        (line,) = [line for line in ax.get_lines() if str(line.get_label()).startswith(pick.recipe)]
        at, shares = line.get_data()
        for step, share in zip(at[1:-1], shares[1:-1], strict=True):
            seen = np.array(found.evaluation_steps) <= step
            assert share == hit[:, seen].any(axis=1).mean()
        assert (shares[0], shares[-1]) == (0, hit.any(axis=1).mean())


def test_critical_differences_are_demsars(ax):
    """His table 5a: q at 5% is 1.960, 2.343, 2.569 and 2.728 for 2 to 5 methods."""
    scores = np.random.default_rng(0).random((5, 12)) + np.arange(5)[:, None] * [1.0]
    for k, q in ((2, 1.960), (3, 2.343), (4, 2.569), (5, 2.728)):
        found = analysis.critical_difference(scores[:k], larger_is_better=True)
        assert found.difference == pytest.approx(q * np.sqrt(k * (k + 1) / 72), rel=4e-4)
    ranks = stats.rankdata(-scores, axis=0).mean(axis=1)
    np.testing.assert_allclose(found.ranks, np.sort(ranks))
    apart = found.ranks[None] - found.ranks[:, None] > found.difference
    for first, last in found.groups:
        assert not apart[first, last]
        assert last == 4 or apart[first, last + 1]  # none larger
    plots.plot_critical_difference(found, ax=ax)
    assert [text.get_text() for text in ax.texts][1:] == [
        f"{name}  {rank:.2f}" for name, rank in zip(found.methods, found.ranks, strict=True)
    ]
    bars = [line.get_xdata() for line in ax.get_lines() if line.get_linewidth() == 4]
    assert len(bars) == len(found.groups)
    with pytest.raises(jgd.JgdError, match=r"scores must have shape \(methods, tasks\), two of each or more"):
        analysis.critical_difference(scores[:1], larger_is_better=True)


@pytest.mark.slow
def test_configs_at_random_are_slices_of_dots():
    space = jgd.space(learning_rate=jgd.spaces.log_uniform(0.01, 1), momentum=jgd.spaces.uniform(0, 0.9))
    found = sweeping.sweep("momentum", space, samples=4)
    for ax, name in zip(plots.plot_responses(found), ("learning_rate", "momentum"), strict=True):
        (dots,) = ax.get_lines()
        assert sorted(dots.get_xdata()) == sorted(config[name] for _, config in found.configs)
        assert sorted(dots.get_ydata()) == sorted(means_of(found))
