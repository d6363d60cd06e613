"""RMSProp: the gradient over its own recent root mean square.

E ← decay E + (1 − decay) g²
u = g / √(E + eps)
θ ← θ − η u

Source: Tieleman & Hinton 2012, Coursera lecture 6.5. eps stands inside the root, as in the lectures and in optax;
torch adds it outside (`eps_in_sqrt=False`). E starts at 0 uncorrected; `bias_correction=True` divides it by its weight.
"""

from jgd.core import tree
from jgd.core.optimizer import Optimizer, chain
from jgd.core.record import hyper, record, static
from jgd.core.types import Context, Params, Scalar
from jgd.links import Descend, Mean
from jgd.optimizers.adagrad import scale_by_root


@record
class ScaleByRms:
    """u = g / √(E + eps). The memory is the mean E of g²."""

    decay: Scalar = hyper("[0, 1)")
    eps: Scalar = hyper(">= 0")
    eps_in_sqrt: bool = static()
    bias_correction: bool = static()

    def init(self, params: Params) -> Mean:
        return Mean.like(params)

    def apply(self, grads: Params, mean: Mean, context: Context) -> tuple[Params, Mean]:
        mean = mean.absorb(context.at(self.decay), tree.square(grads))
        squares = mean.value() if self.bias_correction else mean.total
        return scale_by_root(grads, squares, context.at(self.eps), self.eps_in_sqrt), mean


def rmsprop(
    learning_rate: Scalar,
    decay: Scalar = 0.9,
    eps: Scalar = 1e-8,
    eps_in_sqrt: bool = True,
    bias_correction: bool = False,
) -> Optimizer:
    """RMSProp: E ← decay E + (1 − decay) g², θ ← θ − η g / √(E + eps).

    learning_rate: > 0. decay: in [0, 1) (torch's alpha). eps: ≥ 0. eps_in_sqrt, bias_correction: structure.

    >>> import jax.numpy as jnp
    >>> optimizer = rmsprop(0.01)
    >>> updates, _ = optimizer.update(jnp.array([-4.0]), optimizer.init(jnp.ones(1)), jnp.ones(1))
    >>> updates.tolist()
    [0.0316]
    """
    return chain(ScaleByRms(decay, eps, eps_in_sqrt, bias_correction), Descend(learning_rate))
