"""What must hold on an accelerator too; run by scripts/gpu, skipped where there is none."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from helpers import sweeping

import jgd

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(jax.default_backend() == "cpu", reason="no accelerator here"),
]


def quadratic(params, batch):
    return jnp.sum(jnp.square(params - batch))


@pytest.mark.parametrize("name", sorted(jgd.optimizers.registry))
def test_an_optimizer_goes_where_it_goes_on_the_cpu(name):
    """Entry by entry arithmetic, no matrix product: what differs is rounding."""
    build = jgd.optimizers.registry[name]
    optimizer = build(learning_rate=0.01)
    ends = []
    for device in (jax.devices()[0], jax.devices("cpu")[0]):
        with jax.default_device(device):
            steps = jnp.linspace(0.0, 1.0, 30 * 4).reshape(30, 4)
            progress, _ = jax.jit(jgd.rollout, static_argnums=0)(quadratic, optimizer, jnp.ones(4), steps)
            ends.append(np.asarray(progress.params))
    np.testing.assert_allclose(ends[0], ends[1], rtol=1e-5)


def test_a_lanes_bits_are_its_own():
    whole = sweeping.sweep("adam")
    shuffled = sweeping.sweep("adam", space={"learning_rate": sweeping.RATES[::-1]})
    np.testing.assert_array_equal(whole.loss, shuffled.loss[::-1])


def test_a_sweep_learns():
    found = jgd.sweep("digits", "adam", {"learning_rate": [1e-2]}, seeds=2, steps=300, batch_size=64)
    assert found.confirm(seeds=2).confirmed[0].test.mean > 0.93
