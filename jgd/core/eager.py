"""Calls outside jit: compiled once a structure, so that dozens of small operations and checks are one dispatch."""

import functools
from collections.abc import Callable
from typing import Any

import jax
import numpy as np
from jax.core import Tracer

from jgd.core import checks
from jgd.core.functions import UNTRACEABLE


def call(function: Callable, *args: Any) -> Any:
    """`function(*args)`, compiled where every leaf is an array or a hyperparameter that is known.

    Inside jit, grad or vmap, and where a leaf is something else (a function, a Python number), it is called as it is;
    so it is under `jax.disable_jit()`, and where it needs the value of an array (a Python `if`). Errors are its own.

    Args:
        function: Pure, and the same object each time.
        *args: Pytrees.

    Returns:
        What the function returns.

    Example:
        >>> traced = []
        >>> def double(x):
        ...     traced.append(x)
        ...     return 2 * x
        >>> [float(call(double, jax.numpy.array(x))) for x in (1.0, 2.0)], len(traced)
        ([2.0, 4.0], 1)
    """
    if all(map(_known, jax.tree.leaves(args))):
        try:
            return _jitted(function)(*args)
        except (checks.JgdError, *UNTRACEABLE):
            pass  # refused below without the frames and notes of a jit
    return function(*args)


_jitted = functools.cache(jax.jit)


def _known(leaf: Any) -> bool:
    return isinstance(leaf, jax.Array | np.float64) and not isinstance(leaf, Tracer)
