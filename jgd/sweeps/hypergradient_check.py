"""A hypergradient against central differences, in steps relative to each value."""

from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jgd.gradients import GradientCheck, check_gradients
from jgd.sweeps.unrolled import UnrolledRun


def check_hypergradient(run: UnrolledRun, values: dict[str, np.ndarray], data: Any, mode: str) -> GradientCheck:
    """The derivatives against differences, in steps relative to each value, or to 1 − it where that is the small one."""
    scales = {name: _scale(value) for name, value in values.items()}

    def shifted(shift: dict[str, Any], data: Any) -> Any:
        to = {name: jnp.asarray(values[name], x.dtype) + scales[name] * x for name, x in shift.items()}
        return run(to, data)

    shift = {name: np.zeros(value.shape, jnp.result_type(float)) for name, value in values.items()}
    forward = (lambda shift, data: jax.jacfwd(shifted)(shift, data)) if mode == "forward" else None
    found = check_gradients(shifted, shift, data, gradient=forward, seed=0, every_entry=True)
    in_units = lambda x, scale: None if x is None else x / scale
    leaves = []
    for leaf, name in zip(found.leaves, sorted(values), strict=True):
        parts = ("analytic", "numeric", "error_bar")
        leaves.append(replace(leaf, **{part: in_units(getattr(leaf, part), scales[name]) for part in parts}))
    return replace(found, leaves=tuple(leaves))


def _scale(value: np.ndarray) -> float:
    """What a step is relative to: 1e-5 is no small step for a rate of 1e-4, nor for a b2 of 0.9999."""
    sizes = np.abs(value[value != 0])
    sizes = np.where((sizes > 0.5) & (sizes < 1), 1 - sizes, sizes)
    return float(sizes.min()) if sizes.size else 1.0
