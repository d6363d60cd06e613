"""Schedules are drawn as the stairs that they are, one panel or several."""

import numpy as np
import pytest

import jgd
from jgd.plots import plot_schedules, schedule_values
from jgd.schedules import Linear, StepDecay


def test_stairs_are_the_values(ax):
    schedules = {"falls": Linear(0.3, 0.0, 5), "stays": 0.1}
    (used,) = plot_schedules(schedules, 8, axes=ax)
    assert used is ax
    falls, stays = ax.get_lines()
    np.testing.assert_allclose(falls.get_ydata()[:-1], np.clip(0.3 - 0.06 * np.arange(8), 0, None), atol=1e-7)
    np.testing.assert_allclose(stays.get_ydata(), 0.1, rtol=1e-6)
    assert falls.get_xdata().tolist() == list(range(9))  # the last value holds to the end of its step
    assert falls.get_drawstyle() == "steps-post"
    np.testing.assert_array_equal(falls.get_ydata()[:-1], schedule_values(schedules, 8)["falls"])
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["falls", "stays"]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("step", "learning rate")


def test_a_panel_for_each_group():
    groups = {"a": {"x": 0.1}, "b": {"x": StepDecay(0.1, 2, 0.5), "y": 0.2}, "c": {"x": 0.3}}
    drawn = plot_schedules(groups, 5, label="momentum")
    assert [(ax.get_title(), len(ax.get_lines()), ax.get_ylabel()) for ax in drawn] == [
        ("a", 1, "momentum"),
        ("b", 2, "momentum"),
        ("c", 1, "momentum"),
    ]


@pytest.mark.parametrize(
    ("schedules", "steps", "words"),
    [
        ({}, 5, ["schedules", "{}"]),
        ({"panel": {}}, 5, ["schedules['panel']", "{}"]),
        ({"panel": {"a": 0.1}, "b": 0.1}, 5, ["schedules['b']", "0.1"]),
        ({"a": "0.1"}, 5, ["a must be", "'0.1'"]),
        ({"a": -0.1}, 5, ["a must be", "-0.1"]),
        ({"a": 0.1}, 0, ["steps", "got 0"]),
    ],
)
def test_bad_input_is_named(schedules, steps, words):
    with pytest.raises(jgd.JgdError) as error:
        plot_schedules(schedules, steps)
    assert [word for word in words if word not in str(error.value)] == []


def test_as_many_axes_as_panels(ax):
    with pytest.raises(jgd.JgdError, match="axes must hold 2 Axes, one a panel, got 1"):
        plot_schedules({"a": {"x": 0.1}, "b": {"x": 0.1}}, 5, axes=ax)
