"""Two ways to the same gradient that must agree to rounding: compiled or not, the batch at once or row by row."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jgd.core import checks
from jgd.core.types import Batch, Loss, Params
from jgd.gradients.analytic import Gradient
from jgd.gradients.layout import ravel_params
from jgd.gradients.report import ConsistencyCheck

ALLOWED = 1e4  # units of eps, relative to the leaf's norm: sums are taken in another order


def gradient_of(loss: Loss, gradient: Gradient | None, params: Params, batch: Batch) -> list[Any]:
    """The gradient's leaves with respect to the real floating leaves of `params`, in their order."""
    leaves, treedef = jax.tree.flatten(params)
    floating = [jnp.issubdtype(jnp.asarray(leaf).dtype, jnp.floating) for leaf in leaves]

    def on(checked):
        mine = iter(checked)
        return jax.tree.unflatten(treedef, [next(mine) if f else x for x, f in zip(leaves, floating, strict=True)])

    if gradient is not None:
        return [g for g, f in zip(treedef.flatten_up_to(gradient(params, batch)), floating, strict=True) if f]
    checked = [jnp.asarray(x) for x, f in zip(leaves, floating, strict=True) if f]
    return jax.grad(lambda c: loss(on(c), batch))(checked)


def _jit(loss: Loss, gradient: Gradient | None, params: Params, batch: Batch) -> tuple[list[Any], list[Any]]:
    one = lambda params, batch: gradient_of(loss, gradient, params, batch)
    with jax.disable_jit():
        slow = one(params, batch)
    return jax.jit(one)(params, batch), slow


def _looped(reduce: Callable[..., Any]) -> Callable[..., tuple[list[Any], list[Any]]]:
    def both(loss: Loss, gradient: Gradient | None, params: Params, batch: Batch):
        one = jax.jit(lambda params, batch: gradient_of(loss, gradient, params, batch))
        rows = checks.rows("batch", batch)
        each = [one(params, jax.tree.map(lambda leaf, i=i: leaf[i : i + 1], batch)) for i in range(rows)]
        stacked = [np.stack([np.asarray(leaf, np.float64) for leaf in leaves]) for leaves in zip(*each, strict=True)]
        return one(params, batch), [reduce(leaf, axis=0) for leaf in stacked]

    return both


comparisons: dict[str, Callable[..., tuple[list[Any], list[Any]]]] = {
    "jit": _jit,
    "looped_mean": _looped(np.mean),
    "looped_sum": _looped(np.sum),
}


def check_consistency(
    name: str, loss: Loss, gradient: Gradient | None, params: Params, batch: Batch
) -> ConsistencyCheck:
    """One comparison of `comparisons` at `params`, in the program's own precision."""
    layout, _, _ = ravel_params(params)
    checked = [at for at, place in enumerate(layout.spans) if place]
    left, right = comparisons[name](loss, gradient, params, batch)
    worst, leaf, verdict = 0.0, "every leaf", "ok"
    norms = [float(np.linalg.norm(np.asarray(b, np.float64))) for b in right]
    for at, a, b in zip(checked, left, right, strict=True):
        with np.errstate(invalid="ignore"):  # inf − inf is as far apart as NaN says
            difference = float(np.linalg.norm(np.asarray(a, np.float64) - np.asarray(b, np.float64)))
        size = max(float(np.linalg.norm(np.asarray(b, np.float64))), 1e-6 * max(norms))
        relative = difference / size if size > 0 else difference
        if not relative <= worst:
            worst, leaf = relative, layout.paths[at]
        # the gradient may be coarser than its parameters; loops are summed in float64, from what the program gave
        eps = max(float(jnp.finfo(dtype).eps) for dtype in (layout.dtypes[at], *_floating(a, b)))
        if not relative <= min(0.3, ALLOWED * eps):
            verdict = "wrong"
    return ConsistencyCheck(name, leaf, worst, verdict)


def _floating(*arrays: Any) -> list[Any]:
    return [x.dtype for x in arrays if jnp.issubdtype(x.dtype, jnp.floating)]
