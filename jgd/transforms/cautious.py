"""Caution: no step against the gradient, and no decay against the step."""

import jax.numpy as jnp
from jax import Array

from jgd.core import tree
from jgd.core.record import hyper, record, static_field
from jgd.core.transform import Context, Transform
from jgd.core.types import Params, Scalar


@record
class Cautious(Transform):
    """updates ← φ / max(mean(φ), least_share) · updates, leaf by leaf, with φ = 1 where updates · g > 0, else 0.

    Liang et al. 2024, arXiv:2411.16085, algorithm 1, in its authors' current code of C-AdamW; the paper and their code of
    C-Lion divide by (number of ones + 1) / size instead of the mean: `plus_one`. It stands before `ScaleByLearningRate`,
    while updates point along the gradient.

    Args:
        least_share: The least mean of φ that is divided by, also a schedule; of no effect with `plus_one`. In (0, 1].
            Default: 0.001.
        plus_one: Divide by (Σ φ + 1) / size; structure. Default: False.

    Example:
        >>> import jgd
        >>> optimizer = jgd.chain(jgd.transforms.EmaOfUpdates(0.5), Cautious(), jgd.transforms.ScaleByLearningRate(1.0))
        >>> params = jnp.zeros(2)
        >>> state = optimizer.init(params)
        >>> for grads in (jnp.array([1.0, -3.0]), jnp.array([1.0, 1.0])):
        ...     updates, state = optimizer.update(grads, state, params)
        >>> updates.tolist()
        [-2.0, 0.0]
    """

    least_share: Scalar = hyper("(0, 1]", default=1e-3)
    plus_one: bool = static_field(default=False)
    per_leaf = True
    sign = "uphill"

    def update(self, updates: Params, state: tuple[()], context: Context) -> tuple[Params, tuple[()]]:
        least = context.at(self.least_share)

        def masked(u: Array, g: Array) -> Array:
            agrees = (jnp.sign(u) * jnp.sign(g) > 0).astype(u.dtype)  # the product itself may underflow
            share = (jnp.sum(agrees) + int(self.plus_one)) / max(u.size, 1)
            return u * agrees / (share if self.plus_one else jnp.maximum(share, least))

        return tree.map(masked, updates, context.grads), state


@record
class AddCautiousDecay(Transform):
    """updates ← updates + weight_decay · θ where updates · θ ≥ 0; elsewhere the decay would work against the step.

    Chen et al. 2025, "Cautious Weight Decay", arXiv:2510.12402, algorithm 1. It takes the place of
    `AddDecayedWeights`, before `ScaleByLearningRate`.

    Args:
        weight_decay: The factor of θ, also a schedule. ≥ 0.

    Example:
        >>> import jgd
        >>> optimizer = jgd.chain(AddCautiousDecay(0.5), jgd.transforms.ScaleByLearningRate(1.0))
        >>> params = jnp.array([1.0, -1.0])
        >>> optimizer.update(jnp.ones(2), optimizer.init(params), params)[0].tolist()
        [-1.5, -1.0]
    """

    sign = "uphill"

    weight_decay: Scalar = hyper(">= 0")

    def update(self, updates: Params, state: tuple[()], context: Context) -> tuple[Params, tuple[()]]:
        decay = context.at(self.weight_decay)
        agree = lambda u, w: jnp.sign(u) * jnp.sign(w) >= 0
        return tree.map(lambda u, w: jnp.where(agree(u, w), u + decay * w, u), updates, context.params), state
