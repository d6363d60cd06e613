"""Where a sweep's steps went: enters a `Sweep`, leaves the shares that were used, wasted and saved."""

from dataclasses import dataclass

import numpy as np

from jgd.analysis.check_sweep import check_sweep
from jgd.sweeps import Sweep


@dataclass(frozen=True)
class SweepCost:
    """Where a sweep's steps went.

    Attributes:
        steps: Updates given to runs.
        full_steps: What all runs would take to the end.
        saved_share: Of the full ones, not made because configs were stopped early.
        diverged_share: Of the given ones, made by runs after they diverged.
        padded_share: Of all that the machine computed, copies that fill up blocks.
    """

    steps: int
    full_steps: int
    saved_share: float
    diverged_share: float
    padded_share: float


def cost_of(sweep: Sweep) -> SweepCost:
    """Counts a sweep's updates.

    Args:
        sweep: The result of `jgd.sweep`.

    Returns:
        How many, and the shares that were wasted and saved.

    Example:
        >>> import jgd
        >>> found = jgd.sweep("hours_points", "sgd", {"learning_rate": [0.01, 9.0]}, seeds=2, steps=30, block=4)
        >>> spent = cost_of(found)
        >>> spent.steps, spent.saved_share, spent.padded_share, spent.diverged_share > 0.3
        (120, 0.0, 0.5, True)
    """
    check_sweep(sweep)
    seeds, given = sweep.diverged_at.shape[1], sweep.given
    left = np.where(sweep.diverged_at >= 0, given - 1 - sweep.diverged_at, 0)
    total, full = int(given.sum()), int(sweep.facts.lengths.sum()) * seeds
    return SweepCost(
        steps=total,
        full_steps=full,
        saved_share=1 - total / max(full, 1),
        diverged_share=float(np.maximum(left, 0).sum() / max(total, 1)),
        padded_share=float(sweep.cost.get("padded_share", 0.0)),
    )
