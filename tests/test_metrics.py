"""Evaluations: many rows are evaluated piece by piece where that is the same, with the same bits in runs and sweeps."""

import functools
import subprocess
import sys

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from helpers import evaluated, quick_compilation

import jgd
from jgd import metrics
from jgd.core.loss_protocol import Takes, takes

MODEL = jgd.models.Softmax(3, 2)
RNG = np.random.default_rng(0)
WEIGHTS = np.where(np.arange(23) < 8, 0, RNG.uniform(size=23)).astype(np.float32)  # a piece of weight 0
ROWS = (RNG.normal(size=(23, 3)).astype(np.float32), RNG.integers(0, 2, 23).astype(np.int32), WEIGHTS)


@jgd.record
class Largest(jgd.SupervisedLoss):
    """Derives from a mean over rows, and is none."""

    def __call__(self, params, batch):
        inputs, targets = batch
        return jnp.max(self.per_example(params, (inputs, targets)))


loss_of = lambda reduction: jgd.SupervisedLoss(MODEL, "softmax_cross_entropy", reduction)
FUNCTIONS = {  # what is evaluated, on how many of the arrays, and whether it is in pieces
    "mean": (loss_of("mean"), 2, True),
    "sum": (loss_of("sum"), 2, True),
    "weighted half mean": (loss_of("half_mean"), 3, True),
    "weighted sum": (loss_of("sum"), 3, True),
    "accuracy": (jgd.tasks.Accuracy(MODEL), 2, True),
    "said by the user": (jgd.row_mean(lambda params, rows: jnp.mean(rows[0] ** 2)), 2, True),
    "no mean": (lambda params, rows: jnp.max(rows[0]), 2, False),
}


class Watched:
    """A function that notes how many rows it is given."""

    def __init__(self, function):
        self.function, self.rows = function, []
        if hasattr(function, "row_share"):
            self.row_share = function.row_share

    def __call__(self, params, rows):
        self.rows.append(len(rows[0]))
        return self.function(params, rows)


@pytest.mark.parametrize("kind", FUNCTIONS)
def test_in_pieces_it_is_the_same(kind, monkeypatch):
    function, arrays, cut = FUNCTIONS[kind]
    watched, rows = Watched(function), tuple(map(jnp.asarray, ROWS[:arrays]))
    params = jax.tree.map(
        lambda leaf: leaf + jnp.linspace(0, 1, leaf.size).reshape(leaf.shape), MODEL.init(jax.random.key(0))
    )
    monkeypatch.setattr(metrics, "PIECE", 8)
    found = metrics.evaluation({"it": watched}, lambda params, rows: jnp.zeros(()), params, rows)
    np.testing.assert_allclose(found["it"], function(params, rows), rtol=1e-6)
    assert watched.rows == ([8, 7] if cut else [23])  # the two of eight are one program


def test_what_derives_from_a_mean_is_evaluated_as_what_it_is(monkeypatch):
    monkeypatch.setattr(metrics, "PIECE", 8)
    loss, rows = Largest(MODEL, "squared_error"), (jnp.ones((9, 3)), jnp.arange(18.0).reshape(9, 2))
    params = MODEL.init(jax.random.key(0))
    assert metrics.evaluation({}, loss, params, rows)["loss"] == loss(params, rows) == 16**2 + 17**2


def test_a_loss_that_is_said_to_be_a_mean_still_draws_and_keeps_its_state():
    loss = metrics.row_mean(lambda params, rows, key, state: (params * key, {}, state))
    assert takes(loss) == Takes(key=True, state=True)
    assert loss(2.0, jnp.ones(3), key=3.0, state=4.0) == (6.0, {}, 4.0)


@pytest.mark.slow
def test_runs_and_sweeps_evaluate_with_the_same_bits():
    told = functools.partial(subprocess.run, capture_output=True, text=True, check=True)
    out = told([sys.executable, evaluated.__file__], env=quick_compilation.as_users_have_it()).stdout
    assert dict(line.split() for line in out.splitlines()) == {"loss": "True", "accuracy": "True"}


def test_rows_are_evaluated_in_the_room_of_a_piece():
    large = evaluated.task()
    params = large.init(jgd.init_key(0))
    room = lambda loss: (
        jax.jit(lambda params, rows: metrics.evaluation({}, loss, params, rows))
        .lower(params, large.validation)
        .compile()
        .memory_analysis()
        .temp_size_in_bytes
    )
    assert room(large.loss) < room(lambda params, rows: large.loss(params, rows)) / 4
    np.testing.assert_allclose(
        metrics.evaluation({}, large.loss, params, large.validation)["loss"],
        large.loss(params, large.validation),
        rtol=1e-5,
    )
