"""What running a stored sweep further takes: its task and its recipes. Enters: what a directory says, the caller's code.

jgd's own tasks and recipes, and registered optimizers, are found by name. Somebody else's code comes from the caller;
only where the caller trusts the directory is it imported by the address that is written there.
"""

import importlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from jgd import optimizers, tasks
from jgd.core import checks
from jgd.core.fingerprint import address_of, differences
from jgd.sweeps.arguments import recorded_names
from jgd.sweeps.configs import ConfigAxis
from jgd.sweeps.engine.local import LocalDevices
from jgd.sweeps.plan import Plan
from jgd.sweeps.policies.bundled import POLICIES
from jgd.sweeps.recipes import by_optimizer
from jgd.sweeps.splits import Splits
from jgd.sweeps.store.manifest import identity, refuse_another
from jgd.tasks import Task


def stored_plan(
    path: Path, there: Mapping[str, Any], task: Task | None, recipes: Mapping[str, Any] | None, trust: bool
) -> Plan:
    """The plan of the sweep in a directory.

    Raises:
        JgdValueError: where code is needed that nobody has given, or it isn't what the sweep was made with.
    """
    name, options = there["policy"]
    taken = {
        "an order": there["order"] is None,
        "a policy": name not in POLICIES,
        "observe": there.get("observes", False),
    }
    own = [what for what, is_own in taken.items() if is_own]
    if own:
        raise checks.JgdValueError(
            f"{str(path)!r} was made with {' and '.join(own)} of your own: go on by the same jgd.sweep(…) call"
        )
    found, missing = _recipes(there["recipes"], recipes or {}, trust)
    candidates = [task] if task is not None else _bundled(there["task"])
    if missing or not candidates:
        raise checks.JgdValueError(_what_to_give(path, missing, None if candidates else there["task"]))
    fixed: dict[str, Any] = {
        "recipes": found,
        "axis": ConfigAxis.of(there["axis"]),
        "seeds": tuple(there["seeds"]),
        "splits": Splits.of_json(there.get("splits")),
        "steps": there["steps"],
        "evaluate_every": there["evaluate_every"],
        "record_every": there["record_every"],
        "record": recorded_names(there.get("record", [])),
        "policy": POLICIES[name](**options),
        "batch_size": there["batch_size"],
        "order": there["order"],
        "diverged_above": there["diverged_above"],
        "block": there["block"],
        "memory": there["memory"],
        "devices": LocalDevices.all(),
        "store": path,
    }
    plans = [Plan(task=candidate, **fixed) for candidate in candidates]
    faults = [differences(there["identity"], identity(plan)) for plan in plans]
    plan = next((plan for plan, differs in zip(plans, faults, strict=True) if not differs), None)
    if plan is None:
        refuse_another(path, there["identity"], identity(plans[0]))
    assert plan is not None
    if not np.array_equal(plan.facts.keys, there["keys"]):
        raise checks.JgdValueError(
            f"{str(path)!r} has other configs than its sampler draws here (another version of jgd, NumPy or SciPy): "
            "look at it, and begin another sweep"
        )
    return plan


def _recipes(
    addresses: Mapping[str, str], given: Mapping[str, Any], trust: bool
) -> tuple[dict[str, Any], dict[str, str]]:
    """Recipes by name, and the addresses of those that nobody has given."""
    known = {address_of(recipe): recipe for recipe in (*optimizers.registry.values(), by_optimizer)}
    found, missing = {}, {}
    for name, address in addresses.items():
        if name in given:
            found[name] = given[name]
        elif address in known:
            found[name] = known[address]
        elif trust:
            found[name] = _imported(name, address)
        else:
            missing[name] = address
    return found, missing


def _what_to_give(path: Path, missing: Mapping[str, str], task: str | None) -> str:
    lacks = [*(f"the recipe {name!r} ({address})" for name, address in missing.items())]
    give = [] if task is None else ["task=…"]
    if task is not None:
        lacks.append(f"the task {task!r}, which isn't bundled")
    if missing:
        give.append(f"recipes={{{', '.join(f'{name!r}: …' for name in missing)}}}")
    modules = sorted({address.partition(":")[0] for address in missing.values()})
    trust = f"; with trust=True it imports {', '.join(modules)}" if modules else ""
    return (
        f"going on with {str(path)!r} takes code that is not jgd's: {' and '.join(lacks)}: "
        f"give it as jgd.load_sweep(…, {', '.join(give)}){trust}"
    )


def _bundled(name: str) -> list[Task]:
    """The bundled tasks of a name, one a model."""
    return [tasks.get(name, model) for model in tasks.registry[name][0]] if name in tasks.registry else []


def _imported(name: str, address: str) -> Any:
    """A recipe of a directory that the caller trusts, by its address, module:name."""
    module, _, path = address.partition(":")
    try:
        found: Any = importlib.import_module(module)
        for part in path.split("."):
            found = getattr(found, part)
    except Exception as fault:  # whatever a module raises that is imported
        raise checks.JgdValueError(
            f"the recipe {name!r} can't be imported from {address!r} ({fault}): give it as recipes={{{name!r}: …}}"
        ) from fault
    return found
