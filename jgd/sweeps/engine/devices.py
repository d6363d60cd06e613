"""Cores as devices: on a CPU that is where a sweep's speed is."""

import os

import jax

from jgd.core import checks


def use_cores(count: int | None = None) -> int:
    """Make `count` CPU cores (default: all that this process may use) devices of their own: -> how many.

    Sweeps then run a block on each. It must be called before JAX is first used; raises `JgdValueError` after.
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
