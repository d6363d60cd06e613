"""What XLA is asked for when it compiles a sweep's programs."""

from functools import cache

import jax


@cache
def options() -> dict[str, int] | None:
    """Level 1 on a CPU, XLA's own elsewhere.

    Its last two levels cost a cold sweep up to a fifth of its time and win nothing: the large products are library
    calls, and what is left of a step is bound by memory. Measured on the digits (MLP, CNN, softmax) and breast cancer.
    """
    return {"xla_backend_optimization_level": 1} if jax.default_backend() == "cpu" else None
