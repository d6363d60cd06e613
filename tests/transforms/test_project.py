"""Projections: the nearest point, by a slow search that shares nothing with them; and inside the set after rounding."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from helpers import ground
from scipy.optimize import brentq

import jgd
from jgd.transforms import (
    Box,
    HalfSpace,
    Hyperplane,
    L1Ball,
    L2Ball,
    LInfBall,
    MeanOfParams,
    NonNegative,
    Project,
    ScaleByLearningRate,
    Simplex,
    Sphere,
    only,
)

pytestmark = pytest.mark.slow  # the fast part runs what these stand on


def simplex(x, total):
    """max(x − τ, 0) whose sum is `total`, τ by bisection."""
    tau = brentq(lambda tau: np.maximum(x - tau, 0).sum() - total, x.min() - total, x.max(), xtol=1e-15)
    return np.maximum(x - tau, 0)


def l1(x, radius):
    """Soft thresholding by the τ at which the norm is the radius."""
    if np.abs(x).sum() <= radius:
        return x
    return np.sign(x) * simplex(np.abs(x), radius)


NORMAL = np.float32([0.5, 1.0, 1.5, 0.25, 2.0, 0.75])
SETS = {
    "non-negative": (NonNegative(), lambda x: np.maximum(x, 0), lambda x: (x >= 0).all()),
    "box": (Box(-0.3, 0.7), lambda x: np.clip(x, -0.3, 0.7), lambda x: (x >= -0.3).all() & (x <= 0.7).all()),
    "simplex": (Simplex(0.7), lambda x: simplex(x, 0.7), lambda x: (x >= 0).all() & (abs(x.sum() - 0.7) < 0.01)),
    "l1": (L1Ball(0.7), lambda x: l1(x, 0.7), lambda x: np.abs(x).sum() <= 0.7),
    "l2": (L2Ball(0.7), lambda x: x * min(1, 0.7 / np.linalg.norm(x)), lambda x: np.linalg.norm(x) <= 0.7),
    "box of arrays": (
        Box(-NORMAL, NORMAL + 2),
        lambda x: np.clip(x, -NORMAL, NORMAL + 2),
        lambda x: (x >= -NORMAL).all() & (x <= NORMAL + 2).all(),
    ),
    "half-space": (
        HalfSpace(NORMAL, 0.3),
        lambda x: x - max(0, NORMAL @ x - 0.3) / (NORMAL @ NORMAL) * NORMAL,
        lambda x: NORMAL @ x <= 0.3 + 1e-6 * NORMAL @ np.abs(x),
    ),
    "hyperplane": (
        Hyperplane(NORMAL, 0.3),
        lambda x: x - (NORMAL @ x - 0.3) / (NORMAL @ NORMAL) * NORMAL,
        lambda x: abs(NORMAL @ x - 0.3) < 0.02 * NORMAL @ np.abs(x),
    ),
    "sphere": (Sphere(0.7), lambda x: 0.7 * x / np.linalg.norm(x), lambda x: abs(np.linalg.norm(x) - 0.7) < 0.01),
    "linf": (LInfBall(0.7), lambda x: np.clip(x, -0.7, 0.7), lambda x: (np.abs(x) <= 0.7).all()),
}


@pytest.mark.parametrize(("convex", "nearest", "inside"), SETS.values(), ids=SETS)
def test_every_step_ends_at_the_nearest_point(convex, nearest, inside, x64):
    rng = np.random.default_rng(0)
    optimizer = jgd.chain(ScaleByLearningRate(1.0), Project(convex))
    step = jax.jit(lambda g, p: jgd.apply_updates(p, optimizer.update(g, optimizer.init(p), p)[0]))
    for scale in (0.1, 1.0, 30.0):
        x, g = rng.normal(size=6), scale * rng.normal(size=6)
        np.testing.assert_allclose(step(jnp.asarray(g), jnp.asarray(x)), nearest(x - g), rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "float16"])
@pytest.mark.parametrize(("convex", "nearest", "inside"), SETS.values(), ids=SETS)
def test_no_step_ends_outside_by_rounding(convex, nearest, inside, dtype, x64):
    """Membership in float64, with the bounds as float32 holds them."""
    optimizer = jgd.chain(ScaleByLearningRate(1.0), Project(convex))

    def one(params, grads):
        updates, _ = optimizer.update(grads, optimizer.init(params), params)
        params = jgd.apply_updates(params, updates)
        return params, params

    grads = jnp.asarray(np.random.default_rng(1).normal(size=(300, 6)) * np.logspace(-3, 2, 300)[:, None], dtype)
    _, path = jax.lax.scan(one, jnp.full(6, 5.0, dtype), grads)
    room = 1 + 3e-7  # how far float32 holds 0.7 and sums to it
    assert all(inside(np.asarray(x, np.float64) / room) for x in path)


def test_leaves_are_projected_each_for_itself_and_only_those_named():
    optimizer = jgd.chain(ScaleByLearningRate(1.0), only("a", Project(L2Ball(1.0))))
    params = {"a": jnp.zeros(2), "b": jnp.zeros(2)}
    grads = {"a": jnp.array([-3.0, -4.0]), "b": jnp.array([-3.0, -4.0])}
    updates, _ = optimizer.update(grads, optimizer.init(params), params)
    np.testing.assert_allclose(updates["a"], [0.6, 0.8], rtol=1e-6)
    np.testing.assert_allclose(updates["b"], [3.0, 4.0])


def test_what_is_no_set_or_not_last_is_refused():
    with pytest.raises(jgd.JgdError, match="must be last"):
        jgd.chain(Project(NonNegative()), ScaleByLearningRate(0.1))
    with pytest.raises(jgd.JgdError, match="onto must be a convex set"):
        Project(1.0)
    with pytest.raises(jgd.JgdError, match=r"low must be <= high, got 1\.0 and 0\.0"):
        Box(1.0, 0.0)
    with pytest.raises(jgd.JgdError, match=r"low must be <= high"):
        Box(np.float32(1.0), jnp.zeros(()))
    with pytest.raises(jgd.JgdError, match="radius must be a finite number > 0, got -1"):
        L2Ball(-1.0)


def test_a_projected_method_may_be_averaged(x64):
    """An average changes no update, so that it may stand behind the projection, and of what is projected it is one."""
    optimizer = jgd.chain(ScaleByLearningRate(0.3), Project(Box(0.1, 0.5)), MeanOfParams())
    walked, end = ground.path(optimizer)
    alone, _ = ground.path(jgd.chain(ScaleByLearningRate(0.3), Project(Box(0.1, 0.5))))
    ground.same(walked, alone)
    ground.same(optimizer.eval_params(end.opt_state, end.params), {k: w.mean(axis=0) for k, w in walked.items()})
    with pytest.raises(jgd.JgdError, match="Project must see the step that is really made"):
        jgd.chain(Project(Box(0.1, 0.5)), MeanOfParams(), ScaleByLearningRate(0.3))


def test_all_leaves_together_are_one_vector():
    """Their projection is that of the vector of all; a leaf of a narrow dtype is rounded inside the set too."""
    params = {"a": jnp.float32([3.0, 4.0]), "b": jnp.bfloat16(12.0)}
    optimizer = jgd.chain(ScaleByLearningRate(1.0), Project(L2Ball(6.5), together=True))
    zeros = jax.tree.map(jnp.zeros_like, params)
    inside = jgd.apply_updates(params, optimizer.update(zeros, optimizer.init(params), params)[0])
    np.testing.assert_allclose(inside["a"], [1.5, 2.0], rtol=0.01)
    assert np.linalg.norm([*inside["a"], np.float32(inside["b"])]) <= 6.5
    with pytest.raises(jgd.JgdError, match=r"of shape \(2,\), got \(3,\)"):
        jgd.chain(ScaleByLearningRate(1.0), Project(Box(-np.ones(3), np.ones(3)))).update(
            zeros["a"], optimizer.init(zeros["a"]), zeros["a"]
        )


def test_the_furthest_point_is_the_best_of_many():
    """No point that is projected into the set lies further in the direction."""
    rng = np.random.default_rng(1)
    for convex in (Box(-0.3, 0.7), Simplex(0.7), L1Ball(0.7), L2Ball(0.7), LInfBall(0.7)):
        direction, at = rng.normal(size=5).astype(np.float32), jnp.float32
        found = convex.furthest(jnp.asarray(direction), at)
        others = [convex.nearest(jnp.float32(3 * rng.normal(size=5)), jnp.zeros(5), at) for _ in range(8)]
        assert direction @ found >= max(direction @ other for other in others) - 1e-5
        np.testing.assert_allclose(convex.nearest(found, jnp.zeros(5), at), found, atol=1e-6)
