"""Narrow parameters move, narrow state keeps its digits."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from helpers import ground
from helpers.ground import same

import jgd
from jgd.optimizers.adam import ScaleByAdam
from jgd.transforms import EightBit, EmaOfParams, MasterCopy, ScaleByLearningRate, StochasticRounding
from jgd.transforms.eight_bit import POSITIVE, SIGNED, Blocks

pytestmark = pytest.mark.slow  # the fast part runs what these stand on

adam = jgd.optimizers.adam(1e-3)


def two_hundred_steps(optimizer, dtype="bfloat16", size=1):
    """Downhill on the slope 1 from 1: in exact arithmetic both methods end at 0.8."""
    end, _ = jgd.rollout(lambda w, _: jnp.sum(w), optimizer, jnp.ones(size, dtype), jnp.zeros(200))
    return np.asarray(end.params, np.float64)


@pytest.mark.parametrize("make", [jgd.optimizers.sgd, jgd.optimizers.adam])
def test_small_steps_move_only_with_help(make):
    transform = make(1e-3).transform
    assert two_hundred_steps(jgd.chain(transform)) == 1.0
    np.testing.assert_allclose(two_hundred_steps(jgd.chain(MasterCopy(transform))), 0.8, atol=2**-8)
    rounded = two_hundred_steps(jgd.chain(transform, StochasticRounding()), size=4000)
    np.testing.assert_allclose(rounded.mean(), 0.8, atol=0.002)  # unbiased
    assert len(np.unique(rounded)) > 10


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_the_parameters_are_the_rounded_master(dtype):
    optimizer = jgd.chain(MasterCopy(adam.transform))
    start = ground.params(dtype)
    step = jax.jit(lambda p, n: jgd.step(ground.loss, optimizer, p, n)[0])
    progress = jgd.start(optimizer, start)
    for t in range(10):
        progress = step(progress, jax.tree.map(lambda n, t=t: n[t], ground.noise(dtype=dtype)))
        master = progress.opt_state.inner[0].params
        same(jax.tree.map(lambda m: m.astype(dtype).astype("float32"), master), ground.widened(progress.params), rtol=0)


def test_a_master_copy_of_float32_changes_nothing():
    same(ground.path(jgd.chain(MasterCopy(adam.transform)))[0], ground.path(adam)[0], rtol=1e-6)
    same(ground.path(jgd.chain(adam.transform, StochasticRounding()))[0], ground.path(adam)[0], rtol=0)


def test_an_average_inside_sees_the_master():
    optimizer = jgd.chain(MasterCopy(jgd.chain(ScaleByLearningRate(1e-3), EmaOfParams(0.5)).transform))
    end, _ = jgd.rollout(lambda w, _: jnp.sum(w), optimizer, jnp.ones(1, jnp.bfloat16), jnp.zeros(40))
    mean = end.opt_state.inner[0].inner[1].value()
    np.testing.assert_allclose(mean, 1 - 0.001 * 39, atol=1e-5)


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
@pytest.mark.parametrize("value", [1.0 + 0.3 * 2**-10, -1.0 - 0.3 * 2**-10, 3.001e-3, 0.1])
def test_rounding_is_to_a_neighbor_and_right_on_average(value, dtype):
    params = jnp.full(20000, 1.0, dtype) * jnp.asarray(np.sign(value), dtype)
    transform = StochasticRounding(seed=3)
    optimizer = jgd.chain(transform)
    updates, _ = optimizer.update(jnp.full(20000, value - float(params[0]), "float32"), optimizer.init(params), params)
    got = np.asarray(jgd.apply_updates(params, updates), np.float64)
    exact = float(np.float32(params[0]) + np.float32(value - float(params[0])))
    assert len(np.unique(got)) == 2
    low, high = np.unique(got)
    assert low < exact < high
    np.testing.assert_allclose(got.mean(), exact, atol=4 * (high - low) / np.sqrt(20000))


def test_the_codes_are_the_papers():
    for table in (SIGNED, POSITIVE):
        assert len(np.unique(table)) == 256
        assert table.max() == 1
        assert 0 in table
    np.testing.assert_allclose(np.sort(-SIGNED[SIGNED < 0])[:3], [0.55e-6, 0.325e-5, 0.775e-5])
    assert POSITIVE.min() == 0
    assert min(POSITIVE[-2], SIGNED[-2]) > 0.99


@pytest.mark.parametrize("sign", [1, -1])
def test_a_block_is_restored_to_the_nearest_code(sign):
    rng = np.random.default_rng(0)
    x = (np.abs(rng.normal(size=(7, 30))) ** 3).astype(np.float32)
    if sign < 0:
        x = x * rng.choice([-1, 1], x.shape).astype(np.float32)
    back = np.asarray(Blocks.of(jnp.asarray(x), 16).array())
    flat = np.pad(x.ravel(), (0, -x.size % 16)).reshape(-1, 16)
    for block, got in zip(flat, np.pad(back.ravel(), (0, -x.size % 16)).reshape(-1, 16), strict=True):
        codes = SIGNED if (block < 0).any() else POSITIVE
        nearest = codes[np.abs(block[:, None] / np.abs(block).max() - codes).argmin(axis=1)]
        np.testing.assert_allclose(got, nearest * np.abs(block).max(), rtol=2e-6, atol=5e-7 * np.abs(block).max())


def test_a_small_positive_moment_never_becomes_zero():
    x = jnp.array([1.0, 1e-9, 0.0, 0.5])
    assert (np.asarray(Blocks.of(x, 4).array()) > 0).tolist() == [True, True, False, True]
    assert np.asarray(Blocks.of(jnp.zeros(5), 4).array()).tolist() == [0.0] * 5


def test_adam_in_eight_bits_is_adam_nearly_and_a_quarter_of_the_size():
    narrow = jgd.chain(EightBit(ScaleByAdam(0.9, 0.99, 1e-8), 64, 64), ScaleByLearningRate(0.01))
    wide = jgd.chain(ScaleByAdam(0.9, 0.99, 1e-8), ScaleByLearningRate(0.01))
    target = jnp.asarray(np.random.default_rng(0).normal(size=(40, 40)), "float32")
    loss = lambda w, _: jnp.sum((w - target) ** 2)
    run = lambda o: jax.jit(lambda p: jgd.rollout(loss, o, p, jnp.zeros(300))[0])(jnp.zeros((40, 40)))
    (a, b), size = (run(narrow), run(wide)), lambda s: sum(x.nbytes for x in jax.tree.leaves(s))
    np.testing.assert_allclose(a.params, b.params, atol=0.1)
    assert size(a.opt_state) < 0.27 * size(b.opt_state) + 100


def test_small_leaves_and_counters_stay_as_they_are():
    same(ground.path(jgd.chain(EightBit(adam.transform)))[0], ground.path(adam)[0], rtol=0)
