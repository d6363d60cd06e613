"""SignSGD and Signum: every coordinate moves by the learning rate.

sign_sgd: θ ← θ − η sign(g)
signum:   m ← β m + (1 − β) g,  θ ← θ − η (sign(m) + λ θ)

Source: Bernstein et al. 2018, arXiv:1802.04434, algorithms 1 and 2 (without the votes of several workers). sign(0) = 0.
Signum is Lion with b1 = b2 = β. λ, decoupled, is not the paper's and 0 by default.
"""

import jax.numpy as jnp

from jgd.core import checks, tree
from jgd.core.masks import Mask
from jgd.core.optimizer import Optimizer, chain
from jgd.core.record import record
from jgd.core.spellings import builder
from jgd.core.transform import Context, Transform
from jgd.core.types import Params, Scalar
from jgd.optimizers.lion import ScaleByLion
from jgd.optimizers.masked_decay import decay
from jgd.transforms import ScaleByLearningRate


@record
class ScaleBySign(Transform):
    """updates ← sign(updates)."""

    def update(self, updates: Params, state: tuple[()], context: Context) -> tuple[Params, tuple[()]]:
        return tree.map(jnp.sign, updates), state


@builder
def sign_sgd(
    learning_rate: Scalar,
) -> Optimizer:
    """SignSGD: θ ← θ − η sign(g).

    Args:
        learning_rate: η > 0, a number or a schedule.

    Returns:
        The optimizer, a record whose numbers are leaves.

    Raises:
        JgdValueError: For a number outside its range.
        JgdTypeError: For an argument of another kind.

    Example:
        >>> optimizer = sign_sgd(0.1)
        >>> updates, _ = optimizer.update(jnp.array([-4.0, 0.0]), optimizer.init(jnp.ones(2)), jnp.ones(2))
        >>> (updates + 0).tolist()
        [0.1, 0.0]
    """
    return chain(ScaleBySign(), ScaleByLearningRate(learning_rate))


@builder
def signum(
    learning_rate: Scalar,
    beta: Scalar = 0.9,
    *,
    weight_decay: Scalar = 0.0,
    mask: Mask | None = None,
) -> Optimizer:
    """Signum: m ← β m + (1 − β) g, θ ← θ − η (sign(m) + λ θ).

    Args:
        learning_rate: η > 0, a number or a schedule.
        beta: β in [0, 1), what the mean keeps at a step. Default: 0.9.
        weight_decay: λ ≥ 0, beside the gradient (decoupled) and multiplied by the learning rate. Default: 0.0.
        mask: The leaves that decay: patterns of their paths, a tree of bools, or a predicate of the leaf such as
            `lambda x: x.ndim > 1`; structure. None for all.

    Returns:
        The optimizer, a record whose numbers are leaves.

    Raises:
        JgdValueError: For a number outside its range.
        JgdTypeError: For an argument of another kind.

    Example:
        >>> optimizer, params = signum(0.1), jnp.ones(1)
        >>> state = optimizer.init(params)
        >>> for g in (1.0, -0.5):  # m stays positive
        ...     updates, state = optimizer.update(jnp.array([g]), state, params)
        >>> updates.tolist()
        [-0.1]
    """
    checks.hyperparameter("beta", beta, "[0, 1)")  # which would else be refused as b1
    return chain(ScaleByLion(beta, beta), decay(weight_decay, mask), ScaleByLearningRate(learning_rate))
