"""Plots of derivatives draw what was computed, whatever the graph."""

import numpy as np
import pytest
from matplotlib import pyplot

import jgd
from jgd.plots import plot_cost, plot_error_curve, plot_graph
from jgd.teaching import Cost, CostTable, error_curve, graphs


def words(ax):
    return [text.get_text() for text in ax.texts]


def test_a_graph_says_values_and_derivatives_and_what_the_way_back_multiplies_by(ax):
    trace = graphs.Graph(s=graphs.square("x"), t=graphs.multiply("s", "x"), L=graphs.add("t", "s")).run(x=3.0)
    assert plot_graph(trace, ax=ax) is ax
    said = words(ax)
    for name, value in trace.values.items():
        assert f"{value:g}" in said
        assert f"∂L/∂{name} = {trace.derivatives[name]:g}" in said
    local = [f"{trace.local(*edge):g}" for edge in (("s", "x"), ("t", "s"), ("t", "x"), ("L", "t"), ("L", "s"))]
    assert said[-5:] == local == ["6", "3", "9", "1", "1"]


def test_a_new_figure_is_two_columns_wide_at_most_and_a_deep_graph_goes_down():
    deep = graphs.Graph(**{f"x{i + 1}": graphs.square(f"x{i}") for i in range(6)})
    size = plot_graph(deep.run(x0=1.0)).figure.get_size_inches()
    assert size[0] == 7.2
    assert size[1] > 6


@pytest.mark.slow
def test_long_arrays_are_shapes_and_an_integer_has_no_derivative(tmp_path):
    fan_out = graphs.Graph(
        s=graphs.square("x"), t=graphs.multiply("s", "x"), y=graphs.node(lambda t, i: t[i] * 1.0, "t", "i"), output="y"
    )
    ax = plot_graph(fan_out.run(x=np.ones(9, np.float32), i=np.int32(2)))
    assert "[9], norm 3" in words(ax)
    assert "∂y/∂i = none" in words(ax)
    ax.figure.savefig(tmp_path / "graph.svg")
    assert "<svg" in (tmp_path / "graph.svg").read_text()


def test_costs_are_shares_of_the_forward_pass(ax):
    rows = (Cost(8, 1.0, 2.0, 2.1, 16.0), Cost(64, 8.0, 17.0, 16.0, None))
    assert plot_cost(CostTable(rows), ax=ax) is ax
    forward, gradient, _, hessian = ax.get_lines()
    assert forward.get_ydata() == pytest.approx([1, 1])
    assert gradient.get_ydata() == pytest.approx([2, 17 / 8])
    assert list(hessian.get_xdata()) == [8]  # the other is too large to compile
    assert words(ax) == ["forward", "Hessian · vector", "value and gradient", "Hessian"]  # from the lowest, apart


def test_the_u_curve_is_the_errors():
    curve = error_curve(lambda x: x**3, 2.0, exact=12.0)
    given = pyplot.subplots(1, 2)[1]
    panels = plot_error_curve(curve, axes=given)
    assert list(panels) == list(given)
    for ax, dtype in zip(panels, ("float32", "float64"), strict=True):
        assert ax.get_title() == dtype
        (line,) = [line for line in ax.get_lines() if line.get_label() == "central"]
        np.testing.assert_array_equal(line.get_xdata(), curve.steps)
        np.testing.assert_array_equal(line.get_ydata(), np.maximum(curve.errors["central", dtype], 1e-18))


def test_the_u_curve_needs_two_panels(ax):
    with pytest.raises(jgd.JgdError, match="axes must hold 2 Axes"):
        plot_error_curve(error_curve(lambda x: x**3, 2.0, exact=12.0), axes=ax)
