"""Masks: which leaves of the parameters are meant, said by patterns of paths, by a tree of bools, or by a predicate.

A mask is structure: it may depend on where a leaf stands and on its shape, never on its values. Labels are the same
with a name in the place of True or False.
"""

import inspect
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import jax
import numpy as np

from jgd.core import checks
from jgd.core.functions import name_of
from jgd.core.paths import listed, matches, paths
from jgd.core.types import Params

Mask: TypeAlias = Any  # a pattern or a sequence of them, a tree of bools, leaf -> bool, or (path, leaf) -> bool


@dataclass(frozen=True)
class Leaf:
    """What a predicate sees of a leaf: its shape, which is the same at every step, and not its values or dtype."""

    shape: tuple[int, ...]

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def size(self) -> int:
        return math.prod(self.shape)


@dataclass(frozen=True)
class ByPath:
    """A tree of bools or of labels by its leaves' paths, so that it can be compared; each counts for all below it."""

    values: tuple[tuple[str, Any], ...]

    @staticmethod
    def of(given: Any) -> "ByPath":
        return ByPath(tuple(zip(paths(given), jax.tree.leaves(given), strict=True)))

    def at(self, params: Params, name: str) -> list[Any]:
        """The value for each leaf of `params`; refuses a leaf without one, and a value without a leaf."""
        leaves = paths(params)
        below = lambda path, top: top == "" or path == top or path.startswith(f"{top}/")
        for top, _ in self.values:
            if leaves and not any(below(path, top) for path in leaves):
                raise checks.JgdValueError(
                    f"{name} has a leaf {top!r}, which params has not; paths: {', '.join(leaves)}"
                )
        found = []
        for path in leaves:
            value = next((value for top, value in self.values if below(path, top)), None)
            if value is None:
                raise checks.JgdValueError(f"{name} misses the leaf params[{path!r}]: give each leaf its own")
            found.append(value)
        return found


def as_mask(name: str, given: Mask) -> Any:
    """A mask in the form that is kept, which can be hashed.

    Args:
        name: What the message calls the argument.
        given: A pattern or a sequence of them, a tree of bools, or a predicate of the leaf or of (path, leaf).

    Returns:
        A tuple of patterns, a `ByPath`, or the predicate itself.

    Raises:
        JgdTypeError: For anything else.
    """
    if callable(given):
        _takes_path(name, given)
        return given
    if isinstance(given, ByPath):
        return given
    tree = leaves_of(given)
    if tree and all(isinstance(leaf, bool | np.bool_) for leaf in tree):
        return ByPath.of(jax.tree.map(bool, given))
    if isinstance(given, str) or (isinstance(given, Sequence) and all(isinstance(each, str) for each in given)):
        patterns = listed(name, given)
        if patterns:
            return patterns
    raise checks.JgdTypeError(
        f"{name} must be strings such as 'bias' or 'layers/0/*', a tree of True and False, or a function of a leaf "
        f"or of (path, leaf), got {checks.shown(given)}",
        argument=name,
    )


def leaves_of(given: Any) -> list[Any]:
    """The leaves of what may be no tree: of keys that can't be sorted there are none."""
    try:
        return jax.tree.leaves(given)
    except (TypeError, ValueError):
        return []


def chosen(name: str, mask: Any, params: Params, some: bool = True) -> list[bool]:
    """Which leaves a mask names, in the order of the leaves.

    Args:
        name: What the message calls the mask.
        mask: What `as_mask` returned.
        params: The parameters.
        some: Whether a mask that names no leaf is refused.

    Returns:
        A bool for each leaf.

    Raises:
        JgdTypeError: For a predicate that returns no bool.
        JgdValueError: For a tree that is not like the parameters, and where `some`, for a pattern or mask without a leaf.
    """
    if isinstance(mask, tuple):
        for pattern in mask if some else ():
            first_match((pattern, "*"), params)  # refuses a pattern that matches nothing
        return [any(matches(pattern, path) for pattern in mask) for path in paths(params)]
    kept = mask.at(params, name) if isinstance(mask, ByPath) else ask(name, mask, params, bool)
    if some and kept and not any(kept):
        raise checks.JgdValueError(
            f"{name} chooses no leaf of params; paths: {', '.join(paths(params))}", argument=name
        )
    return kept


