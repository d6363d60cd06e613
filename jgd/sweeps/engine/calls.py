"""The calls of a block's programs: their arguments, from the work, the job and the inputs of a device."""

from dataclasses import replace
from typing import Any

import jax
import numpy as np
from jax import Array

from jgd.lane import Lane
from jgd.sweeps.engine.block import Block
from jgd.sweeps.engine.device_inputs import DeviceInputs
from jgd.sweeps.engine.programs import CAPACITY, BlockState, init_block, init_program, segment_program
from jgd.sweeps.engine.work import Job, Work


def initial_state(work: Work, inputs: DeviceInputs, job: Job) -> BlockState:
    """A block before its first step."""
    return init_program()(*_start(work, inputs, job), width=work.widths[job.block.group])


def _start(work: Work, inputs: DeviceInputs, job: Job) -> tuple[Any, ...]:
    seed = job.block.seed
    values = jax.device_put(dict(job.values), inputs.device)
    keys = inputs.init_keys[seed], inputs.noise_keys[seed], inputs.loss_keys[seed]
    build = work.groups[job.block.group].build
    return build, values, inputs.shared[seed], inputs.params[seed], *keys, inputs.factor


def state_at_begin(work: Work, inputs: DeviceInputs, job: Job) -> BlockState:
    """A block where it begins: before its first step, or with the lanes that the job brings."""
    state = initial_state(work, inputs, job)
    return state if job.lanes is None else replace(state, lanes=jax.device_put(job.lanes, inputs.device))


def advance(
    work: Work, inputs: DeviceInputs, block: Block, state: BlockState, end: int
) -> tuple[Lane, dict[str, Array], dict[str, Array]]:
    """The block after its steps up to `end`, at most CAPACITY of them; see `programs.run_segment`. Takes the lanes' arrays."""
    return segment_program()(*_arguments(inputs, block, state, end), **_structure(work, block, state))


def trace(work: Work, inputs: DeviceInputs, job: Job) -> None:
    """Trace the program of `advance` from the shapes of a block alone; jax keeps what was traced."""
    begun = lambda: init_block(*_start(work, inputs, job), width=work.widths[job.block.group])
    there = jax.sharding.SingleDeviceSharding(inputs.device)
    shape = lambda x: jax.ShapeDtypeStruct(x.shape, x.dtype, sharding=there, weak_type=x.weak_type)
    state = jax.tree.map(shape, jax.eval_shape(begun))
    segment_program().lower(*_arguments(inputs, job.block, state, 0), **_structure(work, job.block, state))


def _arguments(inputs: DeviceInputs, block: Block, state: BlockState, end: int) -> tuple[Any, ...]:
    keys = inputs.order_keys[block.seed], inputs.loss_keys[block.seed]
    return state.spec, state.lanes, state.limit, inputs.shared[block.seed], keys, np.int32(end)


def _structure(work: Work, block: Block, state: BlockState) -> dict[str, Any]:
    """What of the call is structure, the same for every block of a group."""
    kept = {"aux": state.aux, "record": work.record, "observe": work.observe}
    return {"batches": work.batches[block.group], "capacity": CAPACITY, **kept}
