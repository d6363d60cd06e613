"""Quasi-hyperbolic momentum and Adam: the plain gradient and its mean, mixed.

qhm:     m ← β m + (1 − β) g                           θ ← θ − η ((1 − ν) g + ν m)
qhadam:  m, v: Adam's, their biases corrected          θ ← θ − η ((1 − ν1) g + ν1 m̂) / (√((1 − ν2) g² + ν2 v̂) + eps)

Source: Ma & Yarats 2019, arXiv:1810.06801, equations 3, 4 and 8. ν = 0 is plain descent, ν = 1 momentum (with 1 − β in it);
ν1 = ν2 = 1 is Adam, ν1 = b1 simplified Nadam's like. The defaults are the authors' rules of thumb. Neither torch nor optax
has them.
"""

from jgd.core import tree
from jgd.core.optimizer import Optimizer, chain
from jgd.core.record import hyper, record
from jgd.core.spellings import builder
from jgd.core.transform import Context, Transform
from jgd.core.types import Params, Scalar
from jgd.optimizers.adam import AdamState, over_root
from jgd.transforms import ScaleByLearningRate


@record
class QuasiHyperbolic(Transform):
    """m ← β m + (1 − β) g, u = (1 − ν) g + ν m. The state is m, shaped as the parameters."""

    entrywise = True

    momentum: Scalar = hyper("[0, 1)")
    nu: Scalar = hyper("[0, 1]")

    def init(self, params: Params) -> Params:
        return tree.zeros_like(params)

    def update(self, grads: Params, mean: Params, context: Context) -> tuple[Params, Params]:
        mean = tree.lerp(context.at(self.momentum), mean, grads)
        return tree.lerp(context.at(self.nu), mean, grads), mean


@record
class ScaleByQhadam(Transform):
    """u = ((1 − ν1) g + ν1 m̂) / (√((1 − ν2) g² + ν2 v̂) + eps)."""

    entrywise = True

    b1: Scalar = hyper("[0, 1)")
    b2: Scalar = hyper("[0, 1)")
    nu1: Scalar = hyper("[0, 1]")
    nu2: Scalar = hyper("[0, 1]")
    eps: Scalar = hyper(">= 0")

    def init(self, params: Params) -> AdamState:
        return AdamState.like(params)

    def update(self, grads: Params, moments: AdamState, context: Context) -> tuple[Params, AdamState]:
        moments = moments.absorb(context.at(self.b1), context.at(self.b2), grads)
        mean = tree.lerp(context.at(self.nu1), moments.mean.value(), grads)
        square = tree.lerp(context.at(self.nu2), moments.square.value(), tree.square(grads))
        return over_root(mean, square, context.at(self.eps)), moments


@builder
def qhm(
    learning_rate: Scalar,
    momentum: Scalar = 0.999,
    nu: Scalar = 0.7,
) -> Optimizer:
    """QHM: m ← β m + (1 − β) g, θ ← θ − η ((1 − ν) g + ν m).

    Args:
        learning_rate: η > 0, a number or a schedule.
        momentum: β in [0, 1), what the mean keeps at a step. Default: 0.999.
        nu: ν in [0, 1], the share of the mean in the step. Default: 0.7.

    Returns:
        The optimizer, a record whose numbers are leaves.

    Raises:
        JgdValueError: For a number outside its range.
        JgdTypeError: For an argument of another kind.

    Example:
        >>> import jax.numpy as jnp
        >>> optimizer = qhm(1.0, momentum=0.5, nu=0.5)
        >>> updates, _ = optimizer.update(jnp.array([4.0]), optimizer.init(jnp.ones(1)), jnp.ones(1))
        >>> updates.tolist()
        [-3.0]
    """
    return chain(QuasiHyperbolic(momentum, nu), ScaleByLearningRate(learning_rate))


@builder
def qhadam(
    learning_rate: Scalar,
    b1: Scalar = 0.995,
    b2: Scalar = 0.999,
    eps: Scalar = 1e-8,
    *,
    nu1: Scalar = 0.7,
    nu2: Scalar = 1.0,
) -> Optimizer:
    """QHAdam: θ ← θ − η ((1 − ν1) g + ν1 m̂) / (√((1 − ν2) g² + ν2 v̂) + eps).

    Args:
        learning_rate: η > 0, a number or a schedule.
        b1: In [0, 1), what the mean of the gradients keeps at a step. Default: 0.995.
        b2: In [0, 1), what the mean of their squares keeps at a step. Default: 0.999.
        eps: ≥ 0, added to the root. Default: 1e-8.
        nu1: In [0, 1], the share of the mean gradient. Default: 0.7.
        nu2: In [0, 1], the share of the mean square. Default: 1.0.

    Returns:
        The optimizer, a record whose numbers are leaves.

    Raises:
        JgdValueError: For a number outside its range.
        JgdTypeError: For an argument of another kind.

    Example:
        >>> import jax.numpy as jnp
        >>> optimizer = qhadam(0.1)
        >>> updates, _ = optimizer.update(jnp.array([-4.0]), optimizer.init(jnp.ones(1)), jnp.ones(1))
        >>> updates.tolist()
        [0.1]
    """
    return chain(ScaleByQhadam(b1, b2, nu1, nu2, eps), ScaleByLearningRate(learning_rate))
