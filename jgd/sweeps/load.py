"""A sweep from its directory, while it runs or after. Enters: a path. Leaves: a `Sweep` of what has landed there."""

import importlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jax

from jgd import tasks
from jgd.core import atomic_files, checks
from jgd.core.fingerprint import differences
from jgd.sweeps.configs import Axis
from jgd.sweeps.plan import Plan
from jgd.sweeps.policies.halving import Hyperband, SuccessiveHalving
from jgd.sweeps.policies.median import MedianStopping
from jgd.sweeps.policies.policy import Full
from jgd.sweeps.policies.population import PopulationBasedTraining
from jgd.sweeps.policies.replay import PopulationReplay
from jgd.sweeps.result import Sweep
from jgd.sweeps.runner import standing_still
from jgd.sweeps.store.disk import DiskStore
from jgd.sweeps.store.manifest import FILE, identity, refuse_another
from jgd.tasks import Task

POLICIES = {
    kind.__name__: kind
    for kind in (Full, SuccessiveHalving, Hyperband, MedianStopping, PopulationBasedTraining, PopulationReplay)
}


def load_sweep(path: str | Path, task: Task | None = None, recipes: Mapping[str, Any] | None = None) -> Sweep:
    """What is in a sweep's directory, also while it runs or after it was killed: lanes not there yet are NaN.

    task, recipes: needed where the task isn't bundled, or a recipe can't be imported by its name. `JgdValueError` where
    they are not what the sweep was made with, or the directory holds none.
    """
    checks.path("path", path)
    path = Path(path)
    if not (path / FILE).exists():
        raise checks.JgdValueError(f"there is no sweep in {str(path)!r}")
    try:
        there = atomic_files.unsealed(path / FILE)
    except atomic_files.OtherFormatError:
        raise
    except checks.JgdValueError as fault:
        raise checks.JgdValueError(f"in {str(path)!r}, {fault}: the jgd.sweep(…) call that made it mends it") from fault
    plan = _plan_of(path, there, task, recipes)
    shelf = DiskStore(path=path, plan=plan)
    shelf.read()
    return standing_still(plan, shelf)


def _plan_of(path: Path, there: Mapping[str, Any], task: Task | None, recipes: Mapping[str, Any] | None) -> Plan:
    name, options = there["policy"]
    own = [what for what, is_own in (("order", there["order"] is None), ("policy", name not in POLICIES)) if is_own]
    if own:
        raise checks.JgdValueError(
            f"{str(path)!r} was made with {' and '.join(f'a {what}' for what in own)} of your own: "
            "go on by the same jgd.sweep(…) call"
        )
    fixed: dict[str, Any] = {
        "recipes": {name: (recipes or {}).get(name) or _imported(name, at) for name, at in there["recipes"].items()},
        "axis": Axis.of(there["axis"]),
        "seeds": tuple(there["seeds"]),
        "steps": there["steps"],
        "every": there["every"],
        "policy": POLICIES[name](**options),
        "batch_size": there["batch_size"],
        "order": there["order"],
        "diverged_above": there["diverged_above"],
        "block": there["block"],
        "memory": there["memory"],
        "devices": tuple(jax.local_devices()),
        "store": path,
    }
    known = there["identity"]
    candidates = [task] if task is not None else _bundled(there["task"])
    plans = [Plan(task=candidate, **fixed) for candidate in candidates]
    same = [plan for plan in plans if not differences(known, identity(plan))]
    if same:
        return same[0]
    if not plans:
        raise checks.JgdValueError(f"the task {there['task']!r} of {str(path)!r} isn't bundled: give it as task=")
    refuse_another(path, known, identity(plans[0]))
    raise AssertionError("unreachable")


def _bundled(name: str) -> list[Task]:
    """The bundled tasks of a name, one a model."""
    return [tasks.get(name, model) for model in tasks.registry[name][0]] if name in tasks.registry else []


def _imported(name: str, address: str) -> Any:
    """A recipe by its address, module:name, as `_address` wrote it."""
    module, _, path = address.partition(":")
    try:
        found: Any = importlib.import_module(module)
        for part in path.split("."):
            found = getattr(found, part)
    except (ImportError, AttributeError, ValueError) as fault:
        raise checks.JgdValueError(
            f"the recipe {name!r} can't be imported from {address!r} ({fault}): give it as recipes={{{name!r}: …}}"
        ) from fault
    return found
