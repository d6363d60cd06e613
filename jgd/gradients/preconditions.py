"""Whether a loss can be checked (finite, the same twice, the same function in float64), and which leaves it reads."""

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jgd.core.functions import one_number
from jgd.core.types import Batch, Loss, Params
from jgd.gradients.layout import ravel_params
from jgd.gradients.precision import float64_enabled
from jgd.gradients.promote_jaxpr import INLINED, scan_sizes

STAIRS = {"sign", "floor", "ceil", "round"}  # of floating numbers, with floating results, and flat almost everywhere


def value_of(loss: Loss, params: Params, batch: Batch) -> float:
    """The loss at params: not compiled, so nothing is kept."""
    on_device = lambda tree: jax.tree.map(lambda x: jnp.asarray(x) if isinstance(x, np.ndarray) else x, tree)
    value = loss(on_device(params), on_device(batch))
    return float(one_number(loss, np.float64(value) if isinstance(value, float) else value))


def why_uncheckable(loss: Loss, params: Params, batch: Batch, value: float, value64: float) -> str:
    """Why the loss, `value` at params and `value64` in float64, can't be checked; "" if it can.

    value: compiled or not. Two evaluations that agree to rounding say that it is the same twice, and in float64.
    """
    if not np.isfinite(value):
        return f"the loss is {value} at params"
    layout, _, _ = ravel_params(params)
    eps = layout.eps(default=1e-7)
    if abs(value - value64) <= 100 * eps * max(abs(value), abs(value64)):
        return ""
    first, again = (value_of(loss, params, batch) for _ in range(2))
    if abs(first - again) > 100 * eps * max(abs(first), abs(again)):
        return f"the loss is not deterministic: {first} and {again} for the same params and batch"
    return _other_function(loss, params, batch, first, value64, eps)


def _other_function(loss: Loss, params: Params, batch: Batch, value: float, value64: float, eps: float) -> str:
    """Why `value64`, the loss in float64, is not just `value`, the program's, with more digits; "" if it is.

    Random numbers of the default dtype are others in float64. So is the loss of the program's own numbers then: where
    float64 being allowed moves that by as much, it was not rounding.
    """
    if not np.isfinite(value64):
        return f"the loss is {value64} at params in float64, {value} in the program's precision"
    if not abs(value64 - value) > 100 * eps * max(abs(value64), abs(value)):
        return ""
    try:
        with float64_enabled():
            own = float(loss(jax.tree.map(jnp.asarray, params), jax.tree.map(jnp.asarray, batch)))
    except (TypeError, ValueError):
        return ""
    if not abs(own - value64) < 0.1 * abs(own - value):
        return ""
    return "the loss is another function in float64 (random numbers of the default dtype?)"


def leaves_read(loss: Loss, params: Params, batch: Batch, smoothly: bool = False) -> tuple[bool, ...]:
    """For each leaf of `params`, whether the traced loss depends on it; True where that can't be told.

    smoothly: whether by a path on which no comparison, rounding or whole number stands, where every slope is 0.

    >>> leaves_read(lambda p, batch: jax.numpy.sum(p["w"]), {"u": 1.0, "w": 2.0}, None)
    (False, True)
    >>> leaves_read(lambda p, batch: jax.numpy.round(p["u"]) + p["w"], {"u": 1.0, "w": 2.0}, None, smoothly=True)
    (False, True)
    """
    leaves, treedef = jax.tree.flatten(params)
    with float64_enabled():
        traced = jax.make_jaxpr(lambda leaves: loss(jax.tree.unflatten(treedef, leaves), batch))(leaves)
    each = range(len(leaves))
    return tuple(_reaches(traced, [at == own for own in each], smoothly)[0] for at in each)


def _reaches(traced: Any, marked: Sequence[bool], smoothly: bool) -> list[bool]:
    """Which results depend on the marked arguments."""
    program = getattr(traced, "jaxpr", traced)
    known = {v for v, mark in zip(program.invars, marked, strict=True) if mark}
    depends = lambda v: not hasattr(v, "val") and v in known
    for equation in program.eqns:
        inputs = [depends(v) for v in equation.invars]
        name, inner = equation.primitive.name, equation.params.get("jaxpr", equation.params.get("call_jaxpr"))
        if name in INLINED and inner is not None:
            outputs = _reaches(inner, inputs, smoothly)
        elif name == "scan":
            outputs = _reaches_in_scan(equation.params, inputs, smoothly)
        else:
            outputs = [any(inputs) and not (smoothly and name in STAIRS)] * len(equation.outvars)
        stairs = [smoothly and not jnp.issubdtype(v.aval.dtype, jnp.inexact) for v in equation.outvars]
        known |= {v for v, reached, step in zip(equation.outvars, outputs, stairs, strict=True) if reached and not step}
    return [depends(v) for v in program.outvars]


def _reaches_in_scan(scan: dict[str, Any], inputs: list[bool], smoothly: bool) -> list[bool]:
    """The same of a loop, through which a mark goes round until no other result has it."""
    first, carried = scan_sizes(scan)
    while True:
        outputs = _reaches(scan["jaxpr"], inputs, smoothly)
        after = [old or new for old, new in zip(inputs[first : first + carried], outputs[:carried], strict=True)]
        if after == inputs[first : first + carried]:
            return [*after, *outputs[carried:]]
        inputs = [*inputs[:first], *after, *inputs[first + carried :]]
