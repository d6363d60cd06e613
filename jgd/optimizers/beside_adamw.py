"""A method for matrices, with AdamW for what is no matrix: how Muon and its kin are put together."""

from collections.abc import Sequence
from typing import Any

from jgd.core import checks
from jgd.core.masks import Mask
from jgd.core.optimizer import Optimizer, chain
from jgd.core.paths import listed
from jgd.core.transform import Transform
from jgd.core.types import Scalar
from jgd.optimizers.adam import ScaleByAdam
from jgd.optimizers.masked_decay import by_group
from jgd.transforms import AddDecayedWeights, ScaleByLearningRate
from jgd.transforms.matrices import Matrices, MatrixGroups

OF_ADAM = {name: f"adam_{name}" for name in ("b1", "b2", "eps", "weight_decay", "learning_rate")}


def beside_adamw(
    direction: tuple[Transform, ...],
    learning_rate: Scalar,
    weight_decay: Scalar,
    mask: Mask | None,
    axes: Matrices,
    adam: str | Sequence[str],
    adam_learning_rate: Scalar | None,
    **numbers: Any,
) -> Optimizer:
    """θ ← θ − η (direction + weight_decay θ) on matrices; AdamW on vectors, numbers and the matrices that `adam` names.

    numbers: AdamW's adam_b1, adam_b2, adam_eps and adam_weight_decay; its learning rate is η where it has none.
    """
    rule = MatrixGroups((listed("adam", adam),), vectors=1, axes=axes)
    decayed, descend = AddDecayedWeights(weight_decay), ScaleByLearningRate(learning_rate)
    rate = learning_rate if adam_learning_rate is None else adam_learning_rate
    with checks.renamed(**OF_ADAM):
        scale = ScaleByAdam(numbers["adam_b1"], numbers["adam_b2"], numbers["adam_eps"])
        others = scale, AddDecayedWeights(numbers["adam_weight_decay"]), ScaleByLearningRate(rate)
    return chain(*by_group((direction, others[:1]), (decayed, others[1]), (descend, others[2]), rule, mask))
