"""Aggregated momentum: several velocities of different dampings, and the mean of them as the step.

v_i ← β_i v_i + g      for each i of K
θ ← θ − η / K · Σ v_i

Source: Lucas, Sun, Zemel & Grosse 2019, arXiv:1804.00325, equation 3; the default β are its a = 0.1, K = 3. A slow velocity's
oscillations are damped by the fast ones, so that β near 1 is safe. Neither torch nor optax has it.
"""

from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp

from jgd.core import checks, tree
from jgd.core.optimizer import Optimizer, chain
from jgd.core.record import record
from jgd.core.spellings import builder
from jgd.core.transform import Context, Transform
from jgd.core.types import Params, Scalar
from jgd.transforms import ScaleByLearningRate


@record
class MeanOfVelocities(Transform):
    """v_i ← β_i v_i + g, u = the mean of all v_i. The state is a tuple of trees like the parameters."""

    entrywise = True

    betas: Any  # a tuple of numbers, once it is made

    def __post_init__(self) -> None:
        if not isinstance(self.betas, Sequence) or not self.betas:
            raise checks.JgdTypeError(
                f"betas must be a tuple of numbers such as (0.0, 0.9, 0.99), got {checks.shown(self.betas)}",
                argument="betas",
            )
        object.__setattr__(self, "betas", tuple(self.betas))
        for i, beta in enumerate(self.betas):
            checks.hyperparameter(f"betas[{i}]", beta, "[0, 1)")

    def init(self, params: Params) -> tuple[Params, ...]:
        return tuple(tree.zeros_like(params) for _ in self.betas)

    def update(
        self, grads: Params, velocities: tuple[Params, ...], context: Context
    ) -> tuple[Params, tuple[Params, ...]]:
        absorbed = []
        for beta, velocity in zip(self.betas, velocities, strict=True):
            keep = context.at(beta)
            absorbed.append(tree.map(lambda v, g, keep=keep: keep * v + g, velocity, grads))
        return tree.map(lambda *v: jnp.mean(jnp.stack(v), axis=0), *absorbed), tuple(absorbed)


@builder
def aggmo(
    learning_rate: Scalar,
    betas: Sequence[Scalar] = (0.0, 0.9, 0.99),
) -> Optimizer:
    """AggMo: v_i ← β_i v_i + g, θ ← θ − η · mean(v_i).

    Args:
        learning_rate: η > 0, a number or a schedule.
        betas: β_i in [0, 1), what each velocity keeps at a step; how many is structure. Default: (0.0, 0.9, 0.99).

    Returns:
        The optimizer, a record whose numbers are leaves.

    Raises:
        JgdValueError: For a number outside its range.
        JgdTypeError: For an argument of another kind.

    Example:
        >>> optimizer, params = aggmo(0.5, (0.0, 0.5)), jnp.zeros(1)
        >>> state = optimizer.init(params)
        >>> for _ in range(2):
        ...     updates, state = optimizer.update(jnp.ones(1), state, params)
        >>> updates.tolist()  # 1 and 1.5
        [-0.625]
    """
    return chain(MeanOfVelocities(betas), ScaleByLearningRate(learning_rate))
