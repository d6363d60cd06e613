"""Every program lowers for a GPU and a TPU, without one: each optimizer's step, the segment of `train`, those of sweeps.

`jax.export` refuses what would call back to Python, so that no step waits for it.
"""

import inspect
import re
from functools import partial
from pathlib import Path

import jax
import jax.numpy as jnp
import pytest
from helpers import methods, sweeping

import jgd
from jgd.sweeps.engine import calls, programs
from jgd.training import run_loop
from jgd.training.arguments import TrainArguments
from jgd.training.plan import plan_run

PLATFORMS = ["cuda", "tpu"]
QUICK = ("sgd", "adam", "muon", "lbfgs")  # in the fast part of the suite
PROMISES = Path(__file__).parents[1] / "docs" / "promises.md"
DECOMPOSITIONS = re.compile(r"custom_call @\w*(eigh|syevd|qr|svd|jacobi)\w*", re.IGNORECASE)
POLICIES = {
    "full": {"policy": None},
    "halving": {"policy": jgd.SuccessiveHalving(2, min_steps=3)},
    "hyperband": {"policy": jgd.Hyperband(2, min_steps=3)},
    "median": {"policy": jgd.MedianStopping(every=3)},
    "population": {"policy": jgd.PopulationBasedTraining(every=4)},
    "replay": {"policy": None, "block": 1},  # what replays a member or a run is of one lane
}
LOOPS = {
    "plain": {},
    "watched": {
        "validation": sweeping.task().validation,
        "metrics": {"accuracy": sweeping.task().metrics["accuracy"]},
        "stop": jgd.StoppingRule(loss=0.1, gradient_norm=1e-3),
        "observe": lambda params: params,
    },
    "curriculum": {"order": jgd.data.orders.curriculum(list(range(90)), steps=10)},
    "mining": {"order": jgd.data.orders.HardMining(update_every=5)},
}


def lowered(function, *args, **structure) -> str:
    """The program for both platforms, as text."""
    return jax.export.export(function, platforms=PLATFORMS)(*args, **structure).mlir_module()


@pytest.mark.sampled(1)  # all of them
@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=() if name in QUICK else pytest.mark.slow) for name in methods.NAMES]
)
def test_an_optimizers_step_lowers(name):
    loss, params, batch = methods.classifier()
    optimizer = methods.built(name)
    state = jax.eval_shape(jgd.start, optimizer, params)
    program = lowered(jax.jit(partial(jgd.step, loss)), optimizer, state, batch)
    told = re.search(r"Decompositions: (.*?)\.", PROMISES.read_text("utf-8"), re.DOTALL)
    assert bool(DECOMPOSITIONS.search(program)) == (f"`{name}`" in told[1])


@pytest.mark.parametrize("options", LOOPS.values(), ids=LOOPS.keys())
def test_the_segment_of_train_lowers(options):
    task = sweeping.task()
    optimizer, start = jgd.optimizers.adam(0.1), task.init(jgd.init_key(0))
    options = {"batch_size": 20, "steps": 10, **options}
    given = inspect.signature(jgd.train).bind(task.loss, optimizer, start, task.train, **options)
    given.apply_defaults()
    plan, state = plan_run(TrainArguments(**given.arguments))
    loop, end = plan.loop, jnp.asarray(10, jnp.int32)
    if plan.validation is None:
        lowered(run_loop._segment, loop, state.lane, end)
    else:
        lowered(run_loop._evaluated_segment, plan.validation, loop, state.lane, end)


class Recorded:
    """A compiled function in another's place that notes what it is called with, each structure and shape once."""

    def __init__(self, function):
        self.function, self.lower, self.seen = function, function.lower, {}

    def __call__(self, *args, **structure):
        abstract = lambda x: jax.ShapeDtypeStruct(x.shape, x.dtype) if hasattr(x, "shape") else x  # or it is static
        shapes = jax.tree.map(abstract, args)
        leaves, tree = jax.tree.flatten(shapes)
        self.seen[tree, *leaves] = shapes, structure
        return self.function(*args, **structure)


@pytest.mark.slow
@pytest.mark.parametrize("options", POLICIES.values(), ids=POLICIES.keys())
def test_the_programs_of_a_sweep_lower(options, monkeypatch):
    recorded = []
    segments = Recorded(calls.segment_program())
    monkeypatch.setattr(calls, "segment_program", lambda: segments)
    recorded.append(segments)
    for module, name in ((calls, "init_block"), (programs, "_eval_params")):
        recorded.append(Recorded(getattr(module, name)))
        monkeypatch.setattr(module, name, recorded[-1])
    sweeping.sweep("adam", on=sweeping.by_loss(), **options)
    for each in recorded:
        for shapes, structure in each.seen.values():
            lowered(each.function, *shapes, **structure)
    assert all(each.seen for each in recorded)
