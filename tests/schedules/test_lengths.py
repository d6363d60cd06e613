"""Lengths of schedules as shares of the run and as epochs: what runs makes steps of them, everything else refuses them."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jgd
from jgd import schedules
from jgd.core.lengths import kinds_of
from jgd.schedules import epochs, in_steps, share


def warmed(warmup):
    decay = schedules.CosineDecay(0.2, decay_steps=epochs(5))
    return jgd.optimizers.sgd(schedules.LinearWarmup(decay, warmup_steps=share(warmup)))


@pytest.mark.parametrize(
    ("schedule", "same"),
    [
        (schedules.Linear(1.0, 0.0, share(0.5), transition_begin=share(0.1)), schedules.Linear(1.0, 0.0, 10, 2)),
        (schedules.StepDecay(1.0, epochs(2), 0.5), schedules.StepDecay(1.0, 8, 0.5)),
        (schedules.MultiStepDecay(1.0, (epochs(1), share(0.33))), schedules.MultiStepDecay(1.0, (4, 7))),  # 6.6 → 7
        (
            schedules.WarmupCosineDecay(0.0, 1.0, share(0.1), share(1)),
            schedules.WarmupCosineDecay(0.0, 1.0, 2, 20),
        ),
        (schedules.OneCycle(share(1), 1.0), schedules.OneCycle(20, 1.0)),
        (schedules.Join((1.0, 0.5), (share(0.5),)), schedules.Join((1.0, 0.5), (10,))),
        (schedules.Cyclic(0.0, 1.0, epochs(0.5), epochs(1)), schedules.Cyclic(0.0, 1.0, 2, 4)),
    ],
)
def test_a_length_is_its_number_of_steps(schedule, same):
    at = jnp.arange(22)
    np.testing.assert_array_equal(in_steps(schedule, steps=20, per_epoch=4)(at), same(at))


def test_every_length_of_every_schedule_takes_them():
    steps = lambda f: f.name.endswith(("_steps", "_begin", "step_size", "step_size_up"))
    every = [f for each in vars(schedules).values() if dataclasses.is_dataclass(each) for f in dataclasses.fields(each)]
    assert [f.name for f in every if f.metadata.get("length", False) != steps(f)] == []


@pytest.mark.parametrize(
    ("call", "error", "says"),
    [
        (lambda: share(-0.1), jgd.JgdError, "value must be a finite number >= 0"),
        (lambda: jgd.optimizers.sgd(share(0.1)), jgd.JgdError, "learning_rate must be a number"),
        (lambda: schedules.CosineDecay(share(0.1), 3), jgd.JgdError, "init_value must be a number"),
        (lambda: schedules.CosineDecay(0.1, share(1))(jnp.int32(0)), jgd.JgdError, "is no number of steps outside"),
        (lambda: schedules.Join((1.0, 2.0), (epochs(1),))(jnp.int32(0)), jgd.JgdError, "is no number of steps outside"),
        (lambda: in_steps(schedules.CosineDecay(0.1, share(1))), jgd.JgdError, "steps must be given"),
        (lambda: in_steps(schedules.CosineDecay(0.1, epochs(1)), steps=3), jgd.JgdError, "per_epoch must be given"),
        (
            lambda: in_steps(jgd.optimizers.sgd(schedules.WarmupCosineDecay(0.0, 1.0, 50, share(0.5))), steps=60),
            jgd.JgdError,
            "warmup_steps must be <= decay_steps, got 50 and 30",
        ),
    ],
)
def test_they_are_refused_where_nobody_knows_the_run(call, error, says):
    with pytest.raises(error, match=says):
        call()


def test_without_lengths_nothing_is_touched():
    optimizer = jgd.optimizers.adam(schedules.CosineDecay(0.1, 7))
    assert in_steps(optimizer, steps=3) is optimizer
    assert not kinds_of(optimizer)


@pytest.mark.slow
def test_a_sweep_s_runs_are_those_of_train_and_replayed_by_the_shares_of_all_its_steps():
    found = jgd.sweep("iris", warmed, {"warmup": [0.1, 0.3]}, seeds=1, steps=10, batch_size=45)
    run = jgd.train("iris", warmed(0.3), steps=10, batch_size=45)
    by_steps = schedules.LinearWarmup(schedules.CosineDecay(0.2, 10), 3)
    np.testing.assert_allclose(run.history["learning_rate"], by_steps(jnp.arange(10)), rtol=1e-6)
    np.testing.assert_allclose(found.loss[1, 0], run.history["loss"], rtol=1e-5)
    assert found.replay(1, 0, steps=4).reproduced
    with pytest.raises(jgd.JgdError, match="steps can't be extended: schedules are shares of a run of 10 steps"):
        found.extend(steps=20)


@pytest.mark.slow
def test_epochs_don_t_depend_on_the_run_and_can_be_extended():
    recipe = lambda learning_rate: jgd.optimizers.sgd(schedules.StepDecay(learning_rate, epochs(1), 0.5))
    run = {"seeds": 1, "batch_size": 45, "block": 1}
    short = jgd.sweep("iris", recipe, {"learning_rate": [0.1]}, steps=4, **run)
    np.testing.assert_array_equal(
        short.extend(steps=6).loss, jgd.sweep("iris", recipe, {"learning_rate": [0.1]}, steps=6, **run).loss
    )
    assert jax.tree.leaves(short.plan.groups[0].build(learning_rate=0.1).optimizer)[1] == 2.0  # of 90 rows, 2 batches
