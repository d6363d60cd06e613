"""Weight decay, decoupled or as L2: one transform, whose place in the chain says which.

behind the algorithm, beside its step:  u ← u + λ θ      chain(ScaleByAdam(...), AddDecayedWeights(λ), ScaleByLearningRate(η))
before it, through the gradient (L2):   g ← g + λ θ      chain(AddDecayedWeights(λ), ScaleByAdam(...), ScaleByLearningRate(η))

L2 is what torch's `weight_decay` does in SGD and Adam; for plain descent the two are the same. Decay of some leaves:
`all_but(("bias", "scale"), AddDecayedWeights(λ))`.
"""

from jgd.core import tree
from jgd.core.record import hyper, record
from jgd.core.spellings import builder
from jgd.core.transform import Context, Transform
from jgd.core.types import Params, Scalar


@builder
@record
class AddDecayedWeights(Transform):
    """updates ← updates + weight_decay · θ. Loshchilov & Hutter 2019, arXiv:1711.05101, algorithm 2, line 12.

    Before `ScaleByLearningRate` the decay is multiplied by the learning rate, as in torch and optax.

    Args:
        weight_decay: The factor of θ, also a schedule. ≥ 0.

    Example:
        >>> import jgd, jax.numpy as jnp
        >>> optimizer = jgd.chain(AddDecayedWeights(0.5), jgd.transforms.ScaleByLearningRate(1.0))
        >>> optimizer.update(jnp.zeros(1), optimizer.init(jnp.ones(1)), jnp.ones(1))[0].tolist()
        [-0.5]
    """

    entrywise = True

    weight_decay: Scalar = hyper(">= 0")

    def update(self, updates: Params, state: tuple[()], context: Context) -> tuple[Params, tuple[()]]:
        return tree.add(updates, tree.scale(context.at(self.weight_decay), context.params)), state
