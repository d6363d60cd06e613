"""Transforms made of several: what they share, and Chain, in which each one's updates are the next one's input."""

import functools
import inspect
from collections.abc import Iterator
from typing import Any

import jax
import jax.numpy as jnp

from jgd.core import checks
from jgd.core.functions import vouches
from jgd.core.record import record
from jgd.core.seeds import NoiseKeys
from jgd.core.transform import Context, Transform, UpdateInfo
from jgd.core.types import Params

_OWN = ("jgd.core.", "jgd.transforms.", "jgd.optimizers.")  # transforms whose signs are known


class Composite(Transform):
    """A transform made of several, the field `transforms`, with a tuple of their states as its own."""

    transforms: tuple[Transform, ...]

    def _each(self, states: Any) -> Iterator[tuple[Transform, Any]]:
        return zip(self.transforms, states, strict=True)

    @property
    def ignores_updates(self) -> bool:
        return any(transform.ignores_updates for transform in self.transforms)

    @property
    def must_be_last(self) -> bool:
        return any(transform.must_be_last for transform in self.transforms)

    @property
    def per_leaf(self) -> bool:
        return any(transform.per_leaf for transform in self.transforms)

    @property
    def sign(self) -> str:
        """What turns the sign tells the most, and what one of them asks for is asked for by all."""
        signs = {transform.sign for transform in self.transforms}
        return next((sign for sign in ("turns", "uphill", "downhill") if sign in signs), "")

    def info(self, state: Any) -> UpdateInfo:
        """The first learning rate that one reports; skipped where any skipped."""
        infos = self._infos(state)
        rate = next((info.learning_rate for info in infos if info.learning_rate is not None), None)
        skips = [info.skipped for info in infos if info.skipped is not None]
        return UpdateInfo(rate, skipped=jnp.stack(skips).any() if skips else None)

    def _infos(self, states: Any) -> list[UpdateInfo]:
        return [transform.info(state) for transform, state in self._each(states)]

    def reseed(self, state: Any, keys: NoiseKeys) -> Any:
        return tuple(transform.reseed(inner, keys) for transform, inner in self._each(state))

    def observe(self, state: Any, metric: Any) -> Any:
        return tuple(transform.observe(inner, metric) for transform, inner in self._each(state))


@record
class Chain(Composite):
    """A transform made of transforms: each one's updates are the next one's input."""

    transforms: tuple[Transform, ...]

    def init(self, params: Params) -> tuple[Any, ...]:
        return tuple(transform.init(params) for transform in self.transforms)

    def update(self, updates: Params, states: tuple[Any, ...], context: Context) -> tuple[Params, tuple[Any, ...]]:
        out = []
        for transform, state in zip(self.transforms, states, strict=True):
            updates, state = _checked(transform, transform.update(updates, state, context), updates, state)
            out.append(state)
        return updates, tuple(out)

    def eval_params(self, params: Params, states: tuple[Any, ...]) -> Params:
        for transform, state in zip(self.transforms, states, strict=True):
            params = transform.eval_params(params, state)
        return params

    def info(self, state: Any) -> UpdateInfo:
        """The first learning rate times every factor; without a rate their product, for the chain around this one."""
        info = super().info(state)
        rate, product = info.learning_rate, None
        for factor in (each.factor for each in self._infos(state)):
            if factor is not None and rate is not None:
                rate = factor * rate
            elif factor is not None:
                product = factor if product is None else factor * product
        return UpdateInfo(rate, product, info.skipped)

    @property
    def ignores_updates(self) -> bool:
        return self.transforms[0].ignores_updates

    @property
    def only_observes(self) -> bool:
        return all(transform.only_observes for transform in self.transforms)

    @property
    def entrywise(self) -> bool:
        return all(is_entrywise(transform) for transform in self.transforms)


def _checked(transform: Transform, made: Any, updates: Params, state: Any) -> tuple[Params, Any]:
    """What a transform's update made of `updates` and `state`; refused, by its name, where it is not like them."""
    name = type(transform).__name__
    if not (isinstance(made, tuple) and len(made) == 2):
        raise checks.JgdTypeError(f"{name}.update must return (updates, state), got {type(made).__name__}")
    shapes = lambda tree: [jnp.shape(leaf) for leaf in jax.tree.leaves(tree)]
    if jax.tree.structure(made[0]) != jax.tree.structure(updates) or shapes(made[0]) != shapes(updates):
        checks.same_structure(made[0], updates, f"the result of {name}.update", "its input")
    if jax.tree.structure(made[1]) != jax.tree.structure(state):
        raise checks.JgdTypeError(
            f"{name}.update must return a state like the one that it is given, {jax.tree.structure(state)}, "
            f"got {jax.tree.structure(made[1])}"
        )
    return made


