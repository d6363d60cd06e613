"""What APOLLO, Fira and (of signs) GaLore share: stacks with the shorter side first, steps scaled by what Adam does at a low rank."""

import jax
import jax.numpy as jnp
from jax import Array

from jgd.core import tree
from jgd.core.types import Params
from jgd.optimizers.adam import AdamState, over_root
from jgd.transforms.matrices import Matrices, axes_of

TINY = 1e-8  # the authors', added to the norms that divide


def oriented(stack: Array) -> Array:
    """(stack, short, long) of a (stack, inputs, outputs); turning it once more turns it back."""
    return stack if stack.shape[-2] <= stack.shape[-1] else stack.mT


def stacks_of(params: Params, matrices: Matrices) -> list[Array]:
    """Each leaf as a stack of matrices, (stack, short, long)."""
    pairs = zip(axes_of(params, matrices), jax.tree.leaves(params), strict=True)
    return [oriented(axes.stack(leaf)) for axes, leaf in pairs]


def tree_of(stacks: list[Array], params: Params, matrices: Matrices) -> Params:
    """The stacks as leaves like those of `params` again."""
    leaves, structure = jax.tree.flatten(params)
    made = []
    for axes, stack, leaf in zip(axes_of(params, matrices), stacks, leaves, strict=True):
        rows, columns, _ = axes.sizes(leaf.shape)
        made.append(axes.unstack(stack if rows <= columns else stack.mT, leaf.shape))
    return structure.unflatten(made)


def turned_least(old: Array, new: Array) -> Array:
    """Singular vectors, in columns, whose signs are arbitrary, each with the one nearer to the vector before it."""
    return jnp.where(jnp.sum(old * new, axis=-2, keepdims=True) < 0, -new, new)


def by_adam(moments: AdamState, eps: Array) -> tuple[Params, Array]:
    """(m / (√v + eps), √(1 − b2ᵗ) / (1 − b1ᵗ)): Adam's direction as it is before its bias is corrected, and the correction."""
    correction = tree.safe_divide(tree.safe_sqrt(moments.square.weight), moments.mean.weight)
    return over_root(moments.mean.total, moments.square.total, eps), correction


def norm_ratio(made: Array, given: Array, axes: tuple[int, ...]) -> Array:
    """‖made‖ / (‖given‖ + 1e-8) over some axes, which stay as 1."""
    norm = lambda x: tree.safe_sqrt(jnp.sum(jnp.square(x), axis=axes, keepdims=True))
    return norm(made) / (norm(given) + TINY)


def limited(step: Array, before: Array, growth: Array | None) -> tuple[Array, Array]:
    """Each matrix of a (stack, m, n), made no longer than growth · the one before, and its length, (stack,); None: no limit.

    The first matrix, and one after a 0, is as long as it is.
    """
    length = tree.safe_sqrt(jnp.sum(jnp.square(step), axis=(-2, -1)))
    if growth is None:
        return step, length
    over = jnp.where(before > 0, jnp.maximum(length / (before + TINY) / growth, 1), 1)
    return step / over[:, None, None], length / over
