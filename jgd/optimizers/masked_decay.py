"""The decay of some leaves' weights only, which every builder with `weight_decay` offers as `mask`."""

from collections.abc import Callable, Sequence
from typing import Any

from jgd.core.composite import Chain
from jgd.core.masks import Mask
from jgd.core.record import record, static_field
from jgd.core.transform import Context, Transform
from jgd.core.types import Params, Scalar
from jgd.transforms import AddDecayedWeights, Partition, only
from jgd.transforms.decay import decaying, held


def decay(weight_decay: Scalar, mask: Mask | None) -> Transform:
    """u ← u + weight_decay θ for the leaves of the mask, all without one."""
    added = AddDecayedWeights(weight_decay)
    return added if mask is None else only(mask, added)


@record
class AddMaskedDecay(Transform):
    """A transform that adds decay sees 0 in place of the weights that don't decay."""

    transform: Transform
    mask: Any = static_field()  # as `held` makes it
    sign = "uphill"

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
    return part(map(Chain, directions)), AddMaskedDecay(part(decays), held(mask)), part(rates)
