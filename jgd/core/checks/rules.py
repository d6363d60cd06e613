"""Rules of numbers. Enters: a rule, numbers. Leaves: whether they obey it, also in the dtype in which JAX will hold them."""

import re
from functools import cache
from typing import Any

import jax.numpy as jnp
import numpy as np

_INTERVAL = re.compile(r"([\[(])\s*(\S+),\s*(\S+)\s*([\])])")


def holds(rule: str, value: Any) -> Any:
    """Whether numbers obey a rule, `"> 0"`, `">= 0"` or an interval such as `"[0, 1)"`: one, or an array of them."""
    left, low, high, right = _bounds(rule)
    above = value >= low if left == "[" else value > low
    below = value <= high if right == "]" else value < high
    return above & below


@cache
def _bounds(rule: str) -> tuple[str, float, float, str]:
    """A rule as an interval: its brackets and ends."""
    match = _INTERVAL.fullmatch({"> 0": "(0, inf)", ">= 0": "[0, inf)"}.get(rule, rule))
    assert match, rule
    left, low, high, right = match.groups()
    return left, float(low), float(high), right


def plainly_good(rule: str, value: Any) -> bool:
    """Whether a value is a Python float that obeys the rule in every dtype: most are, and are told fast."""
    if type(value) is not float or not 1e-30 < abs(value) < 1e30:
        return False
    return holds(rule, value) and holds(rule, float(np.float32(value)))


def obeys(rule: str, array: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(which numbers are finite and obey the rule, also in the default dtype; what they are in it)."""
    with np.errstate(over="ignore"):
        held = array.astype(jnp.result_type(float)).astype(np.float64)  # 1 − 1e-9 is 1 in float32
    return np.isfinite(array) & holds(rule, array) & np.isfinite(held) & holds(rule, held), held
