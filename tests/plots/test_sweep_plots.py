"""Plots of a sweep draw the numbers that the analysis has."""

import functools
from dataclasses import replace

import numpy as np
import pytest
from helpers import sweeping

import jgd
from jgd import analysis, plots
from jgd.plots._values import over_seeds


@functools.cache
def grid():
    """Two recipes on one grid of seven rates."""
    return sweeping.sweep(["sgd", "adam"], evaluate_every=2)


def kinded(learning_rate, kind=None):
    return jgd.optimizers.sgd(learning_rate)


@functools.cache
def worded():
    """A word among the hyperparameters of one recipe, and two of its configs stopped at half of the steps."""
    kinds = {"learning_rate": sweeping.RATES, "kind": jgd.spaces.static(["a", None])}
    spaces = {"sgd": kinds, "adam": {"learning_rate": sweeping.RATES}}
    found = sweeping.sweep({"sgd": kinded, "adam": jgd.optimizers.adam}, spaces, evaluate_every=2)
    values = {name: np.array(array) for name, array in found.validation.items()}
    for array in values.values():
        array[:2, :, 3:] = np.nan
    return replace(found, validation=values, given=np.where(np.arange(21) < 2, 6, 12)[:, None].repeat(2, axis=1))


@functools.cache
def wild():
    """The larger rate diverges at once."""
    return sweeping.sweep("sgd", space={"learning_rate": [0.1, 1e30]})


@functools.cache
def gone():
    """Every run diverged."""
    return sweeping.sweep(space={"learning_rate": [1e30, 1e31]}, on=jgd.tasks.get("linear_regression"))


@functools.cache
def population():
    return sweeping.sweep(
        space={"learning_rate": sweeping.RATES}, policy=jgd.PopulationBasedTraining(6), evaluate_every=6
    )


def labeled(ax, label):
    (line,) = [line for line in ax.get_lines() if line.get_label() == label]
    return line


@pytest.mark.parametrize("recipe", ["sgd", "adam"])
def test_sensitivity_is_the_best_over_others_averaged_over_seeds(ax, recipe):
    assert plots.plot_sensitivity(grid(), ax=ax) is ax
    curve = analysis.sensitivity_curves(grid())[recipe]
    line = labeled(ax, recipe)
    np.testing.assert_array_equal(line.get_xdata(), curve.values)
    np.testing.assert_array_equal(line.get_ydata(), over_seeds(np.mean, curve.scores))
    assert ax.get_xscale() == "log"
    assert ax.get_ylabel() == "validation accuracy after 12 steps"


def test_sensitivity_to_another_parameter_is_that_ones(ax):
    both = sweeping.sweep("adam", space={"learning_rate": [0.01, 0.1], "b1": [0.5, 0.9]})
    plots.plot_sensitivity(both, "b1", ax=ax)
    assert labeled(ax, "adam").get_xdata().tolist() == [0.5, 0.9]
    assert ax.get_xlabel() == "b1"


def test_diverged_runs_and_stopped_configs_are_marks_inside_the_frame_below_every_curve(ax):
    plots.plot_sensitivity(wild(), ax=ax)
    (crosses,) = [line for line in ax.get_lines() if line.get_marker() == "x" and len(line.get_xdata())]
    assert crosses.get_xdata().tolist() == [1e30, 1e30]  # two seeds
    assert crosses.get_ydata().min() > 0
    curve = labeled(ax, "sgd").get_ydata()
    lowest = ax.transAxes.inverted().transform(ax.transData.transform((0.1, np.nanmin(curve))))[1]
    assert crosses.get_ydata().max() < lowest


def test_stopped_configs_are_rings_and_in_no_curve(ax):
    plots.plot_sensitivity(worded(), ax=ax)
    rings = [line for line in ax.get_lines() if line.get_marker() == "o" and line.get_linestyle() == "None"]
    (drawn,) = [line for line in rings if len(line.get_xdata())]
    assert drawn.get_xdata().tolist() == [worded().configs[i][1]["learning_rate"] for i in (0, 1)]
    assert "stopped early" in [text.get_text() for text in ax.get_legend().get_texts()]


def test_a_sweep_without_a_survivor_has_empty_curves(ax):
    plots.plot_best_of_budget(gone(), ax=ax)
    assert not ax.get_lines()
    assert not plots.plot_loss_curves(gone()).get_lines()
    assert np.isnan(labeled(plots.plot_sensitivity(gone()), "sgd").get_ydata()).all()


def test_loss_curves_are_the_picks(ax):
    assert plots.plot_loss_curves(grid(), smoothing=1.0, ax=ax) is ax
    losses = analysis.pick_losses(grid())
    assert list(losses) == ["sgd", "adam"]
    np.testing.assert_array_equal(ax.get_lines()[0].get_ydata(), losses["sgd"][0])
    np.testing.assert_allclose(ax.get_lines()[2].get_ydata(), losses["sgd"].mean(axis=0), rtol=1e-6)
    assert len(ax.get_lines()) == 2 * (2 + 1)
    with pytest.raises(jgd.JgdError, match="b must be"):
        plots.plot_loss_curves(grid(), smoothing=2.0)


