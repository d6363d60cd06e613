"""Adan: Nesterov's momentum without a look-ahead, from the mean of the gradients' differences.

d = g − g'                          g' the gradient before; 0 at the first update
m ← b1 m + (1 − b1) g
v ← b2 v + (1 − b2) d
n ← b3 n + (1 − b3) (g + b2 d)²
u = (m̂ + b2 v̂) / (√n̂ + eps)
θ ← (θ − η u) / (1 + η weight_decay)

Source: Xie et al. 2022, arXiv:2208.06677, algorithm 1, without its restarts; b1, b2, b3 here are 1 − β of the paper and
the hats are the authors' code's. proximal=False decays as AdamW does, θ ← θ − η (u + weight_decay θ), as the code's
`no_prox` and optax do. optax multiplies d and v̂ by 1 − b2 (0.08) where the paper and its code have b2 (0.92, the paper's
1 − β2), and adds 1e-8 inside the root too; the two agree at b2 = 0.5 and its eps_root = 0 alone.
"""

import jax.numpy as jnp

from jgd.core import checks, tree
from jgd.core.masks import Mask
from jgd.core.optimizer import Optimizer, chain
from jgd.core.record import hyper, record
from jgd.core.spellings import builder
from jgd.core.transform import Context, Transform
from jgd.core.types import Params, Scalar
from jgd.optimizers.adam import over_root
from jgd.optimizers.masked_decay import decay
from jgd.transforms import LearningRateState, Mean, ReportsLearningRate, ScaleByLearningRate, all_but, only


@record
class AdanState:
    """Three means and the gradient before, shaped as the parameters."""

    mean: Mean  # m, of the gradients
    change: Mean  # v, of their differences
    square: Mean  # n
    before: Params  # g', the gradient before


@record
class ScaleByAdan(Transform):
    """u = (m̂ + b2 v̂) / (√n̂ + eps)."""

    b1: Scalar = hyper("[0, 1)")
    b2: Scalar = hyper("[0, 1)")
    b3: Scalar = hyper("[0, 1)")
    eps: Scalar = hyper(">= 0")

    def init(self, params: Params) -> AdanState:
        return AdanState(Mean.like(params), Mean.like(params), Mean.like(params), tree.zeros_like(params))

    def update(self, grads: Params, state: AdanState, context: Context) -> tuple[Params, AdanState]:
        b2 = context.at(self.b2)
        first = state.change.weight == 0
        difference = tree.map(lambda g, old: jnp.where(first, jnp.zeros_like(g), g - old), grads, state.before)
        mean = state.mean.absorb(context.at(self.b1), grads)
        change = state.change.absorb(b2, difference)
        foreseen = tree.map(lambda g, d: g + b2 * d, grads, difference)
        square = state.square.absorb(context.at(self.b3), tree.square(foreseen))
        ahead = tree.map(lambda m, v: m + b2 * v, mean.value(), change.value())
        state = AdanState(mean, change, square, grads)
        return over_root(ahead, square.value(), context.at(self.eps)), state


@record
class DescendProximally(ReportsLearningRate):
    """θ ← (θ − η u) / (1 + η weight_decay): the decay is solved for at the new weights, not taken at the old ones."""

    learning_rate: Scalar = hyper("> 0")
    weight_decay: Scalar = hyper(">= 0")

    def init(self, params: Params) -> LearningRateState:
        return LearningRateState.unused(params)

    def update(self, updates: Params, state: LearningRateState, context: Context) -> tuple[Params, LearningRateState]:
        rate, decay = context.at(self.learning_rate), context.at(self.weight_decay)
        shrunk = rate / (1 + rate * decay)
        return tree.map(lambda u, w: -shrunk * (u + decay * w), updates, context.params), LearningRateState(rate)


@builder
def adan(
    learning_rate: Scalar,
    b1: Scalar = 0.98,
    b2: Scalar = 0.92,
    b3: Scalar = 0.99,
    eps: Scalar = 1e-8,
    *,
    weight_decay: Scalar = 0.0,
    mask: Mask | None = None,
    proximal: bool = True,
) -> Optimizer:
    """Adan: θ ← (θ − η (m̂ + b2 v̂) / (√n̂ + eps)) / (1 + η weight_decay).

    Defaults: the paper's and its code's.

    Args:
        learning_rate: η > 0, a number or a schedule.
        b1: In [0, 1), what the mean of the gradients keeps at a step. Default: 0.98.
        b2: In [0, 1), what the mean of the gradients' differences keeps at a step. Default: 0.92.
        b3: In [0, 1), what the mean square keeps at a step. Default: 0.99.
        eps: ≥ 0, added to the root. Default: 1e-8.
        weight_decay: λ ≥ 0. Default: 0.0.
        mask: The leaves that decay: patterns of their paths, a tree of bools, or a predicate of the leaf such as
            `lambda x: x.ndim > 1`; structure. None for all.
        proximal: Whether the decay is solved for at the new weights; False decays as AdamW does. Structure. Default:
            True.

    Returns:
        The optimizer, a record whose numbers are leaves.

    Raises:
        JgdValueError: For a number outside its range.
        JgdTypeError: For an argument of another kind.

    Example:
        >>> optimizer = adan(0.1)
        >>> updates, _ = optimizer.update(jnp.array([-4.0]), optimizer.init(jnp.ones(1)), jnp.ones(1))
        >>> updates.tolist()
        [0.1]
    """
    scale = ScaleByAdan(b1, b2, b3, eps)
    if checks.flag("proximal", proximal):
        step = DescendProximally(learning_rate, weight_decay)
        if mask is None:
            return chain(scale, step)
        return chain(scale, only(mask, step), all_but(mask, ScaleByLearningRate(learning_rate)))
    return chain(scale, decay(weight_decay, mask), ScaleByLearningRate(learning_rate))
