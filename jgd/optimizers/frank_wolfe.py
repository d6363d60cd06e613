"""Frank–Wolfe, or conditional gradients: each step goes towards the corner of a set that lies furthest downhill.

s = argmin_{s ∈ C} gᵀ s
θ ← θ + γ (s − θ),   γ = 2 / (t + 2),   t = 0, 1, …

Source: Frank & Wolfe 1956; Jaggi 2013, "Revisiting Frank–Wolfe", algorithm 1. Without a projection the parameters stay in C
from the first step on (at γ = 1 it goes into C from anywhere), and after t steps they are a mean of t corners: sparse in an
ℓ1 ball or a simplex. Each leaf is one vector of a set of its own.
"""

from jgd.core import checks, tree
from jgd.core.optimizer import Optimizer, chain
from jgd.core.record import hyper, record
from jgd.core.spellings import builder
from jgd.core.transform import Context
from jgd.core.types import Params, Scalar
from jgd.schedules import InverseTimeDecay
from jgd.transforms import LearningRateState, ReportsLearningRate
from jgd.transforms.convex_sets import BoundedSet


@record
class DescendTowardsCorner(ReportsLearningRate):
    """γ (s − θ), s = argmin gᵀ s over the set, leaf by leaf."""

    onto: BoundedSet
    learning_rate: Scalar = hyper("> 0")
    per_leaf = True

    def __post_init__(self) -> None:
        if isinstance(self.onto, type) or not hasattr(self.onto, "furthest"):
            raise checks.JgdTypeError(
                f"onto must be a bounded set such as jgd.transforms.L1Ball(1.0), Box, Simplex, L2Ball or LInfBall, "
                f"got {checks.shown(self.onto)}",
                argument="onto",
            )

    def init(self, params: Params) -> LearningRateState:
        return LearningRateState.unused(params)

    def update(self, grads: Params, state: LearningRateState, context: Context) -> tuple[Params, LearningRateState]:
        rate = context.at(self.learning_rate)
        corner = lambda g: self.onto.furthest(-g, context.at)
        updates = tree.map(lambda w, g: rate * (corner(g) - w), context.params, grads)
        return updates, LearningRateState(rate)


@builder
def frank_wolfe(
    onto: BoundedSet,
    learning_rate: Scalar | None = None,
) -> Optimizer:
    """Frank–Wolfe: θ ← θ + γ (s − θ), s the point of a set with the least gᵀ s.

    Args:
        onto: The set: `jgd.transforms.L1Ball`, `L2Ball`, `LInfBall`, `Simplex`, `Box`, or a record of your own with
            `furthest(direction, at)`, the set's point that lies furthest in a direction.
        learning_rate: γ in (0, 1], a number or a schedule. None for 2 / (t + 2).

    Returns:
        The optimizer, a record whose numbers are leaves.

    Raises:
        JgdValueError: For a number outside its range.
        JgdTypeError: For an argument of another kind.

    Example:
        >>> import jax.numpy as jnp
        >>> from jgd.transforms import L1Ball
        >>> optimizer, params = frank_wolfe(L1Ball(2.0)), jnp.zeros(2)
        >>> updates, _ = optimizer.update(jnp.array([1.0, -3.0]), optimizer.init(params), params)
        >>> (updates + 0).tolist()
        [0.0, 2.0]
    """
    rate = InverseTimeDecay(1.0, 1.0, 2.0) if learning_rate is None else learning_rate
    return chain(DescendTowardsCorner(onto, rate))
