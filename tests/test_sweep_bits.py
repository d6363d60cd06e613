"""A lane's bits: at one block width they depend on its own config and seed, and on nothing around it."""

import functools

import jax
import numpy as np
import pytest
from sweeping import RATES, sweep

import jgd

pytestmark = pytest.mark.slow

MLP = functools.cache(lambda: jgd.tasks.get("iris", "mlp"))


@functools.cache
def plain():
    return lanes(sweep("adam", on=MLP()))


def lanes(found: jgd.Sweep) -> dict:
    """(learning rate, seed) -> every bit that the sweep knows of the lane."""
    out = {}
    for config, (_, hypers) in enumerate(found.configs):
        for place, seed in enumerate(found.seeds):
            measured = [
                found.loss[config, place],
                *(values[config, place] for values in found.validation.values()),
            ]
            arrays = measured + jax.tree.leaves(found.params(config, seed))
            out[hypers["learning_rate"], seed] = b"".join(np.asarray(a).tobytes() for a in arrays)
    return out


SHUFFLED = tuple(np.random.default_rng(0).permutation(RATES))
VARIANTS = {
    "again": {},
    "shuffled configs": {"space": {"learning_rate": SHUFFLED}},
    "fewer configs": {"space": {"learning_rate": RATES[2:5]}},
    "one config": {"space": {"learning_rate": RATES[3:4]}},
    "more configs": {"space": {"learning_rate": (*RATES, 2.0, 3.0)}},
    "diverging neighbours": {"space": {"learning_rate": (RATES[0], 1e6, RATES[1], 1e30, RATES[2], 1e38)}},
    "other seeds": {"seeds": [1, 0, 7]},
    "one device": {"devices": jax.devices},
    "beside another recipe": {"recipes": ["sgd", "adam"]},
    "fewer looks": {"evaluate_every": 12},
}


@pytest.mark.parametrize("change", VARIANTS.values(), ids=VARIANTS)
def test_a_lanes_bits_are_its_own(change):
    options = {"recipes": "adam", **change}
    if "devices" in options:
        options["devices"] = jax.devices()[:1]
    found = sweep(**options, on=MLP())
    mine = {lane: bits for lane, bits in lanes(found).items() if lane in plain()}
    if "evaluate_every" in options:  # other looks are other numbers, but the last look and the losses are the same
        last = lambda sweep: (
            sweep.loss,
            {name: v[..., -1] for name, v in sweep.validation.items()},
            sweep.final,
        )
        jax.tree.map(np.testing.assert_array_equal, last(found), last(sweep("adam", on=MLP())))
        return
    assert mine
    assert [lane for lane, bits in mine.items() if bits != plain()[lane]] == []


def test_two_devices_are_there():
    assert len(jax.devices()) == 2