def ask(name: str, predicate: Callable[..., Any], params: Params, kind: type) -> list[Any]:
    """What a function of a leaf, or of (path, leaf), answers for each leaf: True or False, or a label (`kind` str)."""
    both = _takes_path(name, predicate)
    answers = []
    for path, leaf in zip(paths(params), jax.tree.leaves(params), strict=True):
        seen = Leaf(tuple(np.shape(leaf)))
        try:
            answer = predicate(path, seen) if both else predicate(seen)
        except AttributeError as error:
            raise checks.JgdTypeError(
                f"{name} {name_of(predicate)} may ask for a leaf's shape, ndim and size, which never change: {error}",
                argument=name,
            ) from error
        if not isinstance(answer, (bool, np.bool_) if kind is bool else kind):
            want = "True or False" if kind is bool else "a label"
            raise checks.JgdTypeError(
                f"{name} {name_of(predicate)} must return {want}, got {checks.shown(answer)} ({type(answer).__name__}) "
                f"for params[{path!r}]",
                argument=name,
            )
        answers.append(kind(answer))
    return answers


def _takes_path(name: str, predicate: Callable[..., Any]) -> bool:
    """Whether a predicate takes (path, leaf), and not the leaf alone; one that takes neither is refused."""
    try:
        parameters = inspect.signature(predicate).parameters.values()
    except (TypeError, ValueError):  # a builtin without a signature
        return False
    by_place = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    needs = sum(p.kind in by_place and p.default is p.empty for p in parameters)
    most = (
        math.inf if any(p.kind is p.VAR_POSITIONAL for p in parameters) else sum(p.kind in by_place for p in parameters)
    )
    if needs > 2 or most == 0:
        raise checks.JgdTypeError(
            f"{name} {name_of(predicate)} must be a function of a leaf or of (path, leaf), got one of {needs} arguments",
            argument=name,
        )
    return needs == 2


def first_match(masks: Sequence[Any], params: Params) -> list[int]:
    """The number of the first pattern (or predicate) that matches each leaf.

    A mistyped name would otherwise silently leave its group empty. (A pattern whose leaves an earlier one took is fine.)

    Args:
        masks: Patterns of paths, or predicates of the leaf or of (path, leaf).
        params: The parameters.

    Returns:
        The place in `masks` for each leaf, in their order.

    Raises:
        JgdValueError: For a leaf that none matches, and for a pattern that matches no leaf at all.
    """
    names = paths(params)
    said = [mask if isinstance(mask, str) else name_of(mask) for mask in masks]
    columns = []
    for mask, word in zip(masks, said, strict=True):
        one = isinstance(mask, str)
        column = [matches(mask, name) for name in names] if one else ask("the predicate", mask, params, bool)
        if names and mask != "*" and not any(column):
            raise checks.JgdValueError(f"the pattern {word!r} matches no leaf of params; paths: {', '.join(names)}")
        columns.append(column)
    groups = []
    for place, name in enumerate(names):
        group = next((i for i, column in enumerate(columns) if column[place]), None)
        if group is None:
            raise checks.JgdValueError(
                f"params[{name!r}] belongs to no group: patterns are {', '.join(map(repr, said))}; "
                'add "*" for all others',
                argument="params",
            )
        groups.append(group)
    return groups


@dataclass(frozen=True)
class ByLabel:
    """params -> the place of each leaf's label in `names`; labels: a ByPath, or a function of a leaf or (path, leaf)."""

    labels: Any
    names: tuple[str, ...]

    def __call__(self, params: Params) -> list[int]:
        given: Any = self.labels
        labels = given.at(params, "labels") if isinstance(given, ByPath) else ask("labels", given, params, str)
        for label in labels:
            checks.choice("label", label, self.names)
        for name in self.names:
            if labels and name not in labels:
                raise checks.JgdValueError(
                    f"the group {name!r} has no leaf: labels are {', '.join(sorted(set(labels)))}"
                )
        return [self.names.index(label) for label in labels]
