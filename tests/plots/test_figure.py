"""What all plots share: they draw where they are told to, in one style, and matplotlib waits for the first of them."""

import inspect
import subprocess
import sys

import numpy as np
import pytest
from matplotlib import pyplot

import jgd
from jgd import plots
from jgd.plots import _figure

PLOTS = {name: value for name, value in vars(plots).items() if name.startswith("plot_")}


def test_importing_jgd_imports_neither_matplotlib_nor_pandas_nor_xarray():
    check = "import sys, jgd; sys.exit(any(name in sys.modules for name in ('matplotlib', 'pandas', 'xarray')))"
    assert subprocess.run([sys.executable, "-c", check], check=False).returncode == 0


def test_there_are_fifteen_and_each_takes_ax_or_axes_by_name():
    assert len(PLOTS) == 15
    for plot in PLOTS.values():
        (where,) = [p for name, p in inspect.signature(plot).parameters.items() if name in ("ax", "axes")]
        assert (where.kind, where.default) == (where.KEYWORD_ONLY, None)


def test_each_plot_says_what_it_takes_what_it_returns_and_where_its_numbers_are():
    for name, plot in PLOTS.items():
        missing = [part for part in ("Args:", "Returns:", "Numbers: ") if part not in plot.__doc__]
        assert not missing, f"{name} has no {missing}"


def test_the_axes_given_are_the_axes_used(ax):
    assert _figure.new_ax(ax) is ax
    made = _figure.new_ax(None)
    assert made is not ax
    assert made.figure.number in pyplot.get_fignums()  # pyplot shows it


def test_panels_are_those_given_or_hide_what_is_left_over():
    given = pyplot.subplots(2, 2)[1]
    assert list(_figure.new_axes(given, 4, 2, (4, 4))) == list(given.ravel())
    three = _figure.new_axes(None, 3, 2, (4, 4))
    assert len(three) == 3
    assert [each.axison for each in three[0].figure.axes] == [True, True, True, False]


@pytest.mark.parametrize(
    ("draw", "words"),
    [
        (lambda: _figure.new_ax("here"), "ax must be matplotlib Axes or None, got 'here'"),
        (lambda: _figure.new_axes(["here"], 1, 1, (4, 4)), r"axes must be an array of matplotlib Axes or None"),
        (lambda: _figure.new_axes(pyplot.subplots(1, 2)[1], 3, 3, (4, 4)), "axes must hold 3 Axes, one a panel, got 2"),
    ],
)
def test_another_place_is_refused(draw, words):
    with pytest.raises(jgd.JgdError, match=words):
        draw()


def test_curves_past_the_last_color_have_another_style():
    looks = [(_figure.color(i), _figure.line_style(i)) for i in range(28)]
    assert len(set(looks)) == 28


def test_a_legend_is_there_only_where_something_has_a_label(ax):
    ax.plot([0, 1])
    assert _figure.finish(ax).get_legend() is None
    ax.plot([0, 1], label="line")
    assert [text.get_text() for text in _figure.finish(ax).get_legend().get_texts()] == ["line"]


def test_a_shared_legend_says_each_label_once():
    axes = np.ravel(pyplot.subplots(1, 2)[1])
    for each in axes:
        each.plot([0, 1], label="both")
    axes[1].plot([0, 1], label="one")
    _figure.shared_legend(axes)
    assert [text.get_text() for text in axes[0].figure.legends[0].get_texts()] == ["both", "one"]
