"""Transforms for some of the leaves, named by the patterns of their paths.

`Only` lets all other leaves' updates pass through, as for a decay of the weights but not of the biases. `Partition`
gives every leaf to exactly one group; freezing is explicit (`Freeze`), and no leaf gets a raw gradient by accident.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import jax

from jgd.core import checks, tree
from jgd.core.optimizer import Chain, Optimizer, TransformLike, as_transform
from jgd.core.paths import first_match, listed, matches, paths
from jgd.core.record import record, static_field
from jgd.core.seeds import NoiseKeys
from jgd.core.transform import Composite, Context, Transform, UpdateInfo
from jgd.core.types import Params
from jgd.transforms.wrapper import Wrapper


@record
class Freeze(Transform):
    """updates ← 0: these parameters stay as they are."""

    def update(self, updates: Params, state: tuple[()], context: Context) -> tuple[Params, tuple[()]]:
        return tree.zeros_like(updates), state


@record
class Only(Wrapper):
    """The transform on the leaves that the patterns match; the others' updates pass through unchanged."""

    patterns: tuple[str, ...] = static_field()
    transform: TransformLike
    but: bool = static_field(default=False)  # the leaves that no pattern matches instead

    @property
    def per_leaf(self) -> bool:
        return True

    def __post_init__(self) -> None:
        object.__setattr__(self, "patterns", _patterns(self.patterns))
        self._accept()

    def _chosen(self, params: Params) -> list[bool]:
        if not self.but:
            for pattern in self.patterns:
                first_match((pattern, "*"), params)  # refuses a pattern that matches nothing
        return [any(matches(p, path) for p in self.patterns) != self.but for path in paths(params)]

    def init(self, params: Params) -> Any:
        return self.transform.init(_part(params, self._chosen(params)))

    def update(self, updates: Params, state: Any, context: Context) -> tuple[Params, Any]:
        chosen = self._chosen(context.params)
        changed, state = self.transform.update(_part(updates, chosen), state, _within(context, chosen))
        return _merged(updates, chosen, changed), state

    def eval_params(self, params: Params, state: Any) -> Params:
        chosen = self._chosen(params)
        return _merged(params, chosen, self.transform.eval_params(_part(params, chosen), state))

    def info(self, state: Any) -> UpdateInfo:
        return self.transform.info(state)

    def reseed(self, state: Any, keys: NoiseKeys) -> Any:
        return self.transform.reseed(state, keys)

    def observe(self, state: Any, metric: Any) -> Any:
        return self.transform.observe(state, metric)


def only(patterns: str | Sequence[str], transform: TransformLike) -> Only:
    """`transform` on the leaves that a pattern matches, the others' updates unchanged.

    patterns: shell patterns of paths such as "layers/0/*"; "bias" is every leaf of that name.

    >>> import jgd, jax.numpy as jnp
    >>> from jgd.transforms import AddDecayedWeights, ScaleByLearningRate
    >>> decayed = jgd.chain(only("weights", AddDecayedWeights(0.5)), ScaleByLearningRate(1.0))
    >>> params = {"bias": jnp.ones(1), "weights": jnp.ones(1)}
    >>> grads = tree.zeros_like(params)
    >>> updates, _ = decayed.update(grads, decayed.init(params), params)
    >>> updates["bias"].tolist(), updates["weights"].tolist()
    ([-0.0], [-0.5])

    Raises `JgdValueError`, when it first sees the parameters, for a pattern that matches no leaf.
    """
    return Only(_patterns(patterns), transform)


def all_but(patterns: str | Sequence[str], transform: TransformLike) -> Only:
    """`transform` on the leaves that no pattern matches: `all_but(("bias", "scale"), AddDecayedWeights(0.01))`."""
    return Only(_patterns(patterns), transform, but=True)


