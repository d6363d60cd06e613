"""What a person should know of a run's settings and of its end. Enters: a plan, or its parts. Leaves: sentences for its notes."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jgd import schedules
from jgd.core import checks
from jgd.core.hyperparameters import named
from jgd.core.optimizer import Optimizer
from jgd.core.processes import gathered
from jgd.core.types import Batch, Params
from jgd.data.batches import Batches
from jgd.transforms import Accumulate

LATE = 0.9  # of a run: a schedule that comes to 0 before leaves steps without effect
LARGEST = 2**24  # bytes of a leaf that are looked at
ENDS = {  # schedule -> the fields of its length and of its end
    schedules.CosineDecay: ("decay_steps", "alpha"),
    schedules.Linear: ("transition_steps", "end_value"),
    schedules.Polynomial: ("transition_steps", "end_value"),
    schedules.Rex: ("transition_steps", "end_value"),
    schedules.WarmupCosineDecay: ("decay_steps", "end_value"),
}


def of_settings(
    optimizer: Optimizer, batches: Batches, steps: int, data: Batch, validation: Batch, classes: int | None = None
) -> list[str]:
    """Sentences on steps without effect, micro-batches that count wrongly, and labels that nothing is trained on.

    classes: of the model, where the targets are labels.
    """
    return [*_spent(optimizer, steps), *_accumulated(optimizer, batches, steps), *_unseen(data, validation, classes)]


def _spent(optimizer: Optimizer, steps: int) -> list[str]:
    out = []
    for name, each in named(optimizer).items():
        length, end = ENDS.get(type(each.value), ("", ""))
        if not length or "learning_rate" not in name or np.any(np.asarray(getattr(each.value, end)) != 0):
            continue
        until = float(np.max(np.asarray(getattr(each.value, length)))) + float(
            getattr(each.value, "transition_begin", 0)
        )
        if until < LATE * steps:
            out.append(
                f"{name} is 0 from step {until:.0f} of {steps} on, where its {type(each.value).__name__} is over"
            )
    return out


def _accumulated(optimizer: Optimizer, batches: Batches, steps: int) -> list[str]:
    found = jax.tree.leaves(optimizer, is_leaf=lambda node: isinstance(node, Accumulate))
    out = []
    for k in {node.steps for node in found if isinstance(node, Accumulate)}:
        if steps % k:
            made = f"{steps // k} updates" if steps >= k else "no update"
            out.append(f"{made} by Accumulate(…, {k}): the last {steps % k} of {steps} micro-batches are in none")
        short = batches.rows % batches.size
        if k > 1 and short and batches.rows > batches.size:
            out.append(
                f"the last batch of an epoch has {short} rows, and counts in Accumulate's mean as much as one of "
                f"{batches.size}: take a batch_size that divides {batches.rows}"
            )
    return out


def _unseen(data: Batch, validation: Batch, classes: int | None) -> list[str]:
    trained, validated = _labels(data), _labels(validation)
    if trained is None:
        return []
    wanted = validated if classes is None else np.arange(classes)
    missing = np.setdiff1d([] if wanted is None else wanted, trained)
    if not len(missing):
        return []
    words = (
        f"label {missing[0]:.0f} is" if len(missing) == 1 else f"{len(missing)} labels, {missing[0]:.0f} the first, are"
    )
    here = classes is None or (validated is not None and np.isin(missing, validated).any())
    return [f"{words} {'among the validation rows and ' if here else ''}in no training row"]


def _labels(rows: Any) -> np.ndarray | None:
    """The whole-number targets of (inputs, targets), None of anything else."""
    if not isinstance(rows, tuple) or len(rows) != 2 or not hasattr(rows[1], "dtype"):
        return None
    targets = rows[1]
    whole = np.ndim(targets) == 1 and np.dtype(targets.dtype).kind in "iu" and targets.nbytes <= LARGEST
    return np.unique(np.asarray(targets)) if whole else None


def of_the_end(optimizer: Optimizer, before: Params, after: Params, history: dict[str, np.ndarray]) -> list[str]:
    """Sentences on parameters that no step of a run has moved, or none but by decay, though there were gradients.

    before, after: the parameters that descend. history: of the run.
    """
    if not len(history["step"]) or not (history["gradient_norm"] > 0).all():
        return []
    still = [
        (checks.path_of(path), old.dtype)
        for (path, old), new in zip(jax.tree_util.tree_leaves_with_path(before), jax.tree.leaves(after), strict=True)
        if old.size and old.nbytes <= LARGEST and np.array_equal(np.asarray(gathered(old)), np.asarray(gathered(new)))
    ]
    whole = len(still) == len(jax.tree.leaves(before))
    steps, updates = f"{int(history['step'][-1]) + 1} steps", history["update_norm"]
    largest = float(history["gradient_norm"].max())
    if largest > float(jnp.finfo(updates.dtype).max) ** 0.5 and (whole or _without_effect(optimizer, before, largest)):
        moved = "never moved" if whole else "moved by decay alone"
        return [
            f"the parameters {moved} in {steps}: gradients of norm {largest:.3g} have squares beyond {updates.dtype}, so "
            "that the step divided by their root is 0; scale the loss or the data, or clip before the method"
        ]
    if (updates > 0).any():
        low = [(path, dtype) for path, dtype in still if whole or jnp.finfo(dtype).bits < 32]
        frozen = "" if whole else "frozen, or "
        return [
            f"params{path} ({dtype}) never changed in {steps}: {frozen}each update is below its resolution; "
            "jgd.transforms.MasterCopy(optimizer) keeps what is lost"
            for path, dtype in low
        ]
    return []


def _without_effect(optimizer: Optimizer, params: Params, norm: float) -> bool:
    """Whether the first update of gradients of that norm is the one of none at all; False where it can't be told here."""
    parts = jax.tree.leaves(optimizer, is_leaf=lambda node: isinstance(node, Accumulate))
    if any(isinstance(node, Accumulate) for node in parts):  # whose first is always 0
        return False
    each = norm / max(sum(np.size(leaf) for leaf in jax.tree.leaves(params)), 1) ** 0.5
    try:
        of = lambda size: optimizer.update(
            jax.tree.map(lambda p: jnp.full_like(p, size), params), optimizer.init(params), params
        )[0]
        pairs = zip(jax.tree.leaves(of(each)), jax.tree.leaves(of(0.0)), strict=True)
        return all(np.array_equal(np.asarray(one), np.asarray(other)) for one, other in pairs)
    except checks.JgdError:  # it asks for the loss
        return False
