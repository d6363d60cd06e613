"""Convolutions as XLA's CPU backend is fast at them inside of a loop.

XLA brings the convolutions of a program's entry into the order of axes that its kernels take (batch, space…, channels
with weights space…, in, out), but not those inside of a loop (jax-ml/jax issue 12868), where a gradient's come in another
order and are computed by plain nested loops: 13 ms a step in place of 3 for two 3 × 3 convolutions of 8 × 8 images; so
are forward ones with channels first, 106 ms an evaluation in place of 3. A training loop is one, with its evaluations
inside, so we bring them into that order ourselves.
"""

from collections.abc import Callable, Sequence
from typing import Any

import jax
import numpy as np
from jax.core import Tracer

from jgd.core.jaxprs import bind, equations, inner_programs

CALLS = {"jit", "pjit", "closed_call"}


def in_fast_order(function: Callable[..., Any]) -> Callable[..., Any]:
    """The same function with its convolutions in the order of axes that is fast in loops on a CPU.

    The function itself where nothing is gained: on another platform, outside of a trace, or without a convolution.
    What loops, branches and checkpoints inside of it convolve stays as it is.

    Example:
        >>> import jax.numpy as jnp
        >>> smooth = lambda w: jnp.sum(jax.lax.conv(jnp.ones((1, 1, 8)), w, (1,), "SAME") ** 2)
        >>> gradient = jax.jit(in_fast_order(jax.grad(smooth)))
        >>> gradient(jnp.ones((1, 1, 3))).tolist()
        [[[40.0, 44.0, 40.0]]]
    """

    def reordered(*arguments: Any) -> Any:
        leaves = jax.tree.leaves(arguments)
        traced = any(isinstance(leaf, Tracer) for leaf in leaves)
        if not traced or jax.default_backend() != "cpu" or jax.config.jax_disable_jit:  # pyright: ignore
            return function(*arguments)
        closed, shapes = jax.make_jaxpr(function, return_shape=True)(*arguments)
        return jax.tree.unflatten(jax.tree.structure(shapes), _evaluate(closed.jaxpr, closed.consts, leaves))

    return reordered


def _evaluate(program: Any, constants: Sequence[Any], arguments: Sequence[Any]) -> list[Any]:
    known = dict(zip([*program.constvars, *program.invars], [*constants, *arguments], strict=True))
    read = lambda v: v.val if hasattr(v, "val") else known[v]
    for equation in program.eqns:
        known |= zip(equation.outvars, _results(equation, [read(v) for v in equation.invars]), strict=True)
    return [read(v) for v in program.outvars]


def _results(equation: Any, values: list[Any]) -> Sequence[Any]:
    primitive, given = equation.primitive, equation.params
    if primitive.name == "conv_general_dilated":
        return [_convolve(values[0], values[1], given)]
    if primitive.name in CALLS and any(map(convolves, inner_programs(equation))):
        called = given.get("jaxpr", given.get("call_jaxpr"))
        return _evaluate(getattr(called, "jaxpr", called), getattr(called, "consts", ()), values)
    return bind(primitive, values, given)


def _convolve(x: jax.Array, weights: jax.Array, given: dict[str, Any]) -> jax.Array:
    """The convolution on transposed arrays, and its result transposed back."""
    asked = given["dimension_numbers"]
    (batch, channels, *space), (out, into, *taps) = asked.lhs_spec, asked.rhs_spec
    last = len(space) + 1
    across = tuple(range(1, last))
    fast = jax.lax.ConvDimensionNumbers((0, last, *across), (last, last - 1, *range(len(space))), (0, last, *across))
    made = jax.lax.conv_general_dilated_p.bind(
        jax.lax.transpose(x, (batch, *space, channels)),
        jax.lax.transpose(weights, (*taps, into, out)),
        **{**given, "dimension_numbers": fast},
    )
    batch, channels, *space = asked.out_spec
    return jax.lax.transpose(made, [int(axis) for axis in np.argsort((batch, *space, channels))])


def convolves(program: Any) -> bool:
    """Whether there is a convolution in a jaxpr, or in one that it calls."""
    return any(equation.primitive.name == "conv_general_dilated" for equation in equations(program))
