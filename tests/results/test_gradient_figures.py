"""The pictures of gradients: they are drawn, at the path asked for, whatever the graph."""

import numpy as np
import pytest

from jgd.results import cost_figure, graph_figure
from jgd.teaching import graphs
from jgd.teaching.costs import Cost, CostTable

pytest.importorskip("matplotlib")


def test_a_graph_is_drawn(tmp_path):
    fan_out = graphs.Graph(
        s=graphs.square("x"), t=graphs.multiply("s", "x"), y=graphs.node(lambda t, i: t[i] * 1.0, "t", "i"), output="y"
    )
    graph_figure.graph(fan_out.run(x=np.ones(9, np.float32), i=np.int32(2)), tmp_path / "graph.png")
    graph_figure.graph(graphs.Graph(L=graphs.sin("x")).run(x=1.0), tmp_path / "small.svg")
    assert (tmp_path / "graph.png").read_bytes().startswith(b"\x89PNG")
    assert "<svg" in (tmp_path / "small.svg").read_text()


def test_costs_are_drawn(tmp_path):
    rows = (Cost(8, 1.0, 2.0, 2.1, 16.0), Cost(64, 8.0, 17.0, 16.0, None))
    cost_figure.cost(CostTable(rows), tmp_path / "cost.png")
    assert (tmp_path / "cost.png").read_bytes().startswith(b"\x89PNG")
