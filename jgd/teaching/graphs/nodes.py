"""Nodes of a computation graph: functions of arrays, with the names of the values that they take."""

from collections.abc import Callable
from dataclasses import dataclass

import jax
import jax.numpy as jnp
from jax import Array

from jgd.core import checks


@dataclass(frozen=True)
class Node:
    """A function and the names of the values it takes."""

    function: Callable[..., Array]
    inputs: tuple[str, ...]
    label: str


def node(function: Callable[..., Array], *inputs: str, label: str | None = None) -> Node:
    """Any function of arrays as a node.

    Args:
        function: A function of arrays that returns one array.
        *inputs: Names of the values that it takes, in its order.
        label: What tables and pictures call it. None: the function's name.

    Returns:
        The node, for `Graph`.

    Raises:
        JgdTypeError: `function` is none, or the inputs are no names.

    Example:
        >>> cube = node(lambda w: w**3, "w", label="cube")
        >>> cube.inputs, cube.label, cube.function(2.0)
        (('w',), 'cube', 8.0)
    """
    if not callable(function):
        raise checks.JgdTypeError(f"a node's function must be callable, got {checks.shown(function)}")
    if not inputs or not all(isinstance(name, str) for name in inputs):
        raise checks.JgdTypeError(f"a node takes the names of its inputs as strings, got {checks.shown(inputs)}")
    return Node(function, inputs, label or getattr(function, "__name__", type(function).__name__))


def _two(function: Callable[[Array, Array], Array], label: str, doc: str) -> Callable[[str, str], Node]:
    make = lambda a, b: node(function, a, b, label=label)
    make.__doc__, make.__name__ = doc, label
    return make


def _one(function: Callable[[Array], Array], label: str, doc: str) -> Callable[[str], Node]:
    make = lambda a: node(function, a, label=label)
    make.__doc__, make.__name__ = doc, label
    return make


add = _two(lambda a, b: a + b, "add", "a + b; local derivatives 1 and 1.")
subtract = _two(lambda a, b: a - b, "subtract", "a − b; local derivatives 1 and −1.")
multiply = _two(lambda a, b: a * b, "multiply", "a · b, entry by entry; local derivatives b and a.")
dot = _two(jnp.dot, "dot", "a · b, the inner product of vectors; local derivatives b and a.")
sin = _one(jnp.sin, "sin", "sin a; local derivative cos a.")
cos = _one(jnp.cos, "cos", "cos a; local derivative −sin a.")
log = _one(jnp.log, "log", "log a; local derivative 1/a.")
exp = _one(jnp.exp, "exp", "eᵃ; local derivative eᵃ.")
sigmoid = _one(jax.nn.sigmoid, "sigmoid", "p = 1/(1 + e⁻ᵃ); local derivative p (1 − p).")
square = _one(jnp.square, "square", "a²; local derivative 2 a.")
negative_log = _one(
    lambda a: -jnp.log(a), "negative_log", "−log a; local derivative −1/a. For −log σ(u) at u ≪ 0 it overflows."
)

library: dict[str, Callable[..., Node]] = {
    make.__name__: make for make in (add, subtract, multiply, dot, sin, cos, log, exp, sigmoid, square, negative_log)
}
