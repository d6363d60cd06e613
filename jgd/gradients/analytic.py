"""The gradient under test, twice: as the program computes it, and by the same code in float64.

The second is what the numbers are compared with, so that a fault of 1e-6 shows in a float32 program too; the first
must be finite, and must not be made of rounding.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jgd.core import checks
from jgd.core.functions import UNTRACEABLE
from jgd.core.types import Batch, Loss, Params
from jgd.gradients.float64_loss import Float64Loss
from jgd.gradients.layout import LeafLayout, concatenate
from jgd.gradients.precision import FLOAT64_LIMIT, cast_floating, coarsest_eps, float64_enabled
from jgd.gradients.program_cache import cached, jaxpr_digest, lookup, store
from jgd.gradients.promote_jaxpr import PROMOTION_ERRORS, promote

Gradient = Callable[..., Params]


@dataclass(frozen=True)
class AnalyticGradient:
    """native: the gradient (d,) of the program itself. promoted: by the same code in float64 where that runs, else native.

    eps: the machine epsilon of the coarsest operation behind `promoted`. program_eps: the same before the program's own
    roundings were taken away (promote_jaxpr.py). value: the loss in the program's precision, where its own gradient
    came with it.
    """

    native: np.ndarray
    promoted: np.ndarray
    eps: float
    program_eps: float
    value: float | None = None


def analytic_gradient(
    loss: Loss, gradient: Gradient | None, params: Params, batch: Batch, loss64: Float64Loss
) -> AnalyticGradient:
    """Both gradients of the checked leaves at `params`; `gradient(params, batch)` where given, else `jax.grad`."""
    layout = loss64.layout
    checked, others = layout.split(params)
    arguments = (checked, others, batch)
    key, followed = (loss, gradient, layout), gradient is None and loss64.digest
    known = lookup(("gradients", *key), loss64.digest) if followed else None
    if known is not None:  # the loss's program is what it was, and its gradient follows from it
        program, promoted, eps, program_eps = known
        value, native = _value_and_gradient(program(*arguments), layout)
        with float64_enabled():
            _, in_float64 = _value_and_gradient(promoted(loss64.leaves(), others, *loss64.arguments[2]), layout)
        return AnalyticGradient(native, in_float64, eps, program_eps, value)
    fresh = _program(loss, gradient, layout)
    try:
        program = cached(("native", *key), jaxpr_digest(fresh.trace(*arguments).jaxpr), fresh)
        value, native = _value_and_gradient(program(*arguments), layout)
    except UNTRACEABLE:
        if gradient is None:
            raise
        native = concatenate(_checked_leaves(gradient(params, batch), layout))  # NumPy: in its own precision
        return AnalyticGradient(native, native, layout.eps(), layout.eps())
    with float64_enabled():
        at = (loss64.leaves(), others, cast_floating(batch, np.float64))
        promoted, traced, eps, program_eps = _promoted(fresh, at, arguments, layout)
        if promoted is None:
            return AnalyticGradient(native, native, program_eps, program_eps, value)
        promoted = cached(("promoted", *key), jaxpr_digest(traced), promoted)
        if followed:
            store(("gradients", *key), loss64.digest, (program, promoted, eps, program_eps))
        return AnalyticGradient(native, _value_and_gradient(promoted(*at), layout)[1], eps, program_eps, value)


def _promoted(fresh: Any, at: tuple, arguments: tuple, layout: LeafLayout) -> tuple[Any, Any, float, float]:
    """-> (the program in float64 or None, its trace, eps of its coarsest operation, eps before promotion).

    at: the arguments in float64. arguments: in the program's own precision, for one that can't be traced in float64.
    """
    try:
        traced = fresh.trace(*at).jaxpr
        results = [aval.dtype for aval in traced.out_avals if jnp.issubdtype(aval.dtype, jnp.floating)]
        program_eps = max([coarsest_eps(traced.jaxpr), *(float(jnp.finfo(dtype).eps) for dtype in results)])
    except (TypeError, ValueError):
        traced, program_eps = fresh.trace(*arguments).jaxpr, layout.eps()
    if program_eps <= FLOAT64_LIMIT:
        return fresh, traced, program_eps, program_eps
    source = traced  # it rounds inside: without that, as the loss
    program = jax.jit(lambda *given: promote(source)(*jax.tree.leaves(given)))
    try:
        traced = program.trace(*at).jaxpr
        return program, traced, coarsest_eps(traced.jaxpr), program_eps
    except PROMOTION_ERRORS:
        return None, traced, program_eps, program_eps


def _value_and_gradient(answer: Any, layout: LeafLayout) -> tuple[float | None, np.ndarray]:
    """What a program of `_program` returned: the value, where it came with it, and the gradient (d,)."""
    leaves = jax.tree.leaves(answer)
    count = len(leaves) - sum(span is not None for span in layout.spans)
    return (float(leaves[0]) if count else None), concatenate(leaves[count:])


def _program(loss: Loss, gradient: Gradient | None, layout: LeafLayout) -> Any:
    """(checked leaves, others, batch) -> (the loss or None, the gradient's checked leaves), compiled."""
    if gradient is None:
        return jax.jit(jax.value_and_grad(lambda checked, others, batch: loss(layout.merge(checked, others), batch)))
    return jax.jit(
        lambda checked, others, batch: (None, _checked_leaves(gradient(layout.merge(checked, others), batch), layout))
    )


def _checked_leaves(grads: Params, layout: LeafLayout) -> list[Any]:
    """The checked leaves of a user's gradient; what it says about the others is not looked at."""
    found = {checks.path_of(path): leaf for path, leaf in jax.tree_util.tree_leaves_with_path(grads)}
    for path in found:
        if path not in layout.paths:
            raise checks.JgdValueError(f"gradient has an unexpected leaf {path}, which params has not")
    leaves = []
    for path, shape, span in zip(layout.paths, layout.shapes, layout.spans, strict=True):
        if span is None:
            continue
        if path not in found:
            raise checks.JgdValueError(
                f"gradient must return every leaf of params, got none at {path}", argument="gradient"
            )
        if jnp.shape(found[path]) != shape:
            raise checks.JgdValueError(
                f"gradient{path} must have the shape of params{path}, {shape}, got {jnp.shape(found[path])}"
            )
        leaf = jnp.asarray(found[path])
        if jnp.issubdtype(leaf.dtype, jnp.complexfloating):
            raise checks.JgdTypeError(f"gradient{path} must hold real numbers, got {leaf.dtype}")
        leaves.append(leaf)
    return leaves
