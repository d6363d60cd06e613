"""Killed and run again: transforms with a state of their own come back bit for bit too."""

from itertools import cycle

import jax
import jax.numpy as jnp
import pytest
from helpers.catalog import CASES
from helpers.resuming import ORDERS, START, survives

import jgd
from jgd import transforms

PLATEAU = jgd.chain(
    jgd.optimizers.momentum(0.05).transform,
    transforms.ReduceOnPlateau(factor=0.5, patience=0, metric="validation", cooldown=1),
)
QUICK = ("Lookahead", "EightBit")
EACH = [
    pytest.param(case.build(**case.hypers), order, id=f"{case.name}-{order}", marks=() if quick else pytest.mark.slow)
    for case, order in zip(CASES, cycle(ORDERS), strict=False)
    for quick in [case.name in QUICK]
]


@pytest.mark.slow
@pytest.mark.sampled
@pytest.mark.parametrize(("optimizer", "order"), [*EACH, pytest.param(PLATEAU, "weighted", id="plateau")])
def test_a_run_survives(optimizer, order, tmp_path, monkeypatch):
    survives(optimizer, order, tmp_path, monkeypatch)


@pytest.mark.slow
def test_a_run_in_bfloat16_survives(tmp_path, monkeypatch):
    """Parameters in half the bits, their master copy in all of them, moments in eight."""
    transform = transforms.MasterCopy(transforms.EightBit(jgd.optimizers.adam(0.05).transform, 4, 3))
    start = jax.tree.map(lambda leaf: leaf.astype(jnp.bfloat16), START)
    run = survives(jgd.chain(transform), "shuffled", tmp_path, monkeypatch, start)
    assert run.params["weights"].dtype == jnp.bfloat16
