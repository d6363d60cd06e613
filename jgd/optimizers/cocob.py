"""COCOB-Backprop: each weight is the bet of a gambler on the sign of its next gradient; no learning rate.

g ← −∇L(θ)
L ← max(L, |g|), from L = eps
G ← G + |g|
R ← max(R + (θ − θ₀) g, 0)
S ← S + g
θ ← θ₀ + S / (L max(G + L, α L)) · (L + R)

Source: Orabona & Tommasi 2017, "Training Deep Networks without Learning Rates Through Coin Betting",
arXiv:1705.07795, algorithm 2 (L from 0; eps is the authors' code's). As in optax, g may be scaled by a learning_rate,
for a schedule: a constant one changes nothing, as the bet has no units of g. L2 weight_decay stands inside g. The
bet is S / L · (L + R) / max(…), in which no product of two gradients under- or overflows.
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
from jgd.transforms import ScaleByLearningRate


@record
class CocobState:
    """What the bets of each parameter remember, shaped as the parameters."""

    start: Params  # θ₀
    largest: Params  # L
    sizes: Params  # G
    reward: Params  # R
    gradients: Params  # S


@record
class DescendByCocob(Transform):
    """u = θ₀ + bet − θ. It takes negative gradients, g = −η ∇L(θ), as `ScaleByLearningRate` leaves them."""

    alpha: Scalar = hyper("> 0")
    eps: float = hyper(">= 0", schedule=False)

    def init(self, params: Params) -> CocobState:
        first = lambda zeros: zeros + jnp.asarray(self.eps).astype(zeros.dtype)
        return CocobState(
            start=tree.copy(params),
            largest=tree.map(first, tree.zeros_like(params)),
            sizes=tree.zeros_like(params),
            reward=tree.zeros_like(params),
            gradients=tree.zeros_like(params),
        )

    def update(self, g: Params, state: CocobState, context: Context) -> tuple[Params, CocobState]:
        alpha, moved = context.at(self.alpha), tree.subtract(context.params, state.start)
        largest = tree.map(lambda L, g: jnp.maximum(L, jnp.abs(g)), state.largest, g)
        sizes = tree.map(lambda G, g: G + jnp.abs(g), state.sizes, g)
        reward = tree.map(lambda R, d, g: jnp.maximum(R + d * g, 0), state.reward, moved, g)
        gradients = tree.add(state.gradients, g)
        bet = lambda S, L, G, R: tree.safe_divide(S, L) * tree.safe_divide(L + R, jnp.maximum(G + L, alpha * L))
        bets = tree.map(bet, gradients, largest, sizes, reward)
        return tree.subtract(bets, moved), CocobState(state.start, largest, sizes, reward, gradients)


@builder
def cocob(
    learning_rate: Scalar = 1.0,
    alpha: Scalar = 100.0,
    eps: float = 1e-8,
    *,
    weight_decay: Scalar = 0.0,
    mask: Mask | None = None,
) -> Optimizer:
    """COCOB-Backprop: θ ← θ₀ + S / (L max(G + L, α L)) · (L + R), S the sum of negative gradients.

    Defaults: the authors'.

    Args:
        learning_rate: > 0, scales the gradients; only a schedule has an effect. Default: 1.0.
        alpha: α > 0, the fraction that is bet at first: the first step of every weight with a gradient is 1 / α long,
            whatever its size. Default: 100.0.
        eps: ≥ 0, the first L, a number, no schedule. Default: 1e-8.
        weight_decay: λ ≥ 0, inside the gradient (L2). Default: 0.0.
        mask: The leaves that decay: patterns of their paths, a tree of bools, or a predicate of the leaf such as
            `lambda x: x.ndim > 1`; structure. None for all.

    Returns:
        The optimizer, a record whose numbers are leaves.

    Raises:
        JgdValueError: For a number outside its range.
        JgdTypeError: For an argument of another kind.

    Example:
        >>> optimizer = cocob()
        >>> updates, _ = optimizer.update(jnp.array([-4.0]), optimizer.init(jnp.ones(1)), jnp.ones(1))
        >>> updates.tolist()
        [0.01]
    """
    return chain(decay(weight_decay, mask), ScaleByLearningRate(learning_rate), DescendByCocob(alpha, eps))
