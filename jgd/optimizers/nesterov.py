"""Nesterov's accelerated gradient, in two forms.

`nesterov`, the look-ahead form of the lectures: the gradient is taken where the velocity would carry the weights.
    v ← γ v + η ∇L(θ − γ v)
    θ ← θ − v
`nesterov_shifted`, the form of torch and optax: the variable is the look-ahead point φ = θ − γ v itself.
    v ← γ v + g
    φ ← φ − η (g + γ v)

Source: Nesterov 1983; the look-ahead form is Sutskever et al. 2013, equations 3 and 4, the shifted one Bengio et al.
2012, arXiv:1212.0901, equation 7. For constant η and γ, from a start at rest, φ_t = θ_t − γ v_t.
"""

from jgd.core import tree
from jgd.core.optimizer import Optimizer, chain
from jgd.core.record import hyper, record
from jgd.core.spellings import builder
from jgd.core.transform import Context
from jgd.core.types import Params, Scalar
from jgd.optimizers.momentum import Trace
from jgd.transforms import LearningRateState, ReportsLearningRate, ScaleByLearningRate


@record
class LookAheadState:
    """The velocity, shaped as the parameters, and the rate used."""

    velocity: Params
    rate: LearningRateState


@record
class DescendByLookAhead(ReportsLearningRate):
    """v ← γ v + η ∇L(θ − γ v), u = −v. It takes its own gradient, so it ignores the updates and must be first."""

    entrywise = True

    learning_rate: Scalar = hyper("> 0")
    momentum: Scalar = hyper("[0, 1)")
    ignores_updates = True

    def init(self, params: Params) -> LookAheadState:
        return LookAheadState(tree.zeros_like(params), LearningRateState.unused(params))

    def update(self, grads: Params, state: LookAheadState, context: Context) -> tuple[Params, LookAheadState]:
        rate, momentum = context.at(self.learning_rate), context.at(self.momentum)
        carried = tree.scale(momentum, state.velocity)
        ahead = context.gradient_at(tree.subtract(context.params, carried), "nesterov")
        velocity = tree.map(lambda c, g: c + rate * g, carried, ahead)
        return tree.scale(-1, velocity), LookAheadState(velocity, LearningRateState(rate))


@builder
def nesterov(
    learning_rate: Scalar,
    momentum: Scalar = 0.9,
) -> Optimizer:
    """The look-ahead form: v ← γ v + η ∇L(θ − γ v), θ ← θ − v.

    `update` needs `loss=`, params -> loss on this batch; `jgd.step`, `jgd.train` and `jgd.sweep` give it.

    Args:
        learning_rate: η > 0, inside the velocity as in the lectures; a number or a schedule.
        momentum: γ in [0, 1). Default: 0.9.

    Returns:
        The optimizer, a record whose numbers are leaves.

    Raises:
        JgdValueError: For a number outside its range.
        JgdTypeError: For an argument of another kind.

    Example:
        >>> import jax.numpy as jnp
        >>> optimizer, loss = nesterov(0.1), lambda w: jnp.sum(w**2)
        >>> updates, _ = optimizer.update(jnp.ones(1), optimizer.init(jnp.ones(1)), jnp.ones(1), loss=loss)
        >>> updates.tolist()
        [-0.2]
    """
    return chain(DescendByLookAhead(learning_rate, momentum))


@builder
def nesterov_shifted(
    learning_rate: Scalar,
    momentum: Scalar = 0.9,
) -> Optimizer:
    """The shifted form of torch and optax: v ← γ v + g, φ ← φ − η (g + γ v).

    Its parameters are the look-ahead points; no extra gradient.

    Args:
        learning_rate: η > 0, a number or a schedule.
        momentum: γ in [0, 1). Default: 0.9.

    Returns:
        The optimizer, a record whose numbers are leaves.

    Raises:
        JgdValueError: For a number outside its range.
        JgdTypeError: For an argument of another kind.

    Example:
        >>> import jax.numpy as jnp
        >>> optimizer = nesterov_shifted(0.1)
        >>> updates, _ = optimizer.update(jnp.ones(1), optimizer.init(jnp.ones(1)), jnp.ones(1))
        >>> updates.tolist()
        [-0.19]
    """
    return chain(Trace(momentum, nesterov=True), ScaleByLearningRate(learning_rate))