def test_the_budget_is_the_expected_best(ax):
    assert plots.plot_best_of_budget(grid(), ax=ax) is ax
    curve = analysis.best_of_budget(grid())["adam"]
    np.testing.assert_array_equal(labeled(ax, "adam").get_xdata(), curve.budgets)
    np.testing.assert_array_equal(labeled(ax, "adam").get_ydata(), curve.expected)
    assert curve.budgets.tolist() == [1, 2, 3, 4, 5, 6, 7]
    best = grid().scores[7:].mean(axis=1).max()
    assert curve.expected[-1] <= best  # chosen on some seeds, scored on the others
    uncut, means = analysis.best_of_budget(grid())["sgd"], grid().scores[:7].mean(axis=1)
    heights = ax.collections[0].get_paths()[0].vertices[:, 1]  # a band leads out of no metric's range
    assert (uncut.expected - uncut.deviation).min() < means.min() == pytest.approx(heights.min())
    assert heights.max() <= means.max() + 1e-6


def test_bars_are_the_importances(ax):
    assert plots.plot_importance(grid(), ax=ax) is ax
    shares = {each.name: each.share for each in analysis.importance_of(grid())}
    drawn = [text.get_text() for text in ax.get_yticklabels()]
    assert dict(zip(drawn, [bar.get_width() for bar in ax.patches], strict=True)) == shares
    with pytest.raises(jgd.JgdError, match="unknown recipe"):
        plots.plot_importance(grid(), "adma")


@pytest.mark.parametrize(("over", "label"), [("best", "best of others"), ("mean", "mean of others")])
def test_responses_are_those_of_the_analysis(over, label):
    (ax, words) = plots.plot_responses(worded(), recipe="sgd")
    curve = analysis.response_of(worded(), "learning_rate", "sgd", over)
    np.testing.assert_array_equal(labeled(ax, label).get_ydata(), over_seeds(np.mean, curve.scores))
    np.testing.assert_array_equal(labeled(ax, label).get_xdata(), curve.values)
    assert [text.get_text() for text in words.get_xticklabels()] == ["a", "None"]
    assert (ax.get_xlabel(), words.get_xlabel()) == ("learning_rate", "kind")


def test_responses_go_into_the_axes_given(ax):
    (used,) = plots.plot_responses(grid(), ["learning_rate"], "adam", axes=ax)
    assert used is ax
    assert len(labeled(ax, "best of others").get_xdata()) == 7


def test_a_profile_is_stairs_to_its_shares(ax):
    profile = analysis.performance_profile([[1.0, 2.0], [3.0, np.nan]], ["sgd", "adam"])
    assert plots.plot_performance_profile(profile, ax=ax) is ax
    line = labeled(ax, "adam")
    np.testing.assert_array_equal(line.get_xdata()[:-1], profile.factors)
    np.testing.assert_array_equal(line.get_ydata()[:-1], profile.shares[1])
    assert line.get_drawstyle() == "steps-post"


def test_members_are_drawn_by_their_schedules(ax):
    found = population()
    assert plots.plot_member_schedules(found, ax=ax) is ax
    best = found.best_member(seed=0)
    (stairs,) = [patch for patch in ax.patches if patch.get_label() == f"seed 0: member {best[0]}"]
    segments = found.schedule(*best)
    assert stairs.get_data().values.tolist() == [each.hyperparameters["learning_rate"] for each in segments]
    assert stairs.get_data().edges.tolist() == [0, *(each.until for each in segments)]
    assert len(ax.patches) == 7 * 2 + 2  # each member at each seed, and the two best


@pytest.mark.parametrize(
    ("draw", "words"),
    [
        (
            lambda: plots.plot_sensitivity(worded(), "kind"),
            "unknown swept parameter 'kind'; choose from: learning_rate",
        ),
        (lambda: plots.plot_sensitivity(grid(), "learning_rat"), "did you mean 'learning_rate'"),
        (lambda: plots.plot_sensitivity(population()), "plot_member_schedules"),
        (lambda: plots.plot_responses(grid()), "recipe must be one of sgd, adam, got None"),
        (lambda: plots.plot_parallel_coordinates(grid()), "recipe must be one of sgd, adam, got None"),
        (lambda: plots.plot_time_to_target(population(), 0.9), "plot_member_schedules"),
        (lambda: plots.plot_response_contour(grid(), "learning_rate", "b1", "adam"), "unknown swept parameter 'b1'"),
        (lambda: plots.plot_responses(grid(), ["learning_rat"], "sgd"), "did you mean 'learning_rate'"),
        (lambda: plots.plot_responses(sweeping.sweep(space={"learning_rate": [0.1]})), "two values or more"),
        (lambda: plots.plot_member_schedules(grid()), "PopulationBasedTraining only"),
        (lambda: plots.plot_member_schedules(population(), "rate"), "unknown swept parameter 'rate'"),
        (
            lambda: plots.plot_sensitivity(
                sweeping.sweep({"sgd": kinded_only}, {"kind": jgd.spaces.static(["a", "b"])})
            ),
            "no numeric hyperparameter",
        ),
    ],
)
def test_what_cannot_be_drawn_is_named(draw, words):
    with pytest.raises(jgd.JgdError, match=words):
        draw()


def kinded_only(kind):
    return jgd.optimizers.sgd(0.1)
