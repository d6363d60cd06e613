"""Runs that ended finite and learned nothing: enter a sweep's losses, leaves findings."""

from typing import Any, TypeAlias

import numpy as np

from jgd.analysis.final_scores import FinalScores
from jgd.analysis.ranking import Ranking

FELL = 0.1  # of the loss at the start: where the best run made less, all are alike
LITTLE = 0.2  # of the loss's fall in the best run: less is at chance, or near it
MUCH = 0.5  # more is none that is slow, too
TOP = 5  # configs that are looked at


Told: TypeAlias = tuple[str, int, dict[str, Any]]  # in words, of which config, in numbers


def at_chance(sweep: Any, ends: FinalScores, ranking: Ranking) -> Told | None:
    """Where some seeds of a config are at chance and others are not: which, how many, how many more configs are like it.

    A seed is at chance where its validation loss at the end has come down from the start's by less than a fifth of what
    the best run's has, while another seed of its config came more than half as far: not one that is merely slow. Of the
    five best configs the first one is told. Such a mix of two outcomes has no t interval: simulated 95% ones covered 31
    to 91%.
    """
    if not sweep.loss.shape[-1]:
        return None
    losses = np.asarray(sweep.validation["loss"], np.float64)[ends.rows, :, -1]
    start = np.asarray(sweep.loss, np.float64)[ends.rows, :, 0]
    if not np.isfinite(losses).any() or not np.isfinite(start).any():
        return None
    start, lowest = np.nanmedian(start), np.nanmin(np.where(np.isfinite(losses), losses, np.inf))
    if not start - lowest > FELL * abs(start):
        return None
    fell = (start - losses) / (start - lowest)
    stuck, alive = fell < LITTLE, np.isfinite(fell)
    mixed = [i for i in ranking.order[:TOP] if stuck[i].any() and (fell[i] > MUCH).any()]
    if not mixed:
        return None
    first, more = mixed[0], len(mixed) - 1
    config, k, n = int(ends.rows[first]), int(stuck[first].sum()), int(alive[first].sum())
    said = f"{k} of {n} seeds are at chance in config {config}" + (f" and some in {more} more" if more else "")
    said += ": no interval over seeds holds for a mix of two outcomes; look at the seeds, use more of them"
    return said, config, {"at_chance": k, "seeds": n, "more": more}


def never_moved(sweep: Any, ends: FinalScores) -> Told | None:
    """Where every evaluation of every seed of a config is the same to the bit."""
    rows = ends.rows[~ends.stopped]
    values = np.asarray(sweep.validation["loss"], np.float64)[rows]
    if values.shape[-1] < 2:
        return None
    still = np.isfinite(values).all(axis=(1, 2)) & (values == values[..., :1]).all(axis=(1, 2))
    if not still.any():
        return None
    config, count = int(rows[still.argmax()]), int(still.sum())
    said = f"{count} {'config' if count == 1 else 'configs'} never moved, config {config} the first: updates too small for the "
    said += "parameters' precision (jgd.transforms.MasterCopy), or gradients whose squares overflow"
    return said, config, {"configs": count}