def is_entrywise(transform: Transform) -> bool:
    """Whether a transform says that it is, of the updates that it makes and not of those of the class it derives from."""
    return vouches(transform, "entrywise", "init", "update", "eval_params")


def flat(transform: Transform) -> Iterator[Transform]:
    """The transforms of a chain and of the chains in it, in the order of their updates."""
    if isinstance(transform, Chain):
        for inner in transform.transforms:
            yield from flat(inner)
    else:
        yield transform


def check_order(transforms: tuple[Transform, ...]) -> None:
    """Refuse a chain in which something is lost, or whose sign is wrong: of which a part would climb.

    Raises:
        JgdValueError: For a transform that ignores the updates before it, one that must be last and isn't, and one on the
            wrong side of what turns the sign.
    """
    last = max((i for i, transform in enumerate(transforms) if not transform.only_observes), default=0)
    for place, transform in enumerate(transforms):
        if place > 0 and transform.ignores_updates:
            raise checks.JgdValueError(
                f"{blamed(transform, 'ignores_updates')} takes its own gradient and ignores the updates before it: "
                f"it must be first in a chain, got place {place}"
            )
        if place < last and transform.must_be_last:
            raise checks.JgdValueError(
                f"{blamed(transform, 'must_be_last')} must see the step that is really made: "
                f"it must be last in a chain, got place {place} of {len(transforms)}"
            )
    each = [inner for transform in transforms for inner in flat(transform)]
    turns = [place for place, transform in enumerate(each) if transform.sign == "turns"]
    name = lambda place: type(each[place]).__name__
    for place, transform in enumerate(each):
        if transform.sign == "downhill" and turns and place < turns[0]:
            raise checks.JgdValueError(
                f"{name(place)} changes the step itself: it must stand behind {name(turns[0])}, whose sign would turn it"
            )
        if transform.sign in ("uphill", "turns") and turns and place > turns[0]:
            raise checks.JgdValueError(
                f"{name(place)} takes a direction along the gradient, and behind {name(turns[0])}, which makes a step "
                f"against it, would climb: put it before that"
                + (", or take one of the two" if transform.sign == "turns" else "")
                + (", or take jgd.transforms.IndependentDecay" if "Decay" in name(place) else "")
            )


def check_descends(transform: Transform) -> None:
    """Refuse a method of which no part makes a step downhill, so that the loss would climb.

    What a person or another library wrote may do so itself.

    Raises:
        JgdValueError: By the names of its parts.
    """
    if not _may_descend(transform):
        names = ", ".join(type(each).__name__ for each in flat(transform))
        raise checks.JgdValueError(
            f"the optimizer never turns the gradient into a step downhill, and would climb: end the chain ({names}) with "
            "jgd.transforms.ScaleByLearningRate",
            argument="optimizer",
        )


def _may_descend(node: Any) -> bool:
    if isinstance(node, Transform) and (node.sign == "turns" or not type(node).__module__.startswith(_OWN)):
        return True
    inside = jax.tree.leaves(node, is_leaf=lambda each: each is not node and isinstance(each, Transform))
    return any(_may_descend(each) for each in inside if isinstance(each, Transform))


def blamed(transform: Transform, flag: str) -> str:
    """A transform's name in messages: of a chain, that of the first transform in it with the flag."""
    if not isinstance(transform, Chain):
        return type(transform).__name__
    return blamed(next(each for each in transform.transforms if getattr(each, flag)), flag)


def hint(value: Any) -> str:
    """What to write in place of something that is nearly a transform, for the end of a message.

    Example:
        >>> hint(int), hint([1, 2]), hint(3)
        (': call it, as in int(...)', ': give them one by one, as in chain(*transforms)', '')
    """
    value = value.func if isinstance(value, functools.partial) else value  # a record's field holds functions so
    if inspect.isfunction(value) or inspect.isclass(value):
        return f": call it, as in {value.__name__}(...)"
    return ": give them one by one, as in chain(*transforms)" if type(value) in (list, tuple) and value else ""
