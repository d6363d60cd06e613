"""Cores as devices: on a CPU that is where a sweep's speed is."""

import os

import jax

from jgd.core import checks


def use_cores(count: int | None = None) -> int:
    """Make CPU cores devices of their own, so that a sweep runs a block on each.

    It must be called before JAX is first used.

    Args:
        count: how many cores; default all that this process may use.

    Returns:
        How many devices there are now.

    Raises:
        JgdValueError: once JAX has been used.

    Example:
        >>> import jgd
        >>> jgd.use_cores(2)  # doctest: +SKIP
        2
    """
    available = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    count = available if count is None else checks.count("count", count, 1)
    try:
        jax.config.update("jax_num_cpu_devices", count)
    except RuntimeError as late:
        raise checks.JgdValueError(
            "use_cores must be called before JAX is first used: put it right after the imports"
        ) from late
    return count
