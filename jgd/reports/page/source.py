"""What a report is made of. Enters: a `Sweep`, or a directory. Leaves: the sweep with what is known of how it came about."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from jgd.core import atomic_files, checks, machine
from jgd.core.fingerprint import address_of, function_fingerprint
from jgd.reports.confirmation import read_confirmations
from jgd.reports.page.reproduce import python_call, stored_command
from jgd.sweeps import Confirmation, Sweep, load_sweep
from jgd.sweeps.plan import Plan
from jgd.sweeps.store.content import read_manifest
from jgd.sweeps.store.disk import DiskStore


@dataclass(frozen=True)
class Source:
    """A sweep to be reported.

    Attributes:
        name: What it is called in the report.
        sweep: Its runs so far.
        asked: What sweep.json says, of a sweep in memory the same as far as it is known.
        confirmations: In the order in which the test rows were read.
        directory: Where it is kept; None in memory.
        reproduced_by: The command or the call that makes it again.
        running: Whether a process works on it now.
    """

    name: str
    sweep: Sweep
    asked: Mapping[str, Any]
    confirmations: tuple[Confirmation, ...]
    directory: Path | None
    reproduced_by: str
    running: bool

    @property
    def finished(self) -> bool:
        """Whether all its runs are there."""
        return not self.sweep.runs_left


def sources_of(sweeps: Any, confirmations: Confirmation | Sequence[Confirmation] = ()) -> list[Source]:
    """What `html_report` is given, looked up; no code of a directory is imported or run.

    confirmations: of a single sweep that no directory keeps them for.
    """
    if isinstance(sweeps, Mapping):
        named = [(str(name), each) for name, each in sweeps.items()]
    else:
        each = [sweeps] if isinstance(sweeps, Sweep | str | Path) else list(sweeps) if _listed(sweeps) else [sweeps]
        named = [(one.task if isinstance(one, Sweep) else str(one), one) for one in each]
    if not named:
        raise checks.JgdValueError("sweeps must hold at least one, got none", argument="sweeps")
    given = (confirmations,) if isinstance(confirmations, Confirmation) else tuple(confirmations)
    if given and len(named) > 1:
        raise checks.JgdValueError(
            "confirmations are of one sweep: those of several are read from their directories", argument="confirmations"
        )
    for one in given:
        checks.instance("confirmations", one, Confirmation, "Sweep.confirm(…) returns")
    return [_source(_distinct(name, place, named), one, given) for place, (name, one) in enumerate(named)]


def _listed(given: Any) -> bool:
    return isinstance(given, Sequence) and not isinstance(given, bytes)


def _distinct(name: str, place: int, named: list[tuple[str, Any]]) -> str:
    """A name that no other sweep of the report has."""
    same = [index for index, (other, _) in enumerate(named) if other == name]
    return name if len(same) == 1 else f"{name} ({same.index(place) + 1})"


def _source(name: str, given: Any, confirmations: tuple[Confirmation, ...]) -> Source:
    sweep = given if isinstance(given, Sweep) else load_sweep(given)
    if not isinstance(sweep.store, DiskStore):
        asked = _asked_in_memory(sweep)
        return Source(name, sweep, asked, confirmations, None, python_call(sweep, asked), False)
    directory = sweep.store.path
    asked = read_manifest(directory)
    return Source(
        name,
        sweep,
        asked,
        confirmations or tuple(read_confirmations(directory)),
        directory,
        stored_command(directory, asked) or python_call(sweep, asked),
        atomic_files.in_use(directory),
    )


def _asked_in_memory(sweep: Sweep) -> dict[str, Any]:
    """The part of a sweep.json that a report shows, of a sweep without one."""
    plan = sweep.made_by
    if not isinstance(plan, Plan):  # never: only a directory's sweep makes its plan later
        raise checks.JgdTypeError("the sweep has neither a plan nor a directory", argument="sweeps")
    policy: Any = plan.policy
    return {
        "recipes": {name: address_of(recipe) for name, recipe in plan.recipes.items()},
        "axis": _axis(plan),
        "identity": {"task.loss": function_fingerprint(plan.task.loss)},
        "seeds": plan.seeds,
        "steps": plan.steps,
        "evaluate_every": plan.evaluate_every,
        "record_every": plan.record_every,
        "batch_size": plan.batch_size,
        "block": plan.block,
        "policy": [type(policy).__name__, asdict(policy) if hasattr(policy, "__dataclass_fields__") else {}],
        "order": plan.order if isinstance(plan.order, str) else None,
        "diverged_above": plan.diverged_above,
        "machine": machine.machine_facts(),
        "setup": {name: sweep.cost[name] for name in ("python", "devices", "block_width") if name in sweep.cost},
        **({"splits": asdict(plan.splits)} if plan.splits.there else {}),
    }


def _axis(plan: Plan) -> dict[str, Any]:
    """What a store would keep of the configs; of values and samplers that JSON can't hold, as they print."""
    try:
        return plan.axis.describe()
    except checks.JgdError:
        spaces = {
            recipe: {
                name: {type(kind).__name__: [repr(value) for value in kind.arguments()]}
                for name, cases in space.cases.items()
                for kind in (cases[0].distribution,)
            }
            for recipe, space in plan.axis.spaces.items()
        }
        return {"spaces": spaces, "sampler": None, "count": plan.axis.count, "added": {}}
