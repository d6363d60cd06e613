"""Curvature methods beside torch and optax.

L-BFGS: optax keeps pairs of negative curvature and torch skips those below 1e-10, so that they agree where the loss is
convex and without noise. On the first step torch divides by the gradient's 1-norm, optax and we by its 2-norm. The line
searches choose other rates than ours within the same conditions. Sophia: optax uses the diagonal before it refreshes it,
so that no settings agree with the paper's.
"""

import warnings

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from helpers import problem
from helpers.peers import optaxs, ours, same, torchs

import jgd


@pytest.fixture
def calm(monkeypatch):
    """The table's problem without its noise."""
    for name, leaf in problem.NOISE.items():
        monkeypatch.setitem(problem.NOISE, name, np.zeros_like(leaf))


@pytest.mark.slow
@pytest.mark.parametrize("scale", [True, False])
def test_lbfgs_as_in_optax(scale, x64, calm):
    optax = pytest.importorskip("optax")
    theirs = optax.lbfgs(0.1, memory_size=4, scale_init_precond=scale, linesearch=None)
    same(ours(jgd.optimizers.lbfgs(0.1, 4, scale_init_precond=scale, linesearch=None)), optaxs(theirs))


@pytest.mark.slow
def test_lbfgs_as_in_torch(x64, calm):
    torch = pytest.importorskip("torch")

    class OneStep(torch.optim.LBFGS):
        def step(self):
            return super().step(lambda: torch.tensor(0.0))  # the gradients are there already

    g = np.concatenate([leaf.ravel() for leaf in problem.Slope()(problem.START, 0).values()])
    first = min(1, 1 / np.abs(g).sum()) / min(1, 1 / np.linalg.norm(g))
    rate = lambda step: jnp.where(step == 0, 0.1 * first, 0.1)
    theirs = lambda params: OneStep(params, lr=0.1, max_iter=1, history_size=4)
    same(ours(jgd.optimizers.lbfgs(rate, 4, linesearch=None)), torchs(theirs))


@pytest.mark.slow
def test_sam_as_in_optax(x64):
    optax = pytest.importorskip("optax")
    from optax import contrib

    ascent = optax.chain(contrib.normalize(), optax.sgd(0.3))
    descent = optax.adam(0.05, b1=0.8, b2=0.95, eps=1e-3)
    theirs, t = contrib.sam(descent, ascent, sync_period=2, opaque_mode=True), iter(range(problem.STEPS))

    class OnBatch:
        """optax's update with the gradient of this step's batch."""

        init = staticmethod(theirs.init)

        def update(self, grads, state, params):
            now = next(t)
            batch = jax.tree.map(lambda n: n[now], problem.noise())
            slope = lambda params, _: jax.grad(problem.loss)(params, batch)
            return theirs.update(grads, state, params, grad_fn=slope)

    base = jgd.optimizers.adam(0.05, b1=0.8, b2=0.95, eps=1e-3)
    same(ours(jgd.optimizers.sam(base, rho=0.3)), optaxs(OnBatch()))


@pytest.mark.slow
def test_dp_sgd_without_its_noise_as_in_optax(x64):
    contrib = pytest.importorskip("optax.contrib")
    loss = jgd.SupervisedLoss(jgd.models.Linear(2), "squared_error")
    rng = np.random.default_rng(0)
    batch = jnp.asarray(rng.normal(size=(8, 2))), jnp.asarray(rng.normal(size=8))
    params = {"bias": jnp.zeros(()), "weights": jnp.ones(2)}
    with warnings.catch_warnings(action="ignore"):  # its own use of its own deprecated argument
        theirs = contrib.dpsgd(0.1, l2_norm_clip=0.8, noise_multiplier=0.0, seed=0, momentum=0.7, nesterov=True)
    mine = jgd.optimizers.dp_sgd(0.1, 0.8, 0.0, momentum=0.7, nesterov=True)
    progress, state, at = jgd.start(mine, params), theirs.init(params), params
    for _ in range(10):
        progress, _ = jgd.step(loss, mine, progress, batch)
        with jax.numpy_dtype_promotion("standard"), jax.numpy_rank_promotion("allow"):
            updates, state = theirs.update(jgd.OnBatch(loss, batch).example_gradients(at), state, at)
        at = jgd.apply_updates(at, updates)
    same(progress.params, at, rtol=1e-12)
