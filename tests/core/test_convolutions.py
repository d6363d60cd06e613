"""Convolutions in the order of axes that is fast in a CPU's loops: the same numbers, and that order in the program."""

import chex
import jax
import jax.numpy as jnp
import pytest

from jgd.core.convolutions import in_fast_order

KEYS = jax.random.split(jax.random.key(0))
FAST_3 = "[b, 0, f]x[0, i, o]->[b, 0, f]"


def convolution(x_shape, w_shape, **options):
    """(function of (x, w), their values)."""
    arguments = jax.random.normal(KEYS[0], x_shape), jax.random.normal(KEYS[1], w_shape)
    given = {"window_strides": (1,) * (len(x_shape) - 2), "padding": "SAME", **options}
    return lambda x, w: jnp.sum(jnp.sin(jax.lax.conv_general_dilated(x, w, **given))), arguments


CASES = {
    "channels first": convolution((2, 3, 6, 6), (4, 3, 3, 3)),
    "channels last": convolution((2, 6, 6, 3), (3, 3, 3, 4), dimension_numbers=("NHWC", "HWIO", "NHWC")),
    "axes anyhow": convolution((6, 2, 5, 3), (3, 4, 3, 2), dimension_numbers=("HNWC", "IOHW", "WCHN")),
    "strides": convolution((2, 3, 7, 6), (4, 3, 3, 2), window_strides=(2, 3), padding="VALID"),
    "dilated": convolution(
        (2, 3, 7, 6), (4, 3, 3, 2), rhs_dilation=(2, 1), lhs_dilation=(1, 2), padding=((1, 2), (0, 1))
    ),
    "grouped": convolution((2, 4, 6), (8, 2, 3), feature_group_count=2),
    "by groups of the batch": convolution((4, 3, 6), (8, 3, 3), batch_group_count=2),
    "three axes": convolution((1, 2, 3, 4, 3), (3, 2, 2, 3, 2)),
}


@pytest.mark.parametrize("case", CASES)
def test_the_gradient_is_the_same(case):
    function, arguments = CASES[case]
    gradient = jax.value_and_grad(function, argnums=(0, 1))
    chex.assert_trees_all_close(jax.jit(in_fast_order(gradient))(*arguments), jax.jit(gradient)(*arguments), rtol=1e-4)


def test_every_convolution_of_a_scanned_step_is_in_that_order():
    import jgd

    function, (x, w) = CASES["grouped"]
    called = jax.jit(lambda w, x: function(x, w))  # also inside of a call
    begin = jgd.start(jgd.optimizers.sgd(0.1), w)
    step = lambda state, _: jgd.step(called, jgd.optimizers.sgd(0.1), state, x)
    look = lambda w, _: (w, jgd.metrics.evaluation({"again": called}, called, w, x))
    for each, first, count in ((step, begin, 2), (look, w, 2)):  # a step, and an evaluation
        text = jax.jit(lambda first, each=each: jax.lax.scan(each, first, length=3)).lower(first).as_text()
        orders = [
            line.split("dim_numbers = ")[1].split(", window")[0] for line in text.splitlines() if "dim_num" in line
        ]
        assert orders == [FAST_3] * count


def test_outside_of_a_trace_and_without_convolutions_nothing_changes():
    function, arguments = CASES["strides"]
    assert in_fast_order(function)(*arguments) == function(*arguments)
    seen = []
    in_fast_order(lambda x: seen.append(x))(1.0)
    assert seen == [1.0]
    plain = lambda w: jnp.sum(jax.nn.relu(w) ** 2)
    same = jax.make_jaxpr(in_fast_order(jax.grad(plain)))(jnp.ones(3)), jax.make_jaxpr(jax.grad(plain))(jnp.ones(3))
    assert [e.primitive for e in same[0].eqns] == [e.primitive for e in same[1].eqns]


def test_draws_and_effects_inside_stay(capfd):
    def loss(w, key):
        jax.debug.print("seen {}", w[0])
        return jnp.sum(w * jax.random.normal(key, w.shape))

    gradient = jax.grad(loss)
    chex.assert_trees_all_equal(
        jax.jit(in_fast_order(gradient))(jnp.ones(2), KEYS[0]), jax.jit(gradient)(jnp.ones(2), KEYS[0])
    )
    jax.effects_barrier()
    assert capfd.readouterr().out.count("seen 1.0") == 2
