"""Going on with a stored run: what it is known by, when its state is saved, and how it comes back.

What identifies a run (data, parameters, optimizer, seed, …) is stored with each snapshot and compared before it is gone
on with. What doesn't change the numbers (how often it was saved, who looked) is not.
"""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jgd.core import checks, machine
from jgd.core.fingerprint import described, differences
from jgd.core.processes import gathered, is_cut, is_first, meet, now
from jgd.core.snapshots import RunDirectory, holds_a_run, opened, pack
from jgd.core.strict_json import fault_of, is_count
from jgd.lane import eval_params_of
from jgd.prediction.described import describe
from jgd.training.arguments import TrainArguments
from jgd.training.end_reason import may_go_on
from jgd.training.plan import TrainPlan
from jgd.training.run_state import RunState

AVERAGES = "eval_params"
eval_params = jax.jit(eval_params_of)

FACTS = {  # what a snapshot says of a run
    "identity": {str: str},
    "machine": {str: str},
    "history": {"stride": lambda steps: type(steps) is int and steps > 0, "done": is_count},
    "step": is_count,
    "zero_gradients": is_count,
    "seconds": float,
    "end": (None, {"status": str, "step": int, "detail": str}),
}


class UnaskedError(checks.JgdValueError):
    """The store holds a run, and nobody asked to go on with it."""


@dataclass
class Saver:
    """Saves a run's state now and then; a disk that fails is warned about, once, and loses nothing in memory."""

    store: RunDirectory | None  # None: nothing is saved
    identity: dict[str, str]
    every: float  # seconds
    plan: TrainPlan | None = None  # of whoever saves
    fault: str = ""
    newest: int = -1  # steps in the last snapshot that this process wrote
    last: float = 0.0  # on the clock that the run's processes share, when it was saved or began

    def save(self, state: RunState, *, at_end: bool) -> None:
        """A snapshot, where it is time for one or the run ends."""
        if self.store is None:
            return
        together = self.plan is not None and self.plan.together
        seconds = now(together)
        if not at_end and seconds - self.last < self.every:
            return
        self.last = seconds
        predictor = None if self.plan is None or self.plan.predictor is None else describe(self.plan.predictor)
        known = {"identity": self.identity, "machine": _made_on(self.plan), "predictor": predictor}
        try:
            arrays = {**state.arrays(), **self._averages(state)}  # of several processes all have parts of them
            self.store.save(arrays, {**state.facts(), **known}, together)
            self.fault, self.newest = "", state.step
        except OSError as fault:
            if not self.fault:
                warnings.warn(
                    f"store {str(self.store.path)!r} can't be written ({fault}); the run goes on", stacklevel=2
                )
            self.fault = f"not saved since a step before {state.step}: {fault}"

    def _averages(self, state: RunState) -> dict[str, Any]:
        """The parameters to evaluate, where the optimizer keeps others than those that descend."""
        if self.plan is None:
            return {}
        own, read = state.lane.train_state.params, eval_params(self.plan.loop.optimizer, state.lane)
        if all(map(_same, jax.tree.leaves(own), jax.tree.leaves(read))):
            return {}
        averages = pack("", read, whole=False)
        return {f"{AVERAGES}{name}": array for name, array in averages.items()}


def _same(one: Any, other: Any) -> bool:
    """Whether two arrays have the same numbers, also where no process has all of them."""
    if is_cut(one):
        return bool(gathered(jnp.array_equal(one, other, equal_nan=True)))
    return np.asarray(one).tobytes() == np.asarray(other).tobytes()


def _made_on(plan: TrainPlan | None) -> dict[str, str]:
    """What the last bits depend on: the machine, and over how many devices the run is spread."""
    sharding = None if plan is None else plan.loop.sharding
    spread = {} if sharding is None else {"mesh": ", ".join(f"{n} {name}" for name, n in sharding.mesh.shape.items())}
    return {**machine.machine_facts(), **spread}


def stored_settings(path: Path) -> dict[str, str]:
    """What identifies the run in a directory, path -> what it is; empty where there is none that can be read."""
    snapshot = RunDirectory(path).load() if path.is_dir() and holds_a_run(path) else None
    return {} if snapshot is None or fault_of(snapshot.facts, FACTS) else snapshot.facts["identity"]