@record
class Partition(Composite):
    """Each group of leaves with a transform of its own; a leaf belongs to the first pattern that matches it."""

    patterns: tuple[str, ...] = static_field()
    transforms: tuple[TransformLike, ...]
    rule: Callable[[Params], list[int]] | None = static_field(
        default=None
    )  # instead of patterns: leaves -> transform numbers

    @property
    def per_leaf(self) -> bool:
        return True

    def __post_init__(self) -> None:
        object.__setattr__(self, "transforms", tuple(as_transform(each, "partition") for each in self.transforms))
        if self.rule is None and len(_patterns(self.patterns)) != len(self.transforms):
            raise checks.JgdValueError(
                f"partition takes a transform for each pattern, got {len(self.patterns)} patterns "
                f"and {len(self.transforms)} transforms"
            )

    def _groups(self, params: Params) -> list[int]:
        return first_match(self.patterns, params) if self.rule is None else self.rule(params)

    def init(self, params: Params) -> tuple[Any, ...]:
        groups = self._groups(params)
        return tuple(
            transform.init(_part(params, [g == i for g in groups])) for i, transform in enumerate(self.transforms)
        )

    def update(self, updates: Params, states: tuple[Any, ...], context: Context) -> tuple[Params, tuple[Any, ...]]:
        groups, given, out = self._groups(context.params), updates, []
        for i, (transform, state) in enumerate(zip(self.transforms, states, strict=True)):
            chosen = [g == i for g in groups]
            changed, state = transform.update(_part(given, chosen), state, _within(context, chosen))
            updates = _merged(updates, chosen, changed)
            out.append(state)
        return updates, tuple(out)

    def eval_params(self, params: Params, states: tuple[Any, ...]) -> Params:
        groups = self._groups(params)
        for i, (transform, state) in enumerate(zip(self.transforms, states, strict=True)):
            chosen = [g == i for g in groups]
            params = _merged(params, chosen, transform.eval_params(_part(params, chosen), state))
        return params


def partition(groups: Mapping[str, TransformLike]) -> Optimizer:
    """An optimizer for each group of leaves: {pattern: optimizer or transform}, the first pattern that matches wins.

    >>> import jgd, jax.numpy as jnp
    >>> slow, fast = jgd.optimizers.sgd(0.125), jgd.optimizers.adam(0.5)
    >>> optimizer = partition({"bias": slow, "head/*": Freeze(), "*": fast})
    >>> params = {"bias": jnp.ones(1), "head": {"w": jnp.ones(1)}, "w": jnp.ones(1)}
    >>> updates, _ = optimizer.update(params, optimizer.init(params), params)
    >>> jax.tree.map(lambda u: float(u[0]), updates)
    {'bias': -0.125, 'head': {'w': 0.0}, 'w': -0.5}

    Raises `JgdTypeError` for something that is no transform, and `JgdValueError`, when it first sees the parameters, for a
    leaf that no pattern matches (add "*") or a pattern that matches no leaf. The reported learning rate is the first
    group's that has one.
    """
    if not isinstance(groups, Mapping) or not groups:
        raise checks.JgdTypeError(
            f"partition takes a mapping from patterns to optimizers or transforms, got {groups!r}"
        )
    return Optimizer(Chain((Partition(tuple(groups), tuple(groups.values())),)))


def _patterns(patterns: str | Sequence[str]) -> tuple[str, ...]:
    given = listed("patterns", patterns)
    if not given:
        raise checks.JgdTypeError("patterns must be strings such as 'bias' or 'layers/0/*', got none")
    return given


def _part(params: Params, chosen: list[bool]) -> Params:
    """The tree with the chosen leaves only: where the others were, there is None, which is no leaf."""
    leaves, structure = jax.tree.flatten(params)
    return jax.tree.unflatten(structure, [leaf if keep else None for leaf, keep in zip(leaves, chosen, strict=True)])


def _merged(params: Params, chosen: list[bool], part: Params) -> Params:
    """The tree with the chosen leaves taken from `part`."""
    leaves, structure = jax.tree.flatten(params)
    new = iter(jax.tree.leaves(part))
    return jax.tree.unflatten(
        structure, [next(new) if keep else leaf for leaf, keep in zip(leaves, chosen, strict=True)]
    )


def _within(context: Context, chosen: list[bool]) -> Context:
    """The context as the chosen leaves' transform sees it: the others stand still where it looks elsewhere."""
    whole, loss, examples, product = context.params, context.loss, context.examples, context.gauss_newton
    still = tree.zeros_like(whole)

    def product_within(part: Params, vector: Params) -> Params:
        assert product is not None
        return _part(product(_merged(whole, chosen, part), _merged(still, chosen, vector)), chosen)

    return context.among(
        params=_part(whole, chosen),
        grads=_part(context.grads, chosen),
        stored=_part(context.stored, chosen),
        loss=None if loss is None else lambda part: loss(_merged(whole, chosen, part)),
        examples=None if examples is None else lambda part: _part(examples(_merged(whole, chosen, part)), chosen),
        gauss_newton=None if product is None else product_within,
    )
