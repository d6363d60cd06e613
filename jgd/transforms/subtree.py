"""A part of the parameters' leaves, and the context as a transform for that part sees it."""

from typing import Any

import jax

from jgd.core import tree
from jgd.core.transform import Context, Transform
from jgd.core.types import Params


def pick(params: Params, chosen: list[bool]) -> Params:
    """The tree with the chosen leaves only: where the others were, there is None, which is no leaf."""
    leaves, structure = jax.tree.flatten(params)
    return jax.tree.unflatten(structure, [leaf if keep else None for leaf, keep in zip(leaves, chosen, strict=True)])


def merged(params: Params, chosen: list[bool], part: Params) -> Params:
    """The tree with the chosen leaves taken from `part`."""
    leaves, structure = jax.tree.flatten(params)
    new = iter(jax.tree.leaves(part))
    return jax.tree.unflatten(
        structure, [next(new) if keep else leaf for leaf, keep in zip(leaves, chosen, strict=True)]
    )


def within(context: Context, chosen: list[bool]) -> Context:
    """The context as the chosen leaves' transform sees it: the others stand still where it looks elsewhere."""
    whole, loss, examples, product = context.params, context.loss, context.examples, context.gauss_newton
    still = tree.zeros_like(whole)

    def product_within(part: Params, vector: Params) -> Params:
        assert product is not None
        return pick(product(merged(whole, chosen, part), merged(still, chosen, vector)), chosen)

    return context.among(
        params=pick(whole, chosen),
        grads=pick(context.grads, chosen),
        stored=pick(context.stored, chosen),
        loss=None if loss is None else lambda part: loss(merged(whole, chosen, part)),
        examples=None if examples is None else lambda part: pick(examples(merged(whole, chosen, part)), chosen),
        gauss_newton=None if product is None else product_within,
    )


def update_part(
    transform: Transform, updates: Params, state: Any, context: Context, chosen: list[bool]
) -> tuple[Params, Any]:
    """(the chosen leaves' updates, the state): what the transform does with them alone."""
    part, seen = pick(updates, chosen), within(context, chosen)
    if any(chosen):
        return transform.update(part, state, seen)
    # no leaf says that the compute dtype is float64, which the state has: its numbers go on in that of an empty tree
    made, new = transform.update(part, tree.widen(state, tree.compute_dtype(part)), seen)
    return made, tree.cast_like(new, state)
