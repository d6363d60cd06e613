"""Workers of a pool: any `concurrent.futures.Executor`, on this machine or on a cluster's."""

import hashlib
import pickle
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Future, ProcessPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from jgd.core import checks
from jgd.core.machine import machine_facts
from jgd.sweeps.engine.elsewhere import Answer, Order, run_order
from jgd.sweeps.engine.executor import JobOf, Land, Take
from jgd.sweeps.engine.progress import Meter
from jgd.sweeps.engine.threads import settings
from jgd.sweeps.engine.work import Job, Work

IN_FLIGHT = 2  # blocks a worker that are sent ahead: one runs, one waits
UNKNOWN = 32  # workers, where a pool doesn't tell


@dataclass(frozen=True)
class Pool:
    """Workers for `jgd.sweep(…, executor=…)`, wherever a pool has them.

    Each worker is a process with jgd; it gets the task, the data and the recipes once, and then blocks, by name. Functions
    are pickled: by the module that they live in, or whole where cloudpickle is installed. A run has the same bits as on
    this machine, if the workers are such machines.

    Attributes:
        executor: a `concurrent.futures.Executor` (a process pool that spawns, one of MPI, loky, …), a
            `distributed.Client` of Dask, or `jgd.interop.ray.executor()`.
        any_machine: whether workers may be another kind of machine, or have another jax: then results agree to rounding.

    Raises:
        JgdTypeError: for anything without `submit`.
        JgdValueError: for a process pool that forks: JAX can't live in a fork.

    Example:
        >>> import jgd, multiprocessing, concurrent.futures as cf
        >>> pool = cf.ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn"))
        >>> jgd.sweep("digits", "adam", space, steps=500, executor=pool)  # doctest: +SKIP
    """

    executor: Any
    any_machine: bool = False

    def __post_init__(self) -> None:
        checks.flag("any_machine", self.any_machine)
        if not callable(getattr(self.executor, "submit", None)):
            raise checks.JgdTypeError(
                "executor must be a concurrent.futures.Executor, a dask Client, or a jgd.sweeps.Pool of one, "
                f"got {checks.shown(self.executor)}",
                argument="executor",
            )
        if isinstance(self.executor, ProcessPoolExecutor) and _start_method(self.executor) == "fork":
            raise checks.JgdValueError(
                "executor forks, and JAX can't live in a fork: "
                'ProcessPoolExecutor(…, mp_context=multiprocessing.get_context("spawn"))',
                argument="executor",
            )

    def workers(self, work: Work, meter: Meter) -> "Pooled":
        """Workers for the blocks of one sweep, which `jgd.sweep` asks for.

        Args:
            work: what its blocks have in common.
            meter: told of what they make.

        Returns:
            What runs blocks.

        Raises:
            JgdTypeError: for functions that can't be sent to other processes.
        """
        packed = _packed(work)
        client = hasattr(self.executor, "get_executor")
        pool = self.executor.get_executor(pure=False) if client else self.executor
        count = len(self.executor.nthreads()) if client else getattr(self.executor, "_max_workers", UNKNOWN)
        order = Order(
            digest=hashlib.sha256(packed).hexdigest(),
            work=packed,
            settings=settings(),
            machine=None if self.any_machine else machine_facts(),
        )
        return Pooled(pool, order, meter, max(1, count))


@dataclass(frozen=True)
class Pooled:
    """The workers of one sweep, so many. order: what all its blocks have in common."""

    pool: Any
    order: Order
    meter: Meter
    count: int

    def run(self, take: Take, job_of: JobOf, land: Land) -> None:
        """Send each block by the digest of the sweep; to a process that doesn't know it, once more with the whole."""
        self.meter.begin_run()
        sent, short = dict[Future, Job](), replace(self.order, work=None)
        try:
            while True:
                while len(sent) < IN_FLIGHT * self.count and (block := take(len(sent) < self.count)) is not None:
                    job = job_of(block)
                    sent[self._submit(short, job)] = job
                if not sent:
                    break
                for future in wait(sent, return_when=FIRST_COMPLETED).done:
                    job, answer = sent.pop(future), _answer_of(future)
                    if answer is None:
                        sent[self._submit(self.order, job)] = job
                    else:
                        self._take(answer, land)
        finally:
            for future in sent:
                future.cancel()
            self.meter.end_run()

    def _submit(self, order: Order, job: Job) -> Future:
        with _named():
            return self.pool.submit(run_order, order, job)

    def _take(self, answer: Answer, land: Land) -> None:
        for made in answer.told:
            self.meter.report_steps(made)
        for outcome in answer.outcomes:
            land(outcome)
        self.meter.hosts[answer.host] += 1


def _answer_of(future: Future) -> Answer | None:
    """What a worker says."""
    with _named():
        return future.result()


@contextmanager
def _named() -> Iterator[None]:
    """A pool that has lost its workers is named."""
    try:
        yield
    except BrokenExecutor as fault:
        raise checks.JgdError(
            f"a worker of the executor has ended while it ran a block ({fault}). With store= the same call, with a new "
            "executor, goes on from the blocks that have landed"
        ) from fault


def _packed(work: Work) -> bytes:
    """A work as bytes, by cloudpickle where it is there."""
    try:
        import cloudpickle as pickler
    except ImportError:
        pickler = pickle
    try:
        return pickler.dumps(work)
    except Exception as fault:  # whatever a function's or a model's own pickling raises
        raise checks.JgdTypeError(
            f"the task and the recipes can't be sent to other processes ({fault}): put their functions into a module, or "
            "install cloudpickle (it comes with jgd[cluster])",
            argument="executor",
        ) from fault


def _start_method(pool: ProcessPoolExecutor) -> str:
    """How a process pool starts its processes."""
    context: Any = pool._mp_context  # it tells in no other way
    return context.get_start_method()
