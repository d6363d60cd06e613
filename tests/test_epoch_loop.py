"""An epoch's short last batch: filled up by rows of weight 0 where the loss can weigh rows, else a batch of its own."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jgd
from jgd.data.batches import Batches
from jgd.epoch_loop import EpochLoop, segment
from jgd.lane import NOT_DIVERGED, Lane

ROWS, SIZE = 22, 8  # batches of 8, 8 and 6
MODEL = jgd.models.Linear(3)
DATA = (jax.random.normal(jax.random.key(0), (ROWS, 3)), jnp.arange(ROWS) / ROWS)


def loop(loss, optimizer, order="shuffled"):
    batches = Batches(ROWS, SIZE, order)
    return EpochLoop(loss, optimizer, DATA, jax.random.key(1), jnp.inf, batches, capacity=6, losses_only=True)


def lane(optimizer):
    params = {"weights": jnp.ones(3), "bias": jnp.zeros(())}
    return Lane(jgd.start(optimizer, params), jnp.int32(NOT_DIVERGED))


@jgd.record
class OfTwo(jgd.SupervisedLoss):
    """Derives from a loss that weighs rows, and knows no weights."""

    def __call__(self, params, batch):
        inputs, targets = batch
        return super().__call__(params, (inputs, targets))


def products(loss, optimizer):
    jaxpr = str(jax.make_jaxpr(segment)(loop(loss, optimizer), lane(optimizer), jnp.int32(6)))
    return jaxpr.count("dot_general")


@pytest.mark.slow
@pytest.mark.parametrize(("reduction", "order"), [("sum", "shuffled"), ("half_mean", "sequential")])
def test_a_filled_batch_gives_the_losses_of_the_short_one(reduction, order):
    loss, optimizer = jgd.SupervisedLoss(MODEL, "squared_error", reduction), jgd.optimizers.sgd(0.01)
    run = lambda loss: segment(loop(loss, optimizer, order), lane(optimizer), jnp.int32(6))
    (filled, losses, _), (short, same, _) = run(loss), run(lambda params, batch: loss(params, batch))
    np.testing.assert_allclose(losses["loss"], same["loss"], rtol=1e-5)
    np.testing.assert_allclose(filled.train_state.params["weights"], short.train_state.params["weights"], rtol=1e-4)


def test_the_step_is_traced_once_where_rows_can_be_weighed_and_no_method_asks_for_each():
    loss, plain = jgd.SupervisedLoss(MODEL, "squared_error"), lambda params, batch: loss(params, batch)
    sgd, private = jgd.optimizers.sgd(0.1), jgd.optimizers.dp_sgd(0.1, 1.0, 0.0)
    assert products(plain, sgd) == products(loss, sgd) + 3  # the outputs, the gradient, and whether all is finite
    assert products(loss, private) == products(plain, private)
    assert products(OfTwo(MODEL, "squared_error"), sgd) == products(plain, sgd)


def test_a_batch_is_filled_up_only_where_that_wastes_little():
    fillable = [Batches(rows, 8, "shuffled").fillable for rows in (8, 16, 15, 23, 9, 801, 42, 41)]
    assert fillable == [False, False, True, True, False, True, True, False]
    assert not Batches(22, 8, "replacement").fillable
    batches = Batches(ROWS, SIZE, "sequential")
    rows, own = batches.take_filled(jnp.arange(ROWS), batches.filled(jnp.arange(ROWS)), jnp.int32(2))
    assert (rows.tolist(), own.sum()) == ([16, 17, 18, 19, 20, 21, 21, 21], 6)
