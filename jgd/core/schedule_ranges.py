"""Schedules within the ranges of what they stand for. Enters: an optimizer, the steps of its run. Leaves: nothing, or an error.

A record checks the numbers that it holds when it is made. A schedule's values are known when the length of the run is:
here they are looked at before its first step.
"""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer

from jgd.core import checks
from jgd.core.checks.rules import holds
from jgd.core.hyperparameters import named

POINTS = 256  # steps at which a schedule is looked at, besides the first two and the last
CLOSED = {"> 0": ">= 0"}  # a schedule may end at 0 where a number can't be: no step, no bound, no radius


def check_schedules(optimizer: Any, steps: int) -> None:
    """Refuse a schedule that leaves the range of its hyperparameter within a run of so many steps, or isn't finite.

    What must be > 0 may be 0 at some steps, unless it is an eps, which keeps a division from 0.

    Args:
        optimizer: A record of records, its lengths in steps.
        steps: Of the run.

    Raises:
        JgdValueError: By name, value and step.

    Example:
        >>> import jgd
        >>> rising = jgd.optimizers.adam(0.1, b1=jgd.schedules.Linear(0.9, 1.2, 10))
        >>> check_schedules(rising, steps=20)
        Traceback (most recent call last):
            ...
        jgd.core.checks.errors.JgdValueError: b1 must be in [0, 1) at every step, and its schedule is 1.02 at step 4
    """
    for name, rule, schedule in looked_at(optimizer) if steps else ():
        at = np.unique(np.concatenate([[0, min(1, steps - 1)], np.linspace(0, steps - 1, POINTS).astype(int)]))
        try:
            values = np.asarray(jax.vmap(schedule)(jnp.asarray(at, jnp.int32)), np.float64)
        except Exception:  # whatever a function of one's own raises: the run says it, with its place
            continue
        bad = [] if values.shape != at.shape else np.flatnonzero(~(np.isfinite(values) & holds(rule, values)))
        if len(bad):
            words = rule if rule[0] in "<>" else f"in {rule}"
            raise checks.JgdValueError(
                f"{name} must be {words} at every step, and its schedule is {values[bad[0]]:.6g} at step {at[bad[0]]}",
                argument=name,
            )


def looked_at(optimizer: Any) -> list[tuple[str, str, Any]]:
    """(name, rule, schedule) of the schedules that may leave their range."""
    out = []
    for name, each in named(optimizer).items():
        if callable(each.value) and "rule" in each.about and not _traced(each.value):
            rule = each.about["rule"] if "eps" in each.name else CLOSED.get(each.about["rule"], each.about["rule"])
            if rule != ">= 0" or not _never_negative(each.value):
                out.append((name, rule, each.value))
    return out


def _traced(schedule: Any) -> bool:
    return any(isinstance(leaf, Tracer) for leaf in jax.tree.leaves(schedule))


def _never_negative(schedule: Any) -> bool:
    """Whether a schedule is one of jgd's, and of nothing else: their numbers are checked, and none makes less than 0."""
    whole = type(schedule).__module__.startswith("jgd.schedules.")
    parts = jax.tree.leaves(schedule, is_leaf=lambda node: node is not schedule and callable(node))  # and numbers
    return whole and all(_never_negative(part) if callable(part) else np.all(np.asarray(part) >= 0) for part in parts)
