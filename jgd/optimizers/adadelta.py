"""AdaDelta: steps in the units of the weights, so that no learning rate is needed.

E ← rho E + (1 − rho) g²
u = √(D + eps) / √(E + eps) · g
D ← rho D + (1 − rho) u²
θ ← θ − η u                                  (η = 1)

Source: Zeiler 2012, arXiv:1212.5701, algorithm 1. Both means start at 0 uncorrected; eps sets the size of the first
steps, so it matters much more here than elsewhere (the paper's experiments use 1e-6, as we do).
"""

from jgd.core import tree
from jgd.core.optimizer import Optimizer, chain
from jgd.core.record import hyper, record
from jgd.core.spellings import builder
from jgd.core.transform import Context, Transform
from jgd.core.types import Params, Scalar
from jgd.transforms import ScaleByLearningRate


@record
class AdadeltaState:
    """The two running means of squares, shaped as the parameters."""

    squares: Params  # E, of the gradients
    steps: Params  # D, of the updates


@record
class ScaleByAdadelta(Transform):
    """u = √(D + eps) / √(E + eps) · g."""

    entrywise = True

    rho: Scalar = hyper("[0, 1)")
    eps: Scalar = hyper(">= 0")

    def init(self, params: Params) -> AdadeltaState:
        return AdadeltaState(tree.zeros_like(params), tree.zeros_like(params))

    def update(self, grads: Params, state: AdadeltaState, context: Context) -> tuple[Params, AdadeltaState]:
        rho, eps = context.at(self.rho), context.at(self.eps)
        squares = tree.lerp(rho, state.squares, tree.square(grads))
        updates = tree.map(
            lambda D, E, g: tree.safe_divide(tree.safe_sqrt(D + eps), tree.safe_sqrt(E + eps)) * g,
            state.steps,
            squares,
            grads,
        )
        steps = tree.lerp(rho, state.steps, tree.square(updates))
        return updates, AdadeltaState(squares, steps)


@builder
def adadelta(
    learning_rate: Scalar = 1.0,
    rho: Scalar = 0.9,
    eps: Scalar = 1e-6,
) -> Optimizer:
    """AdaDelta: θ ← θ − η √(D + eps) / √(E + eps) · g.

    Args:
        learning_rate: η > 0, a number or a schedule; the paper's method is 1. Default: 1.0.
        rho: In [0, 1), what both means keep at a step. Default: 0.9.
        eps: ≥ 0, inside both roots; at 0 the first step is 0 and stays so. Default: 1e-6.

    Returns:
        The optimizer, a record whose numbers are leaves.

    Raises:
        JgdValueError: For a number outside its range.
        JgdTypeError: For an argument of another kind.

    Example:
        >>> import jax.numpy as jnp
        >>> optimizer = adadelta()
        >>> updates, _ = optimizer.update(jnp.array([-4.0]), optimizer.init(jnp.ones(1)), jnp.ones(1))
        >>> updates.tolist()
        [0.00316]
    """
    return chain(ScaleByAdadelta(rho, eps), ScaleByLearningRate(learning_rate))
