"""Notes on settings that waste steps, and on runs in which nothing moved; none on what is as it should be."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jgd
from jgd import optimizers, schedules
from jgd.data.batches import Batches
from jgd.training.forewarned import of_settings
from jgd.transforms import Accumulate, ClipByGlobalNorm, MasterCopy

SIX = Batches(6, 4)
LABELS = (np.zeros((4, 1)), np.array([0, 1, 1, 0]))


def adding_up(k):
    return jgd.chain(Accumulate(optimizers.sgd(0.1), k))


@pytest.mark.parametrize(
    ("said", "optimizer", "steps", "validation"),
    [
        ("learning_rate is 0 from step 10 of 300 on", optimizers.sgd(schedules.CosineDecay(0.1, 10)), 300, None),
        ("0 from step 15 of 300", optimizers.adam(schedules.Linear(0.1, 0.0, 10, 5)), 300, None),
        ("", optimizers.sgd(schedules.CosineDecay(0.1, 10, alpha=0.1)), 300, None),
        ("", optimizers.sgd(schedules.CosineDecay(0.1, 290)), 300, None),
        ("no update by Accumulate(…, 4): the last 3 of 3", adding_up(4), 3, None),
        ("2 rows, and counts in Accumulate's mean as much as one of 4", adding_up(2), 4, None),
        ("", adding_up(1), 3, None),
        ("label 2 is among the validation rows", optimizers.sgd(0.1), 3, (np.zeros((2, 1)), np.array([1, 2]))),
        ("", optimizers.sgd(0.1), 3, (np.zeros((2, 1)), np.array([1, 0]))),
        ("", optimizers.sgd(0.1), 3, (np.zeros((2, 1)), np.array([1.5, 0]))),
    ],
)
def test_what_wastes_steps_is_told(said, optimizer, steps, validation):
    notes = of_settings(optimizer, SIX, steps, LABELS, validation)
    assert bool(notes) == bool(said)
    assert said in " ".join(notes)


def test_a_class_that_no_row_trains_is_told():
    model = jgd.models.Softmax(1, 4)
    loss, start = jgd.SupervisedLoss(model, "softmax_cross_entropy"), model.init(jgd.init_key(0))
    for validation, words in ((None, "2 labels, 2 the first, are in no"), (LABELS, "first, are in no training row")):
        run = jgd.train(loss, optimizers.sgd(0.1), start, LABELS, steps=0, validation=validation)
        assert words in " ".join(run.notes)


def test_gradients_whose_squares_no_number_holds_are_told():
    with jax.enable_x64(True):
        loss, steep = lambda p, b: 1e160 * jnp.sum(p), {"steps": 2, "progress": False, "diverged_above": 1e300}
        run = jgd.train(loss, optimizers.adamw(0.1), jnp.ones(2), **steep)
    assert "moved by decay alone in 2 steps" in " ".join(run.notes)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("said", "optimizer", "params", "slope"),
    [
        ("squares beyond float32", optimizers.adam(0.1), jnp.ones(2), 1e25),
        ("moved by decay alone in 30 steps: gradients of norm 1.41e+25", optimizers.adamw(0.1), jnp.ones(2), 1e25),
        ("", jgd.chain(ClipByGlobalNorm(1.0), optimizers.adam(0.1)), jnp.ones(2), 1e25),
        (
            "(bfloat16) never changed in 30 steps: each update is below",
            optimizers.sgd(1e-4),
            jnp.ones(2, jnp.bfloat16),
            1.0,
        ),
        ("", jgd.chain(MasterCopy(optimizers.sgd(1e-4))), jnp.ones(2, jnp.bfloat16), 1.0),
        ("(float32) never changed", optimizers.sgd(1e-9), jnp.ones(2), 1.0),
        ("", optimizers.sgd(0.1), jnp.ones(2), 0.0),
    ],
)
def test_parameters_that_never_moved_are_told(said, optimizer, params, slope):
    loss = lambda p, b: slope * jnp.sum(p.astype(jnp.float32))
    run = jgd.train(loss, optimizer, params, steps=30, progress=False, diverged_above=1e30)
    assert not run.status.broken
    assert bool(run.notes) == bool(said), run.notes
    assert said in " ".join(run.notes)
