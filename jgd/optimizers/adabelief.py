"""AdaBelief and ACProp: the step is long where the gradient is what the mean foretold, not where it is small.

Both:
    m ← b1 m + (1 − b1) g
    s ← b2 s + (1 − b2) (g − m)² + eps_root
`adabelief`: u = m̂ / (√ŝ + eps)
`acprop`:    u = g / (√ŝ' + eps), ŝ' of the update before, so that the denominator doesn't know this gradient
θ ← θ − η u

Sources: Zhuang et al. 2020, arXiv:2010.07468, algorithm 2; Zhuang et al. 2021, arXiv:2110.05454. In the papers eps
and eps_root are one ε; they are two in optax, whose defaults these are. eps_root is added to s itself and so
gathers. ACProp's first update has no s' yet and divides by 1 + eps, as in optax (the authors' code by 1). optax centers
ACProp's gradient on the mean before this update (`centered_on_previous`), where the paper, its code and optax's own
documentation have the mean with it; then s lacks the factor b1². The rectified forms of the authors' code are left out.
"""

import jax.numpy as jnp

from jgd.core import tree
from jgd.core.optimizer import Optimizer, chain
from jgd.core.record import hyper, record, static_field
from jgd.core.spellings import builder
from jgd.core.transform import Context, Transform
from jgd.core.types import Params, Scalar
from jgd.optimizers.adam import AdamState, over_root
from jgd.transforms import Mean, ScaleByLearningRate


@record
class ScaleByBelief(Transform):
    """u = m̂ / (√ŝ + eps); asynchronous: u = g / (√ŝ' + eps)."""

    entrywise = True

    b1: Scalar = hyper("[0, 1)")
    b2: Scalar = hyper("[0, 1)")
    eps: Scalar = hyper(">= 0")
    eps_root: Scalar = hyper(">= 0")
    asynchronous: bool = static_field(default=False)
    centered_on_previous: bool = static_field(default=False)

    def init(self, params: Params) -> AdamState:
        return AdamState.like(params)

    def update(self, grads: Params, moments: AdamState, context: Context) -> tuple[Params, AdamState]:
        eps, eps_root = context.at(self.eps), context.at(self.eps_root)
        mean = moments.mean.absorb(context.at(self.b1), grads)
        center = moments.mean.total if self.centered_on_previous else mean.total
        square = moments.square.absorb(context.at(self.b2), tree.square(tree.subtract(grads, center)))
        square = Mean(tree.map(lambda s: s + eps_root, square.total), square.weight)
        if not self.asynchronous:
            return over_root(mean.value(), square.value(), eps), AdamState(mean, square)
        first = moments.square.weight == 0
        before = tree.map(lambda s: jnp.where(first, jnp.ones_like(s), s), moments.square.value())
        return over_root(grads, before, eps), AdamState(mean, square)


@builder
def adabelief(
    learning_rate: Scalar,
    b1: Scalar = 0.9,
    b2: Scalar = 0.999,
    eps: Scalar = 1e-16,
    *,
    eps_root: Scalar = 1e-16,
) -> Optimizer:
    """AdaBelief: s ← b2 s + (1 − b2) (g − m)² + eps_root, θ ← θ − η m̂ / (√ŝ + eps).

    Args:
        learning_rate: η > 0, a number or a schedule.
        b1: In [0, 1), what the mean of the gradients keeps at a step. Default: 0.9.
        b2: In [0, 1), what s keeps at a step. Default: 0.999.
        eps: ≥ 0, added to the root. Default: 1e-16.
        eps_root: ≥ 0, added to s at every step; without it a constant gradient's s falls to 0. Default: 1e-16.

    Returns:
        The optimizer, a record whose numbers are leaves.

    Raises:
        JgdValueError: For a number outside its range.
        JgdTypeError: For an argument of another kind.

    Example:
        >>> optimizer = adabelief(0.09)
        >>> updates, _ = optimizer.update(jnp.array([-4.0]), optimizer.init(jnp.ones(1)), jnp.ones(1))
        >>> round(float(updates[0]), 6)  # g − m is 0.9 g at first
        0.1
    """
    return chain(ScaleByBelief(b1, b2, eps, eps_root), ScaleByLearningRate(learning_rate))


@builder
def acprop(
    learning_rate: Scalar,
    b1: Scalar = 0.9,
    b2: Scalar = 0.999,
    eps: Scalar = 1e-16,
    *,
    eps_root: Scalar = 1e-16,
    centered_on_previous: bool = False,
) -> Optimizer:
    """ACProp: θ ← θ − η g / (√ŝ' + eps), with AdaBelief's s of the update before.

    The first update is θ ← θ − η g / (1 + eps).

    Args:
        learning_rate: η > 0, a number or a schedule.
        b1: In [0, 1), what the mean of the gradients keeps at a step. Default: 0.9.
        b2: In [0, 1), what s keeps at a step. Default: 0.999.
        eps: ≥ 0, added to the root. Default: 1e-16.
        eps_root: ≥ 0, added to s at every step. Default: 1e-16.
        centered_on_previous: True takes (g − m')², m' the mean before this gradient, as optax does; structure. Default:
            False.

    Returns:
        The optimizer, a record whose numbers are leaves.

    Raises:
        JgdValueError: For a number outside its range.
        JgdTypeError: For an argument of another kind.

    Example:
        >>> optimizer = acprop(0.125)
        >>> updates, _ = optimizer.update(jnp.array([-4.0]), optimizer.init(jnp.ones(1)), jnp.ones(1))
        >>> updates.tolist()
        [0.5]
    """
    return chain(ScaleByBelief(b1, b2, eps, eps_root, True, centered_on_previous), ScaleByLearningRate(learning_rate))
