"""Graphs of nodes: every intermediate's derivative by name, equal to the automatic gradient of the composition."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import jgd
from jgd.teaching import graphs
from jgd.teaching.graphs import Graph, node

W, X = [0.5, -0.25, 1.0], [2.0, 4.0, -1.0]


@pytest.fixture(autouse=True)
def double(x64):
    return None


def logistic() -> Graph:
    return Graph(u=graphs.dot("w", "x"), p=graphs.sigmoid("u"), L=graphs.negative_log("p"))


def test_the_lectures_graph():
    result = logistic().run(w=W, x=X)
    golden = {"u": -1.0, "p": 0.2689414213699951, "L": 1.3132616875182228}
    for name, value in golden.items():
        assert float(result.values[name]) == pytest.approx(value, rel=1e-14)
    by = result.derivatives
    assert set(by) == {"w", "x", "u", "p", "L"}
    assert float(by["L"]) == 1.0
    assert float(by["p"]) == pytest.approx(-3.7182818284590455, rel=1e-14)
    assert float(by["u"]) == pytest.approx(-0.7310585786300049, rel=1e-14)
    assert float(result.local("p", "u")) == pytest.approx(0.19661193324148185, rel=1e-14)
    np.testing.assert_allclose(by["w"], [-1.46211715726, -2.92423431452, 0.731058578630], rtol=1e-11)
    np.testing.assert_allclose(by["x"], -0.7310585786300049 * np.array(W), rtol=1e-14)


LOCAL = {
    "add": (lambda a, b: 1.0, lambda a, b: 1.0),
    "subtract": (lambda a, b: 1.0, lambda a, b: -1.0),
    "multiply": (lambda a, b: b, lambda a, b: a),
    "dot": (lambda a, b: b, lambda a, b: a),
    "sin": (np.cos,),
    "cos": (lambda a: -np.sin(a),),
    "log": (lambda a: 1 / a,),
    "exp": (np.exp,),
    "sigmoid": (lambda a: np.exp(-a) / (1 + np.exp(-a)) ** 2,),
    "square": (lambda a: 2 * a,),
    "negative_log": (lambda a: -1 / a,),
}


@pytest.mark.parametrize("name", graphs.library)
def test_each_blocks_local_derivative(name):
    values = {"a": 0.7, "b": 1.3}
    taken = list(values)[: len(LOCAL[name])]
    result = Graph(L=graphs.library[name](*taken)).run(**{k: values[k] for k in taken})
    for by, rule in zip(taken, LOCAL[name], strict=True):
        want = rule(*(values[k] for k in taken))
        assert float(result.local("L", by)) == pytest.approx(want, rel=1e-14)
        assert float(result.derivatives[by]) == pytest.approx(want, rel=1e-14)


@settings(max_examples=30, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["add", "subtract", "multiply", "sin", "cos", "sigmoid", "square"]),
            st.integers(0, 99),
            st.integers(0, 99),
        ),
        min_size=1,
        max_size=8,
    ),
    st.floats(-2, 2),
    st.floats(-2, 2),
)
def test_any_composition_is_the_automatic_gradient(steps, a, b):
    """Random graphs with fan-out: nodes take any earlier values, and the output sums the last with the first."""
    names, pairs, program = ["a", "b"], [], []
    for place, (kind, i, j) in enumerate(steps):
        taken = [names[i % len(names)], names[j % len(names)]][: len(LOCAL[kind])]
        names.append(f"v{place}")
        pairs.append((names[-1], graphs.library[kind](*taken)))
        program.append((names[-1], pairs[-1][1].function, taken))

    def composed(inputs):
        values = dict(inputs)
        for name, function, taken in program:
            values[name] = function(*(values[t] for t in taken))
        return values[names[-1]]

    inputs = {"a": jnp.asarray(a), "b": jnp.asarray(b)}
    graph = Graph(pairs, output=names[-1])
    value, want = jax.value_and_grad(composed)(inputs)
    got_values, got = graph.backward(inputs)
    assert float(got_values[names[-1]]) == pytest.approx(float(value), rel=1e-13)
    for name in inputs:
        assert float(got[name]) == pytest.approx(float(want[name]), rel=1e-12, abs=1e-14)


def test_fan_out_adds_up():
    by = Graph(s=graphs.square("x"), t=graphs.multiply("s", "x"), L=graphs.add("t", "s")).run(x=3.0).derivatives
    assert float(by["x"]) == 3 * 9 + 2 * 3  # x³ + x²
    assert float(by["s"]) == 3 + 1
    assert float(Graph(L=graphs.multiply("x", "x")).run(x=3.0).derivatives["x"]) == 6


def test_a_users_own_functions_are_blocks():
    layer = lambda w, x: jnp.tanh(x @ w)
    x = np.linspace(-1, 1, 6).reshape(3, 2)
    w = np.array([[0.1, 0.2], [0.3, -0.4]])
    graph = Graph(h=node(layer, "w", "x"), L=node(lambda h, y: jnp.mean((h[:, 0] - y) ** 2), "h", "y"))
    y = np.array([0.0, 1.0, 0.5])
    by = graph.run(w=w, x=x, y=y).derivatives
    want = jax.grad(lambda w: jnp.mean((layer(w, x)[:, 0] - y) ** 2))(jnp.asarray(w))
    np.testing.assert_allclose(by["w"], want, rtol=1e-13)
    np.testing.assert_allclose(by["w"], x.T @ (by["h"] * (1 - np.tanh(x @ w) ** 2)), rtol=1e-12)


def test_a_stable_block_where_two_naive_ones_overflow():
    naive = Graph(p=graphs.sigmoid("u"), L=graphs.negative_log("p")).run(u=np.float32(-200))
    assert np.isinf(naive.values["L"])
    assert np.isnan(naive.derivatives["u"])
    stable = Graph(L=node(lambda u: jax.nn.softplus(-u), "u")).run(u=np.float32(-200))
    assert (float(stable.values["L"]), float(stable.derivatives["u"])) == (200.0, -1.0)


def test_labels_unused_values_and_jit():
    graph = Graph(
        chosen=node(lambda u, y: u[y], "u", "y"), L=graphs.square("chosen"), side=graphs.sin("chosen"), output="L"
    )
    result = graph.run(u=[1.0, 2.0], y=np.int32(1))
    assert result.derivatives["y"] is None
    np.testing.assert_array_equal(result.derivatives["u"], [0.0, 4.0])
    assert float(result.derivatives["side"]) == 0.0  # computed, but not on the way to L
    jitted = jax.jit(graph.backward)({"u": jnp.array([1.0, 2.0]), "y": jnp.int32(1)})[1]
    np.testing.assert_array_equal(jitted["u"], [0.0, 4.0])


def test_a_long_chain_needs_no_recursion():
    pairs = [(f"v{i}", graphs.add(f"v{i - 1}", "one")) for i in range(1500, 0, -1)]  # defined backwards
    graph = Graph(pairs)
    assert graph.order[0] == "v1"
    assert graph.output == "v1500"


def test_the_table_reads():
    lines = str(logistic().run(w=W, x=X)).splitlines()
    assert lines[0].split("  ")[0] == "name"
    assert lines[0].endswith("∂L/∂name")
    assert any(line.startswith("u ") and "dot(w, x)" in line and "-0.731059" in line for line in lines)
    big = Graph(L=node(jnp.sum, "x", label="sum")).run(x=np.ones((3, 5)))
    assert "float64[3, 5], norm 3.87298" in str(big)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Graph([("u", graphs.sin("x")), ("u", graphs.cos("x"))]), "two nodes are named 'u'"),
        (lambda: Graph(a=graphs.sin("b"), b=graphs.cos("c"), c=graphs.exp("a")), "cycle: a ← b ← c ← a"),
        (lambda: Graph(a=graphs.sin("a")), "cycle: a ← a"),
        (lambda: Graph(a=graphs.sin("x"), b=graphs.cos("x")), "ends in a, b: say which"),
        (lambda: Graph(a=graphs.sin("x"), output="z"), "unknown output 'z'"),
        (lambda: Graph(), "at least one node"),
        (lambda: Graph(a=jnp.sin), "a must be a node"),
        (lambda: node(3, "x"), "function must be callable"),
        (lambda: node(jnp.sin), "names of its inputs"),
        (lambda: logistic().run(w=W), "needs a value for x"),
        (lambda: logistic().run(w=W, x=X, ww=W), "unknown input of the graph 'ww'; did you mean 'w'"),
        (lambda: Graph(u=graphs.square("x")).run(x=X), "output u must be one floating number"),
        (lambda: Graph(u=node(lambda x: (x, x), "x")).run(x=1.0), "node u must return one array"),
        (lambda: logistic().run(w=W, x=X).local("p", "w"), "unknown input of p 'w'"),
    ],
)
def test_bad_input_is_named(make, words):
    with pytest.raises(jgd.JgdError, match=words):
        make()
