"""What the blocks of a sweep are fed on each device: the rows, and the starts and keys of all seeds."""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jgd.core import seeds
from jgd.core.types import Params
from jgd.sweeps.engine import compiler
from jgd.sweeps.engine.programs import SharedData
from jgd.sweeps.engine.work import Work


@dataclass(frozen=True)
class DeviceInputs:
    """One device's copies; a list has an entry a seed."""

    device: Any
    shared: list[SharedData]  # one object for runs that have their rows in common
    params: list[tuple[Params, Any]]  # with the model's state
    init_keys: list[jax.Array]  # of the parameters, for runs with an init of their own
    order_keys: list[jax.Array]  # of the order of examples
    noise_keys: list[jax.Array]  # of the transforms that draw
    loss_keys: list[jax.Array]  # of a loss that draws
    factor: jax.Array  # of the start's loss, above which a run has diverged


def device_inputs(work: Work, devices: Sequence[Any]) -> list[DeviceInputs]:
    """The inputs of each of the devices; one that stands there several times has one copy."""
    init = _compiled(work.task.init)
    init_state = None if work.task.init_state is None else _compiled(work.task.init_state)
    own = [work.splits.seed_of(label) for label in work.seeds]
    init_keys = [seeds.init_key(seed) for seed in own]
    order_keys = [seeds.key(seed, seeds.Stream.ORDER) for seed in own]
    noise_keys = [seeds.key(seed, seeds.Stream.NOISE) for seed in own]
    loss_keys = [seeds.key(seed, seeds.Stream.LOSS) for seed in own]
    starts = [(init(key), None if init_state is None else init_state(key)) for key in init_keys]
    keys = init_keys, order_keys, noise_keys, loss_keys
    shared = {id(task): SharedData.of(task) for task in work.tasks}
    rest = (starts, *keys, np.asarray(work.diverged_above, jnp.result_type(float)))

    def copied(device: Any) -> DeviceInputs:
        there = jax.device_put(shared, device)
        return DeviceInputs(device, [there[id(task)] for task in work.tasks], *jax.device_put(rest, device))

    copies = {device: copied(device) for device in dict.fromkeys(devices)}
    return [copies[device] for device in devices]


_recent: deque[tuple[Callable, Callable]] = deque(maxlen=8)  # a task's init, and that compiled


def _compiled(init: Callable) -> Callable:
    """`init` compiled once for all equal ones: a task that is made anew has an equal one, which jit wouldn't know."""
    is_record = not jax.tree_util.all_leaves([init])
    for known, compiled in _recent:
        if known is init or (is_record and type(known) is type(init) and (known == init) is True):
            return compiled
    _recent.append((init, jax.jit(init, compiler_options=compiler.options())))
    return _recent[-1][1]
