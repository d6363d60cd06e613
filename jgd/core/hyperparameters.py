"""Hyperparameters by name: every number and schedule in a tree of records, and the same tree with others.

A name is the field's where it is the only one of that name in the whole optimizer, else `Transform.field`, and
`Transform[i].field` where several transforms of that class have it, counted from 0 in their order. For a change, the
shorter names stand for all of that class: `learning_rate` for the rates of all groups of a partition.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any, TypeVar

import jax
import jax.numpy as jnp
import numpy as np

from jgd.core import checks
from jgd.core.spellings import unknown

R = TypeVar("R")
Path = tuple[str | int, ...]


@dataclass(frozen=True)
class Hyperparameter:
    """One number or schedule: where it is, in a record of which class, under which name, and what its `hyper` says."""

    path: Path
    owner: str
    name: str
    value: Any
    about: Mapping[str, Any]  # "rule" and "schedule"; {} for a field without a rule


def named(record: Any) -> dict[str, Hyperparameter]:
    """The hyperparameters of a record and of the records in it, by their names, in the order of the fields.

    Example:
        >>> import jgd
        >>> list(named(jgd.optimizers.adam(0.1)))
        ['b1', 'b2', 'eps', 'eps_root', 'learning_rate']
        >>> both = jgd.transforms.partition({"bias": jgd.optimizers.sgd(0.1), "*": jgd.optimizers.sgd(0.2)})
        >>> {name: each.value for name, each in named(both).items()}
        {'ScaleByLearningRate[0].learning_rate': 0.1, 'ScaleByLearningRate[1].learning_rate': 0.2}
    """
    found = list(_found(record, ()))
    alone = Counter(each.name for each in found)
    of_class = Counter((each.owner, each.name) for each in found)
    seen: Counter[tuple[str, str]] = Counter()
    out = {}
    for each in found:
        key = each.owner, each.name
        place = f"[{seen[key]}]" if of_class[key] > 1 else ""
        out[each.name if alone[each.name] == 1 else f"{each.owner}{place}.{each.name}"] = each
        seen[key] += 1
    return out


def changed(record: R, changes: Mapping[str, Any]) -> R:
    """The record with other hyperparameters by name, checked as when it was made; structure and dtypes stay.

    Args:
        record: A record of records, such as an optimizer.
        changes: New values by their names in `named`, or by a shorter one for all of a class. A Python number becomes
            what the old value was, a float or an array of its shape and dtype, so that a compiled program still fits.

    Returns:
        A new record.

    Raises:
        JgdTypeError: For an unknown name, and a value of another kind.
        JgdValueError: For a value outside its rule.
    """
    known = named(record)
    at: dict[Path, Any] = {}
    for name in sorted(changes, key=known.__contains__):  # one that is meant by its full name comes last
        for each in _meant(name, known, record):
            at[each.path] = _like(each.value, changes[name])
    return _rebuilt(record, at)


def _meant(name: str, known: Mapping[str, Hyperparameter], record: Any) -> list[Hyperparameter]:
    """Those that a name stands for: its own, or all that transforms of one class have."""
    if name in known:
        return [known[name]]
    several = {full: each for full, each in known.items() if name in (each.name, f"{each.owner}.{each.name}")}
    if len({each.owner for each in several.values()}) == 1:
        return [*several.values()]
    if several:
        raise checks.JgdTypeError(
            f"several transforms have the hyperparameter {name!r}: write one of {', '.join(several)}",
            argument=name,
        )
    if name in _structure(record):
        raise checks.JgdTypeError(
            f"{name} is structure, of another program: build the optimizer anew with it", argument=name
        )
    raise checks.JgdTypeError(unknown("the optimizer", name, list(known)), argument=name)


def _structure(node: Any) -> set[str]:
    """The names of the static fields of a record and of the records in it."""
    inside = jax.tree.leaves(node, is_leaf=lambda each: each is not node and is_dataclass(each))
    own = {f.name for f in fields(node) if "static" in f.metadata}
    return own.union(*(_structure(each) for each in inside if is_dataclass(each)))


def _found(node: Any, path: Path) -> Iterator[Hyperparameter]:
    for f in fields(node):
        if "static" in f.metadata:
            continue
        value = getattr(node, f.name)
        below = enumerate(value) if isinstance(value, tuple) else [(None, value)]
        for i, child in below:
            at = (*path, f.name) if i is None else (*path, f.name, i)
            if is_dataclass(child) and (not callable(child) or getattr(child, "holds_hyperparameters", False)):
                yield from _found(child, at)
            elif i is None and child is not None:
                yield Hyperparameter(at, type(node).__name__, f.name, child, f.metadata)


def _rebuilt(node: Any, at: dict[Path, Any]) -> Any:
    """The node with the values at those paths below it."""
    if () in at:
        return at[()]
    below: dict[str | int, dict[Path, Any]] = {}
    for (first, *rest), value in at.items():
        below.setdefault(first, {})[tuple(rest)] = value
    if isinstance(node, tuple):
        return tuple(_rebuilt(child, below[i]) if i in below else child for i, child in enumerate(node))
    return replace(node, **{str(name): _rebuilt(getattr(node, str(name)), inner) for name, inner in below.items()})


def _like(old: Any, new: Any) -> Any:
    """A Python number in the kind of the number that it replaces; anything else as it is."""
    if isinstance(new, bool) or not isinstance(new, int | float):
        return new
    if isinstance(old, jax.Array | np.ndarray | np.generic) and jnp.issubdtype(old.dtype, jnp.floating):
        return jnp.full_like(old, new)  # a batch's shape, and weakly typed where the old one is: one program
    return float(new) if isinstance(old, float) else new
