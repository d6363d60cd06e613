"""Normalized, centralised, averaged, noisy and decayed gradients."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from helpers import ground
from helpers.ground import same, transformed

import jgd
from jgd.optimizers.adam import ScaleByAdam
from jgd.transforms import (
    AddDecayedWeights,
    AddNoise,
    Centralize,
    EmaOfUpdates,
    NormalizeByGlobalNorm,
    ScaleByLearningRate,
    StochasticRounding,
    all_but,
)

pytestmark = pytest.mark.slow  # the fast part runs what these stand on

GRADS = {"a": np.array([[3.0, -1.0, 2.0], [0.5, 0.0, 7.0]]), "b": np.array([0.1, -0.2]), "c": np.array(4.0)}


def test_normalized_by_the_whole_norm(x64):
    length = np.sqrt(sum(np.sum(g**2) for g in GRADS.values()))
    same(transformed(NormalizeByGlobalNorm(), GRADS, GRADS), {k: g / length for k, g in GRADS.items()}, rtol=1e-14)
    zero = jax.tree.map(np.zeros_like, GRADS)
    same(transformed(NormalizeByGlobalNorm(), zero, GRADS), zero, rtol=0)


def test_centralised_over_what_feeds_an_output(x64):
    kernel = np.random.default_rng(0).normal(size=(3, 3, 2, 4))
    grads = {**GRADS, "k": kernel}
    want = {**GRADS, "a": GRADS["a"] - GRADS["a"].mean(axis=0), "k": kernel - kernel.mean(axis=(0, 1, 2))}
    same(transformed(Centralize(), grads, grads), want, rtol=1e-13)
    rows = GRADS["a"] - GRADS["a"].mean(axis=1, keepdims=True)
    same(transformed(Centralize(output_axis=0), GRADS, GRADS)["a"], rows, rtol=1e-13)


def test_noise_has_the_papers_variance_and_no_number_twice():
    zero = {"a": jnp.zeros((100, 100)), "b": jnp.zeros((100, 100))}
    optimizer = jgd.chain(AddNoise(eta=0.25, gamma=0.5))
    first, state = optimizer.update(zero, optimizer.init(zero), zero)
    _, state = optimizer.update(zero, state, zero)
    _, state = optimizer.update(zero, state, zero)
    fourth, _ = optimizer.update(zero, state, zero)
    np.testing.assert_allclose([np.var(first["a"]), np.var(fourth["a"])], [0.25, 0.25 / 4**0.5], rtol=0.06)
    drawn = np.concatenate([np.ravel(x) for x in (first["a"], first["b"], fourth["a"], fourth["b"])])
    assert abs(np.mean(drawn)) < 0.01
    pieces = drawn.reshape(4, -1)
    assert np.abs(np.corrcoef(pieces) - np.eye(4)).max() < 0.05


def test_l2_goes_through_the_gradient_and_decay_beside_it(x64):
    torch = pytest.importorskip("torch")
    adam, decay = ScaleByAdam(0.8, 0.95, 1e-3), AddDecayedWeights(0.1)
    theirs = {
        torch.optim.Adam: jgd.chain(decay, adam, ScaleByLearningRate(0.05)),
        torch.optim.AdamW: jgd.chain(adam, decay, ScaleByLearningRate(0.05)),
    }
    for method, ours in theirs.items():
        weights = {k: torch.nn.Parameter(torch.tensor(w)) for k, w in ground.START.items()}
        optimizer = method(weights.values(), lr=0.05, betas=(0.8, 0.95), eps=1e-3, weight_decay=0.1)
        for t in range(12):
            grads = ground.gradient({k: w.detach().numpy() for k, w in weights.items()}, t)
            for name, weight in weights.items():
                weight.grad = torch.tensor(grads[name])
            optimizer.step()
        same(ground.path(ours)[1].params, {k: w.detach().numpy() for k, w in weights.items()})


def test_a_masked_decay_leaves_the_bias_alone(x64):
    decayed = transformed(all_but("b", AddDecayedWeights(0.5)), GRADS, GRADS)
    same(decayed, {"a": 1.5 * GRADS["a"], "b": GRADS["b"], "c": 1.5 * GRADS["c"]}, rtol=1e-15)


OPTAX = {
    "normalize": (NormalizeByGlobalNorm(0.1), lambda optax: optax.normalize_by_update_norm(eps=0.1)),
    "centralize": (Centralize(output_axis=0), lambda optax: optax.centralize()),
    "ema": (EmaOfUpdates(0.7), lambda optax: optax.ema(0.7)),
    "ema, biased": (EmaOfUpdates(0.7, debias=False), lambda optax: optax.ema(0.7, debias=False)),
}


@pytest.mark.slow
@pytest.mark.parametrize(("transform", "theirs"), OPTAX.values(), ids=OPTAX)
def test_as_in_optax(transform, theirs, x64):
    optax = pytest.importorskip("optax")
    ours, _ = ground.path(jgd.chain(transform, ScaleByLearningRate(0.1)))
    same(ours, ground.optaxs(optax.chain(theirs(optax), optax.sgd(0.1))))


def test_what_cannot_be_is_refused():
    with pytest.raises(jgd.JgdError, match="output_axis must be an axis of every matrix, got 2"):
        transformed(Centralize(2), ground.params(), ground.params())
    for transform in (lambda: AddNoise(0.1, seed=-1), lambda: StochasticRounding(seed=1.5)):
        with pytest.raises(jgd.JgdError, match="seed must be a whole number"):
            transform()
