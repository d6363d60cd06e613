"""Weight decay: decoupled or as L2, by the place of one transform in the chain, or independent of the learning rate.

behind the algorithm, beside its step:  u ← u + λ θ      chain(ScaleByAdam(...), AddDecayedWeights(λ), ScaleByLearningRate(η))
before it, through the gradient (L2):   g ← g + λ θ      chain(AddDecayedWeights(λ), ScaleByAdam(...), ScaleByLearningRate(η))
behind the learning rate, of its own:   θ ← (1 − λ) θ + step   chain(adam(η), IndependentDecay(λ))
around any optimizer, beside its step:  θ ← (1 − η λ) θ + step   Decayed(adam(η), λ)

L2 is what torch's `weight_decay` does in SGD and Adam; for plain descent the two are the same. Decay of some leaves:
`all_but(("bias", "scale"), AddDecayedWeights(λ))`.
"""

from typing import Any

import jax
import jax.numpy as jnp

from jgd.core import checks, tree
from jgd.core.masks import as_mask, chosen
from jgd.core.optimizer import TransformLike
from jgd.core.record import hyper, record, static_field
from jgd.core.transform import Context, Transform
from jgd.core.types import Params, Scalar
from jgd.transforms.wrapper import Wrapper


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


@record
class DecayedState:
    """The state of the optimizer inside."""

    inner: Any


@record
class Decayed(Wrapper):
    """θ ← θ − η λ θ beside the step of any optimizer, η the learning rate that it reports for that step.

    Around `adam` it is `adamw`; around `radam`, `rmsprop` or a method of your own it is their decoupled decay. A step that a
    guard skips decays nothing. `Accumulate` stands around it, not inside: else each micro-batch would decay. Of several
    groups with rates of their own the first one's counts; put it around each group instead.

    Args:
        transform: A transform or an optimizer that has a learning rate.
        weight_decay: λ, also a schedule. ≥ 0.
        mask: The leaves that decay: patterns of their paths, a tree of bools, or a predicate of the leaf such as
            `lambda x: x.ndim > 1`; structure. None for all.

    Raises:
        JgdTypeError: For something that is no transform, or no mask.
        JgdValueError: For a negative λ, and at the first update for an optimizer that has no learning rate.

    Example:
        >>> import jgd, jax.numpy as jnp
        >>> optimizer = jgd.chain(Decayed(jgd.optimizers.radam(0.1), 0.5))
        >>> optimizer.update(jnp.zeros(1), optimizer.init(jnp.ones(1)), jnp.ones(1))[0].tolist()
        [-0.05]
    """

    transform: TransformLike
    weight_decay: Scalar = hyper(">= 0")
    mask: Any = static_field(default=None)

    def __post_init__(self) -> None:
        object.__setattr__(self, "mask", held(self.mask))
        self._accept()

    def init(self, params: Params) -> DecayedState:
        return DecayedState(self.transform.init(params))

    def update(self, updates: Params, state: DecayedState, context: Context) -> tuple[Params, DecayedState]:
        updates, inner = self.transform.update(updates, state.inner, context)
        info = self.transform.info(inner)
        if info.learning_rate is None:
            raise checks.JgdValueError(
                "Decayed multiplies its decay by the learning rate of the optimizer inside, which has none: put "
                "jgd.transforms.IndependentDecay behind it",
                argument="transform",
            )
        share = info.learning_rate * context.at(self.weight_decay)
        if info.skipped is not None:
            share = jnp.where(info.skipped, 0, share)
        return tree.map(lambda u, w: u - share * w, updates, decaying(self.mask, context)), DecayedState(inner)


def held(mask: Any) -> Any:
    """A mask as the static field of a record that decays by itself, for `decaying`."""
    return None if mask is None else as_mask("mask", mask)


def decaying(mask: Any, context: Context) -> Params:
    """The weights, with 0 in place of those that don't decay. mask: what `held` gives."""
    if mask is None:
        return context.params
    leaves, structure = jax.tree.flatten(context.params)
    named = chosen("mask", mask, context.params)
    return structure.unflatten([w if decays else jnp.zeros_like(w) for w, decays in zip(leaves, named, strict=True)])
