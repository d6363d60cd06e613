"""Partition: every leaf belongs to exactly one group, with a transform of its own; none gets a raw gradient by accident."""

from collections.abc import Callable, Mapping
from typing import Any

from jgd.core import checks
from jgd.core.composite import Chain, Composite
from jgd.core.masks import ByLabel, ByPath, first_match, leaves_of
from jgd.core.optimizer import Optimizer, TransformLike, as_transform
from jgd.core.record import record, static_field
from jgd.core.transform import Context
from jgd.core.types import Params
from jgd.transforms.subtree import merged, pick, update_part


@record
class Partition(Composite):
    """Each group of leaves with a transform of its own; a leaf belongs to the first pattern that matches it.

    `partition` makes one.

    Args:
        patterns: Patterns of paths, or predicates, one for each transform; structure.
        transforms: Transforms or optimizers.
        rule: In the place of patterns: params -> the number of each leaf's transform; structure. Default: None.

    Raises:
        JgdTypeError: For something that is no transform.
        JgdValueError: For another number of patterns than of transforms.
    """

    patterns: tuple[Any, ...] = static_field()  # or predicates
    transforms: tuple[TransformLike, ...]
    # instead of patterns: params -> the number of each leaf's transform
    rule: Callable[[Params], list[int]] | None = static_field(default=None)

    @property
    def per_leaf(self) -> bool:
        return True

    def __post_init__(self) -> None:
        if not isinstance(self.transforms, tuple | list):
            raise checks.JgdTypeError(
                f"transforms must be a tuple of transforms or optimizers, got {checks.shown(self.transforms)}",
                argument="transforms",
            )
        if self.rule is not None:
            checks.function("rule", self.rule)
        object.__setattr__(self, "transforms", tuple(as_transform(each, "partition") for each in self.transforms))
        if self.rule is None and len(self.patterns) != len(self.transforms):
            raise checks.JgdValueError(
                f"partition takes a transform for each pattern, got {len(self.patterns)} patterns "
                f"and {len(self.transforms)} transforms",
                argument="patterns",
            )

    def _groups(self, params: Params) -> list[int]:
        return first_match(self.patterns, params) if self.rule is None else self.rule(params)

    def init(self, params: Params) -> tuple[Any, ...]:
        groups = self._groups(params)
        return tuple(
            transform.init(pick(params, [g == i for g in groups])) for i, transform in enumerate(self.transforms)
        )

    def update(self, updates: Params, states: tuple[Any, ...], context: Context) -> tuple[Params, tuple[Any, ...]]:
        groups, given, out = self._groups(context.params), updates, []
        for i, (transform, state) in enumerate(zip(self.transforms, states, strict=True)):
            chosen = [g == i for g in groups]
            changed, state = update_part(transform, given, state, context, chosen)
            updates = merged(updates, chosen, changed)
            out.append(state)
        return updates, tuple(out)

    def eval_params(self, params: Params, states: tuple[Any, ...]) -> Params:
        groups = self._groups(params)
        for i, (transform, state) in enumerate(zip(self.transforms, states, strict=True)):
            chosen = [g == i for g in groups]
            params = merged(params, chosen, transform.eval_params(pick(params, chosen), state))
        return params


def partition(groups: Mapping[Any, TransformLike], labels: Any = None) -> Optimizer:
    """An optimizer for each group of leaves.

    Args:
        groups: {pattern: optimizer or transform}, the first pattern that matches a leaf wins; "*" is all others. A key
            may also be a predicate of the leaf, or of (path, leaf), as for `only`.
        labels: Where given, the keys of `groups` are labels instead: a tree of labels like the parameters or a prefix
            of them, or a function of a leaf, or of (path, leaf), that returns its label.

    Returns:
        The optimizer. The learning rate that it reports is the first group's that has one.

    Raises:
        JgdTypeError: For something that is no transform, or no pattern, predicate or label.
        JgdValueError: When it first sees the parameters, for a leaf that no pattern matches (add "*"), a pattern that
            matches no leaf, a label that is no group's, and a group that is no leaf's.

    Example:
        >>> import jax, jgd, jax.numpy as jnp
        >>> from jgd.transforms import Freeze
        >>> slow, fast = jgd.optimizers.sgd(0.125), jgd.optimizers.adam(0.5)
        >>> optimizer = partition({"bias": slow, "head/*": Freeze(), "*": fast})
        >>> params = {"bias": jnp.ones(1), "head": {"w": jnp.ones(1)}, "w": jnp.ones(1)}
        >>> updates, _ = optimizer.update(params, optimizer.init(params), params)
        >>> jax.tree.map(lambda u: float(u[0]), updates)
        {'bias': -0.125, 'head': {'w': 0.0}, 'w': -0.5}
        >>> optimizer = partition({"slow": slow, "fast": fast}, labels={"bias": "slow", "head": "fast", "w": "fast"})
        >>> updates, _ = optimizer.update(params, optimizer.init(params), params)
        >>> jax.tree.map(lambda u: float(u[0]), updates)
        {'bias': -0.125, 'head': {'w': -0.5}, 'w': -0.5}
    """
    if not isinstance(groups, Mapping) or not groups:
        raise checks.JgdTypeError(
            f"partition takes a mapping from patterns to optimizers or transforms, got {checks.shown(groups)}",
            argument="groups",
        )
    keys = tuple(groups)
    if not all(isinstance(key, str) or (labels is None and callable(key)) for key in keys):
        kinds = "patterns or predicates" if labels is None else "labels"
        raise checks.JgdTypeError(
            f"the keys of partition must be {kinds}, got {checks.shown(list(keys))}", argument="groups"
        )
    return Optimizer(Chain((Partition(keys, tuple(groups.values()), _rule(labels, keys)),)))


def _rule(labels: Any, names: tuple[str, ...]) -> ByLabel | None:
    if labels is None or callable(labels):
        return None if labels is None else ByLabel(labels, names)
    leaves = leaves_of(labels)
    if not leaves or not all(isinstance(leaf, str) for leaf in leaves):
        raise checks.JgdTypeError(
            f"labels must be a tree of text, or a function of a leaf or of (path, leaf), got {checks.shown(labels)}",
            argument="labels",
        )
    return ByLabel(ByPath.of(labels), names)
