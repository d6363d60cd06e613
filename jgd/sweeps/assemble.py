"""The result of what is in an archive. Enters: a plan and the pieces so far. Leaves: a `Sweep`."""

from typing import Any

import numpy as np

from jgd.epoch_loop import NOT_DIVERGED
from jgd.sweeps.plan import Plan
from jgd.sweeps.policies.policy import Round
from jgd.sweeps.result import Sweep
from jgd.sweeps.store.memory import MemoryStore


def assembled(
    plan: Plan, archive: MemoryStore, given: np.ndarray, cost: dict[str, Any], legs: tuple[Round, ...] = ()
) -> Sweep:
    """The result of what is in the archive; lanes or steps that are not there (yet) are NaN."""
    shape, looks = (len(plan.configs), len(plan.seeds)), {step: place for place, step in enumerate(plan.looks)}
    pieces = sorted(archive.pieces.values(), key=lambda piece: piece.block.end)
    dtype = pieces[0].losses.dtype if pieces else np.float32
    diverged_at = np.full(shape, NOT_DIVERGED, np.int32)
    loss = np.full((*shape, plan.steps), np.nan, dtype)
    validation = {name: np.full((*shape, len(looks)), np.nan, dtype) for name in ("loss", *plan.task.metrics)}
    for piece in pieces:
        at, seed = list(piece.block.configs), piece.block.seed
        steps = np.arange(piece.block.begin, piece.block.end)
        broke = np.where(
            piece.diverged_at == NOT_DIVERGED, plan.steps, piece.diverged_at
        )  # a diverged member can be replaced
        seen = steps[:, None] <= broke  # the refused step still saw its loss
        loss[at, seed, piece.block.begin : piece.block.end] = np.where(seen, piece.losses, np.nan).T
        diverged_at[at, seed] = piece.diverged_at
        for row, look in enumerate(piece.looks):
            if look in looks:  # the end of a shorter sweep need not be a look of this one
                for name, values in validation.items():
                    values[at, seed, looks[look]] = np.where(look <= broke, piece.metrics[name][row], np.nan)
    return Sweep(plan, archive, given, loss, validation, diverged_at, cost, legs)
