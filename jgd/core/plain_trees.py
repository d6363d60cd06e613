"""Trees as plain data: their structure in JSON, from which anybody can put the leaves together without the code."""

from collections.abc import Iterable, Iterator
from typing import Any

import jax

from jgd.core import checks

LEAF = "leaf"


def describe_tree(tree: Any) -> Any:
    """A tree's structure as JSON holds it: ["dict", [[key, part], …]], ["list", parts], ["tuple", parts], "leaf", null.

    A node of another class is told as a dictionary of its parts, by the names of its fields or their numbers.

    >>> describe_tree([{"w": 1.0, "b": None}, 2.0])
    ['list', [['dict', [['b', None], ['w', 'leaf']]], 'leaf']]
    """
    if tree is None:
        return None
    parts = jax.tree_util.tree_leaves_with_path(tree, is_leaf=lambda part: part is not tree)
    if len(parts) == 1 and not parts[0][0]:
        return LEAF
    if type(tree) in (list, tuple):
        return [type(tree).__name__, [describe_tree(part) for _, part in parts]]
    return ["dict", [[_name(path[0]), describe_tree(part)] for path, part in parts]]


def _name(entry: Any) -> str | int:
    """A part's name in its node."""
    name = next((getattr(entry, field) for field in ("key", "name", "idx") if hasattr(entry, field)), None)
    return name if isinstance(name, str | int) else str(name)


def tree_of(described: Any, leaves: Iterable[Any]) -> Any:
    """The leaves in the structure that `describe_tree` told.

    Raises:
        JgdValueError: for what is no such structure, or of another number of leaves.

    Example:
        >>> tree_of(["dict", [["b", "leaf"], ["w", ["tuple", ["leaf", "leaf"]]]]], [1, 2, 3])
        {'b': 1, 'w': (2, 3)}
    """
    left = iter(leaves)
    try:
        made = _made(described, left)
    except (StopIteration, RecursionError, TypeError, ValueError, KeyError):
        made = left = None
    if left is None or next(left, left) is not left:
        raise checks.JgdValueError("the stored tree is not of its leaves")
    return made


def _made(described: Any, leaves: Iterator[Any]) -> Any:
    if described is None:
        return None
    if described == LEAF:
        return next(leaves)
    kind, parts = described
    if kind == "dict":
        _check_names([name for name, _ in parts])
        return {name: _made(part, leaves) for name, part in parts}
    return {"list": list, "tuple": tuple}[kind]([_made(part, leaves) for part in parts])


def _check_names(names: list[Any]) -> None:
    """Refuse names that a tree's dictionary can't have: twice the same, or of kinds that can't be sorted."""
    kinds = {type(name) for name in names}
    if len(kinds) > 1 or not kinds <= {str, int, bool} or len(set(names)) < len(names):
        raise ValueError("a part's names are no names")
