"""RMSProp: the gradient over its own recent root mean square.

E ← decay E + (1 − decay) g²
u = g / √(E + eps)
θ ← θ − η u

`centered`, Graves' form, divides by the standard deviation instead:
m ← decay m + (1 − decay) g
u = g / √(E − m² + eps)
With momentum γ: v ← γ v + u, θ ← θ − η v (nesterov: θ ← θ − η (u + γ v)).

Source: Tieleman & Hinton 2012, Coursera lecture 6.5; centered and with momentum: Graves 2013, arXiv:1308.0850,
equations 38 to 45. eps stands inside the root, as in the lectures, in Graves and in optax; torch adds it outside
(`eps_in_sqrt=False`). E starts at `initial_scale`, 0 as in torch (TensorFlow's starts at 1), uncorrected;
`bias_correction=True` divides E and m by the means' weights. η stands outside the velocity, as in torch; Graves and
optax have v ← γ v + η u, which agrees while η is constant. E − m² is no less than 0: rounding can make it negative,
where torch and optax (eps outside the root) return NaN.
"""

import jax.numpy as jnp

from jgd.core import checks, tree
from jgd.core.optimizer import Optimizer, chain
from jgd.core.record import hyper, record, static_field
from jgd.core.spellings import builder
from jgd.core.transform import Context, Transform
from jgd.core.types import Params, Scalar
from jgd.optimizers.adagrad import scale_by_root
from jgd.optimizers.momentum import Trace
from jgd.transforms import Mean, ScaleByLearningRate


@record
class RmsState:
    """The mean of the squared gradients, and where centered that of the gradients."""

    square: Mean  # E, of the squared gradients
    mean: Mean | None  # m, of the gradients, where centered


@record
class ScaleByRms(Transform):
    """u = g / √(E + eps), centered g / √(E − m² + eps)."""

    entrywise = True

    decay: Scalar = hyper("[0, 1)")
    eps: Scalar = hyper(">= 0")
    initial_scale: float = hyper(">= 0", schedule=False, default=0.0)
    eps_in_sqrt: bool = static_field(default=True)
    centered: bool = static_field(default=False)
    bias_correction: bool = static_field(default=False)

    def init(self, params: Params) -> RmsState:
        start = jnp.asarray(self.initial_scale)
        empty = Mean.like(params)
        square = Mean(tree.map(lambda zeros: zeros + start.astype(zeros.dtype), empty.total), empty.weight)
        return RmsState(square, Mean.like(params) if self.centered else None)

    def update(self, grads: Params, state: RmsState, context: Context) -> tuple[Params, RmsState]:
        decay, known = context.at(self.decay), lambda mean: mean.value() if self.bias_correction else mean.total
        square, mean = state.square.absorb(decay, tree.square(grads)), state.mean
        squares = known(square)
        if mean is not None:
            mean = mean.absorb(decay, grads)
            squares = tree.map(lambda E, m: jnp.maximum(E - m**2, 0), squares, known(mean))
        return scale_by_root(grads, squares, context.at(self.eps), self.eps_in_sqrt), RmsState(square, mean)


@builder
def rmsprop(
    learning_rate: Scalar,
    decay: Scalar = 0.9,
    eps: Scalar = 1e-8,
    *,
    initial_scale: float = 0.0,
    eps_in_sqrt: bool = True,
    centered: bool = False,
    momentum: Scalar | None = None,
    nesterov: bool = False,
    bias_correction: bool = False,
) -> Optimizer:
    """RMSProp: E ← decay E + (1 − decay) g², θ ← θ − η g / √(E + eps).

    Args:
        learning_rate: η > 0, a number or a schedule.
        decay: In [0, 1), what the mean of the squares keeps at a step (torch's alpha). Default: 0.9.
        eps: ≥ 0. Default: 1e-8.
        initial_scale: E at the start, ≥ 0, no schedule. Default: 0.0.
        eps_in_sqrt: False is torch's g / (√E + eps); structure. Default: True.
        centered: Whether the deviation takes the root's place; structure. With bias_correction it is 0 at the first
            step, whose length is |g| / √eps. Default: False.
        momentum: γ in [0, 1), or None for none.
        nesterov: Nesterov's form of the momentum, which it needs; structure. Default: False.
        bias_correction: Whether the means are corrected for their start; structure. Default: False.

    Returns:
        The optimizer, a record whose numbers are leaves.

    Raises:
        JgdValueError: For a number outside its range.
        JgdTypeError: For an argument of another kind.

    Example:
        >>> optimizer = rmsprop(0.01)
        >>> updates, _ = optimizer.update(jnp.array([-4.0]), optimizer.init(jnp.ones(1)), jnp.ones(1))
        >>> updates.tolist()
        [0.0316]
    """
    if nesterov and momentum is None:
        raise checks.JgdValueError("nesterov needs a momentum, got momentum=None", argument="nesterov")
    scale = ScaleByRms(decay, eps, initial_scale, eps_in_sqrt, centered, bias_correction)
    return chain(scale, *([] if momentum is None else [Trace(momentum, nesterov)]), ScaleByLearningRate(learning_rate))
