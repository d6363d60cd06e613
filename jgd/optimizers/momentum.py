"""Momentum, the heavy ball.

v ← γ v + (1 − τ) g
θ ← θ − η v

Source: Polyak 1964, "Some methods of speeding up the convergence of iteration methods", equation 9; in this form in
Sutskever et al. 2013, section 2. η stands outside the velocity, as in torch and optax: when η changes, the
whole step changes at once. `rate_in_velocity` is v ← γ v + η (1 − τ) g, θ ← θ − v, as in Keras and in the papers: it agrees
while η is constant, and differs once it decays. The
dampening τ is torch's, whose first velocity is g itself, not (1 − τ) g; ours too. τ = 0 is the paper; optax has no τ.
"""

import jax.numpy as jnp

from jgd.core import checks, tree
from jgd.core.optimizer import Optimizer, chain
from jgd.core.record import hyper, record, static_field
from jgd.core.spellings import builder
from jgd.core.transform import Context, Transform
from jgd.core.types import Params, Scalar
from jgd.transforms import ScaleByLearningRate


@record
class Trace(Transform):
    """v ← γ v + (1 − τ) g, and u = v; with nesterov u = g + γ v. The state is v, shaped as the parameters."""

    entrywise = True

    momentum: Scalar = hyper("[0, 1)")
    nesterov: bool = static_field(default=False)
    dampening: Scalar = hyper("[0, 1]", default=0.0)

    def init(self, params: Params) -> Params:
        return tree.zeros_like(params)

    def update(self, grads: Params, velocity: Params, context: Context) -> tuple[Params, Params]:
        momentum = context.at(self.momentum)
        share = jnp.where(context.step == 0, 1, 1 - context.at(self.dampening))  # torch's first velocity is g
        velocity = tree.map(lambda v, g: momentum * v + share * g, velocity, grads)
        if self.nesterov:
            return tree.map(lambda g, v: g + momentum * v, grads, velocity), velocity
        return velocity, velocity


@builder
def momentum(
    learning_rate: Scalar,
    momentum: Scalar = 0.9,
    *,
    dampening: Scalar = 0.0,
    rate_in_velocity: bool = False,
) -> Optimizer:
    """Heavy-ball momentum: v ← γ v + (1 − τ) g, θ ← θ − η v.

    Args:
        learning_rate: η > 0, a number or a schedule.
        momentum: γ in [0, 1); 0.9 keeps nine tenths of the velocity, and a constant gradient g ends at the speed η g (1
            − τ) / (1 − γ). Default: 0.9.
        dampening: τ in [0, 1]. The first velocity is g whatever τ is. Default: 0.0.
        rate_in_velocity: Whether η stands inside the velocity, v ← γ v + η (1 − τ) g and θ ← θ − v, as in Keras: a rate that
            falls then acts on new gradients only. The same for a constant η. Structure. Default: False.

    Returns:
        The optimizer, a record whose numbers are leaves.

    Raises:
        JgdValueError: For a number outside its range.
        JgdTypeError: For an argument of another kind.

    Example:
        >>> import jax.numpy as jnp
        >>> optimizer, params = momentum(0.1, 0.5), jnp.zeros(1)
        >>> state = optimizer.init(params)
        >>> for _ in range(2):
        ...     updates, state = optimizer.update(jnp.ones(1), state, params)
        >>> updates.tolist()
        [-0.15]
    """
    velocity, rate = Trace(momentum, dampening=dampening), ScaleByLearningRate(learning_rate)
    return chain(rate, velocity) if checks.flag("rate_in_velocity", rate_in_velocity) else chain(velocity, rate)
