"""Transforms that reshape the gradient before an algorithm sees it: its length, its mean, its state, its noise.

normalize      u = g / (‖g‖ + eps), ‖g‖ over all leaves
centralize     u = g − mean(g), the mean over what feeds each output
average        a ← b a + (1 − b) g, u = a / (its weight)
add noise      u = g + N(0, σ²), σ² = η / (1 + t)^γ

Sources: Hazan, Levy & Shalev-Shwartz 2015, arXiv:1507.02030, algorithm 1 (normalized); Yong et al. 2020,
arXiv:2004.01461, equation 1 (centralized); Neelakantan et al. 2015, arXiv:1511.06807, section 3 (noise).
"""

from jgd.core import checks, seeds, tree
from jgd.core.record import hyper, record, static_field
from jgd.core.transform import Context, Transform
from jgd.core.types import Params, Scalar
from jgd.transforms.means import Mean
from jgd.transforms.noise import DrawsNoise, Noise


@record
class NormalizeByGlobalNorm(Transform):
    """u = g / (‖g‖ + eps), ‖g‖ over all leaves together; a zero gradient stays zero at eps = 0 too.

    Args:
        eps: Added to the norm, also a schedule. ≥ 0. Default: 0.0.

    Example:
        >>> import jgd, jax.numpy as jnp
        >>> optimizer = jgd.chain(NormalizeByGlobalNorm(), jgd.transforms.ScaleByLearningRate(1.0))
        >>> optimizer.update(jnp.array([3.0, 4.0]), optimizer.init(jnp.ones(2)), jnp.ones(2))[0].tolist()
        [-0.6, -0.8]
    """

    eps: Scalar = hyper(">= 0", default=0.0)

    def update(self, updates: Params, state: tuple[()], context: Context) -> tuple[Params, tuple[()]]:
        length = tree.norm(updates) + context.at(self.eps)
        return tree.map(lambda g: tree.safe_divide(g, length), updates), state


@record
class Centralize(Transform):
    """u = g − mean(g) for each output of a weight matrix or convolution; vectors and scalars pass unchanged.

    Args:
        output_axis: The axis of the outputs; the mean is over all other axes. −1 is the layout of JAX, (in, out) and
            (height, width, in, out); 0 is torch's (out, in), which optax's `centralize` takes for granted. Structure.
            Default: -1.

    Raises:
        JgdValueError: At an update, for an axis that a matrix has not.

    Example:
        >>> import jgd, jax.numpy as jnp
        >>> optimizer = jgd.chain(Centralize(), jgd.transforms.ScaleByLearningRate(1.0))
        >>> params = jnp.ones((2, 1))
        >>> optimizer.update(jnp.array([[1.0], [3.0]]), optimizer.init(params), params)[0].tolist()
        [[1.0], [-1.0]]
    """

    output_axis: int = static_field(default=-1)
    per_leaf = True

    def update(self, updates: Params, state: tuple[()], context: Context) -> tuple[Params, tuple[()]]:
        def one(g):
            if g.ndim < 2 or g.size == 0:
                return g
            if not -g.ndim <= self.output_axis < g.ndim:
                raise checks.JgdValueError(
                    f"output_axis must be an axis of every matrix, got {self.output_axis} for {g.shape}",
                    argument="output_axis",
                )
            return g - g.mean(axis=tuple(i for i in range(g.ndim) if i != self.output_axis % g.ndim), keepdims=True)

        return tree.map(one, updates), state


@record
class EmaOfUpdates(Transform):
    """a ← decay · a + (1 − decay) · g, u = a over its weight (debias) or a itself.

    Args:
        decay: What the mean keeps at a step, also a schedule. In [0, 1).
        debias: Whether a is divided by its weight. Structure. Default: True.

    Example:
        >>> import jgd, jax.numpy as jnp
        >>> optimizer = jgd.chain(EmaOfUpdates(0.5), jgd.transforms.ScaleByLearningRate(1.0))
        >>> state = optimizer.init(jnp.ones(1))
        >>> for gradient in (1.0, 4.0):
        ...     updates, state = optimizer.update(jnp.array([gradient]), state, jnp.ones(1))
        >>> updates.tolist()
        [-3.0]
    """

    decay: Scalar = hyper("[0, 1)")
    debias: bool = static_field(default=True)

    def init(self, params: Params) -> Mean:
        return Mean.like(params)

    def update(self, updates: Params, mean: Mean, context: Context) -> tuple[Params, Mean]:
        mean = mean.absorb(context.at(self.decay), updates)
        return mean.value() if self.debias else mean.total, mean


@record
class AddNoise(DrawsNoise):
    """Noise for the gradient: u = g + N(0, η / (1 + t)^γ), anew for each entry and step t = 0, 1, ….

    Args:
        eta: η, the variance at the first step, also a schedule; the paper tries 0.01, 0.3 and 1. ≥ 0.
        gamma: γ, how fast the variance falls, also a schedule. ≥ 0. Default: 0.55.
        seed: Which numbers are drawn; `jgd.train` and `jgd.sweep` mix their own in. Structure. Default: 0.

    Raises:
        JgdValueError: For a number outside its range.

    Example:
        >>> import jgd, jax.numpy as jnp
        >>> optimizer = jgd.chain(AddNoise(eta=0.01), jgd.transforms.ScaleByLearningRate(1.0))
        >>> updates, _ = optimizer.update(jnp.zeros(2), optimizer.init(jnp.ones(2)), jnp.ones(2))
        >>> updates.shape, bool((updates != 0).all())
        ((2,), True)
    """

    eta: Scalar = hyper(">= 0")
    gamma: Scalar = hyper(">= 0", default=0.55)
    seed: int = static_field(default=0)

    def __post_init__(self) -> None:
        seeds.check(self.seed)

    def init(self, params: Params) -> Noise:
        return Noise.of(self.seed)

    def update(self, updates: Params, noise: Noise, context: Context) -> tuple[Params, Noise]:
        t = context.step.astype(tree.compute_dtype(context.params))
        deviation = tree.safe_sqrt(context.at(self.eta) / (1 + t) ** context.at(self.gamma))
        drawn = noise.like(context.step, updates)
        return tree.map(lambda g, n: g + deviation * n, updates, drawn), noise
