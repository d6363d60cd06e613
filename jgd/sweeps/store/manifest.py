"""A sweep's directory: what it is known by, and going on with it. Enters: a plan. Leaves: its store on the disk."""

import os
import re
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, is_dataclass
from pathlib import Path
from typing import Any

import jax.numpy as jnp
import numpy as np

from jgd.core import atomic_files, checks, machine, snapshots
from jgd.core.fingerprint import address_of, described, differences, function_fingerprint
from jgd.spaces.json_space import of_json
from jgd.sweeps.cost import setup_of
from jgd.sweeps.plan import Plan
from jgd.sweeps.policies.bundled import is_bundled
from jgd.sweeps.predictors import describe_predictors
from jgd.sweeps.share import Share
from jgd.sweeps.store.configs_file import CONFIGS_FILE, remove_others, write_configs
from jgd.sweeps.store.content import FILE, StrangeError, digest_of, read_manifest
from jgd.sweeps.store.disk import FOLDERS, DiskStore
from jgd.sweeps.store.journal import JOURNAL, read_journal, shares
from jgd.sweeps.store.reads_file import READS
from jgd.sweeps.store.rounds_file import ROUNDS
from jgd.tasks import Task

OWN = (FILE, JOURNAL, READS, ROUNDS, *FOLDERS)


@contextmanager
def open_store(plan: Plan, path: Path, resume: bool, share: Share | None = None) -> Iterator[DiskStore]:
    """The plan's store on the disk, held by this process, or by all that have a share of it, until the block ends.

    A directory that holds the same sweep is gone on with; one that holds less of it (configs, seeds or steps) only
    with `resume`. `JgdValueError` lists what differs from another one. Where sweep.json is damaged or lost, the journal
    still tells whether it is the same.
    """
    with atomic_files.held(path, shared=share is not None):
        _refuse_others(path)
        there, here = _contents_of(path), identity(plan)
        if there is None:
            _refuse_stranger(path, here)
        else:
            refuse_another(path, there["identity"], here)
            _refuse_smaller(path, there, plan)
            _refuse_larger(path, there, plan, resume)
            said = f"the sweep in {str(path)!r} was made elsewhere: what runs now agrees with it to rounding only"
            machine.warn_of_another(said, there["machine"], machine.machine_facts(), stacklevel=8)
        name = JOURNAL if share is None else f"{JOURNAL}-{share.index}"
        store = DiskStore(facts=plan.facts, path=path, plan=plan, sweep=digest_of(here), journal_name=name)
        for folder in FOLDERS:
            with suppress(OSError):  # what can't be written is told of when it is
                (path / folder).mkdir(exist_ok=True)
        if share is None:  # nobody else writes
            atomic_files.remove_parts(path, re.compile("|".join([*map(re.escape, OWN), CONFIGS_FILE.pattern])))
        _keep_contents(store, plan)
        store.read(mend=share is None)
        yield store


def _keep_contents(store: DiskStore, plan: Plan) -> None:
    """Write what the sweep is: first its configs, under a name of their own, then sweep.json, which names them."""
    try:
        name = write_configs(store.path, plan.facts)
        atomic_files.write(store.path / FILE, atomic_files.sealed(_contents(plan, name)))
        if store.alone:
            remove_others(store.path, name)
    except OSError as fault:
        store.failed(fault)


def _contents_of(path: Path, quiet: bool = False) -> dict[str, Any] | None:
    """What sweep.json says; None where there is none, or (with a warning, unless quiet) it is damaged."""
    if not os.path.lexists(path / FILE):
        return None
    try:
        return read_manifest(path)
    except (StrangeError, atomic_files.OtherFormatError):
        raise
    except checks.JgdValueError as fault:
        if not quiet:
            warnings.warn(f"in {str(path)!r}, {fault}: it is written anew for what this call says", stacklevel=2)
        return None


def _refuse_others(path: Path) -> None:
    """A directory in which a run lives, or whose files are links to somebody else's."""
    if snapshots.holds_a_run(path):
        raise checks.JgdValueError(
            f"store {str(path)!r} holds a run of jgd.train: a sweep needs a directory of its own"
        )
    atomic_files.refuse_links(path, (*OWN, *shares(path)))


def _refuse_stranger(path: Path, here: Mapping[str, str]) -> None:
    """Without a sweep.json: a journal that another sweep has written."""
    if any(line["sweep"] != digest_of(here) for line in read_journal(path)):
        raise checks.JgdValueError(
            f"store {str(path)!r} holds another sweep, and its {FILE}, which could tell what differs, is lost. "
            "Go on with the same settings, or use another directory"
        )


def refuse_another(path: Path, there: Mapping[str, Any], here: Mapping[str, Any]) -> None:
    """A sweep of another identity than the one that is stored."""
    differs = differences(there, here)
    if differs:
        raise checks.JgdValueError(
            f"store {str(path)!r} holds another sweep; what differs: {'; '.join(differs)}. "
            "Go on with the same settings, or use another directory"
        )


def _refuse_smaller(path: Path, there: Mapping[str, Any], plan: Plan) -> None:
    """A plan that lacks something that is stored."""
    lacks = [
        *([f"{n} of its configs"] if (n := len(np.setdiff1d(there["keys"], plan.facts.keys))) else []),
        *([f"its seeds {gone}"] if (gone := sorted(set(there["seeds"]) - set(plan.seeds))) else []),
        *([f"its {there['steps']} steps"] if there["steps"] > plan.steps else []),
    ]
    if lacks:
        raise checks.JgdValueError(f"store {str(path)!r} holds a larger sweep: this one lacks {', '.join(lacks)}")


