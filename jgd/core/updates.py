"""The end of every step: parameters plus updates."""

import jax.numpy as jnp

from jgd.core import checks, tree
from jgd.core.types import Params


def apply_updates(params: Params, updates: Params) -> Params:
    """params + updates, summed in the wider dtype and then cast to each parameter's own.

    Args:
        params: A pytree of floating arrays.
        updates: A tree like it, of the same shapes.

    Returns:
        The new parameters.

    Raises:
        JgdValueError: For a missing or unexpected leaf, or another shape.
        JgdTypeError: For a leaf that is not floating, or another kind of tree.

    Example:
        >>> apply_updates({"w": jnp.array([1.0, 2.0])}, {"w": jnp.array([0.5, -0.5])})["w"].tolist()
        [1.5, 1.5]
    """

    def one(p, u):
        p, u = jnp.asarray(p), jnp.asarray(u)
        wide = tree.compute_dtype((p, u))
        return (p.astype(wide) + u.astype(wide)).astype(p.dtype)

    checks.same_structure(updates, params, "updates")
    return tree.map(one, params, updates)
