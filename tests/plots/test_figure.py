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

PLOTS = {name: getattr(plots, name) for name in dir(plots) if name.startswith("plot_")}


def test_importing_jgd_imports_neither_matplotlib_nor_pandas_nor_xarray():
    check = "import sys, jgd; sys.exit(any(name in sys.modules for name in ('matplotlib', 'pandas', 'xarray')))"
    assert subprocess.run([sys.executable, "-c", check], check=False).returncode == 0


def test_each_takes_ax_or_axes_by_name():
    assert len(PLOTS) == 34
    for plot in PLOTS.values():
        (where,) = [p for name, p in inspect.signature(plot).parameters.items() if name in ("ax", "axes")]
        assert (where.kind, where.default) == (where.KEYWORD_ONLY, None)


def test_each_plot_says_what_it_takes_what_it_returns_and_where_its_numbers_are():
    for name, plot in PLOTS.items():
        missing = [part for part in ("Args:", "Returns:", "Numbers: ") if part not in plot.__doc__]
        assert not missing, f"{name} has no {missing}"


def test_the_axes_given_are_the_axes_used(ax):
    assert _figure.given_ax(ax) is ax
    made = _figure.given_ax(None)
    assert made is not ax
    assert made.figure.number in pyplot.get_fignums()  # pyplot shows it


def test_panels_are_those_given_or_hide_what_is_left_over():
    given = pyplot.subplots(2, 2)[1]
    assert list(_figure.given_axes(given, 4, 2, (4, 4))) == list(given.ravel())
    three = _figure.given_axes(None, 3, 2, (4, 4))
    assert len(three) == 3
    assert [each.axison for each in three[0].figure.axes] == [True, True, True, False]


def test_a_figure_is_as_wide_as_one_or_two_columns_and_long_words_break():
    ax, pair = plots.new_axes(columns=1), plots.new_axes(3, height=4.0)
    assert ax.figure.get_size_inches().tolist() == [3.5, 2.625]
    assert (len(pair), pair[0].figure.get_size_inches().tolist()) == (3, [7.2, 4.0])
    ax.set(title="a title that is far too long for one column of a page and has to break", xlabel="short")
    _figure.finish(ax)
    assert len(ax.get_title().splitlines()) == 2
    assert (ax.get_xlabel(), ax.title.get_fontsize()) == ("short", 9)
    with pytest.raises(jgd.JgdError, match="columns"):
        plots.new_axes(columns=3)


def test_a_logarithmic_axis_over_few_decades_has_plain_numbers(ax):
    ax.set(yscale="log", ylim=(0.2, 3.0), xscale="log", xlim=(1e-6, 1.0))
    _figure.finish(ax)
    assert [ax.yaxis.get_major_formatter()(tick) for tick in (0.2, 0.5, 1.0)] == ["0.2", "0.5", "1"]
    assert "10" in ax.xaxis.get_major_formatter()(1e-3)


@pytest.mark.parametrize(
    ("draw", "words"),
    [
        (lambda: _figure.given_ax("here"), "ax must be matplotlib Axes or None, got 'here'"),
        (lambda: _figure.given_axes(["here"], 1, 1, (4, 4)), r"axes must be an array of matplotlib Axes or None"),
        (
            lambda: _figure.given_axes(pyplot.subplots(1, 2)[1], 3, 3, (4, 4)),
            "axes must hold 3 Axes, one a panel, got 2",
        ),
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
