"""Which leaves a loss reads at all: a leaf without effect is either left out of the program, or flat at this point."""

from collections.abc import Sequence
from typing import Any

import jax

from jgd.core.types import Batch, Loss, Params
from jgd.gradients.float64_loss import double
from jgd.gradients.promote_jaxpr import INLINE


def read(loss: Loss, params: Params, batch: Batch) -> tuple[bool, ...]:
    """For each leaf of `params`, whether the traced loss depends on it; True where that can't be told.

    >>> read(lambda p, batch: jax.numpy.sum(p["w"]), {"u": 1.0, "w": 2.0}, None)
    (False, True)
    """
    leaves, treedef = jax.tree.flatten(params)
    with double():
        traced = jax.make_jaxpr(lambda leaves: loss(jax.tree.unflatten(treedef, leaves), batch))(leaves)
    return tuple(_reaches(traced, [at == own for own in range(len(leaves))])[0] for at in range(len(leaves)))


def _reaches(traced: Any, marked: Sequence[bool]) -> list[bool]:
    """Which results depend on the marked arguments."""
    program = getattr(traced, "jaxpr", traced)
    known = {v for v, mark in zip(program.invars, marked, strict=True) if mark}
    depends = lambda v: not hasattr(v, "val") and v in known
    for equation in program.eqns:
        inputs = [depends(v) for v in equation.invars]
        inner = equation.params.get("jaxpr", equation.params.get("call_jaxpr"))
        if equation.primitive.name in INLINE and inner is not None:
            outputs = _reaches(inner, inputs)
        else:
            outputs = [any(inputs)] * len(equation.outvars)
        known |= {v for v, reached in zip(equation.outvars, outputs, strict=True) if reached}
    return [depends(v) for v in program.outvars]
