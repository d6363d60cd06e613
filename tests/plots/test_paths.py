"""Paths over landscapes of one and two dimensions, alone and side by side."""

import jax.numpy as jnp
import numpy as np
import pytest

import jgd
from jgd.landscapes import Landscape
from jgd.plots import plot_paths, plot_paths_scaled
from jgd.plots.lectures.landscape import condition_number

BOWL = jgd.landscapes.get("quadratic")
PATH = np.array([[2.0, -1.0], [1.0, -0.5]])


def named(ax, label):
    (line,) = [line for line in ax.get_lines() if line.get_label() == label]
    return np.array(line.get_data()).T


def test_a_path_is_drawn_over_contours_with_the_minimum_as_a_star(ax):
    assert plot_paths(BOWL, {"down": PATH}, ax=ax) is ax
    np.testing.assert_array_equal(named(ax, "down"), PATH)
    (star,) = [line for line in ax.get_lines() if line.get_marker() == "*"]
    assert star.get_xydata().tolist() == [[0.0, 0.0]]
    assert (ax.get_xlim(), ax.get_aspect()) == ((-2.5, 2.5), 1.0)
    assert len(ax.collections) == 2  # filled contours and their lines


@pytest.mark.parametrize("name", ["local_minimum", "plateau", "needle"])
def test_one_dimension_is_a_curve_with_numbered_steps_and_tangents(ax, name):
    landscape = jgd.landscapes.get(name)
    low, high = landscape.low[0], landscape.high[0]
    steps = np.linspace(low + 0.3 * (high - low), high - 0.1 * (high - low), 4)
    plot_paths(landscape, {"across": steps}, ax=ax)
    drawn = named(ax, "across")
    np.testing.assert_array_equal(drawn[:, 0], steps)
    np.testing.assert_allclose(drawn[:, 1], [landscape(jnp.array([w])) for w in steps], rtol=1e-5)
    assert [text.get_text() for text in ax.texts] == ["0", "1", "2", "3"]
    tangents = [line.get_xydata() for line in ax.get_lines() if len(line.get_xdata()) == 2]
    assert len(tangents) == 4
    for (start, end), w in zip(tangents, steps, strict=True):
        rise = (end - start)[1] / (end - start)[0]
        near = np.array([landscape(jnp.array([w + h])) for h in (-1e-2, 1e-2)], float)
        assert rise == pytest.approx((near[1] - near[0]) / 2e-2, abs=2e-2)


def test_steps_that_lie_together_are_numbered_once(ax):
    plot_paths(jgd.landscapes.get("plateau"), {"stuck": np.full(9, 5.0)}, ax=ax)
    assert [text.get_text() for text in ax.texts] == ["0"]


@pytest.mark.slow
def test_panels_say_their_condition_number_and_share_a_legend():
    long = jgd.landscapes.quadratic([1.0, 36.0])
    left, right = plot_paths_scaled({"raw": (long, {"down": PATH}), "scaled": (BOWL, {"down": PATH})})
    assert left.get_title() == "raw\ncondition number 36"
    assert right.get_title() == "scaled\ncondition number 1"
    assert [text.get_text() for text in left.figure.legends[0].get_texts()] == ["down"]
    np.testing.assert_array_equal(named(right, "down"), PATH)
    left.figure.draw_without_rendering()  # the long box is wide and low, the round one high: nothing is cut
    top, (legend,) = left.figure.bbox.y1, left.figure.legends
    assert max(ax.title.get_window_extent().y1 for ax in (left, right)) <= top
    assert legend.get_window_extent().y1 <= min(ax.xaxis.label.get_window_extent().y0 for ax in (left, right))


@pytest.mark.slow
def test_raw_features_fill_their_panel(ax):
    """Age and income: one weight's range is ten thousand times the other's."""
    stretched = Landscape("raw", lambda w: w[0] ** 2 + (1e4 * w[1]) ** 2, (1.0, 1e-4), (-1.0, -1e-4), (1.0, 1e-4), ())
    plot_paths_scaled({"raw": (stretched, {})}, axes=ax)
    ax.figure.draw_without_rendering()
    box = ax.get_window_extent()
    assert 0.3 < box.width / box.height < 3


@pytest.mark.parametrize(
    ("curvatures", "expected"),
    [([1.0, 36.0], 36.0), ([1.0, 1e12], np.inf), ([1.0, -1.0], np.nan), ([0.0, 1.0], np.inf)],
)
def test_the_condition_number_is_of_the_curvatures(curvatures, expected):
    np.testing.assert_allclose(condition_number(jgd.landscapes.quadratic(curvatures)), expected, rtol=1e-5)


@pytest.mark.parametrize(
    ("draw", "words"),
    [
        (lambda: plot_paths(BOWL, {"down": np.ones(3)}), r"paths\['down'\] must have shape \(steps, 2\), got \(3,\)"),
        (lambda: plot_paths(jgd.landscapes.get("plateau"), {"down": PATH}), r"must have shape \(steps, 1\)"),
        (lambda: plot_paths(jgd.landscapes.quadratic([1.0] * 3), {}), "one or two dimensions to be drawn, got 3"),
        (lambda: plot_paths_scaled({}), "at least one landscape"),
    ],
)
def test_bad_input_is_named(draw, words):
    with pytest.raises(jgd.JgdError, match=words):
        draw()
