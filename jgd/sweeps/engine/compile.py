"""Every program of a round's blocks compiled before any step, so that faults come early and clocks tell steps only."""

import threading
import time
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import replace
from functools import partial

import jax

from jgd.sweeps.engine.block import Block
from jgd.sweeps.engine.calls import advance, initial_state, trace
from jgd.sweeps.engine.device_inputs import DeviceInputs
from jgd.sweeps.engine.programs import BlockState, final_params
from jgd.sweeps.engine.progress import Meter
from jgd.sweeps.engine.threads import in_threads
from jgd.sweeps.plan import Plan
from jgd.sweeps.policies.policy import Round


def compile_programs(
    plan: Plan, devices: Sequence[DeviceInputs], current: Round, blocks: Sequence[Block], meter: Meter
) -> None:
    """Trace the program of each block, in a thread of its own; compile its start meanwhile, then it, for each device.

    What compiles is a call that makes no step. blocks: one a group. jax keeps what was compiled, so that the next sweep
    of the same structure and shapes compiles nothing.
    """
    blocks = [replace(block, begin=0) for block in blocks]
    devices = list({inputs.device: inputs for inputs in devices}.values())  # each once
    done, total, begin = [], len(blocks) * len(devices), time.perf_counter()
    # jaxlib has crashed when two threads read programs from its cache on the disk at once
    one_at_a_time = threading.Lock() if getattr(jax.config, "jax_compilation_cache_dir", None) else nullcontext()
    traced = [threading.Event() for _ in blocks]

    def compile_block(inputs: DeviceInputs, block: Block, state: BlockState) -> None:
        with one_at_a_time:
            lanes, *_ = advance(plan, inputs, block, state, 0)
            final_params(state.spec, lanes)
        with meter.lock:
            done.append(block)
            meter.report_compiled(len(done), total, time.perf_counter() - begin)

    def serve(inputs: DeviceInputs, stop: threading.Event) -> None:
        for block, ready in zip(blocks, traced, strict=True):
            with one_at_a_time:
                state = initial_state(plan, inputs, current, block)
            while not ready.wait(0.1):
                if stop.is_set():
                    return
            compile_block(inputs, block, state)

    def trace_all(stop: threading.Event) -> None:
        for block, ready in zip(blocks, traced, strict=True):
            trace(plan, devices[0], current, block)
            ready.set()

    in_threads([trace_all, *(partial(serve, inputs) for inputs in devices)])
