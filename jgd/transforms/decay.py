"""Weight decay: decoupled or as L2, by the place of one transform in the chain, or independent of the learning rate.

behind the algorithm, beside its step:  u ← u + λ θ      chain(ScaleByAdam(...), AddDecayedWeights(λ), ScaleByLearningRate(η))
before it, through the gradient (L2):   g ← g + λ θ      chain(AddDecayedWeights(λ), ScaleByAdam(...), ScaleByLearningRate(η))
behind the learning rate, of its own:   θ ← (1 − λ) θ + step   chain(adam(η), IndependentDecay(λ))

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

    Before `ScaleByLearningRate` the decay is multiplied by the learning rate, as in torch and optax; `chain` refuses it
    behind, where it would climb (see `IndependentDecay`).

    Args:
        weight_decay: The factor of θ, also a schedule. ≥ 0.

    Example:
        >>> import jgd, jax.numpy as jnp
        >>> optimizer = jgd.chain(AddDecayedWeights(0.5), jgd.transforms.ScaleByLearningRate(1.0))
        >>> optimizer.update(jnp.zeros(1), optimizer.init(jnp.ones(1)), jnp.ones(1))[0].tolist()
        [-0.5]
    """

    entrywise = True
    sign = "uphill"

    weight_decay: Scalar = hyper(">= 0")

    def update(self, updates: Params, state: tuple[()], context: Context) -> tuple[Params, tuple[()]]:
        return tree.add(updates, tree.scale(context.at(self.weight_decay), context.params)), state


@builder
@record
class IndependentDecay(Transform):
    """θ ← (1 − weight_decay) θ + step: decay that the learning rate doesn't multiply.

    Loshchilov & Hutter 2019, arXiv:1711.05101, algorithm 2, with η_t and λ apart; "independent weight decay" of Wortsman
    et al. 2023, arXiv:2309.14322, section 3.2.1, where the best λ hardly depends on the learning rate. It stands behind
    `ScaleByLearningRate`: `chain(adam(η), IndependentDecay(λ))`. A schedule of the rate doesn't touch it; give it one of
    its own, such as `Product((schedule, Constant(λ)))`.

    Args:
        weight_decay: The share of θ that is lost at a step, also a schedule. In [0, 1].

    Example:
        >>> import jgd, jax.numpy as jnp
        >>> optimizer = jgd.chain(jgd.optimizers.sgd(0.1), IndependentDecay(0.5))
        >>> optimizer.update(jnp.ones(1), optimizer.init(jnp.ones(1)), jnp.ones(1))[0].tolist()
        [-0.6]
    """

    entrywise = True
    sign = "downhill"

    weight_decay: Scalar = hyper("[0, 1]")

    def update(self, updates: Params, state: tuple[()], context: Context) -> tuple[Params, tuple[()]]:
        return tree.add(updates, tree.scale(-context.at(self.weight_decay), context.params)), state
