"""Exponentiated gradient: mirror descent under the entropy, which multiplies where descent adds.

θ ← θ exp(−η sign(θ) g)
θ ← S θ exp(−η sign(θ) g) / Σ |θ exp(−η sign(θ) g)|         with normalize, S = Σ |θ| of before

Source: Kivinen & Warmuth 1997, "Exponentiated gradient versus gradient descent for linear predictors", sections 4.1 (EG,
normalized: a distribution stays one) and 4.2 (EGU); as mirror descent Beck & Teboulle 2003. They have weights > 0, where the
sign is 1; with it a negative weight descends as its mirror image would. A weight keeps its sign, and one at 0 stays there.
"""

import jax.numpy as jnp
from jax import Array

from jgd.core import tree
from jgd.core.optimizer import Optimizer, chain
from jgd.core.record import hyper, record, static_field
from jgd.core.spellings import builder
from jgd.core.transform import Context
from jgd.core.types import Params, Scalar
from jgd.transforms import LearningRateState, ReportsLearningRate


@record
class DescendByExponent(ReportsLearningRate):
    """θ exp(−η sign(θ) g) − θ, each leaf's sum of |θ| (along `axis`) kept with normalize."""

    learning_rate: Scalar = hyper("> 0")
    normalize: bool = static_field(default=False)
    axis: int | None = static_field(default=None)
    per_leaf = True

    def init(self, params: Params) -> LearningRateState:
        return LearningRateState.unused(params)

    def update(self, grads: Params, state: LearningRateState, context: Context) -> tuple[Params, LearningRateState]:
        rate = context.at(self.learning_rate)

        def one(w: Array, g: Array) -> Array:
            exponent = -rate * jnp.sign(w) * g
            if not self.normalize:
                return w * jnp.expm1(exponent)  # no digits are lost where the step is short
            total = lambda x: jnp.sum(jnp.abs(x), axis=self.axis, keepdims=True)
            most = jnp.max(exponent, axis=self.axis, keepdims=True, initial=-jnp.inf)
            scaled = w * jnp.exp(exponent - most)  # all ≤ 1
            return tree.safe_divide(scaled * total(w), total(scaled)) - w

        return tree.map(one, context.params, grads), LearningRateState(rate)


@builder
def exponentiated_gradient(
    learning_rate: Scalar,
    *,
    normalize: bool = False,
    axis: int | None = None,
) -> Optimizer:
    """Exponentiated gradient: θ ← θ exp(−η sign(θ) g); with normalize Σ |θ| stays.

    Args:
        learning_rate: η > 0, a number or a schedule.
        normalize: Whether each leaf's Σ |θ| stays, as of a distribution; structure. Default: False.
        axis: With normalize, the axis along which the sums stay; None for the whole leaf. Structure.

    Returns:
        The optimizer, a record whose numbers are leaves.

    Raises:
        JgdValueError: For a number outside its range.
        JgdTypeError: For an argument of another kind.

    Example:
        >>> optimizer, params = exponentiated_gradient(1.0, normalize=True), jnp.array([0.5, 0.5])
        >>> updates, _ = optimizer.update(jnp.log(jnp.array([1.0, 3.0])), optimizer.init(params), params)
        >>> (params + updates).round(4).tolist()
        [0.75, 0.25]
    """
    return chain(DescendByExponent(learning_rate, normalize, axis))
