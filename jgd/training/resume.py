"""Going on with a stored run: what it is known by, when its session is saved, and how it comes back.

What identifies a run (data, parameters, optimizer, seed, …) is stored with each snapshot and compared before it is gone
on with. What doesn't change the numbers (how often it was saved, who looked) is not.
"""

import time
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import jax.numpy as jnp

from jgd.core import checks, machine
from jgd.core.snapshots import Store
from jgd.core.types import Params
from jgd.training.describe import described, differences
from jgd.training.run_loop import Job
from jgd.training.run_state import Session


class UnaskedError(checks.JgdValueError):
    """The store holds a run, and nobody asked to go on with it."""


def identity(job: Job, params: Params, asked: Mapping[str, Any]) -> dict[str, str]:
    """Everything that the numbers of a run depend on, path -> what it is. asked: what the caller said, by name."""
    judged = job.validation
    return {
        **described("loss", job.loss),
        **described("optimizer", job.optimizer.transform),
        **described("params", params),
        **described("data", job.data),
        **described("validation", None if judged is None else judged.rows),
        **described("metrics", {} if judged is None else judged.metrics),
        "batch_size": str(job.batches.size),
        **({} if job.batches.cut is None else {"devices": str(job.batches.cut.mesh.size)}),
        **described("order", job.batches.order),
        **{name: str(value) for name, value in asked.items()},
        **described("stop", replace(job.stop, seconds=None)),
        **described("observe", job.observe),
        "x64": str(jnp.result_type(float) == jnp.float64),
    }


def resumed(store: Store, known: dict[str, str], session: Session, job: Job, resume: bool) -> Session:
    """The session of the store's newest snapshot, or the fresh one given where there is none.

    `JgdValueError` lists what differs from the stored run. Another machine or jax version is warned about, as the
    numbers then agree to rounding only.
    """
    if not resume and store.holds_a_run:
        raise UnaskedError(
            f"store {str(store.path)!r} holds a run: resume=True goes on with it, or use another directory"
        )
    snapshot = store.load()
    if snapshot is None:
        return session
    arrays, facts = snapshot
    differs = differences(facts["identity"], known)
    if differs:
        raise checks.JgdValueError(
            f"store {str(store.path)!r} holds another run; what differs: {'; '.join(differs)}. "
            "Resume with the same settings, or use another directory"
        )
    said = f"the run in {str(store.path)!r} was made elsewhere, so that its numbers go on to rounding only"
    warn_of_another_machine(said, facts["machine"], stacklevel=4)
    session = session.restored(arrays, facts, job.observe)
    if job.total < session.done:
        raise checks.JgdValueError(f"steps must be >= {session.done}, which the stored run has made, got {job.total}")
    if session.status is not None and _may_go_on(session.status.name, session, job):
        session.status = None
    return session


def _may_go_on(name: str, session: Session, job: Job) -> bool:
    """Whether what ended the run does no longer: its budget of steps or of time has grown."""
    if name == "time":
        return job.stop.seconds is None or session.seconds < job.stop.seconds
    return name in ("max_steps", "stationary") and job.total > session.done


def warn_of_another_machine(said: str, there: Mapping[str, str], stacklevel: int) -> None:
    """Warn, with what differs, where a machine's fingerprint isn't this one's."""
    elsewhere = differences(there, machine.fingerprint())
    if elsewhere:
        warnings.warn(f"{said}: {'; '.join(elsewhere)}", stacklevel=stacklevel)


@dataclass
class Saver:
    """Saves a session now and then; a disk that fails is warned about, once, and loses nothing in memory."""

    store: Store
    identity: dict[str, Any]
    every: float  # seconds
    fault: str = ""
    newest: int = -1  # steps in the last snapshot that this process wrote
    last: float = field(default_factory=time.monotonic)

    def bound(self, session: Session) -> Callable[[bool], None]:
        """save(at_end) of this session."""

        def save(at_end: bool) -> None:
            if not at_end and time.monotonic() - self.last < self.every:
                return
            self.last = time.monotonic()
            try:
                self.store.save(
                    session.arrays(), {**session.facts(), "identity": self.identity, "machine": machine.fingerprint()}
                )
                self.fault, self.newest = "", session.done
            except OSError as fault:
                if not self.fault:
                    warnings.warn(
                        f"store {str(self.store.path)!r} can't be written ({fault}); the run goes on", stacklevel=2
                    )
                self.fault = f"not saved since a step before {session.done}: {fault}"

        return save
