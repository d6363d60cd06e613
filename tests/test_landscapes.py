"""Landscapes: their minima are minima, and the traps that the lectures tell of are traps: G10, N1, N2, N3."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jgd
from jgd.landscapes import registry

pytestmark = pytest.mark.slow  # the fast part runs what these stand on

BOUNDED = {name: each for name, each in registry.items() if each.minima}


@pytest.mark.parametrize("each", BOUNDED.values(), ids=BOUNDED)
def test_the_minima_are_minima(each, x64):
    grid = jgd.gradient_free.random_search(each, jnp.asarray(each.low), jnp.asarray(each.high), 20_000)
    for minimum in each.minima:
        point = jnp.asarray(minimum)
        assert float(each(point)) == pytest.approx(each.least, abs=1e-5)
        assert float(jnp.linalg.norm(jax.grad(each)(point))) < 1e-2
        assert grid.value >= float(each(point)) - 1e-9
        assert (np.linalg.eigvalsh(jax.hessian(each)(point)) > 0).all()


@pytest.mark.parametrize("each", registry.values(), ids=registry)
def test_it_can_be_descended_in_both_precisions(each):
    run = jgd.train(each, jgd.optimizers.adam(0.01), each.start, steps=5)
    assert run.params.dtype == jnp.float32
    assert np.isfinite(run.history["loss"]).all()
    assert run.history["loss"][-1] < run.history["loss"][0]


def end(name, optimizer, steps, start=None):
    each = jgd.landscapes.get(name)
    return jgd.train(each, optimizer, each.start if start is None else jnp.asarray(start), steps=steps).params


def test_g10_a_saddle_holds_only_who_stands_on_it(x64):
    assert float(end("saddle", jgd.optimizers.sgd(0.1), 100, [1.0, 0.0])[1]) == 0.0
    assert float(end("saddle", jgd.optimizers.sgd(0.1), 100, [1.0, 1e-6])[1]) == pytest.approx(82.8, abs=0.05)


def test_n1_momentum_leaves_the_local_minimum(x64):
    for rate in (0.01, 0.1, 1.5):
        stuck = end("local_minimum", jgd.optimizers.sgd(rate), 2000)
        assert float(stuck[0]) == pytest.approx(3.381747, abs=1e-5)
    free = end("local_minimum", jgd.optimizers.momentum(0.1, 0.9), 2000)
    assert float(free[0]) == pytest.approx(-0.487422, abs=1e-6)
    still = end("local_minimum", jgd.optimizers.momentum(0.01, 0.9), 2000)
    assert float(still[0]) == pytest.approx(3.381747, abs=1e-5)


def test_n1_too_large_a_rate_leaves_it_and_settles_nowhere(x64):
    each = jgd.landscapes.get("local_minimum")
    run = jgd.train(each, jgd.optimizers.sgd(2.0), each.start, steps=2000, observe=lambda w: w[0])
    assert run.observations.min() < 2  # the top that parts its valley from the next is at 2.85
    assert run.history["update_norm"][-100:].min() > 0.1


def test_n2_adaptive_methods_cross_the_plateau(x64):
    ends = {
        "gd": end("plateau", jgd.optimizers.sgd(0.1), 1000),
        "momentum": end("plateau", jgd.optimizers.momentum(0.1, 0.9), 1000),
        "adagrad": end("plateau", jgd.optimizers.adagrad(0.1), 1000),
        "adam": end("plateau", jgd.optimizers.adam(0.1), 1000),
    }
    at = {name: float(w[0]) for name, w in ends.items()}
    assert at["gd"] == pytest.approx(4.998128, abs=1e-6)
    assert at["momentum"] == pytest.approx(4.98068, abs=1e-5)
    assert abs(at["adagrad"]) < 1e-7
    assert abs(at["adam"]) < 1e-3


def test_a_bowl_of_ones_own():
    bowl = jgd.landscapes.quadratic([1.0, 3.0])
    np.testing.assert_allclose(jax.hessian(bowl)(bowl.start), np.diag([1.0, 3.0]))
    assert jgd.landscapes.quadratic([1.0, 3.0]) is not bowl
    assert jax.tree.structure(jgd.landscapes.quadratic([1.0, 3.0])) == jax.tree.structure(bowl)  # one program
    with pytest.raises(jgd.JgdError, match="curvatures"):
        jgd.landscapes.quadratic([[1.0]])
    with pytest.raises(jgd.JgdError, match="did you mean 'beale'"):
        jgd.landscapes.get("beal")
