"""What all schedules are computed with: time, shares of time, and powers that stay exact and differentiable at the ends.

The clock is int32 and the arithmetic float32 (float64 where x64 is on). A float32 holds whole numbers exactly up to
2^24 = 16.8 million; later steps are rounded to it, by less than 1 part in 10^7. Differences from a boundary are taken in
integers and stay exact.
"""

from typing import Any

import jax.numpy as jnp
from jax import Array

from jgd.core import checks
from jgd.core.functions import scheduled
from jgd.core.lengths import is_length
from jgd.core.types import Scalar

Number = float | Array
WHOLE = 2.0**31 - 128  # the largest float32 that an int32 can hold


def number(value: Any) -> Array:
    """`value` in the default float dtype."""
    if is_length(value):
        raise checks.JgdTypeError(
            f"{value!r} is no number of steps outside jgd.train and jgd.sweep, which know those of the run: "
            "jgd.schedules.in_steps(…, steps=…, per_epoch=…) makes it one"
        )
    return jnp.asarray(value).astype(jnp.result_type(float))


def at(schedule: Scalar, step: Any) -> Array:
    """A schedule's value, or a number at every step."""
    value = scheduled(schedule, step) if callable(schedule) else schedule
    return jnp.broadcast_to(number(value), jnp.shape(step))


def elapsed(step: Any, since: Any) -> Array:
    """step − since, negative before; whole numbers, where both are of an integer dtype."""
    step, since = jnp.asarray(step), number(since) if is_length(since) else jnp.asarray(since)
    if not jnp.issubdtype(step.dtype, jnp.integer):
        return number(step) - number(since)
    step = step.astype(jnp.result_type(int))
    if jnp.issubdtype(since.dtype, jnp.integer):
        return step - since.astype(step.dtype)
    whole = jnp.clip(jnp.floor(number(since)), 0, WHOLE)  # the large part is subtracted before it is rounded
    return number(step - whole.astype(step.dtype)) - (number(since) - whole)


def spent(time: Any, total: Any) -> Array:
    """The share of `total` that has passed: exactly 0 until time 0 and exactly 1 from `total` on, also for 0 steps."""
    time, total = number(time), number(total)
    share = time / jnp.where(total > 0, total, jnp.ones_like(total))
    return _ends(time, total, share, 0.0, 1.0)


def left(time: Any, total: Any) -> Array:
    """1 − spent, with all its digits near the end."""
    time, total = number(time), number(total)
    share = (total - time) / jnp.where(total > 0, total, jnp.ones_like(total))
    return _ends(time, total, share, 1.0, 0.0)


def _ends(time: Array, total: Array, share: Array, first: float, last: float) -> Array:
    # a quotient may miss its end by a bit: XLA divides by a constant as a product with its reciprocal
    return jnp.where(time >= total, last, jnp.where(time <= 0, first, share))


def between(a: Any, b: Any, share: Array) -> Array:
    """From a at share 0 to b at share 1, exactly so at both."""
    return (1 - share) * number(a) + share * number(b)


def eased(share: Array) -> Array:
    """(1 − cos(π share)) / 2, from 0 to 1, as sin²(π share / 2), which keeps its digits near 0."""
    return jnp.square(jnp.sin(jnp.pi / 2 * share))


def raised(base: Array, exponent: Array) -> Array:
    """base^exponent for base ≥ 0, and 1 for exponents ≤ 0; where its derivative by a base of 0 is infinite, 0."""
    some = exponent > 0
    smooth = some & ((base > 0) | (exponent >= 1))
    raised = jnp.where(smooth, base, jnp.ones_like(base)) ** jnp.where(smooth, exponent, jnp.ones_like(exponent))
    return jnp.where(smooth, raised, jnp.where(some, 0.0, 1.0))


def periods(time: Array, size: Array) -> Array:
    """⌊time / size⌋, exact at every multiple."""
    whole = jnp.floor(time / size)
    # XLA may divide by a constant as a product with its reciprocal, which can be one off at a multiple
    return whole + ((whole + 1) * size <= time).astype(whole.dtype) - (whole * size > time).astype(whole.dtype)