def _refuse_larger(path: Path, there: Mapping[str, Any], plan: Plan, resume: bool) -> None:
    """A plan that has more than what is stored, without `resume` or under a policy that can't have more of it."""
    new = {
        "configs": len(np.setdiff1d(plan.facts.keys, there["keys"])),
        "seeds": sorted(set(plan.seeds) - set(there["seeds"])),
        "steps": max(plan.steps - there["steps"], 0),
    }
    more = {what: much for what, much in new.items() if much}
    plan.check_extendable(more)
    if more and not resume:
        adds = ", ".join(f"the seeds {much}" if what == "seeds" else f"{much} {what}" for what, much in more.items())
        raise checks.JgdValueError(
            f"store {str(path)!r} holds a smaller sweep: this one adds {adds}; "
            "resume=True (`jgd extend`) goes on with it"
        )


def stored_spacing(path: str | os.PathLike) -> dict[str, int]:
    """`evaluate_every` and `record_every` of the sweep in a directory, {} where there is none."""
    atomic_files.refuse_links(Path(path), OWN)
    there = _contents_of(Path(path), quiet=True)
    return {} if there is None else {name: there[name] for name in ("evaluate_every", "record_every")}


def stored_rows(path: str | os.PathLike) -> dict[str, list[Any]]:
    """Recipe -> the configs that were added to the sweep in a directory, {} where there is none."""
    atomic_files.refuse_links(Path(path), OWN)
    there = _contents_of(Path(path), quiet=True)
    if there is None:
        return {}
    plain = lambda row: {name: of_json(value) for name, value in row.items()}
    return {recipe: [plain(row) for row in rows] for recipe, rows in there["axis"]["added"].items()}


def identity(plan: Plan) -> dict[str, str]:
    """Everything that the numbers of a sweep's runs depend on, path -> what it is."""
    task = plan.task
    return {
        "task.name": task.name,
        "task.init": function_fingerprint(task.init),
        "task.loss": function_fingerprint(task.loss),
        **{f"task.{name}": function_fingerprint(own) for name, own in _optional(task).items()},
        **{f"task.metrics[{name!r}]": function_fingerprint(metric) for name, metric in task.metrics.items()},
        **described("task.train", task.train),
        **described("task.validation", task.validation),
        "task.metric": task.metric,
        "task.larger_is_better": str(task.larger_is_better),
        **{f"recipes[{name!r}]": function_fingerprint(recipe) for name, recipe in plan.recipes.items()},
        **described("space", {recipe: space.describe() for recipe, space in plan.axis.spaces.items()}),
        **described("order", plan.batches[0].order),
        "batch_size": str(plan.batch_size),
        "block": str(plan.block),
        "memory": str(plan.memory),
        "evaluate_every": str(plan.evaluate_every),
        "record_every": str(plan.record_every),
        **({"record": ", ".join(plan.record)} if plan.record else {}),
        **({} if plan.observe is None else {"observe": function_fingerprint(plan.observe)}),
        "policy": repr(plan.policy),
        "diverged_above": str(plan.diverged_above),
        **({"shares are of steps": str(plan.steps)} if plan.by_share else {}),
        **({"folds": str(plan.splits.folds), "resplit": str(plan.splits.resplit)} if plan.splits.there else {}),
        "x64": str(jnp.result_type(float) == jnp.float64),
    }


def _optional(task: Task) -> dict[str, Any]:
    """The functions that a task may have, by name."""
    own = {"init_state": task.init_state, "evaluation_loss": task.evaluation_loss}
    return {name: function for name, function in own.items() if function is not None}


def _contents(plan: Plan, configs_file: str) -> dict[str, Any]:
    policy: Any = plan.policy
    if not is_dataclass(policy):
        raise checks.JgdTypeError(
            f"policy must be a dataclass, to be known again in a store, got {checks.shown(policy)}", argument="policy"
        )
    return {
        "format": atomic_files.FORMAT,
        "identity": identity(plan),
        "machine": machine.machine_facts(),
        "task": plan.task.name,
        "metric": plan.task.metric,
        "larger_is_better": plan.task.larger_is_better,
        "metrics": list(plan.task.metrics),
        "recipes": {name: address_of(recipe) for name, recipe in plan.recipes.items()},
        "axis": plan.axis.describe(),
        "configs_file": configs_file,
        "seeds": plan.seeds,
        "steps": plan.steps,
        **({"run_steps": plan.run_steps} if set(plan.run_steps) - {plan.steps} else {}),
        "evaluate_every": plan.evaluate_every,
        "record_every": plan.record_every,
        "record": list(plan.record),
        "observes": plan.observe is not None,
        "evaluation_steps": plan.evaluation_steps,
        "batch_size": plan.batch_size,
        "block": plan.block,
        "memory": plan.memory,
        # bundled ones are dataclasses
        "policy": [type(policy).__name__, asdict(policy) if is_bundled(policy) else {}],  # pyright: ignore[reportArgumentType]
        "diverged_above": plan.diverged_above,
        "order": plan.order if isinstance(plan.order, str) else None,
        **({"splits": asdict(plan.splits)} if plan.splits.there else {}),
        "setup": setup_of(plan),
        "predictors": describe_predictors(plan),
    }
