"""What must hold on an accelerator too. scripts/gpu runs it there, and with --dry on a CPU; skipped elsewhere."""

import os

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from helpers import methods, sweeping

import jgd

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(jax.default_backend() == "cpu" and "JGD_DRY" not in os.environ, reason="no accelerator here"),
]
STEPS = 5


def end(name: str, device) -> np.ndarray:
    """All parameters after some steps on a device."""
    loss, params, batch = methods.classifier()
    with jax.default_device(device), jax.default_matmul_precision("highest"):
        params, batch = jax.tree.map(jnp.array, jax.device_get((params, batch)))
        batches = jax.tree.map(lambda rows: jnp.stack([rows] * STEPS), batch)
        after, _ = jax.jit(jgd.rollout, static_argnums=0)(loss, methods.built(name), params, batches)
        return np.concatenate([np.ravel(leaf) for leaf in jax.tree.leaves(after.params)])


@pytest.mark.parametrize("name", methods.NAMES)
def test_an_optimizer_goes_where_it_goes_on_the_cpu(name):
    """To rounding, which a few steps of some methods amplify: by the way made, the longest of the parameters."""
    here, there = (end(name, device) for device in (jax.devices()[0], jax.devices("cpu")[0]))
    start = np.concatenate([np.ravel(leaf) for leaf in jax.tree.leaves(methods.classifier()[1])])
    way = np.abs(there - start).max()
    assert way > 0
    np.testing.assert_allclose(here, there, rtol=1e-5, atol=2e-3 * way)


def test_a_lanes_bits_are_its_own():
    on = jgd.tasks.get("iris", "mlp")  # a softmax regression has the same bits at every width
    whole = sweeping.sweep("adam", on=on)
    shuffled = sweeping.sweep("adam", on=on, space={"learning_rate": sweeping.RATES[::-1]})
    np.testing.assert_array_equal(whole.loss, shuffled.loss[::-1])


def test_a_sweep_learns():
    found = jgd.sweep("digits", "adam", {"learning_rate": [1e-2]}, seeds=2, steps=300, batch_size=64)
    assert found.confirm(seeds=2).confirmed[0].test.mean > 0.93
