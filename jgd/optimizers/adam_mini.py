"""Adam-mini: one second moment for a block of parameters, where Adam has one for each.

m ← b1 m + (1 − b1) g
v ← b2 v + (1 − b2) mean of g² over the block
u = m̂ / (√v̂ + eps)
θ ← θ − η (u + weight_decay θ)

Source: Zhang et al. 2024, arXiv:2406.16793. The blocks are the smallest dense blocks of the Hessian. In a Transformer
the paper has a head of the queries and keys, an output neuron of the other matrices, and a token of the embedding and
output layers (the authors' code began with Adam's entries there, and one block for each other tensor); elsewhere a
whole tensor. A tree of arrays doesn't know which leaf is which, so `blocks` says it by path: the axes along which each
index is a block of its own. () is one block a leaf, (0,) a block for each row, "entry" Adam's. A block for each head
needs a leaf with an axis of heads. The code decays no normalization layer; here every leaf decays.
"""

import math
from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array

from jgd.core import checks, tree
from jgd.core.masks import Mask, first_match
from jgd.core.optimizer import Optimizer, chain
from jgd.core.record import hyper, record, static_field
from jgd.core.spellings import builder
from jgd.core.transform import Context, Transform
from jgd.core.types import Params, Scalar
from jgd.optimizers.adam import AdamState, over_root
from jgd.optimizers.masked_decay import decay
from jgd.transforms import Mean, ScaleByLearningRate

Blocks = tuple[int, ...] | str  # the axes that tell blocks apart, or "entry"


@record
class ScaleByAdamMini(Transform):
    """u = m̂ / (√v̂ + eps), v of blocks."""

    b1: Scalar = hyper("[0, 1)")
    b2: Scalar = hyper("[0, 1)")
    eps: Scalar = hyper(">= 0")
    blocks: tuple[tuple[str, Blocks], ...] = static_field()  # (pattern, blocks): a leaf takes the first that matches
    per_leaf = True

    def init(self, params: Params) -> AdamState:
        empty = AdamState.like(params)
        return AdamState(empty.mean, Mean(self._means(empty.square.total), empty.square.weight))

    def update(self, grads: Params, moments: AdamState, context: Context) -> tuple[Params, AdamState]:
        mean = moments.mean.absorb(context.at(self.b1), grads)
        square = moments.square.absorb(context.at(self.b2), self._means(tree.square(grads)))
        return over_root(mean.value(), square.value(), context.at(self.eps)), AdamState(mean, square)

    def _means(self, squares: Params) -> Params:
        """Each leaf's means over its blocks, with length 1 along the axes that a block spans."""
        leaves, structure = jax.tree.flatten(squares)
        chosen = first_match([pattern for pattern, _ in self.blocks], squares)
        means = [block_means(leaf, *self.blocks[i]) for leaf, i in zip(leaves, chosen, strict=True)]
        return jax.tree.unflatten(structure, means)


def block_means(x: Array, pattern: str, blocks: Blocks) -> Array:
    """The means over the blocks of one leaf; 0 where a block is empty."""
    if isinstance(blocks, str):  # "entry"
        return x
    if any(not -x.ndim <= axis < x.ndim for axis in blocks):
        raise checks.JgdValueError(
            f"blocks[{pattern!r}] must be axes of its leaves, got {blocks} for shape {x.shape}", argument="blocks"
        )
    spanned = tuple(set(range(x.ndim)) - {axis % x.ndim for axis in blocks})
    size = math.prod(x.shape[axis] for axis in spanned)
    return jnp.sum(x, axis=spanned, keepdims=True) / max(size, 1)


@builder
def adam_mini(
    learning_rate: Scalar,
    b1: Scalar = 0.9,
    b2: Scalar = 0.999,
    eps: Scalar = 1e-8,
    *,
    weight_decay: Scalar = 0.0,
    mask: Mask | None = None,
    blocks: Mapping[str, Blocks] | None = None,
) -> Optimizer:
    """Adam-mini: v ← b2 v + (1 − b2) mean of g² over a block, θ ← θ − η (m̂ / (√v̂ + eps) + weight_decay θ).

    Defaults: the authors' code's.

    Args:
        learning_rate: η > 0, a number or a schedule.
        b1: In [0, 1), what the mean of the gradients keeps at a step. Default: 0.9.
        b2: In [0, 1), what a block's mean square keeps at a step. Default: 0.999.
        eps: ≥ 0, added to the root. Default: 1e-8.
        weight_decay: λ ≥ 0, beside the gradient (decoupled) and multiplied by the learning rate. Default: 0.0.
        mask: The leaves that decay: patterns of their paths, a tree of bools, or a predicate of the leaf such as
            `lambda x: x.ndim > 1`; structure. None for all.
        blocks: {path pattern: axes that tell blocks apart, or "entry"}, such as {"embedding": (0,), "query": (1,), "*":
            ()} with queries of shape (features, heads, width); structure. None for one block a leaf.

    Returns:
        The optimizer, a record whose numbers are leaves.

    Raises:
        JgdTypeError: For an argument of another kind, such as blocks that are no mapping.
        JgdValueError: For a number outside its range; and, when it first sees the parameters, for a leaf that no
            pattern of blocks matches, a pattern that matches no leaf, or an axis that a leaf hasn't got.

    Example:
        >>> optimizer = adam_mini(0.1)
        >>> updates, _ = optimizer.update(jnp.array([-1.0, 7.0]), optimizer.init(jnp.ones(2)), jnp.ones(2))
        >>> [round(float(u), 6) for u in updates]  # the root mean square of 1 and 7 is 5
        [0.02, -0.14]
    """
    scale = ScaleByAdamMini(b1, b2, eps, _rules({"*": ()} if blocks is None else blocks))
    return chain(scale, decay(weight_decay, mask), ScaleByLearningRate(learning_rate))


def _rules(blocks: Any) -> tuple[tuple[str, Blocks], ...]:
    if not isinstance(blocks, Mapping) or not blocks or not all(isinstance(key, str) for key in blocks):
        raise checks.JgdTypeError(
            f"blocks must map path patterns to axes or 'entry', got {checks.shown(blocks)}", argument="blocks"
        )
    rules = []
    for key, value in blocks.items():
        if value != "entry" and not (isinstance(value, tuple | list) and all(type(axis) is int for axis in value)):
            raise checks.JgdTypeError(
                f"blocks[{key!r}] must be axes such as (0,), or 'entry', got {checks.shown(value)}", argument="blocks"
            )
        rules.append((key, value if value == "entry" else tuple(value)))
    return tuple(rules)
