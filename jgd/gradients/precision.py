"""Float64 evaluation, and how coarse the operations of a program are."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jgd.core.jaxprs import inner_programs

FLOAT64_LIMIT = 1e-12  # a larger eps is not float64's


@contextmanager
def float64_enabled() -> Iterator[None]:
    """Float64 inside, and dtypes that mix: a float32 literal in a loss must not stop its float64 evaluation."""
    with jax.enable_x64(True), jax.numpy_dtype_promotion("standard"):
        yield


def cast_floating(data: Any, dtype: Any) -> Any:
    """Floating arrays as NumPy arrays of `dtype`, all else as it is."""

    def one(leaf):
        floating = jnp.issubdtype(getattr(leaf, "dtype", np.dtype("int32")), jnp.floating)
        return np.asarray(leaf).astype(dtype) if floating else leaf

    return jax.tree.map(one, data)


# operations that round nothing: a float32 constant or a label that only passes through them is exact
EXACT = {
    "broadcast_in_dim",
    "reshape",
    "squeeze",
    "slice",
    "dynamic_slice",
    "gather",
    "transpose",
    "iota",
    "copy",
    "bitcast_convert_type",  # random bits read as a number
}


def coarsest_eps(jaxpr: Any) -> float:
    """The largest machine epsilon among the floating values that a traced program rounds to, at least float64's."""
    eps = float(np.finfo(np.float64).eps)
    for equation in jaxpr.eqns:
        inner = inner_programs(equation)
        eps = max([eps, *(coarsest_eps(part) for part in inner)])
        if inner or equation.primitive.name in EXACT:
            continue
        if equation.primitive.name == "convert_element_type" and not _floating(equation.invars[0].aval):
            continue
        eps = max([eps, *(float(jnp.finfo(v.aval.dtype).eps) for v in equation.outvars if _floating(v.aval))])
    return eps


def _floating(aval: Any) -> bool:
    return hasattr(aval, "dtype") and jnp.issubdtype(aval.dtype, jnp.floating)
