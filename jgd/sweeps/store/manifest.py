"""A sweep's directory: what it is known by, and going on with it. Enters: a plan. Leaves: its archive on the disk."""

import hashlib
import json
import os
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, is_dataclass
from pathlib import Path
from typing import Any

import jax.numpy as jnp

from jgd.core import atomic_files, checks, machine
from jgd.core.fingerprint import described, differences
from jgd.core.functions import fingerprint
from jgd.sweeps.plan import Plan
from jgd.sweeps.store.disk import DiskStore, journal_of
from jgd.sweeps.store.memory import MemoryStore

FILE = "sweep.json"


@contextmanager
def shelved(plan: Plan, extend: bool) -> Iterator[MemoryStore]:
    """The plan's archive on the disk, held by this process until the block ends.

    A directory that holds the same sweep is gone on with; one that holds less of it (configs, seeds or steps) only
    with `extend`. `JgdValueError` lists what differs from another one. Where sweep.json is damaged or lost, the journal
    still tells whether it is the same.
    """
    assert plan.store is not None
    with atomic_files.held(plan.store) as path:
        there, here = _contents_of(path), identity(plan)
        if there is None:
            _refuse_stranger(path, here)
        else:
            refuse_another(path, there["identity"], here)
            _refuse_less(path, there, plan, extend)
            said = f"the sweep in {str(path)!r} was made elsewhere: what runs now agrees with it to rounding only"
            machine.warn_of_another(said, there["machine"], stacklevel=6)
        shelf = DiskStore(path=path, plan=plan, sweep=_digest(here))
        for folder in ("pieces", "lanes"):
            with suppress(OSError):  # what can't be written is told of when it is
                (path / folder).mkdir(exist_ok=True)
        shelf.keep(FILE, atomic_files.sealed(_contents(plan)))
        shelf.read(mend=True)
        yield shelf


def _contents_of(path: Path) -> dict[str, Any] | None:
    """What sweep.json says; None where there is none, or (with a warning) it is damaged."""
    if not (path / FILE).exists():
        return None
    try:
        return atomic_files.unsealed(path / FILE)
    except atomic_files.OtherFormatError:
        raise
    except checks.JgdValueError as fault:
        warnings.warn(f"in {str(path)!r}, {fault}: it is written anew for what this call says", stacklevel=2)
        return None


def _refuse_stranger(path: Path, here: Mapping[str, str]) -> None:
    """Without a sweep.json: a journal that another sweep has written."""
    if any(line["sweep"] != _digest(here) for line in journal_of(path)[0]):
        raise checks.JgdValueError(
            f"store {str(path)!r} holds another sweep, and its {FILE}, which could tell what differs, is lost. "
            "Go on with the same settings, or use another directory"
        )


def _digest(identity: Mapping[str, str]) -> str:
    return hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()[:16]


def refuse_another(path: Path, there: Mapping[str, Any], here: Mapping[str, Any]) -> None:
    differs = differences(there, here)
    if differs:
        raise checks.JgdValueError(
            f"store {str(path)!r} holds another sweep; what differs: {'; '.join(differs)}. "
            "Go on with the same settings, or use another directory"
        )


def _refuse_less(path: Path, there: Mapping[str, Any], plan: Plan, extend: bool) -> None:
    """A plan that lacks something that is stored, or (without `extend`) has more."""
    lacks = [
        *([f"{n} of its configs"] if (n := len(set(there["configs"]) - set(plan.keys))) else []),
        *([f"its seeds {gone}"] if (gone := sorted(set(there["seeds"]) - set(plan.seeds))) else []),
        *([f"its {there['steps']} steps"] if there["steps"] > plan.steps else []),
    ]
    if lacks:
        raise checks.JgdValueError(f"store {str(path)!r} holds a larger sweep: this one lacks {', '.join(lacks)}")
    more = [
        *([f"{n} configs"] if (n := len(set(plan.keys) - set(there["configs"]))) else []),
        *([f"the seeds {new}"] if (new := sorted(set(plan.seeds) - set(there["seeds"]))) else []),
        *([f"{plan.steps - there['steps']} steps"] if plan.steps > there["steps"] else []),
    ]
    if more and not extend:
        raise checks.JgdValueError(
            f"store {str(path)!r} holds a smaller sweep: this one adds {', '.join(more)}; "
            "extend=True (`jgd extend`) goes on with it"
        )
    if more and not plan.policy.extends:
        raise checks.JgdValueError(
            f"a sweep by {plan.policy} can't be extended: its decisions were made on all configs"
        )


def stored_every(path: str | os.PathLike) -> int | None:
    """The steps between two looks of the sweep in a directory, None where there is none."""
    there = _contents_of(Path(path))
    return None if there is None else there["every"]


def identity(plan: Plan) -> dict[str, str]:
    """Everything that the numbers of a sweep's lanes depend on, path -> what it is."""
    task = plan.task
    return {
        "task.name": task.name,
        "task.init": fingerprint(task.init),
        "task.loss": fingerprint(task.loss),
        **{f"task.metrics[{name!r}]": fingerprint(metric) for name, metric in task.metrics.items()},
        **described("task.train", task.train),
        **described("task.validation", task.validation),
        "task.metric": task.metric,
        "task.larger_is_better": str(task.larger_is_better),
        **{f"recipes[{name!r}]": fingerprint(recipe) for name, recipe in plan.recipes.items()},
        **described("space", {recipe: space.describe() for recipe, space in plan.axis.spaces.items()}),
        **described("order", plan.batches[0].order),
        "batch_size": str(plan.batch_size),
        "block": str(plan.block),
        "memory": str(plan.memory),
        "evaluate_every": str(plan.every),
        "policy": repr(plan.policy),
        "diverged_above": str(plan.diverged_above),
        "x64": str(jnp.result_type(float) == jnp.float64),
    }


def _contents(plan: Plan) -> dict[str, Any]:
    policy: Any = plan.policy
    if not is_dataclass(policy):
        raise checks.JgdTypeError(f"policy must be a dataclass, to be known again in a store, got {policy!r}")
    return {
        "format": atomic_files.FORMAT,
        "identity": identity(plan),
        "machine": machine.fingerprint(),
        "task": plan.task.name,
        "recipes": {name: _address(recipe) for name, recipe in plan.recipes.items()},
        "axis": plan.axis.describe(),
        "configs": plan.keys,
        "seeds": plan.seeds,
        "steps": plan.steps,
        "every": plan.every,
        "batch_size": plan.batch_size,
        "block": plan.block,
        "memory": plan.memory,
        "policy": [type(policy).__name__, asdict(policy)],  # pyright: ignore[reportArgumentType]
        "diverged_above": plan.diverged_above,
        "order": plan.order if isinstance(plan.order, str) else None,
    }


def _address(function: Any) -> str:
    """Where a module-level function can be imported from, module:name."""
    return f"{getattr(function, '__module__', '')}:{getattr(function, '__qualname__', '')}"
