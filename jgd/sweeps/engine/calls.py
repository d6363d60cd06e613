"""The calls of a block's programs: their arguments, from the plan, the round and the inputs of a device."""

from dataclasses import replace
from typing import Any

import jax
import numpy as np
from jax import Array

from jgd.lane import Lane
from jgd.sweeps.engine.block import Block, padded_numbers
from jgd.sweeps.engine.device_inputs import DeviceInputs
from jgd.sweeps.engine.programs import CAPACITY, BlockState, init_block, init_program, segment_program
from jgd.sweeps.plan import Plan
from jgd.sweeps.policies.policy import Round
from jgd.sweeps.store.base import Store


def initial_state(plan: Plan, inputs: DeviceInputs, current: Round, block: Block) -> BlockState:
    """A block before its first step."""
    return init_program()(*_start(plan, inputs, current, block), width=plan.widths[block.group])


def _start(plan: Plan, inputs: DeviceInputs, current: Round, block: Block) -> tuple[Any, ...]:
    seed, group = block.seed, plan.groups[block.group]
    numbers = padded_numbers(plan.hyperparameters(block, current), group.numbers, plan.widths[block.group])
    values = jax.device_put(numbers, inputs.device)
    keys = inputs.init_keys[seed], inputs.noise_keys[seed], inputs.loss_keys[seed]
    return group.build, values, inputs.shared[seed], inputs.params[seed], *keys, inputs.factor


def state_at_begin(plan: Plan, store: Store, inputs: DeviceInputs, current: Round, block: Block) -> BlockState:
    """A block where it begins: before its first step, or with the lanes that the store holds."""
    state = initial_state(plan, inputs, current, block)
    if block.begin == 0:
        return state
    origins = [(current.origin(config, block.seed, block.begin), block.seed) for config in block.configs]
    lanes = store.gather(origins, block.begin, plan.widths[block.group])
    return replace(state, lanes=jax.device_put(lanes, inputs.device))


def advance(
    plan: Plan, inputs: DeviceInputs, block: Block, state: BlockState, end: int
) -> tuple[Lane, dict[str, Array], dict[str, Array]]:
    """The block after its steps up to `end`, at most CAPACITY of them; see `programs.run_segment`. Takes the lanes' arrays."""
    return segment_program()(*_arguments(inputs, block, state, end), **_structure(plan, block, state))


def trace(plan: Plan, inputs: DeviceInputs, current: Round, block: Block) -> None:
    """Trace the program of `advance` from the shapes of a block alone; jax keeps what was traced."""
    begun = lambda: init_block(*_start(plan, inputs, current, block), width=plan.widths[block.group])
    there = jax.sharding.SingleDeviceSharding(inputs.device)
    shape = lambda x: jax.ShapeDtypeStruct(x.shape, x.dtype, sharding=there, weak_type=x.weak_type)
    state = jax.tree.map(shape, jax.eval_shape(begun))
    segment_program().lower(*_arguments(inputs, block, state, 0), **_structure(plan, block, state))


def _arguments(inputs: DeviceInputs, block: Block, state: BlockState, end: int) -> tuple[Any, ...]:
    keys = inputs.order_keys[block.seed], inputs.loss_keys[block.seed]
    return state.spec, state.lanes, state.limit, inputs.shared[block.seed], keys, np.int32(end)


def _structure(plan: Plan, block: Block, state: BlockState) -> dict[str, Any]:
    """What of the call is structure, the same for every block of a group."""
    kept = {"aux": state.aux, "record": plan.record, "observe": plan.observe}
    return {"batches": plan.batches[block.group], "capacity": CAPACITY, **kept}
