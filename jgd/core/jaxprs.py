"""Traced programs (jaxprs) and those that they call."""

from collections.abc import Iterator, Sequence
from typing import Any


def inner_programs(equation: Any) -> list[Any]:
    """The jaxprs among an equation's parameters: of a call, a loop, a branch."""
    values = equation.params.values()
    flat = [part for value in values for part in (value if isinstance(value, tuple | list) else (value,))]
    return [inner for inner in (getattr(part, "jaxpr", part) for part in flat) if hasattr(inner, "eqns")]


def bind(primitive: Any, values: Sequence[Any], params: dict[str, Any]) -> Sequence[Any]:
    """The results of an equation's primitive on other values, with such parameters as an equation holds."""
    bound = primitive.get_bind_params(params)
    functions, options = bound if isinstance(bound, tuple) else ((), bound)  # older versions: with functions
    results = primitive.bind(*functions, *values, **options)
    return results if primitive.multiple_results else [results]


def equations(program: Any) -> Iterator[Any]:
    """All equations of a jaxpr, also of what is called inside.

    Example:
        >>> import jax, jax.numpy as jnp
        >>> [each.primitive.name for each in equations(jax.make_jaxpr(jnp.sin)(0.0).jaxpr)]
        ['sin']
    """
    for equation in program.eqns:
        yield equation
        for inner in inner_programs(equation):
            yield from equations(inner)
