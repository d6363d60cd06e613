"""What `observe` returns of a lane's parameters, as numbers by name: the columns of a sweep's `recorded`."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array

from jgd.core import checks, tree
from jgd.core.paths import paths
from jgd.core.types import Params

OBSERVED = "observed"  # begins their names; of a tree followed by the path of the leaf


def observed(observe: Callable[[Params], Any], params: Params) -> dict[str, Array]:
    """Name -> (…), in the loss's dtype: "observed" of one array, else "observed." and a leaf's path.

    Raises:
        JgdTypeError: for a leaf that is no real array.
        JgdValueError: for no leaf, or two of one name.

    Example:
        >>> sorted(observed(lambda params: {"size": abs(params).sum(), "ends": params[::2]}, jnp.arange(3.0)))
        ['observed.ends', 'observed.size']
    """
    seen, wide = observe(params), tree.compute_dtype(params)
    names = [f"{OBSERVED}.{path.replace('/', '.')}" if path else OBSERVED for path in paths(seen)]
    if not names or len(set(names)) < len(names):
        raise checks.JgdValueError(
            f"observe must return arrays with names of their own, got {names}", argument="observe"
        )
    return {name: _real(name, leaf).astype(wide) for name, leaf in zip(names, jax.tree.leaves(seen), strict=True)}


def _real(name: str, leaf: Any) -> Array:
    dtype = getattr(leaf, "dtype", None) if not isinstance(leaf, int | float) else jnp.result_type(leaf)
    if dtype is None or not any(jnp.issubdtype(dtype, kind) for kind in (jnp.floating, jnp.integer, jnp.bool_)):
        raise checks.JgdTypeError(
            f"observe must return real arrays, got {checks.shown(name)} of {dtype or type(leaf).__name__}",
            argument="observe",
        )
    return jnp.asarray(leaf)
