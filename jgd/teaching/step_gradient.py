"""Method 1 of the lectures: a gradient read back from the weights around one plain step.

    g = (w_before − w_after) / α

It shows what the training loop really applies, a forgotten zeroing or a doubled rate included. A wrong formula comes
back as the same wrong numbers: lecture_checks.py puts it beside the differences.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Any, cast

import jax
import jax.numpy as jnp
import numpy as np

from jgd.core import checks
from jgd.core.composite import flat
from jgd.core.optimizer import Optimizer
from jgd.core.transform import Transform
from jgd.core.types import Params
from jgd.transforms import ScaleByLearningRate

# what a transform's name says of it, and what it does to the update
_REASONS = {
    "Trace": "momentum: the step is a sum of past gradients, not this one",
    "LookAhead": "momentum, and a gradient taken at other weights",
    "ScaleBy": "an adaptive method: every entry has a rate of its own",
    "Decay": "weight decay: the weights shrink by more than the gradient",
    "Clip": "clipping: a large gradient is cut before the step",
}


@dataclass(frozen=True)
class MethodOne:
    """A gradient read off a plain step.

    Attributes:
        gradient: A tree of NumPy float64 arrays.
        relative_tolerance: How far rounding of the weights may have moved it: ‖error‖/‖g‖ ≤ eps·‖w‖/(α·‖g‖), with eps of
            the coarsest leaf. A small α or float32 leaves few digits, or none; infinite for a gradient of 0.
    """

    gradient: Params
    relative_tolerance: float


def method_one(before: Params, after: Params, learning_rate: float, optimizer: Optimizer | None = None) -> MethodOne:
    """(w_before − w_after) / α: the gradient that a plain step θ ← θ − α g used.

    The division is done in float64; what is lost was lost when the step rounded `after`.

    Args:
        before: Parameters before the step, a tree of floating arrays.
        after: Parameters after it, a tree like `before`.
        learning_rate: α > 0 of that step.
        optimizer: The one that made the step, to be refused unless it is plain descent: momentum, adaptive scaling,
            clipping and weight decay move the weights by something else than α g. A schedule is fine as long as
            `learning_rate` is its value there. None: nothing can be refused.

    Returns:
        The gradient, and how much of it is rounding.

    Raises:
        JgdTypeError: A leaf is not floating, or `optimizer` is no optimizer.
        JgdValueError: The two trees differ in leaves or shapes, or the optimizer is not plain; it names the transform.

    Example:
        >>> before, after = {"w": np.array([1.0])}, {"w": np.array([1.0933333333333333])}
        >>> method_one(before, after, 0.01).gradient["w"].tolist()
        [-9.33333333]
        >>> import jgd
        >>> method_one(before, after, 0.01, jgd.optimizers.adam(0.01))
        Traceback (most recent call last):
            ...
        jgd.core.checks.errors.JgdValueError: method 1 needs a plain step, but optimizer has ScaleByAdam, an adaptive method: ...
    """
    rate = checks.number("learning_rate", learning_rate, "> 0")
    checks.parameters(before)
    checks.same_structure(after, before, "after", "before")
    if optimizer is not None:
        _check_plain_descent(optimizer, rate)
    to_float64 = lambda leaf: np.asarray(leaf).astype(np.float64)
    gradient = jax.tree.map(lambda b, a: (to_float64(b) - to_float64(a)) / rate, before, after)
    eps = max([float(jnp.finfo(np.asarray(leaf).dtype).eps) for leaf in jax.tree.leaves(after)], default=0.0)
    size = tree_norm(gradient)
    return MethodOne(gradient, eps * max(tree_norm(before), tree_norm(after)) / (rate * size) if size > 0 else math.inf)


def _check_plain_descent(optimizer: Optimizer, rate: float) -> None:
    """Refuse every transform but `ScaleByLearningRate`, by its name and what it does."""
    if not isinstance(optimizer, Optimizer):
        raise checks.JgdTypeError(
            f"optimizer must be a jgd.Optimizer, got {checks.shown(optimizer)}", argument="optimizer"
        )
    descents = 0
    for transform in _transforms(optimizer.transform):
        name = type(transform).__name__
        if not isinstance(transform, ScaleByLearningRate):
            why = next((why for word, why in _REASONS.items() if word in name), "which is not plain descent")
            raise checks.JgdValueError(
                f"method 1 needs a plain step, but optimizer has {name}, {why}; (w_before − w_after)/α is then not "
                "the gradient: take one step of jgd.optimizers.sgd for the check"
            )
        descents += 1
        used = transform.learning_rate
        if not callable(used) and np.shape(used) == () and not math.isclose(float(used), rate, rel_tol=1e-6):
            raise checks.JgdValueError(
                f"learning_rate must be the optimizer's, {float(used):g}, got {rate:g}", argument="learning_rate"
            )
    if descents != 1:
        raise checks.JgdValueError(f"method 1 needs one ScaleByLearningRate transform in optimizer, got {descents}")


def _transforms(transform: Any) -> Iterator[Any]:
    """The transforms of a chain; one that holds others comes first, under its own name."""
    for each in flat(transform):
        yield each
        for held in (getattr(each, field.name) for field in fields(cast(Any, each))):  # every transform is a dataclass
            if isinstance(held, Transform):
                yield from _transforms(held)


def tree_norm(tree: Params) -> float:
    """√Σ x² over all leaves, in float64."""
    parts = [np.linalg.norm(np.asarray(leaf).astype(np.float64).ravel()) for leaf in jax.tree.leaves(tree)]
    return float(np.linalg.norm(np.array(parts)))
