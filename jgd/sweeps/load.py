"""A sweep from its directory, while it runs or after. Enters: a path. Leaves: a `Sweep` of what is there."""

import os
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from jgd.core import atomic_files, checks, snapshots
from jgd.sweeps.runner import stored_so_far
from jgd.sweeps.store.content import FILE, SETUP, StrangeError, digest_of, read_manifest, strange
from jgd.sweeps.store.disk import DiskStore
from jgd.sweeps.store.journal import shares
from jgd.sweeps.store.manifest import OWN
from jgd.sweeps.store.stored_facts import FAULTS, stored_facts
from jgd.sweeps.stored_plan import stored_plan
from jgd.sweeps.sweep_result import Sweep
from jgd.tasks import Task


def load_sweep(
    path: str | Path, task: Task | None = None, recipes: Mapping[str, Any] | None = None, *, trust: bool = False
) -> Sweep:
    """What is in a sweep's directory, also while it runs or after it was killed: runs not there yet are NaN.

    Looking at it runs nothing and imports nothing: scores, curves, configs, picks and `dataset` are data, for whoever
    has neither the task nor the recipes, and under any version of Python. What has to run (`extend`, `propose`,
    `confirm`, `replay`) finds bundled tasks and registered optimizers by name, and takes the rest from here.

    Args:
        path: the directory.
        task: to go on with, where it isn't bundled.
        recipes: name -> recipe, to go on with those that are neither jgd's nor registered.
        trust: import the recipes that aren't given from the modules that the directory names. Importing a module runs
            it: only for a directory that you made, or whose maker you trust.

    Returns:
        The `Sweep`; nothing is run, and nothing is written.

    Raises:
        JgdValueError: where the directory holds no sweep, or a damaged one, or one that jgd didn't write; where task
            and recipes are given (or trusted) and not what it was made with.

    Example:
        >>> import jgd, tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     _ = jgd.sweep("iris", "sgd", {"learning_rate": [0.01, 0.1]}, seeds=2, steps=20, store=folder)
        ...     jgd.load_sweep(folder).scores.shape
        (2, 2)
    """
    given, path = path, checks.path("path", path)
    checks.flag("trust", trust)
    if not os.path.lexists(path / FILE):
        run = ": it holds a run, see jgd.load_run" if path.is_dir() and snapshots.holds_a_run(path) else ""
        raise checks.JgdValueError(f"there is no sweep in {str(given)!r}{run}")
    atomic_files.refuse_links(path, (*OWN, *shares(path)))
    try:
        there = read_manifest(path)
    except (StrangeError, atomic_files.OtherFormatError):
        raise
    except checks.JgdValueError as fault:
        first = "" if (path / FILE).is_file() else "move it away, then "
        raise checks.JgdValueError(
            f"in {str(path)!r}, {fault}: {first}the jgd.sweep(…) call that made it mends it"
        ) from fault
    facts = stored_facts(path, there)
    store = DiskStore(facts=facts, path=path, sweep=digest_of(there["identity"]))
    store.read()
    made_by = partial(stored_plan, path, there, task, recipes, trust)
    try:
        found = Sweep.of(stored_so_far(facts, store, {name: there["setup"][name] for name in SETUP}, made_by))
    except FAULTS as fault:  # rounds or sizes that no sweep has
        raise strange(path, fault) from fault
    if task is not None or recipes or trust:
        _ = found.plan  # whoever gives code hears at once where it is another
    return found
