"""Parameters that follow others, as a target network follows the one that learns: a little at each step, or at once now and then.

Where only the average is wanted, for evaluation, `EmaOfParams` keeps it. These are for a loop that uses both.
"""

from typing import Any

import jax.numpy as jnp

from jgd.core import checks, tree
from jgd.core.types import Params


def incremental_update(new: Params, old: Params, step_size: Any) -> Params:
    """step_size · new + (1 − step_size) · old, each leaf in its dtype: Polyak averaging of a target network.

    Args:
        new: The parameters that learn.
        old: Those that follow, a tree of the same shapes.
        step_size: In [0, 1], a number or a traced one.

    Returns:
        A tree like `old`.

    Raises:
        JgdError: For trees that differ, and a step size outside [0, 1].

    Example:
        >>> incremental_update({"w": jnp.ones(2)}, {"w": jnp.zeros(2)}, 0.25)["w"].tolist()
        [0.25, 0.25]
    """
    checks.hyperparameter("step_size", step_size, "[0, 1]", schedule=False)
    checks.same_structure(new, old, "new", "old")
    dtype = tree.compute_dtype(old)
    share = jnp.asarray(step_size).astype(dtype)
    return tree.cast_like(tree.lerp(1 - share, tree.widen(old, dtype), tree.widen(new, dtype)), old)


def periodic_update(new: Params, old: Params, steps: Any, update_period: int) -> Params:
    """`new` at every update_period-th step, `old` at the others.

    Args:
        new: The parameters that learn.
        old: Those that follow, a tree of the same shapes.
        steps: The step, a whole number or a traced one.
        update_period: Steps from one copy to the next, ≥ 1.

    Returns:
        A tree like `old`.

    Raises:
        JgdError: For trees that differ, and a period below 1.

    Example:
        >>> [periodic_update(jnp.ones(1), jnp.zeros(1), step, 2).tolist() for step in (3, 4)]
        [[0.0], [1.0]]
    """
    checks.count("update_period", update_period, 1)
    checks.same_structure(new, old, "new", "old")
    return tree.select(jnp.asarray(steps) % update_period == 0, tree.cast_like(new, old), tree.map(jnp.asarray, old))
