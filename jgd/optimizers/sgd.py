"""Gradient descent, and what is called stochastic when its batches are.

u = g
θ ← θ − η u

With momentum (the velocity as in torch and optax; with `nesterov`, their shifted form): see momentum.py, nesterov.py.
Source: Robbins & Monro 1951, "A stochastic approximation method", equation 8.
"""

from jgd.core import checks
from jgd.core.optimizer import Optimizer, chain
from jgd.core.spellings import builder
from jgd.core.types import Scalar
from jgd.optimizers.momentum import Trace
from jgd.transforms import ScaleByLearningRate


@builder
def sgd(
    learning_rate: Scalar,
    momentum: Scalar | None = None,
    *,
    nesterov: bool = False,
    dampening: Scalar | None = None,
) -> Optimizer:
    """θ ← θ − η g; with momentum γ: v ← γ v + (1 − τ) g, θ ← θ − η v (nesterov: θ ← θ − η (g + γ v)).

    Gradient descent is the same rule on full batches.

    Args:
        learning_rate: η > 0, a number or a schedule.
        momentum: γ in [0, 1), or None for none, which saves the velocity's state.
        nesterov: The shifted form of the momentum, which it needs; structure. Default: False.
        dampening: τ in [0, 1], torch's, or None for 0: the first velocity is g whatever τ is. It needs a momentum.

    Returns:
        The optimizer, a record whose numbers are leaves.

    Raises:
        JgdValueError: For a number outside its range.
        JgdTypeError: For an argument of another kind.

    Example:
        >>> import jax.numpy as jnp
        >>> optimizer = sgd(0.1)
        >>> updates, _ = optimizer.update(jnp.array([2.0]), optimizer.init(jnp.ones(1)), jnp.ones(1))
        >>> updates.tolist()
        [-0.2]
    """
    if momentum is None:
        for name, given in (("nesterov", nesterov), ("dampening", dampening is not None)):
            if given:
                raise checks.JgdValueError(f"{name} needs a momentum, got momentum=None", argument=name)
        return chain(ScaleByLearningRate(learning_rate))
    return chain(Trace(momentum, nesterov, 0.0 if dampening is None else dampening), ScaleByLearningRate(learning_rate))


gd = sgd  # the same rule; what differs is the batch
