"""Plots of single runs: training curves and the range test draw what the runs recorded."""

import functools

import jax.numpy as jnp
import numpy as np
import pytest

import jgd
from jgd.plots import plot_lr_range_test, plot_training_curves
from jgd.plots.training.training_curves import zigzags

BOWL = jgd.landscapes.get("quadratic")


@functools.cache
def run(rate):
    loss = lambda w, batch: jnp.sum(w**2)
    return jgd.train(loss, jgd.optimizers.sgd(rate), jnp.ones(1), steps=30, validation=np.ones(1, np.float32))


def legend(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


def test_one_run_is_its_loss_and_its_validation(ax):
    assert plot_training_curves(run(0.1), ax=ax) is ax
    training, validation, best = ax.get_lines()
    np.testing.assert_array_equal(training.get_ydata(), run(0.1).history["loss"])
    np.testing.assert_array_equal(training.get_xdata(), run(0.1).history["step"])
    np.testing.assert_array_equal(validation.get_ydata(), run(0.1).evaluations["loss"])
    assert best.get_ydata() == run(0.1).evaluations["loss"].min()
    assert ax.get_yscale() == "log"


@pytest.mark.slow
def test_a_rising_loss_is_drawn_as_it_is_and_says_where_it_broke(ax):
    broken = run(1.2)
    assert broken.status == "diverged"
    plot_training_curves(broken, ax=ax)
    np.testing.assert_array_equal(ax.get_lines()[0].get_ydata(), broken.history["loss"])
    assert "diverged" in legend(ax)


@pytest.mark.parametrize("form", ["corrected", "recursive", "literal"])
def test_smoothing_is_jgd_smooth(ax, form):
    plot_training_curves(run(0.1), smoothing=0.2, form=form, ax=ax)
    thin, thick = ax.get_lines()[:2]
    np.testing.assert_array_equal(thin.get_ydata(), run(0.1).history["loss"])
    np.testing.assert_array_equal(thick.get_ydata(), jgd.smooth(run(0.1).history["loss"], 0.2, form))


def test_the_axis_may_be_linear():
    assert plot_training_curves(run(0.1), scale="linear").get_yscale() == "linear"
    assert plot_training_curves(run(0.499), scale="log").get_yscale() == "log"


def test_several_runs_have_names_and_one_entry_for_validation(ax):
    plot_training_curves({"slow": run(0.1), "fast": run(0.3)}, ax=ax)
    assert legend(ax) == ["slow", "fast", "validation"]


def test_runs_of_several_seeds_are_drawn_by_seed(ax):
    start = lambda key: jnp.ones(1)
    runs = jgd.train_seeds(lambda w, batch: jnp.sum(w**2), jgd.optimizers.sgd(0.1), start, seeds=[3, 5], steps=5)
    plot_training_curves(runs, ax=ax)
    assert legend(ax) == ["seed 3", "seed 5"]
    np.testing.assert_array_equal(ax.get_lines()[1].get_ydata(), runs.runs[1].history["loss"])


@pytest.mark.parametrize(
    ("draw", "words"),
    [
        (lambda: plot_training_curves({}), "at least one run"),
        (lambda: plot_training_curves([run(0.1)]), "runs must be a jgd.Run"),
        (lambda: plot_training_curves({"a": 1}), r"runs\['a'\] must be a jgd.Run, got 1"),
        (lambda: plot_training_curves(run(0.1), scale="lin"), "did you mean 'linear'"),
        (lambda: plot_training_curves(run(0.1), smoothing=0.0), "b must be"),
        (lambda: plot_training_curves(run(0.1), form="exact"), "unknown form 'exact'"),
    ],
)
def test_bad_input_is_named(draw, words):
    with pytest.raises(jgd.JgdError, match=words):
        draw()


def test_only_a_loss_that_zigzags_is_smoothed():
    assert not zigzags(0.9 ** np.arange(50))
    assert not zigzags(1.1 ** np.arange(50))
    assert zigzags(np.random.default_rng(0).random(50))
    assert not zigzags(np.array([np.nan]))


def test_the_range_test_is_drawn_where_it_falls(ax):
    seen = jgd.lr_range_test(BOWL, jgd.optimizers.sgd, jnp.ones(2), steps=20)
    assert plot_lr_range_test(seen, ax=ax) is ax
    raw, smoothed, steepest, lowest = ax.get_lines()
    np.testing.assert_array_equal(raw.get_ydata(), seen.losses)
    np.testing.assert_array_equal(smoothed.get_xdata(), seen.rates)
    np.testing.assert_array_equal(smoothed.get_ydata(), seen.smoothed)
    assert (steepest.get_xdata()[0], lowest.get_xdata()[0]) == (seen.steepest, seen.lowest)


def test_the_range_test_is_drawn_even_where_nothing_fell(ax):
    seen = jgd.lr_range_test(lambda w, batch: jnp.sum(0 * w) + 1, jgd.optimizers.sgd, jnp.ones(2), steps=20)
    assert len(plot_lr_range_test(seen, ax=ax).get_lines()) == 2