@contextmanager
def opened_run(arguments: TrainArguments, plan: TrainPlan, state: RunState) -> Iterator[Saver]:
    """What saves the state, which becomes that of the store where there is one; the store is held until the end.

    Raises:
        JgdValueError: The store holds a run that nobody asked for, or another one: what differs is listed.
    """
    if arguments.store is None:
        yield Saver(None, {}, arguments.save_every)
        return
    with _store_of(arguments.store, plan.together) as store:
        saver = Saver(store, identity(plan), arguments.save_every, plan, last=now(plan.together))
        _resume(store, saver.identity, state, plan, arguments.resume)
        yield saver


@contextmanager
def _store_of(path: Any, together: bool) -> Iterator[RunDirectory]:
    """The run directory, held by the first process; the others, which must see it too, only read."""
    with opened(path) if is_first(together) else nullcontext(RunDirectory(Path(path))) as store:
        meet(together, "jgd: the store is open")
        if not store.path.is_dir():
            raise checks.JgdValueError(
                f"store {str(path)!r} must be a directory that all processes of the run see; process "
                f"{jax.process_index()} doesn't",
                argument="store",
            )
        yield store
        meet(together, "jgd: the run is stored")


def identity(plan: TrainPlan) -> dict[str, str]:
    """Everything that the numbers of a run depend on, path -> what it is."""
    loop, validation = plan.loop, plan.validation
    return {
        **described("loss", loop.loss),
        **described("optimizer", loop.optimizer.transform),
        **described("params", plan.params),
        **described("data", loop.data),
        **described("validation", None if validation is None else validation.rows),
        **described("metrics", {} if validation is None else validation.metrics),
        "batch_size": str(loop.batches.size),
        **described("order", loop.batches.order),
        **{name: str(value) for name, value in plan.settings.items()},
        **described("stop", replace(plan.stop, seconds=None)),
        **described("observe", loop.observe),
        **({} if plan.model_state is None else described("model_state", plan.model_state)),
        **({} if plan.measure is loop.loss else described("evaluation_loss", plan.measure)),
        "x64": str(jnp.result_type(float) == jnp.float64),
    }


def _resume(store: RunDirectory, known: dict[str, str], state: RunState, plan: TrainPlan, resume: bool) -> None:
    """The state becomes that of the store's newest snapshot, or stays fresh where there is none.

    Another machine or jax version is warned about, as the numbers then agree to rounding only.
    """
    if not resume and store.holds_a_run:
        raise UnaskedError(
            f"store {str(store.path)!r} holds a run: resume=True goes on with it, or use another directory"
        )
    snapshot = store.load()
    if snapshot is None:
        return
    fault = fault_of(snapshot.facts, FACTS, "it")
    if fault:
        raise _strange(store, fault)
    differs = differences(snapshot.facts["identity"], known)
    if differs:
        raise checks.JgdValueError(
            f"store {str(store.path)!r} holds another run; what differs: {'; '.join(differs)}. "
            "Resume with the same settings, or use another directory"
        )
    elsewhere = f"the run in {str(store.path)!r} was made elsewhere, so that its numbers go on to rounding only"
    machine.warn_of_another(elsewhere, snapshot.facts["machine"], _made_on(plan), stacklevel=7)
    try:
        state.restore(snapshot.arrays, snapshot.facts, plan.loop.observe, plan.loop.sharding)
    except checks.JgdError:
        raise
    except (ArithmeticError, LookupError, TypeError, ValueError) as error:  # arrays that no run leaves
        raise _strange(store, error) from error
    if plan.total_steps < state.step:
        raise checks.JgdValueError(
            f"steps must be >= {state.step}, which the stored run has made, got {plan.total_steps}", argument="steps"
        )
    if state.end is not None and may_go_on(state.end, plan, state):
        state.end = None


def _strange(store: RunDirectory, fault: object) -> checks.JgdValueError:
    return checks.JgdValueError(
        f"the snapshot in {str(store.path)!r} is whole, but no run that jgd wrote: {fault}. Use another directory"
    )
