"""What the picks did on the way: enters a `Sweep`, leaves their training losses."""

import numpy as np

from jgd.analysis.check_sweep import check_sweep
from jgd.sweeps import Sweep


def pick_losses(sweep: Sweep) -> dict[str, np.ndarray]:
    """The training loss of each recipe's pick, on the step's batch before its update.

    Args:
        sweep: The result of `jgd.sweep`. Of a population, each seed's best member stands for the pick, through the
            members that it descends from.

    Returns:
        {recipe: (seeds, steps)} at `sweep.recorded_steps`; NaN after a run diverged, and no entry for a recipe whose runs all did.

    Example:
        >>> import jgd
        >>> found = jgd.sweep("hours_points", "sgd", {"learning_rate": [0.01, 0.1]}, seeds=2, steps=30)
        >>> pick_losses(found)["sgd"].shape
        (2, 30)
    """
    check_sweep(sweep)
    losses = {}
    for pick in sweep.picks:
        if pick.config is None:
            continue
        losses[pick.recipe] = sweep.loss[pick.config]
        if sweep.is_population:
            members = [sweep.best_member(pick.recipe, seed) for seed in sweep.seeds]
            losses[pick.recipe] = np.stack([sweep.run_loss(*member) for member in members if member])
    return losses
