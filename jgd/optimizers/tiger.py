"""Tiger: the sign of the mean gradient, as long as the weights of its layer.

m ← b m + (1 − b) g
matrices:    θ ← θ − η RMS(θ) (sign(m) + weight_decay θ)
embeddings:  the same, with the RMS of each row
the rest:    θ ← θ − η/2 sign(m)

Source: Su 2023, kexue.fm/archives/9512, and his code (github.com/bojone/tiger), whose defaults these are; it finds biases and gains by
name, here they are the leaves of less than two axes and those that `plain` names. A matrix of zeros stays where it is, as
there: it has no length. Micro-batches are `jgd.transforms.Accumulate`, its schedule is any of `jgd.schedules`, and for its
shrinking of weights at a NaN there is `jgd.transforms.SkipNonFinite`. Neither torch nor optax has it.
"""

from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp
from jax import Array

from jgd.core import checks, tree
from jgd.core.masks import Mask
from jgd.core.optimizer import Optimizer, chain
from jgd.core.paths import listed
from jgd.core.record import hyper, record, static_field
from jgd.core.spellings import builder
from jgd.core.transform import Context, Transform
from jgd.core.types import Params, Scalar
from jgd.optimizers.lion import ScaleByLion
from jgd.transforms import ScaleByLearningRate
from jgd.transforms.decay import decaying, held
from jgd.transforms.matrices import MatrixGroups

MATRIX, PLAIN, EMBEDDING = range(3)


@record
class ScaleByWeights(Transform):
    """u ← RMS(θ) (u + weight_decay θ) for matrices, u / 2 for the rest."""

    weight_decay: Scalar = hyper(">= 0")
    rule: MatrixGroups = static_field()
    mask: Any = static_field(default=None)  # as `held` makes it
    per_leaf = True

    def update(self, updates: Params, state: tuple[()], context: Context) -> tuple[Params, tuple[()]]:
        decay, kinds = context.at(self.weight_decay), iter(self.rule(updates))

        def one(u: Array, w: Array, decayed: Array) -> Array:
            kind = next(kinds)
            if kind == PLAIN:
                return u / 2
            axes = -1 if kind == EMBEDDING else tuple(range(w.ndim))
            mean = jnp.sum(jnp.square(w), axis=axes, keepdims=True) / max(1, w.shape[-1] if axes == -1 else w.size)
            return tree.safe_sqrt(mean) * (u + decay * decayed)

        return tree.map(one, updates, context.params, decaying(self.mask, context)), state


@builder
def tiger(
    learning_rate: Scalar = 1e-3,
    beta: Scalar = 0.965,
    *,
    weight_decay: Scalar = 0.01,
    mask: Mask | None = None,
    embeddings: str | Sequence[str] = (),
    plain: str | Sequence[str] = (),
) -> Optimizer:
    """Tiger: θ ← θ − η RMS(θ) (sign(m) + weight_decay θ), m the mean gradient; vectors move by η/2 sign(m).

    Args:
        learning_rate: η > 0, relative to the weights, a number or a schedule. Default: 1e-3.
        beta: In [0, 1), what the mean of the gradients keeps at a step. Default: 0.965.
        weight_decay: λ ≥ 0 of matrices, multiplied by their rate. Default: 0.01.
        mask: The matrices that decay: patterns of their paths, a tree of bools, or a predicate of the leaf; structure.
            None for all.
        embeddings: Patterns of the paths of matrices whose rows have a rate each; structure. Default: ().
        plain: Patterns of the paths of matrices that move as vectors do; structure. Default: ().

    Returns:
        The optimizer, a record whose numbers are leaves.

    Raises:
        JgdValueError: For a number outside its range, or a pattern that matches no leaf.
        JgdTypeError: For an argument of another kind.

    Example:
        >>> optimizer, w = tiger(0.1, weight_decay=0.0), jnp.full((2, 2), 3.0)
        >>> updates, _ = optimizer.update(jnp.eye(2), optimizer.init(w), w)
        >>> (updates + 0).round(3).tolist()
        [[-0.3, 0.0], [0.0, -0.3]]
    """
    rule = MatrixGroups((listed("plain", plain), listed("embeddings", embeddings)), vectors=PLAIN)
    with checks.renamed(b1="beta", b2="beta"):
        direction = ScaleByLion(beta, beta)
    return chain(direction, ScaleByWeights(weight_decay, rule, held(mask)), ScaleByLearningRate(learning_rate))
