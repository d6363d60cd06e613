"""A sweep from its directory, while it runs or after. Enters: a path. Leaves: a `Sweep` of what is there."""

import importlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jax

from jgd import tasks
from jgd.core import atomic_files, checks
from jgd.core.fingerprint import differences
from jgd.sweeps.configs import ConfigAxis
from jgd.sweeps.plan import Plan
from jgd.sweeps.policies.hyperband import Hyperband
from jgd.sweeps.policies.median import MedianStopping
from jgd.sweeps.policies.policy import Full
from jgd.sweeps.policies.population import PopulationBasedTraining
from jgd.sweeps.policies.replay import PopulationReplay
from jgd.sweeps.policies.successive_halving import SuccessiveHalving
from jgd.sweeps.runner import stored_so_far
from jgd.sweeps.store.disk import DiskStore
from jgd.sweeps.store.manifest import FILE, identity, refuse_another
from jgd.sweeps.verbs import Sweep
from jgd.tasks import Task

POLICIES = {
    kind.__name__: kind
    for kind in (Full, SuccessiveHalving, Hyperband, MedianStopping, PopulationBasedTraining, PopulationReplay)
}


def load_sweep(path: str | Path, task: Task | None = None, recipes: Mapping[str, Any] | None = None) -> Sweep:
    """What is in a sweep's directory, also while it runs or after it was killed: runs not there yet are NaN.

    Args:
        path: the directory.
        task: needed where the task isn't bundled.
        recipes: name -> recipe, for those that can't be imported by their names.

    Returns:
        The `Sweep`; nothing is run, and nothing is written.

    Raises:
        JgdValueError: where the directory holds no sweep, or task and recipes are not what it was made with.

    Example:
        >>> import jgd, tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     _ = jgd.sweep("iris", "sgd", {"learning_rate": [0.01, 0.1]}, seeds=2, steps=20, store=folder)
        ...     jgd.load_sweep(folder).scores.shape
        (2, 2)
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
    store = DiskStore(path, plan)
    store.read()
    return Sweep.of(stored_so_far(plan, store))


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
        "axis": ConfigAxis.of(there["axis"]),
        "seeds": tuple(there["seeds"]),
        "steps": there["steps"],
        "evaluate_every": there["evaluate_every"],
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
