"""Proximal points: the least of h + ½ distance², beside scipy's search; and zeros that are exact."""

import jax.numpy as jnp
import numpy as np
import pytest
from scipy.optimize import minimize

import jgd
from jgd.transforms import ElasticNet, GroupLasso, L1Penalty, NuclearNorm, Proximal

pytestmark = pytest.mark.slow  # the fast part runs what these stand on
X = np.array([[2.0, -1.0, 0.05], [0.5, 0.0, -0.1]])


@pytest.mark.parametrize(
    "penalty",
    [L1Penalty(0.4), ElasticNet(0.4, 0.6), GroupLasso(0.9), GroupLasso(0.4, axis=1), NuclearNorm(0.4)],
    ids=lambda penalty: type(penalty).__name__,
)
def test_no_point_near_is_better(penalty, x64):
    at = penalty.prox(jnp.asarray(X), jnp.float64(0.7), jnp.float64)
    whole = lambda z: 0.7 * float(penalty.value({"w": z})) + 0.5 * np.sum((np.asarray(z) - X) ** 2)
    least, rng = whole(at), np.random.default_rng(0)
    for size in (1.0, 0.1, 1e-3):
        assert all(whole(at + size * rng.normal(size=X.shape)) >= least for _ in range(5))
    toward = minimize(lambda s: whole(at + s[0] * (X - np.asarray(at))), [0.1], method="Nelder-Mead")
    assert toward.fun >= least - 1e-9


def test_the_lasso_is_solved_with_exact_zeros():
    """At the end the gradient is −λ sign(w) where w isn't 0, and at most λ where it is; FISTA gets there too."""
    rng = np.random.default_rng(0)
    A = jnp.asarray(rng.normal(size=(30, 8)), jnp.float32)
    b = A @ jnp.float32([2.0, -1.0, 0, 0, 0, 0, 0, 0.5]) + 0.1
    loss = lambda w, _: jnp.mean((A @ w - b) ** 2) / 2
    ends = []
    for optimizer in (
        jgd.optimizers.proximal_gradient(0.3, 0.2),
        jgd.optimizers.fista(0.3, 0.2, restart=True),
        jgd.optimizers.fista(0.3, penalty=L1Penalty(0.2)),
    ):
        last, _ = jgd.rollout(loss, optimizer, jnp.zeros(8), jnp.zeros((150, 0)))
        ends.append(optimizer.eval_params(last.opt_state, last.params))
    w, g = np.asarray(ends[0]), np.asarray(A.T @ (A @ ends[0] - b) / 30)
    np.testing.assert_allclose(g[w != 0], -0.2 * np.sign(w[w != 0]), atol=1e-5)
    assert (w == 0).sum() >= 3
    assert np.abs(g[w == 0]).max() <= 0.2
    np.testing.assert_allclose(ends[1], w, atol=1e-4)
    np.testing.assert_allclose(ends[2], w, atol=1e-3)


def test_what_is_no_penalty_or_has_no_rate_is_refused():
    with pytest.raises(jgd.JgdError, match="penalty must be a penalty such as"):
        Proximal(jgd.optimizers.sgd(0.1), L1Penalty)
    bare = jgd.chain(Proximal(jgd.optimizers.ScaleByAdam(0.9, 0.999, 1e-8), L1Penalty(0.1)))
    with pytest.raises(jgd.JgdError, match="ScaleByLearningRate"):
        bare.update(jnp.ones(1), bare.init(jnp.ones(1)), jnp.ones(1))
    with pytest.raises(jgd.JgdError, match=r"onto must be a bounded set such as .*HalfSpace"):
        jgd.optimizers.frank_wolfe(jgd.transforms.HalfSpace(1.0))
