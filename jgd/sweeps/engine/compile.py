"""Every program of a round's blocks compiled before any step, so that faults come early and clocks tell steps only."""

import threading
import time
from collections.abc import Sequence
from contextlib import nullcontext
from functools import partial

import jax

from jgd.sweeps.engine.calls import advance, initial_state, trace
from jgd.sweeps.engine.device_inputs import DeviceInputs
from jgd.sweeps.engine.programs import BlockState, final_params
from jgd.sweeps.engine.progress import Meter
from jgd.sweeps.engine.threads import in_threads
from jgd.sweeps.engine.work import Job, Work


def compile_programs(work: Work, devices: Sequence[DeviceInputs], jobs: Sequence[Job], meter: Meter) -> None:
    """Trace the program of each job in a thread of its own, and compile its start meanwhile; then it, for each device.

    What compiles is a call that makes no step. jobs: one a group, at its start. jax keeps what was compiled, so that the
    next sweep of the same structure and shapes compiles nothing.
    """
    devices = list({inputs.device: inputs for inputs in devices}.values())  # each once
    done, total, begin = [], len(jobs) * len(devices), time.perf_counter()
    # jaxlib has crashed when two threads read programs from its cache on the disk at once
    one_at_a_time = threading.Lock() if getattr(jax.config, "jax_compilation_cache_dir", None) else nullcontext()
    traced = [threading.Event() for _ in jobs]

    def serve(inputs: DeviceInputs, stop: threading.Event) -> None:
        for job, ready in zip(jobs, traced, strict=True):
            with one_at_a_time:
                state = initial_state(work, inputs, job)
            while not ready.wait(0.1):
                if stop.is_set():
                    return
            with one_at_a_time:
                _compile_steps(work, inputs, job, state)
            with meter.lock:
                done.append(job)
                meter.report_compiled(len(done), total, time.perf_counter() - begin)

    def trace_all(stop: threading.Event) -> None:
        for job, ready in zip(jobs, traced, strict=True):
            trace(work, devices[0], job)
            ready.set()

    in_threads([trace_all, *(partial(serve, inputs) for inputs in devices)])


def compile_job(work: Work, inputs: DeviceInputs, job: Job) -> None:
    """Compile all that a block calls, without a step."""
    _compile_steps(work, inputs, job, initial_state(work, inputs, job))


def _compile_steps(work: Work, inputs: DeviceInputs, job: Job, state: BlockState) -> None:
    lanes, *_ = advance(work, inputs, job.block, state, 0)
    final_params(state.spec, lanes)
