"""The cores of a CPU, and how many of them a program uses."""

import os

import jax

from jgd.core import checks


def available_cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def use_cores(count: int | None = None) -> int:
    """Make CPU cores devices of their own: to train one model over several (`jgd.train(…, devices=…)`).

    A sweep uses all cores without it, and as many threads as there are devices with it. It must be called before JAX is
    first used.

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
    count = available_cores() if count is None else checks.count("count", count, 1)
    try:
        jax.config.update("jax_num_cpu_devices", count)
    except RuntimeError as late:
        raise checks.JgdValueError(
            "use_cores must be called before JAX is first used: put it right after the imports"
        ) from late
    return count
