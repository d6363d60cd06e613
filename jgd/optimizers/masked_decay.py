"""The decay of some leaves' weights only, which every builder with `weight_decay` offers as `mask`."""

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import jax.numpy as jnp

from jgd.core import tree
from jgd.core.composite import Chain
from jgd.core.record import record
from jgd.core.transform import Context, Transform
from jgd.core.types import Params, Scalar
from jgd.transforms import AddDecayedWeights, Freeze, Partition, only

Mask: TypeAlias = (
    Any  # patterns of paths, a tree of bools, or a predicate of the leaf: what `jgd.transforms.only` takes
)


def decay(weight_decay: Scalar, mask: Mask | None) -> Transform:
    """u ← u + weight_decay θ for the leaves of the mask, all without one."""
    added = AddDecayedWeights(weight_decay)
    return added if mask is None else only(mask, added)


def marker(mask: Mask | None) -> Transform | None:
    """What a transform that decays by itself holds of a mask, for `decaying`."""
    return None if mask is None else only(mask, Freeze())


def decaying(marker: Transform | None, context: Context) -> Params:
    """The weights, with 0 in place of those that don't decay."""
    if marker is None:
        return context.params
    kept, _ = marker.update(tree.map(jnp.ones_like, context.params), (), context)  # 0 where weights decay
    return tree.map(lambda k, w: jnp.where(k == 0, w, jnp.zeros_like(w)), kept, context.params)


@record
class AddMaskedDecay(Transform):
    """A transform that adds decay sees 0 in place of the weights that don't decay."""

    transform: Transform
    mask: Transform  # a marker

    def init(self, params: Params) -> Any:
        return self.transform.init(params)

    def update(self, updates: Params, state: Any, context: Context) -> tuple[Params, Any]:
        return self.transform.update(updates, state, context.among(params=decaying(self.mask, context)))


def by_group(
    directions: Sequence[tuple[Transform, ...]],
    decays: Sequence[Transform],
    rates: Sequence[Transform],
    rule: Callable[[Params], list[int]],
    mask: Mask | None,
) -> tuple[Transform, ...]:
    """Each group of leaves with a direction, a decay and a rate of its own; the mask is of the whole tree."""
    part = lambda transforms: Partition((), tuple(transforms), rule)
    if mask is None:
        return (part(Chain((*d, w, r)) for d, w, r in zip(directions, decays, rates, strict=True)),)
    return part(map(Chain, directions)), AddMaskedDecay(part(decays), only(mask, Freeze())), part(rates)
