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
from jgd.core.types import Batch, Loss, Params
from jgd.gradients.compiled import reused
from jgd.gradients.double import Layout, coarsest, double, in_dtype

Gradient = Callable[..., Params]
UNTRACEABLE = (jax.errors.ConcretizationTypeError, jax.errors.TracerArrayConversionError)


@dataclass(frozen=True)
class Analytic:
    """native: the gradient (d,) of the program itself. sharp: by the same code in float64 where that runs, else native.

    eps: the machine epsilon of the coarsest operation behind `sharp`.
    """

    native: np.ndarray
    sharp: np.ndarray
    eps: float


def gradients(loss: Loss, gradient: Gradient | None, params: Params, batch: Batch, layout: Layout) -> Analytic:
    """Both gradients of the checked leaves at `params`; `gradient(params, batch)` where given, else `jax.grad`."""
    checked = [leaf for leaf, place in zip(layout.treedef.flatten_up_to(params), layout.places, strict=True) if place]
    others = [
        leaf for leaf, place in zip(layout.treedef.flatten_up_to(params), layout.places, strict=True) if not place
    ]
    fresh = _program(loss, gradient, layout)
    key = (loss, gradient, layout)
    try:
        traced = fresh.trace(checked, others, batch).jaxpr
        native = _flat(reused(("native", *key), traced, fresh)(checked, others, batch))
    except UNTRACEABLE:
        if gradient is None:
            raise
        native = _flat(_chosen(gradient(params, batch), layout))  # a NumPy function: as it is, in its own precision
        return Analytic(native, native, _eps_of(layout))
    with double():
        try:
            arguments = (in_dtype(checked, np.float64), others, in_dtype(batch, np.float64))
            traced = fresh.trace(*arguments).jaxpr
            leaves = reused(("sharp", *key), traced, fresh)(*arguments)
        except (TypeError, ValueError):
            return Analytic(native, native, _eps_of(layout))
        eps = max([coarsest(traced.jaxpr), *(float(jnp.finfo(leaf.dtype).eps) for leaf in leaves)])
        return Analytic(native, _flat(leaves), eps)


def _program(loss: Loss, gradient: Gradient | None, layout: Layout) -> Any:
    def build(checked, others):
        mine, rest = iter(checked), iter(others)
        return jax.tree.unflatten(layout.treedef, [next(mine if place else rest) for place in layout.places])

    if gradient is None:
        program = lambda checked, others, batch: jax.grad(lambda leaves: loss(build(leaves, others), batch))(checked)
    else:
        program = lambda checked, others, batch: _chosen(gradient(build(checked, others), batch), layout)
    return jax.jit(program)


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
    return np.concatenate([np.zeros(0), *(np.asarray(leaf).astype(np.float64).ravel() for leaf in leaves)])


def _eps_of(layout: Layout) -> float:
    return max([float(jnp.finfo(d).eps) for d, p in zip(layout.dtypes, layout.places, strict=True) if p], default=0.0)
