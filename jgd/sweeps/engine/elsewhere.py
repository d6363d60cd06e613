"""What a worker in another process does: one block after another, on its first device. Enters and leaves: what pickles.

A process keeps what it was sent of the last few sweeps, so that a block costs no more than its own numbers and lanes.
"""

import pickle
import platform
import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import jax

from jgd.core import checks
from jgd.core.fingerprint import differences
from jgd.core.machine import machine_facts
from jgd.core.program_files import use_program_cache
from jgd.sweeps.engine.compile import compile_job
from jgd.sweeps.engine.device_inputs import DeviceInputs, device_inputs
from jgd.sweeps.engine.progress import BlockSteps
from jgd.sweeps.engine.run_block import run_block
from jgd.sweeps.engine.threads import under
from jgd.sweeps.engine.work import Job, Outcome, Work

SWEEPS = 4  # that a process keeps


@dataclass(frozen=True)
class Order:
    """What all blocks of a sweep have in common. work: pickled, or None where the process may have it, by its digest.

    settings: JAX's. machine: what the worker must be, as `machine_facts` tells it; None for any.
    """

    digest: str
    work: bytes | None
    settings: Mapping[str, Any]
    machine: Mapping[str, str] | None


@dataclass(frozen=True)
class Answer:
    """What a block has left, all that it told on the way, and where it ran."""

    outcomes: list[Outcome]
    told: list[BlockSteps]
    host: str


@dataclass
class _Known:
    """A sweep in this process."""

    work: Work
    inputs: DeviceInputs
    compiled: set[int] = field(default_factory=set)
    lock: Any = field(default_factory=threading.Lock)  # jaxlib has crashed when two threads read its cache at once


_known: "OrderedDict[tuple[str, tuple], _Known]" = OrderedDict()
_lock = threading.Lock()


def run_order(order: Order, job: Job) -> Answer | None:
    """Run a block: -> what it left, or None from a process that doesn't have the sweep."""
    told: list[BlockSteps] = []
    with under(order.settings):
        known = _sweep_of(order)
        if known is None:
            return None
        with known.lock:
            if job.block.group not in known.compiled:
                compile_job(known.work, known.inputs, job)
                known.compiled.add(job.block.group)
        outcomes = list(run_block(known.work, known.inputs, job, told.append, threading.Event()))
    return Answer(outcomes, told, platform.node())


def _sweep_of(order: Order) -> _Known | None:
    """The sweep of an order, as this process has it under these settings."""
    name = order.digest, tuple(order.settings.items())
    with _lock:
        if name not in _known:
            if order.work is None:
                return None
            if order.machine is not None and (differs := differences(machine_facts(), order.machine)):
                raise checks.JgdValueError(
                    f"the worker on {platform.node()!r} is another machine than the one that plans the sweep: "
                    f"{'; '.join(differs)}. Its bits would differ; jgd.sweeps.Pool(…, any_machine=True) allows it",
                    argument="executor",
                )
            use_program_cache()
            work = pickle.loads(order.work)
            _known[name] = _Known(work, device_inputs(work, jax.local_devices()[:1])[0])
            while len(_known) > SWEEPS:
                _known.popitem(last=False)
        _known.move_to_end(name)
        return _known[name]
