"""Leaves by the pattern of their path, so that a group of parameters is named as data, not by a function."""

from collections.abc import Sequence
from fnmatch import fnmatchcase
from typing import Any

import jax

from jgd.core import checks


def paths(params: Any) -> list[str]:
    """The leaves' paths in the order of the leaves.

    Example:
        >>> paths({"layers": [{"bias": 1.0, "weights": 2.0}]})
        ['layers/0/bias', 'layers/0/weights']
    """
    named = jax.tree_util.tree_leaves_with_path(params)
    return [jax.tree_util.keystr(path, simple=True, separator="/") for path, _ in named]


def matches(pattern: str, path: str) -> bool:
    """Whether a shell pattern (`*`, `?`, `[…]`) is the path or its end: "bias" is every leaf of that name.

    Example:
        >>> matches("bias", "layers/0/bias"), matches("layers/0/*", "layers/0/bias"), matches("bias", "unbias")
        (True, True, False)
    """
    return fnmatchcase(path, pattern) or fnmatchcase(path, "*/" + pattern)


def listed(name: str, patterns: Any) -> tuple[str, ...]:
    """One pattern or a sequence of them as a tuple.

    Args:
        name: What the message calls the argument.
        patterns: The argument.

    Returns:
        The patterns.

    Raises:
        JgdTypeError: For anything else.

    Example:
        >>> listed("adam", "head"), listed("adam", ["head", "embedding"])
        (('head',), ('head', 'embedding'))
    """
    given = (patterns,) if isinstance(patterns, str) else patterns
    if not isinstance(given, Sequence) or not all(isinstance(pattern, str) for pattern in given):
        raise checks.JgdTypeError(
            f"{name} must be strings such as 'bias' or 'layers/0/*', got {checks.shown(patterns)}", argument=name
        )
    return tuple(given)
