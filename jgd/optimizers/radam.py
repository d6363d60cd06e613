"""RAdam: Adam whose adaptive step is held back while too few squares have been seen to trust their mean.

m ← b1 m + (1 − b1) g
v ← b2 v + (1 − b2) g²
ρ_∞ = 2 / (1 − b2) − 1
ρ = ρ_∞ − 2 t b2ᵗ / (1 − b2ᵗ)                                            how many squares v has seen, in effect
r = √((ρ − 4) (ρ − 2) ρ_∞ / ((ρ_∞ − 4) (ρ_∞ − 2) ρ))
u = r m̂ √(1 − b2ᵗ) / (√v + eps)  where ρ > threshold,  else m̂            momentum without adaptation
θ ← θ − η u

Source: Liu et al. 2020, arXiv:1908.03265, algorithm 2, which has no eps and the threshold 4. The authors' code, torch
and optax have 5 (the code and optax adapt at ρ = 5 too; torch does not, nor does the paper at its threshold). eps
stands beside the uncorrected root in the code and in torch, as here; optax adds it to √v̂ (`eps_after_correction`). The
code's default makes no step at all while ρ is small. ρ is computed as 1 + 2 · the mean age of the squares in v, which
is the same number, but no difference of two large ones: at b2 = 0.999 the first ρ are 1.0, 2.0, 3.0 of 1999.
"""

import jax.numpy as jnp
from jax import Array

from jgd.core import tree
from jgd.core.optimizer import Optimizer, chain
from jgd.core.record import hyper, record, static_field
from jgd.core.spellings import builder
from jgd.core.transform import Context, Transform
from jgd.core.types import Params, Scalar
from jgd.optimizers.adam import AdamState, over_root
from jgd.transforms import Mean, ScaleByLearningRate


@record
class RadamState:
    """Adam's moments and the age of what is in the second."""

    moments: AdamState
    ages: Array  # Σ weight · age of the squares in v, ()


def older(square: Mean, ages: Array, b2: Array) -> Array:
    """The age of the squares after one more update, of the mean before it: all grow older by one, the new one has age 0."""
    return b2 * (ages + square.weight)


def rectification(b2: Array, weight: Array, ages: Array, threshold: Array | float) -> tuple[Array, Array]:
    """(whether ρ > threshold, r), both (); r is 1 where it isn't. The weight is that of v, 1 − b2ᵗ."""
    most, length = 2 / (1 - b2) - 1, 1 + 2 * ages / weight  # ρ_∞ and ρ
    trusted = length > threshold
    share = tree.safe_divide((length - 4) * (length - 2) * most, (most - 4) * (most - 2) * length)
    return trusted, tree.safe_sqrt(jnp.where(trusted, share, jnp.ones_like(share)))  # a negative share has no root


@record
class ScaleByRadam(Transform):
    """u = r m̂ / (√v̂ + eps / √(1 − b2ᵗ)) where ρ > threshold, else m̂."""

    entrywise = True

    b1: Scalar = hyper("[0, 1)")
    b2: Scalar = hyper("[0, 1)")
    eps: Scalar = hyper(">= 0")
    threshold: Scalar = hyper("[4, inf)")
    eps_after_correction: bool = static_field()

    def init(self, params: Params) -> RadamState:
        return RadamState(AdamState.like(params), jnp.zeros((), tree.compute_dtype(params)))

    def update(self, grads: Params, state: RadamState, context: Context) -> tuple[Params, RadamState]:
        b2, eps = context.at(self.b2), context.at(self.eps)
        ages = older(state.moments.square, state.ages, b2)
        moments = state.moments.absorb(context.at(self.b1), b2, grads)
        mean, weight = moments.mean.value(), moments.square.weight  # the weight is 1 − b2ᵗ
        trusted, rectifier = rectification(b2, weight, ages, context.at(self.threshold))
        adapted = over_root(
            mean, moments.square.value(), eps if self.eps_after_correction else eps / tree.safe_sqrt(weight)
        )
        updates = tree.map(lambda a, m: jnp.where(trusted, rectifier * a, m), adapted, mean)
        return updates, RadamState(moments, ages)


@builder
def radam(
    learning_rate: Scalar,
    b1: Scalar = 0.9,
    b2: Scalar = 0.999,
    eps: Scalar = 1e-8,
    *,
    threshold: Scalar = 5.0,
    eps_after_correction: bool = False,
) -> Optimizer:
    """Rectified Adam: θ ← θ − η r m̂ / √v̂ once ρ > threshold, and θ ← θ − η m̂ before.

    Args:
        learning_rate: η > 0, a number or a schedule.
        b1: In [0, 1), what the mean of the gradients keeps at a step. Default: 0.9.
        b2: In [0, 1), what the mean of the squares keeps at a step; up to 0.6, ρ never passes 4. Default: 0.999.
        eps: ≥ 0, added to the root. Default: 1e-8.
        threshold: ≥ 4, the paper's; the default is the authors' code's. Default: 5.0.
        eps_after_correction: True adds eps to √v̂ as optax, not to √v; structure. Default: False.

    Returns:
        The optimizer, a record whose numbers are leaves.

    Raises:
        JgdValueError: For a number outside its range.
        JgdTypeError: For an argument of another kind.

    Example:
        >>> optimizer = radam(0.125)
        >>> updates, _ = optimizer.update(jnp.array([-4.0]), optimizer.init(jnp.ones(1)), jnp.ones(1))
        >>> updates.tolist()
        [0.5]
    """
    return chain(ScaleByRadam(b1, b2, eps, threshold, eps_after_correction), ScaleByLearningRate(learning_rate))
