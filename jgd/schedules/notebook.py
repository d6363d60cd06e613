"""A schedule in a notebook's cell: its numbers and its curve."""

from collections.abc import Iterable
from dataclasses import fields, is_dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jgd.core import notebook
from jgd.core.checks import JgdError
from jgd.core.lengths import in_steps, is_length
from jgd.core.short_repr import short
from jgd.schedules.cycles import Cyclic
from jgd.schedules.decays import ExponentialDecay
from jgd.schedules.inverse import InverseTimeDecay
from jgd.schedules.pieces import StepDecay
from jgd.schedules.restarts import CosineRestarts

POINTS = 160
RUN = 1000  # steps of the run that is drawn where lengths are shares of it or epochs, with this many an epoch:
EPOCH = 100
BEYOND = 1.25  # of the lengths that a schedule names, so that its end is seen too
AGAIN = 4  # times the length of one that goes on and on
REPEATING = (Cyclic, CosineRestarts, ExponentialDecay, InverseTimeDecay, StepDecay)


def show_curves(builders: Iterable[Any]) -> None:
    """Give the records among these builders their look in a notebook."""
    for each in builders:
        if isinstance(each, type):
            setattr(each, "_repr_html_", schedule_html)  # noqa: B010  # a checker knows no such attribute of theirs


def schedule_html(schedule: Any) -> str:
    """What a notebook shows of a schedule: one line, and the learning rate over the steps where it is one number a step."""
    title = notebook.table((), [], short(schedule))
    numbers = jax.tree.leaves(schedule)
    if any(np.ndim(number) for number in numbers):
        return title  # a batch of schedules
    steps, said = _steps(schedule)
    try:
        counted = in_steps(schedule, steps=RUN, per_epoch=EPOCH)
        places = jnp.arange(0, steps, max(1, steps // POINTS))
        values = np.asarray(jax.jit(lambda made, at: made(at))(counted, places))  # one program, not one an operation
    except JgdError:  # of a schedule that holds something of a user's own
        return title
    return title + notebook.curve(values.tolist(), f"steps 0 to {steps}{said}", stairs=True)


def _steps(schedule: Any) -> tuple[int, str]:
    """How many steps are drawn, and of which run."""
    if any(is_length(leaf) for leaf in jax.tree.leaves(schedule, is_leaf=is_length)):
        return RUN, f" of a run of {RUN}, {EPOCH} an epoch"
    named = sum(_lengths(schedule)) or EPOCH
    return max(10, int((AGAIN if isinstance(schedule, REPEATING) else BEYOND) * named)), ""


def _lengths(schedule: Any) -> list[float]:
    """Numbers of steps that a schedule and those in it name."""
    if isinstance(schedule, tuple | list):
        return [length for each in schedule for length in _lengths(each)]
    if not is_dataclass(schedule):
        return []
    parts = [(f.metadata.get("length", False), getattr(schedule, f.name)) for f in fields(schedule)]
    own = [float(each) for is_one, value in parts if is_one for each in jax.tree.leaves(value)]
    return own + [length for is_one, value in parts if not is_one for length in _lengths(value)]
