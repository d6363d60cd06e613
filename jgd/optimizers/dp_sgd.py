"""DP-SGD: each example's gradient clipped, and noise that hides any one of them.

g_i ← g_i / max(1, ‖g_i‖ / C)              for each example i of the batch, the norm over all leaves
g = (Σ g_i + σ C z) / n,  z ~ N(0, I)
θ ← θ − η g                                (or the heavy ball's v ← γ v + g, θ ← θ − η v)

Source: Abadi et al. 2016, arXiv:1607.00133, algorithm 1; optax's `dpsgd` is the same. n is the number of examples in the
batch. Nothing here computes (ε, δ): that takes an accountant, which must know σ, the number of steps and how batches are
drawn (the paper's draws each example independently; epochs of a permutation are another mechanism). What else looks at
the data, a line search or a reported loss, is not covered by the noise.
"""

import jax
import jax.numpy as jnp

from jgd.core import seeds, tree
from jgd.core.optimizer import Optimizer, chain
from jgd.core.record import hyper, record, static_field
from jgd.core.spellings import builder
from jgd.core.transform import Context
from jgd.core.types import Params, Scalar
from jgd.optimizers.momentum import Trace
from jgd.transforms import DrawsNoise, Noise, ScaleByLearningRate


@record
class PrivateGradient(DrawsNoise):
    """g = (Σ clipped g_i + σ C z) / n. It takes its own gradients, so it ignores the updates and must be first."""

    l2_norm_clip: Scalar = hyper("> 0")
    noise_multiplier: Scalar = hyper(">= 0")
    seed: int = static_field(default=0)
    ignores_updates = True

    def __post_init__(self) -> None:
        seeds.check(self.seed)

    def init(self, params: Params) -> Noise:
        return Noise.of(self.seed)

    def update(self, updates: Params, noise: Noise, context: Context) -> tuple[Params, Noise]:
        each = context.example_gradients("dp_sgd")
        if not tree.leaves(each):
            return updates, noise
        C, sigma = context.at(self.l2_norm_clip), context.at(self.noise_multiplier)
        norms = jax.vmap(tree.norm)(each)
        kept = jnp.minimum(jnp.ones_like(norms), tree.safe_divide(C, norms))
        total = tree.map(lambda g: jnp.tensordot(kept, g, 1, precision=jax.lax.Precision.HIGHEST), each)
        z = noise.like(context.step, total)
        return tree.map(lambda g, z: (g + sigma * C * z) / norms.size, total, z), noise


@builder
def dp_sgd(
    learning_rate: Scalar,
    l2_norm_clip: Scalar,
    noise_multiplier: Scalar,
    *,
    momentum: Scalar = 0.0,
    nesterov: bool = False,
    seed: int = 0,
) -> Optimizer:
    """DP-SGD: θ ← θ − η (Σ clip(g_i) + σ C z) / n. It does no privacy accounting.

    `update` needs `loss=jgd.OnBatch(loss, batch)`, which `jgd.step`, `jgd.train` and `jgd.sweep` give; all examples'
    gradients are in memory at once, and the loss must be a mean or a sum over examples.

    Args:
        learning_rate: η > 0, a number or a schedule.
        l2_norm_clip: C > 0, the longest gradient of an example.
        noise_multiplier: σ ≥ 0, the noise's deviation over C.
        momentum: In [0, 1), of the noisy gradients. Default: 0.0.
        nesterov: Nesterov's form of it; structure. Default: False.
        seed: Seed of the noise, a whole number; structure. `jgd.train` and `jgd.sweep` mix the run's own in. Default:
            0.

    Returns:
        The optimizer, a record whose numbers are leaves.

    Raises:
        JgdValueError: For a number outside its range.
        JgdTypeError: For an argument of another kind.

    Example:
        >>> import jgd
        >>> loss = lambda w, rows: jnp.mean(rows * w)
        >>> optimizer, rows = dp_sgd(1.0, l2_norm_clip=2.0, noise_multiplier=0.0), jnp.array([1.0, -8.0])
        >>> jgd.step(loss, optimizer, jgd.start(optimizer, jnp.zeros(())), rows)[0].params.tolist()
        0.5
    """
    return chain(
        PrivateGradient(l2_norm_clip, noise_multiplier, seed),
        Trace(momentum, nesterov),
        ScaleByLearningRate(learning_rate),
    )
