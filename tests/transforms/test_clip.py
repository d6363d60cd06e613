"""Clipping as the papers write it, in NumPy, and as optax and torch do it."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from helpers import ground
from helpers.ground import same, transformed

import jgd
from jgd.transforms import ClipAdaptively, ClipByBlockRms, ClipByGlobalNorm, ClipByValue, ScaleByLearningRate, only

pytestmark = pytest.mark.slow  # the fast part runs what these stand on

GRADS = {"a": np.array([[3.0, -0.01], [0.5, 0.02]]), "b": np.array([0.1, -0.2, 4.0]), "c": np.array(-2.0)}
PARAMS = {"a": np.array([[1.0, 2.0], [-1.0, 0.5]]), "b": np.zeros(3), "c": np.array(0.3)}


def by_unit(g, w, clipping, eps):
    """The adaptive rule, one unit after another: columns of a matrix, a whole vector."""
    if g.ndim == 2:
        return np.stack([by_unit(g[:, i], w[:, i], clipping, eps) for i in range(g.shape[1])], axis=1)
    most = clipping * max(np.linalg.norm(w), eps)
    return g * most / np.linalg.norm(g) if np.linalg.norm(g) > most else g


def whole(grads):
    return np.sqrt(sum(np.sum(g**2) for g in grads.values()))


RULES = {
    "value": (ClipByValue(0.4), lambda g: {k: np.clip(x, -0.4, 0.4) for k, x in g.items()}),
    "global norm": (ClipByGlobalNorm(0.7), lambda g: {k: x * 0.7 / whole(g) for k, x in g.items()}),
    "global norm, short": (ClipByGlobalNorm(70.0), lambda g: g),
    "block rms": (
        ClipByBlockRms(0.3),
        lambda g: {k: x / max(1, np.sqrt(np.mean(x**2)) / 0.3) for k, x in g.items()},
    ),
    "adaptive": (
        ClipAdaptively(0.1, 1e-2),
        lambda g: {k: by_unit(x, PARAMS[k], 0.1, 1e-2) for k, x in g.items()},
    ),
}


@pytest.mark.parametrize(("transform", "rule"), RULES.values(), ids=RULES)
def test_the_papers_rule(transform, rule, x64):
    same(transformed(transform, GRADS, PARAMS), rule(GRADS), rtol=1e-13)


def test_a_short_gradient_keeps_its_bits():
    grads = {k: np.float32(g) for k, g in GRADS.items()}
    params = {k: np.float32(p) for k, p in PARAMS.items()}
    same(transformed(ClipByGlobalNorm(9.0), grads, params), grads, rtol=0)


@pytest.mark.parametrize("size", [1e-30, 1e30])
def test_the_norm_neither_under_nor_overflows(size):
    grads = {"w": jnp.float32([3 * size, 4 * size])}
    clipped = transformed(ClipByGlobalNorm(size), grads, grads)
    np.testing.assert_allclose(clipped["w"], [0.6 * size, 0.8 * size], rtol=1e-6)
    np.testing.assert_allclose(transformed(ClipByBlockRms(size), grads, grads)["w"][1], 4 / np.sqrt(12.5) * size, 1e-6)


def test_inside_only_the_norm_is_the_groups(x64):
    clipped = transformed(only("a", ClipByGlobalNorm(1.0)), GRADS, PARAMS)
    same(clipped, {**GRADS, "a": GRADS["a"] / np.linalg.norm(GRADS["a"])}, rtol=1e-13)


def test_a_filter_of_a_convolution_is_a_unit(x64):
    rng = np.random.default_rng(0)
    g, w = rng.normal(size=(2, 3, 3, 4, 5))
    want = np.stack([by_unit(g[..., i].ravel(), w[..., i].ravel(), 0.1, 1e-3).reshape(3, 3, 4) for i in range(5)], -1)
    same(transformed(ClipAdaptively(0.1), {"w": g}, {"w": w}), {"w": want}, rtol=1e-13)


@pytest.mark.parametrize("transform", [ClipByValue, ClipByGlobalNorm, ClipByBlockRms, ClipAdaptively])
def test_a_bound_must_be_positive(transform):
    with pytest.raises(jgd.JgdError, match="must be a finite number > 0, got -1"):
        transform(-1.0)


OPTAX = {
    "clip": (ClipByValue(0.4), lambda optax: optax.clip(0.4)),
    "clip_by_global_norm": (ClipByGlobalNorm(0.7), lambda optax: optax.clip_by_global_norm(0.7)),
    "clip_by_block_rms": (ClipByBlockRms(0.3), lambda optax: optax.clip_by_block_rms(0.3)),
    "adaptive_grad_clip": (ClipAdaptively(0.3, 0.01), lambda optax: optax.adaptive_grad_clip(0.3, 0.01)),
}


@pytest.mark.slow
@pytest.mark.parametrize(("transform", "theirs"), OPTAX.values(), ids=OPTAX)
def test_as_in_optax(transform, theirs, x64):
    optax = pytest.importorskip("optax")
    ours, _ = ground.path(jgd.chain(transform, ScaleByLearningRate(0.1)))
    same(ours, ground.optaxs(optax.chain(theirs(optax), optax.sgd(0.1))))


@pytest.mark.slow
def test_the_global_norm_as_in_torch(x64):
    torch = pytest.importorskip("torch")
    weights = [torch.nn.Parameter(torch.tensor(PARAMS[k])) for k in "abc"]
    for weight, name in zip(weights, "abc", strict=True):
        weight.grad = torch.tensor(GRADS[name])
    torch.nn.utils.clip_grad_norm_(weights, 0.7)
    ours = transformed(ClipByGlobalNorm(0.7), GRADS, PARAMS)
    same(ours, {k: w.grad.numpy() for k, w in zip("abc", weights, strict=True)}, rtol=1e-6)  # they divide by ‖g‖ + 1e-6


def test_a_schedule_may_clip_to_nothing():
    closed = jgd.schedules.Linear(1.0, 0.0, 1)
    for transform in (ClipByValue, ClipByGlobalNorm, ClipByBlockRms, ClipAdaptively):
        optimizer = jgd.chain(transform(closed), ScaleByLearningRate(0.1))
        for grads in (jnp.zeros(2), jnp.array([3.0, -1.0])):
            state = optimizer.init(jnp.ones(2))
            for _ in range(2):  # the second one's bound is 0
                updates, state = optimizer.update(grads, state, jnp.ones(2))
            assert (updates == 0).all()


@pytest.mark.slow
def test_thresholds_that_are_found_are_the_papers():
    """AutoClip's np.percentile over the window; ZClip's mean and variance, of the first norms and then exponential."""
    norms = np.random.default_rng(0).lognormal(size=40).astype(np.float32)

    def clipped(transform):
        optimizer = jgd.chain(transform, jgd.transforms.ScaleByLearningRate(1.0))

        def one(state, norm):
            updates, state = optimizer.update(norm * jnp.float32([0.6, 0.8]), state, jnp.zeros(2))
            return state, jnp.linalg.norm(updates)

        return jax.lax.scan(one, optimizer.init(jnp.zeros(2)), jnp.asarray(norms).at[9].set(jnp.nan))[1]

    good, want = [], []
    for i, norm in enumerate(norms):
        good += [] if i == 9 else [norm]
        want.append(np.nan if i == 9 else min(norm, np.percentile(good[-7:], 30)))
    np.testing.assert_allclose(clipped(jgd.transforms.ClipByPercentile(30.0, window=7)), want, rtol=1e-5)
    first, want = [], []
    mean = var = 0.0
    for i, norm in enumerate(norms):
        if i == 9:
            want.append(np.nan)
        elif len(first) < 5:
            first.append(norm)
            mean, var = np.mean(first), np.var(first)
            want.append(norm)
        else:
            z = (norm - mean) / (np.sqrt(var) + 1e-6)
            want.append(mean + 1.5 * np.sqrt(var) / (z / 1.5) if z > 1.5 else norm)
            mean = 0.9 * mean + 0.1 * want[-1]
            var = 0.9 * var + 0.1 * (want[-1] - mean) ** 2
    np.testing.assert_allclose(clipped(jgd.transforms.ClipByZScore(1.5, 0.9, warmup_steps=5)), want, rtol=1e-4)
    assert (np.nan_to_num(np.array(want)) < np.nan_to_num(norms) - 1e-3).any()


def test_targets_follow_in_their_own_dtype():
    new, old = {"w": jnp.float32([4.0])}, {"w": jnp.bfloat16([2.0])}
    followed = jgd.transforms.incremental_update(new, old, 0.5)["w"]
    assert (followed.tolist(), followed.dtype) == ([3.0], jnp.bfloat16)
    with pytest.raises(jgd.JgdError, match=r"step_size must be a finite number in \[0, 1\]"):
        jgd.transforms.incremental_update(new, old, 2.0)
    with pytest.raises(jgd.JgdError, match="update_period"):
        jgd.transforms.periodic_update(new, old, 3, 0)
