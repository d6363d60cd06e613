"""A traced program evaluated in float64 throughout: its own casts to narrower numbers round nothing.

A loss that computes in bfloat16 inside is a staircase: no difference of it says anything about its slope. The program
behind it is smooth, and so is what its gradient is meant to be; both are compared with their roundings taken away.
What can't be promoted (a callback, a kernel, bits read as numbers) runs in its own dtype.
"""

from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jgd.core.jaxprs import bind

INLINED = {"jit", "pjit", "closed_call", "core_call", "checkpoint", "remat2", "custom_jvp_call", "custom_vjp_call"}
CASTS = {"convert_element_type", "reduce_precision"}  # rounding is all they do to a floating number


PROMOTION_ERRORS = (TypeError, ValueError, LookupError, AttributeError, NotImplementedError)  # what JAX may say to it


def promote(closed: Any) -> Callable[..., list[Any]]:
    """The program of a closed jaxpr as a function (flat arguments) -> flat results, all real numbers in float64."""
    return lambda *arguments: _evaluate(getattr(closed, "jaxpr", closed), getattr(closed, "consts", ()), arguments)


def _evaluate(program: Any, constants: Sequence[Any], arguments: Sequence[Any]) -> list[Any]:
    known = dict(zip(program.constvars, map(_to_float64, constants), strict=True))
    known |= dict(zip(program.invars, map(_to_float64, arguments), strict=True))
    read = lambda v: _to_float64(np.asarray(v.val, v.aval.dtype)) if hasattr(v, "val") else known[v]
    for equation in program.eqns:
        results = _evaluate_equation(equation, [read(v) for v in equation.invars])
        known |= dict(zip(equation.outvars, results, strict=True))
    return [read(v) for v in program.outvars]


def _evaluate_equation(equation: Any, values: list[Any]) -> list[Any]:
    name, given = equation.primitive.name, equation.params
    if name in CASTS and _is_floating(values[0]) and _is_floating(equation.outvars[0].aval):
        return values
    if name in INLINED:
        return promote(given.get("jaxpr", given.get("call_jaxpr")))(*values)
    if name in _RULES:
        return _RULES[name](given, values)
    if name in UNPROMOTED or any(map(_is_program, jax.tree.leaves(list(given.values()), is_leaf=_is_program))):
        own = [v.aval for v in equation.invars]
        values = [
            x.astype(a.dtype) if _is_floating(x) and x.dtype != a.dtype else x for x, a in zip(values, own, strict=True)
        ]
    else:
        given = {key: _float64_parameter(name, key, value) for key, value in given.items()}
    return [_to_float64(x) for x in bind(equation.primitive, values, given)]


UNPROMOTED = {"bitcast_convert_type", "nextafter", "pure_callback", "io_callback", "ffi_call", "pallas_call"}


def _scan(given: dict[str, Any], values: list[Any]) -> list[Any]:
    consts, carried = scan_sizes(given)
    body = promote(given["jaxpr"])

    def step(carry, row):
        out = body(*values[:consts], *carry, *row)
        return tuple(out[:carried]), tuple(out[carried:])

    first, rows = tuple(values[consts : consts + carried]), tuple(values[consts + carried :])
    carry, stacked = jax.lax.scan(step, first, rows, length=given["length"], reverse=given["reverse"])
    return [*carry, *stacked]


def scan_sizes(given: dict[str, Any]) -> tuple[int, int]:
    """How many of a scan's arguments are constants, and how many are carried."""
    if "ft_in" in given:  # newer versions: the three parts as trees
        consts, carried = (len(list(part)) for part in list(given["ft_in"].unpack())[:2])
        return consts, carried
    return given["num_consts"], given["num_carry"]


def _while(given: dict[str, Any], values: list[Any]) -> list[Any]:
    first, second = given["cond_nconsts"], given["cond_nconsts"] + given["body_nconsts"]
    condition, body = promote(given["cond_jaxpr"]), promote(given["body_jaxpr"])
    return list(
        jax.lax.while_loop(
            lambda state: condition(*values[:first], *state)[0],
            lambda state: tuple(body(*values[first:second], *state)),
            tuple(values[second:]),
        )
    )


def _cond(given: dict[str, Any], values: list[Any]) -> list[Any]:
    branches = [lambda *x, branch=branch: tuple(promote(branch)(*x)) for branch in given["branches"]]
    index = jnp.asarray(values[0]).astype(jnp.int32)
    return list(jax.lax.switch(index, branches, *values[1:]))


def _scatter(function: Callable[..., Any]) -> Callable[[dict[str, Any], list[Any]], list[Any]]:
    kept = ("dimension_numbers", "indices_are_sorted", "unique_indices", "mode")
    return lambda given, values: [function(*values, **{name: given[name] for name in kept})]


_RULES = {
    "scan": _scan,
    "while": _while,
    "cond": _cond,
    "scatter": _scatter(jax.lax.scatter),
    "scatter-add": _scatter(jax.lax.scatter_add),
    "scatter-mul": _scatter(jax.lax.scatter_mul),
    "scatter-min": _scatter(jax.lax.scatter_min),
    "scatter-max": _scatter(jax.lax.scatter_max),
}


def _float64_parameter(name: str, key: str, value: Any) -> Any:
    if name == "dot_general" and key == "precision":
        return None  # an algorithm for narrow numbers
    if isinstance(value, np.dtype | type) and jnp.issubdtype(value, jnp.floating):
        return np.dtype(np.float64)
    return value


def _is_program(part: Any) -> bool:
    return hasattr(getattr(part, "jaxpr", part), "eqns")


def _is_floating(x: Any) -> bool:
    return hasattr(x, "dtype") and jnp.issubdtype(x.dtype, jnp.floating)


def _to_float64(x: Any) -> Any:
    if _is_floating(x):
        return x if x.dtype == np.float64 else x.astype(np.float64)
    if hasattr(x, "dtype") and jnp.issubdtype(x.dtype, jnp.complexfloating) and x.dtype != np.complex128:
        return x.astype(np.complex128)
    return x
