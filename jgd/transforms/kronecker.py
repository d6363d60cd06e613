"""A tensor axis by axis, for preconditioners that have one matrix for each: Grams, products, and inverse roots."""

from collections.abc import Sequence
from functools import partial

import jax
import jax.numpy as jnp
from jax import Array

from jgd.core import tree
from jgd.core.types import Params


def axes_with_matrix(stack: Array, max_dim: int) -> list[int]:
    """The axes of the tensors in a (stack, …) that get a matrix: those of 1 … max_dim entries, of one that has any."""
    return [axis for axis, size in enumerate(stack.shape[1:]) if size <= max_dim and stack.size > 0]


def groups_of(leaves: list[Array]) -> list[list[int]]:
    """The places of the leaves of each shape, in the order in which the shapes first come."""
    groups: dict[tuple[int, ...], list[int]] = {}
    for place, leaf in enumerate(leaves):
        groups.setdefault(leaf.shape, []).append(place)
    return list(groups.values())


def stacked(params: Params) -> tuple[Array, ...]:
    """The leaves of each shape as one array (leaves, …), numbers as (leaves, 1), all in the compute dtype.

    What works on these compiles once a shape, not once a leaf, and hundreds of small matrices are one batch.
    State of this shape doesn't keep the leaves' sharding: where they are sharded, XLA gathers them to stack them.
    """
    leaves = jax.tree.leaves(tree.widen(params, tree.compute_dtype(params)))
    stacks = (jnp.stack([leaves[i] for i in places]) for places in groups_of(leaves))
    return tuple(x if x.ndim > 1 else x[:, None] for x in stacks)


def unstacked(stacks: Sequence[Array], like: Params) -> Params:
    """What `stacked` stacked, as the tree that it was."""
    leaves, structure = jax.tree.flatten(like)
    out = list(leaves)
    for stack, places in zip(stacks, groups_of(leaves), strict=True):
        for i, x in zip(places, jnp.split(stack, len(places)), strict=True):
            out[i] = x.reshape(leaves[i].shape)
    return structure.unflatten(out)


def gram(x: Array, axis: int) -> Array:
    """(stack, n, n): the products of each tensor's slices along an axis: G Gᵀ for axis 0 of a matrix, Gᵀ G for 1."""
    rows = jnp.moveaxis(x, 1 + axis, 1).reshape(x.shape[0], x.shape[1 + axis], -1)
    return rows @ rows.mT


def along(matrix: Array, x: Array, axis: int) -> Array:
    """Each matrix of (stack, n, n) times its tensor of (stack, …) along an axis: M G for axis 0 of a matrix, G Mᵀ for 1."""
    front = jnp.moveaxis(x, 1 + axis, 1)
    rows = front.reshape(x.shape[0], x.shape[1 + axis], -1)
    return jnp.moveaxis((matrix @ rows).reshape(front.shape), 1, 1 + axis)


@partial(jax.custom_jvp, nondiff_argnums=(2,))
def inverse_root(stack: Array, eps: Array, power: float) -> Array:
    """(A + eps I)^(−power) of each symmetric, positive semidefinite A in a (stack, n, n)."""
    values, vectors = _eigen(stack)
    return (vectors * (values + eps)[:, None, :] ** -power) @ vectors.mT


def _eigen(stack: Array) -> tuple[Array, Array]:
    values, vectors = jnp.linalg.eigh(stack)
    return jnp.maximum(values, 0), vectors  # rounding may leave an eigenvalue below 0, and a root of it would be NaN


@inverse_root.defjvp
def _inverse_root_jvp(power, primals, tangents):
    """By divided differences (Daleckii & Krein), which equal eigenvalues don't divide by zero."""
    (stack, eps), (d_stack, d_eps) = primals, tangents
    values, vectors = _eigen(stack)
    base = values + eps
    root = base**-power
    ratio = jnp.log(base[:, None, :]) - jnp.log(base[:, :, None])
    # (rᵢ − rⱼ) / (λᵢ − λⱼ) = rᵢ / λᵢ · (1 − q^−power) / (1 − q) with q = λⱼ / λᵢ, exact near q = 1 too
    quotient = jnp.where(ratio == 0, -power, tree.safe_divide(jnp.expm1(-power * ratio), jnp.expm1(ratio)))
    inner = (root / base)[:, :, None] * quotient * (vectors.mT @ d_stack @ vectors)
    by_eps = -power * (root / base)[:, None, :] * vectors @ vectors.mT * d_eps
    return (vectors * root[:, None, :]) @ vectors.mT, vectors @ inner @ vectors.mT + by_eps
