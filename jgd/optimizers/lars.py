"""LARS: momentum whose gradient is scaled, leaf by leaf, to a share of the leaf's own length.

λ = c ‖θ‖ / (‖g‖ + β ‖θ‖ + eps)     for each leaf
v ← γ v + η λ (g + β θ)
θ ← θ − v

Source: You, Gitman & Ginsburg 2017, arXiv:1708.03888, equation 6 and algorithm 1 (c is their η, the trust coefficient;
β the weight decay). η stands inside the velocity, as in the paper and optax. optax divides by ‖g + β θ‖
(`joint_norm=True`), which is the same at β = 0. Where ‖θ‖ or the divisor is 0, λ = 1 (optax's; the paper's λ = 0 would
hold a leaf of zeros for ever).
"""

from collections.abc import Sequence

from jax import Array

from jgd.core import tree
from jgd.core.optimizer import Optimizer, chain
from jgd.core.paths import listed
from jgd.core.record import hyper, record, static_field
from jgd.core.spellings import builder
from jgd.core.transform import Context, Transform
from jgd.core.types import Params, Scalar
from jgd.optimizers.momentum import Trace
from jgd.transforms import ScaleByLearningRate, all_but
from jgd.transforms.trust_ratio import length, trust


@record
class ScaleByLars(Transform):
    """u = λ (g + β θ), λ = c ‖θ‖ / (‖g‖ + β ‖θ‖ + eps), leaf by leaf."""

    trust_coefficient: Scalar = hyper("> 0")
    weight_decay: Scalar = hyper(">= 0")
    eps: Scalar = hyper(">= 0")
    joint_norm: bool = static_field()
    per_leaf = True

    def update(self, grads: Params, state: tuple[()], context: Context) -> tuple[Params, tuple[()]]:
        c, decay, eps = context.at(self.trust_coefficient), context.at(self.weight_decay), context.at(self.eps)

        def scaled(g: Array, w: Array) -> Array:
            decayed, size = g + decay * w, length(w)
            divisor = length(decayed) if self.joint_norm else length(g) + decay * size
            return trust(c * size, divisor, eps) * decayed

        return tree.map(scaled, grads, context.params), state


@builder
def lars(
    learning_rate: Scalar,
    momentum: Scalar = 0.9,
    *,
    weight_decay: Scalar = 0.0,
    trust_coefficient: Scalar = 0.001,
    eps: Scalar = 0.0,
    nesterov: bool = False,
    joint_norm: bool = False,
    skip: str | Sequence[str] = (),
) -> Optimizer:
    """LARS: λ = c ‖θ‖ / (‖g‖ + β ‖θ‖), v ← γ v + η λ (g + β θ), θ ← θ − v for each leaf.

    Defaults: optax's, c and γ the paper's.

    Args:
        learning_rate: η > 0, a number or a schedule.
        momentum: γ in [0, 1). Default: 0.9.
        weight_decay: β ≥ 0. Default: 0.0.
        trust_coefficient: c > 0. Default: 0.001.
        eps: ≥ 0, in the divisor of the ratio. Default: 0.0.
        nesterov: Nesterov's form of the momentum; structure. Default: False.
        joint_norm: Whether the divisor is optax's ‖g + β θ‖; structure. Default: False.
        skip: Patterns of the paths, such as ("bias", "scale"), of leaves with λ = 1 and without decay; structure.
            Default: ().

    Returns:
        The optimizer, a record whose numbers are leaves.

    Raises:
        JgdValueError: For a number outside its range.
        JgdTypeError: For an argument of another kind.

    Example:
        >>> import jax.numpy as jnp
        >>> optimizer = lars(0.1, trust_coefficient=0.5)
        >>> updates, _ = optimizer.update(jnp.array([4.0, 4.0]), optimizer.init(jnp.ones(2)), 2 * jnp.ones(2))
        >>> updates.tolist()
        [-0.1, -0.1]
    """
    skip = listed("skip", skip)
    scale = ScaleByLars(trust_coefficient, weight_decay, eps, joint_norm)
    return chain(all_but(skip, scale) if skip else scale, ScaleByLearningRate(learning_rate), Trace(momentum, nesterov))
