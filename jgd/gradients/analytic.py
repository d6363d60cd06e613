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
from jgd.gradients.float64_loss import SHARP, Layout, Wide, coarsest, double, in_dtype, joined
from jgd.gradients.program_cache import fingerprint, keep, recalled, reused
from jgd.gradients.promote_jaxpr import UNWIDENABLE, widened

Gradient = Callable[..., Params]


@dataclass(frozen=True)
class Analytic:
    """native: the gradient (d,) of the program itself. sharp: by the same code in float64 where that runs, else native.

    eps: the machine epsilon of the coarsest operation behind `sharp`. grain: the same before its own roundings were
    taken away (widen.py). value: the loss in the program's precision, where its own gradient came with it.
    """

    native: np.ndarray
    sharp: np.ndarray
    eps: float
    grain: float
    value: float | None = None


def gradients(loss: Loss, gradient: Gradient | None, params: Params, batch: Batch, wide: Wide) -> Analytic:
    """Both gradients of the checked leaves at `params`; `gradient(params, batch)` where given, else `jax.grad`."""
    layout = wide.layout
    leaves = list(zip(layout.treedef.flatten_up_to(params), layout.places, strict=True))
    checked = [leaf for leaf, place in leaves if place]
    others = [leaf for leaf, place in leaves if not place]
    arguments = (checked, others, batch)
    key, followed = (loss, gradient, layout), gradient is None and wide.mark
    known = recalled(("gradients", *key), wide.mark) if followed else None
    if known is not None:  # the loss's program is what it was, and its gradient follows from it
        program, smooth, eps, grain = known
        value, native = _parted(program(*arguments), layout)
        with double():
            _, sharp = _parted(smooth(wide.parts(), others, *wide.rest[2]), layout)
        return Analytic(native, sharp, eps, grain, value)
    fresh = _program(loss, gradient, layout)
    try:
        program = reused(("native", *key), fingerprint(fresh.trace(*arguments).jaxpr), fresh)
        value, native = _parted(program(*arguments), layout)
    except UNTRACEABLE:
        if gradient is None:
            raise
        native = _flat(_chosen(gradient(params, batch), layout))  # a NumPy function: as it is, in its own precision
        return Analytic(native, native, _eps_of(layout), _eps_of(layout))
    with double():
        at = (wide.parts(), others, in_dtype(batch, np.float64))
        try:
            traced = fresh.trace(*at).jaxpr
            grain = max([coarsest(traced.jaxpr), *(float(jnp.finfo(each.dtype).eps) for each in _results(traced))])
        except (TypeError, ValueError):
            traced, grain = fresh.trace(*arguments).jaxpr, _eps_of(layout)
        eps, smooth = grain, fresh
        if grain > SHARP:  # it rounds inside: without that, as the loss
            source = traced
            smooth = jax.jit(lambda *given: widened(source)(*jax.tree.leaves(given)))
            try:
                traced = smooth.trace(*at).jaxpr
                eps = coarsest(traced.jaxpr)
            except UNWIDENABLE:
                return Analytic(native, native, grain, grain, value)
        smooth = reused(("sharp", *key), fingerprint(traced), smooth)
        if followed:
            keep(("gradients", *key), wide.mark, (program, smooth, eps, grain))
        return Analytic(native, _parted(smooth(*at), layout)[1], eps, grain, value)


def _parted(answer: Any, layout: Layout) -> tuple[float | None, np.ndarray]:
    """What a program of `_program` gave: the value, where it came with it, and the gradient (d,)."""
    leaves = jax.tree.leaves(answer)
    count = len(leaves) - sum(place is not None for place in layout.places)
    return (float(leaves[0]) if count else None), _flat(leaves[count:])


def _results(traced: Any) -> list[Any]:
    return [aval for aval in traced.out_avals if jnp.issubdtype(aval.dtype, jnp.floating)]


def _on_checked(loss: Loss, layout: Layout) -> Callable[..., Any]:
    """The loss as a function of its checked leaves, the others, and the batch."""
    return lambda checked, others, batch: loss(_build(layout, checked, others), batch)


def _build(layout: Layout, checked: list[Any], others: list[Any]) -> Params:
    mine, rest = iter(checked), iter(others)
    return jax.tree.unflatten(layout.treedef, [next(mine if place else rest) for place in layout.places])


def _program(loss: Loss, gradient: Gradient | None, layout: Layout) -> Any:
    """(checked leaves, others, batch) -> (the loss or None, the gradient's checked leaves), compiled."""
    if gradient is None:
        return jax.jit(jax.value_and_grad(_on_checked(loss, layout)))
    return jax.jit(
        lambda checked, others, batch: (None, _chosen(gradient(_build(layout, checked, others), batch), layout))
    )


def _chosen(grads: Params, layout: Layout) -> list[Any]:
    """The checked leaves of a user's gradient; what it says about the others is not looked at."""
    found = {checks.path_of(path): leaf for path, leaf in jax.tree_util.tree_leaves_with_path(grads)}
    for path in found:
        if path not in layout.paths:
            raise checks.JgdValueError(f"gradient has an unexpected leaf {path}, which params has not")
    leaves = []
    for path, shape, place in zip(layout.paths, layout.shapes, layout.places, strict=True):
        if place is None:
            continue
        if path not in found:
            raise checks.JgdValueError(f"gradient must return every leaf of params, got none at {path}")
        if jnp.shape(found[path]) != shape:
            raise checks.JgdValueError(
                f"gradient{path} must have the shape of params{path}, {shape}, got {jnp.shape(found[path])}"
            )
        leaf = jnp.asarray(found[path])
        if jnp.issubdtype(leaf.dtype, jnp.complexfloating):
            raise checks.JgdTypeError(f"gradient{path} must hold real numbers, got {leaf.dtype}")
        leaves.append(leaf)
    return leaves


def _flat(leaves: list[Any]) -> np.ndarray:
    return joined([np.asarray(leaf).astype(np.float64, copy=False).ravel() for leaf in leaves])


def _eps_of(layout: Layout) -> float:
    return max([float(jnp.finfo(d).eps) for d, p in zip(layout.dtypes, layout.places, strict=True) if p], default=0.0)
