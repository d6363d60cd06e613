"""What a recipe makes, traced once as shapes: its faults are told by recipe and config before anything runs."""

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from jgd.core import checks, seeds
from jgd.core.loss_protocol import OnBatch, as_state
from jgd.core.tracing import traceable
from jgd.core.types import Params
from jgd.spaces.derived import Derived
from jgd.spaces.space import Config, Space
from jgd.sweeps.engine.observing import observed
from jgd.sweeps.engine.programs import SharedData, block_shapes, evaluate, final_params
from jgd.sweeps.engine.width import Work, work_of
from jgd.sweeps.recipes import Group, blamed
from jgd.sweeps.run_spec import RunSpec
from jgd.tasks import Task


def dry_run_start(group: Group, config: Config, task: Task) -> tuple[RunSpec, tuple[Params, Any]]:
    """What a group's recipe makes, and what its runs start from as shapes; refused where they or the data are not what runs need."""
    with blamed(group.recipe, group.configs[0], config):
        values = {name: config[name] for name in group.numbers}
        made, spec = group.build.call(**values), group.build(**values)
        if isinstance(made, tuple):
            _same_data(made[0], task)
        if spec.metrics is not None and set(spec.metrics) != set(task.metrics):
            raise checks.JgdValueError(
                f"a RunSpec's metrics must have the names of the task's, {sorted(task.metrics)}, got {sorted(spec.metrics)}"
            )
        params, model_state = jax.eval_shape(_start(spec, task), seeds.key(0, seeds.Stream.INIT))
        checks.parameters(params)
    return spec, (params, model_state)


def _start(spec: RunSpec, task: Task) -> Callable[[Array], tuple[Params, Any]]:
    """key -> what a run starts from: its parameters and the model's state."""

    def start(key: Array) -> tuple[Params, Any]:
        params, own = task.start(key) if spec.init is None else (spec.start(key), None)
        state = spec.start_state(key, own)
        return params, None if state is None else as_state(state)

    return start


def dry_run_observe(group: Group, config: Config, observe: Callable[[Params], Any] | None, params: Params) -> None:
    """What is observed of a group's runs, refused where it can't be recorded."""
    if observe is not None:
        with blamed(group.recipe, group.configs[0], config):
            jax.eval_shape(partial(observed, observe), params)


def dry_run_loss(
    group: Group, config: Config, task: Task, batch_size: int, spec: RunSpec, start: tuple[Params, Any]
) -> Work:
    """What the loss of a group's runs computes on one batch."""
    with blamed(group.recipe, group.configs[0], config):
        loss = traceable(task.loss if spec.loss is None else spec.loss)
        batch = jax.tree.map(lambda rows: jax.eval_shape(jnp.asarray, rows[:batch_size]), task.train)
        key = jax.eval_shape(lambda: seeds.key(0, seeds.Stream.LOSS))
        once = lambda params, rest: OnBatch(loss, *rest)(params)
        return work_of(once, start[0], (batch, key, start[1]))


def dry_run_block(group: Group, config: Config, task: Task, width: int) -> None:
    """Trace the start and the evaluation of a block."""
    with blamed(group.recipe, group.configs[0], config):
        values = {name: np.full(width, config[name]) for name in group.numbers}
        block = block_shapes(group.build, values, task, width=width)
        params = jax.eval_shape(final_params, block.spec, block.lanes)
        shared = SharedData.of(task)
        jax.eval_shape(evaluate, block.spec, shared, params, shared.validation, block.lanes.train_state.model_state)


def dry_run_ends(group: Group, index: int, config: Config, space: Space) -> None:
    """Build a config with each of its numbers at the ends of its distribution, where exploring may lead."""
    for name in group.numbers:
        kind = space.kind(name, config)
        if kind is None or isinstance(kind, Derived):
            continue
        for end in (0.0, 1.0):
            reached = {**config, name: kind.at(end)}
            with blamed(group.recipe, index, reached):
                group.build(**{name: reached[name] for name in group.numbers})


def _same_data(made: Task, task: Task) -> None:
    """All configs of a sweep see its own rows: a recipe's task that has others is refused, not ignored."""
    leaves = lambda rows: [np.asarray(leaf) for leaf in jax.tree.leaves(rows)]
    for part in ("train", "validation", "test"):
        mine, own = leaves(getattr(made, part)), leaves(getattr(task, part))
        if len(mine) != len(own) or not all(map(_equal, mine, own)):
            raise checks.JgdValueError(f"the recipe's task must have the {part} rows of the sweep's own, got others")


def _equal(one: Any, other: Any) -> bool:
    return one.dtype == other.dtype and np.array_equal(one, other, equal_nan=one.dtype.kind == "f")
