"""AdaMax: Adam with the largest recent gradient in place of the root mean square.

m ← b1 m + (1 − b1) g
v ← max(b2 v, |g| + eps)
u = m̂ / v
θ ← θ − η u

Source: Kingma & Ba 2015, arXiv:1412.6980, algorithm 2, which has no eps; torch and optax add it to |g|, as here, and
eps = 0 is the paper's. v needs no correction for its start at 0. `adamaxw` adds the decay beside the gradient:
θ ← θ − η (u + weight_decay θ), as in optax; torch's weight_decay goes into the gradient.
"""

import jax.numpy as jnp

from jgd.core import tree
from jgd.core.masks import Mask
from jgd.core.optimizer import Optimizer, chain
from jgd.core.record import hyper, record
from jgd.core.spellings import builder
from jgd.core.transform import Context, Transform
from jgd.core.types import Params, Scalar
from jgd.optimizers.masked_decay import decay
from jgd.transforms import Mean, ScaleByLearningRate


@record
class AdamaxState:
    """The mean gradient and the largest sizes, shaped as the parameters."""

    mean: Mean  # m, of the gradients
    largest: Params  # v, of their sizes


@record
class ScaleByAdamax(Transform):
    """u = m̂ / v, v ← max(b2 v, |g| + eps)."""

    entrywise = True

    b1: Scalar = hyper("[0, 1)")
    b2: Scalar = hyper("[0, 1)")
    eps: Scalar = hyper(">= 0")

    def init(self, params: Params) -> AdamaxState:
        return AdamaxState(Mean.like(params), tree.zeros_like(params))

    def update(self, grads: Params, state: AdamaxState, context: Context) -> tuple[Params, AdamaxState]:
        b2, eps = context.at(self.b2), context.at(self.eps)
        mean = state.mean.absorb(context.at(self.b1), grads)
        largest = tree.map(lambda v, g: jnp.maximum(b2 * v, jnp.abs(g) + eps), state.largest, grads)
        return tree.map(tree.safe_divide, mean.value(), largest), AdamaxState(mean, largest)


@builder
def adamax(
    learning_rate: Scalar,
    b1: Scalar = 0.9,
    b2: Scalar = 0.999,
    eps: Scalar = 1e-8,
) -> Optimizer:
    """AdaMax: v ← max(b2 v, |g| + eps), θ ← θ − η m̂ / v.

    Args:
        learning_rate: η > 0, a number or a schedule (the paper's: 0.002).
        b1: In [0, 1), what the mean of the gradients keeps at a step. Default: 0.9.
        b2: In [0, 1), what the largest |g| keeps at a step. Default: 0.999.
        eps: ≥ 0, added to |g| as in torch and optax; 0 in the paper. Default: 1e-8.

    Returns:
        The optimizer, a record whose numbers are leaves.

    Raises:
        JgdValueError: For a number outside its range.
        JgdTypeError: For an argument of another kind.

    Example:
        >>> optimizer = adamax(0.1)
        >>> updates, _ = optimizer.update(jnp.array([-4.0]), optimizer.init(jnp.ones(1)), jnp.ones(1))
        >>> updates.tolist()
        [0.1]
    """
    return chain(ScaleByAdamax(b1, b2, eps), ScaleByLearningRate(learning_rate))


@builder
def adamaxw(
    learning_rate: Scalar,
    b1: Scalar = 0.9,
    b2: Scalar = 0.999,
    eps: Scalar = 1e-8,
    *,
    weight_decay: Scalar = 1e-4,
    mask: Mask | None = None,
) -> Optimizer:
    """AdaMax with decoupled decay: θ ← θ − η (m̂ / v + weight_decay θ).

    The decay's default is optax's.

    Args:
        learning_rate: η > 0, a number or a schedule.
        b1: In [0, 1), what the mean of the gradients keeps at a step. Default: 0.9.
        b2: In [0, 1), what the largest |g| keeps at a step. Default: 0.999.
        eps: ≥ 0, added to |g|. Default: 1e-8.
        weight_decay: λ ≥ 0, beside the gradient (decoupled) and multiplied by the learning rate. Default: 1e-4.
        mask: The leaves that decay: patterns of their paths, a tree of bools, or a predicate of the leaf such as
            `lambda x: x.ndim > 1`; structure. None for all.

    Returns:
        The optimizer, a record whose numbers are leaves.

    Raises:
        JgdValueError: For a number outside its range.
        JgdTypeError: For an argument of another kind.

    Example:
        >>> optimizer = adamaxw(0.1, weight_decay=0.5)
        >>> updates, _ = optimizer.update(jnp.zeros(1), optimizer.init(jnp.ones(1)), jnp.ones(1))
        >>> updates.tolist()
        [-0.05]
    """
    return chain(ScaleByAdamax(b1, b2, eps), decay(weight_decay, mask), ScaleByLearningRate(learning_rate))
