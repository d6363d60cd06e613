"""SignSGD and Signum: every coordinate moves by the learning rate.

sign_sgd: θ ← θ − η sign(g)
signum:   m ← β m + (1 − β) g,  θ ← θ − η (sign(m) + λ θ)

Source: Bernstein et al. 2018, arXiv:1802.04434, algorithms 1 and 2 (without the votes of several workers). sign(0) = 0.
Signum is Lion with b1 = b2 = β. λ, decoupled, is not the paper's and 0 by default.
"""

import jax.numpy as jnp

from jgd.core import checks, tree
from jgd.core.optimizer import Optimizer, chain
from jgd.core.record import record
from jgd.core.spellings import builder
from jgd.core.transform import Context, Transform
from jgd.core.types import Params, Scalar
from jgd.optimizers.lion import ScaleByLion
from jgd.transforms import AddDecayedWeights, ScaleByLearningRate


@record
class Sign(Transform):
    """updates ← sign(updates)."""

    def update(self, updates: Params, state: tuple[()], context: Context) -> tuple[Params, tuple[()]]:
        return tree.map(jnp.sign, updates), state


@builder
def sign_sgd(learning_rate: Scalar) -> Optimizer:
    """SignSGD: θ ← θ − η sign(g).

    learning_rate: > 0.

    >>> optimizer = sign_sgd(0.1)
    >>> updates, _ = optimizer.update(jnp.array([-4.0, 0.0]), optimizer.init(jnp.ones(2)), jnp.ones(2))
    >>> (updates + 0).tolist()
    [0.1, 0.0]
    """
    return chain(Sign(), ScaleByLearningRate(learning_rate))


@builder
def signum(learning_rate: Scalar, momentum: Scalar = 0.9, weight_decay: Scalar = 0.0) -> Optimizer:
    """Signum: m ← β m + (1 − β) g, θ ← θ − η (sign(m) + λ θ).

    learning_rate: > 0. momentum: β in [0, 1), the paper's default. weight_decay: λ ≥ 0.

    >>> optimizer, params = signum(0.1), jnp.ones(1)
    >>> state = optimizer.init(params)
    >>> for g in (1.0, -0.5):  # m stays positive
    ...     updates, state = optimizer.update(jnp.array([g]), state, params)
    >>> updates.tolist()
    [-0.1]
    """
    checks.hyperparameter("momentum", momentum, "[0, 1)")  # which would else be refused as b1
    return chain(ScaleByLion(momentum, momentum), AddDecayedWeights(weight_decay), ScaleByLearningRate(learning_rate))
