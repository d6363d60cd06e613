"""Layer 1. Enters: bounds or values, as a person writes them. Leaves: the distribution of one name of a space."""

from collections.abc import Sequence
from numbers import Number
from typing import Any

import jax
import numpy as np

from jgd.core import checks
from jgd.spaces.derived import Derived
from jgd.spaces.integer_range import Integers
from jgd.spaces.lists import Choice, Static, plain
from jgd.spaces.normals import LogNormal, Normal
from jgd.spaces.ranges import Distribution, LogUniform, OneMinusLogUniform, Uniform

KINDS: dict[str, type[Distribution]] = {
    kind.kind: kind
    for kind in (LogUniform, OneMinusLogUniform, Uniform, Normal, LogNormal, Integers, Choice, Static, Derived)
}


def log_uniform(low: float, high: float) -> LogUniform:
    """Uniform in the logarithm, from low to high: for learning rates, penalties, eps.

    Args:
        low: the smallest value, > 0.
        high: the largest value, > low.

    Returns:
        The distribution, for a name of a `jgd.space`.

    Raises:
        JgdValueError: for ends out of order, or not above 0.

    Example:
        >>> log_uniform(1e-4, 1).at(0.5), log_uniform(1e-4, 1).place(0.01), log_uniform(1e-4, 1).points(3)
        (0.01, 0.5, (0.0001, 0.01, 1.0))
    """
    return LogUniform(low, high)


def one_minus_log_uniform(low: float, high: float) -> OneMinusLogUniform:
    """1 − value is log-uniform from low to high: for momentum, b1 and b2, whose distance from 1 is what matters.

    Args:
        low: the smallest 1 − value, > 0.
        high: the largest 1 − value, > low and ≤ 1.

    Returns:
        The distribution, for a name of a `jgd.space`.

    Raises:
        JgdValueError: for ends out of order or outside (0, 1].

    Example:
        >>> one_minus_log_uniform(1e-3, 0.1).points(3)
        (0.9, 0.99, 0.999)
    """
    return OneMinusLogUniform(low, high)


def uniform(low: float, high: float) -> Uniform:
    """Uniform from low to high.

    Args:
        low: the smallest value.
        high: the largest value, > low.

    Returns:
        The distribution, for a name of a `jgd.space`.

    Raises:
        JgdValueError: for ends out of order, or not finite.

    Example:
        >>> uniform(0, 0.2).at(0.25)
        0.05
    """
    return Uniform(low, high)


def normal(mean: float, std: float, *, low: float | None = None, high: float | None = None) -> Normal:
    """A normal prior: likely near mean, cut off at low and high.

    Args:
        mean: where values are the likeliest.
        std: the standard deviation before the cut, > 0.
        low: the smallest value; default mean − 4 std.
        high: the largest value; default mean + 4 std.

    Returns:
        The distribution, for a name of a `jgd.space`.

    Raises:
        JgdValueError: for numbers out of range, low ≥ high, or bounds with nothing of the law between them.

    Example:
        >>> normal(0.5, 0.1).at(0.5), round(normal(0, 1).at(0.975), 3), normal(0.1, 0.1, low=0).points(2)
        (0.5, 1.96, (0.0, 0.5))
    """
    return Normal(mean, std, low=low, high=high)


def log_normal(median: float, spread: float, *, low: float | None = None, high: float | None = None) -> LogNormal:
    """A log-normal prior: the median, give or take a factor.

    log(value) is normal with the mean log(median) and the standard deviation log(spread), the geometric standard
    deviation: two thirds of the values lie between median / spread and median · spread.

    Args:
        median: as many values lie below it as above, before the cut; > 0.
        spread: the factor, > 1.
        low: the smallest value, > 0; default median / spread⁴.
        high: the largest value; default median · spread⁴.

    Returns:
        The distribution, for a name of a `jgd.space`.

    Raises:
        JgdValueError: for numbers out of range, low ≥ high, or bounds with nothing of the law between them.

    Example:
        >>> log_normal(1e-3, 10).at(0.5), round(log_normal(1e-3, 10, low=1e-6, high=1).at(0.8413), 4)
        (0.001, 0.01)
    """
    return LogNormal(median, spread, low=low, high=high)


def integers(low: int, high: int, *, log: bool = False, step: int = 1) -> Integers:
    """Whole numbers from low to high, both included; values are Python ints.

    Equally likely, or with `log` as likely between 8 and 16 as between 64 and 128.

    Args:
        low: the smallest value, ≥ −2³¹; ≥ 1 with `log`.
        high: the largest value, > low and < 2³¹; with a step, lowered to the last value low + k · step below it.
        log: uniform in the logarithm. The bin of k goes from log(k − ½) to log(k + ½), as in Optuna's `suggest_int`.
        step: from one value to the next, ≥ 1 and ≤ high − low; 1 with `log`.

    Returns:
        The distribution, for a name of a `jgd.space`.

    Raises:
        JgdTypeError: for what is no whole number, and a `log` that is no flag.
        JgdValueError: for ends out of order or out of range, and a `step` together with `log`.

    Example:
        >>> integers(0, 200).at(0.5), integers(1, 9).points(3)
        (100, (1, 5, 9))
        >>> integers(0, 100, step=25).points(5), integers(1, 1000, log=True).points(4)
        ((0, 25, 50, 75, 100), (1, 10, 100, 1000))
    """
    return Integers(low, high, log=log, step=step)


def choice(values: Sequence[Any], *, weights: Sequence[float] = ()) -> Choice | Static:
    """One of some values, equally likely or by weights: numbers are a numeric choice, anything else is structure.

    Where all values are numbers, configs that differ in them share one compiled program; a bare sequence of numbers in a
    space is the same. Where one is not a number (a word, a flag, None, a tuple), each value is a program of its own, as
    with `static`, which also makes structure of numbers.

    Args:
        values: each once. Numbers are finite, and become floats; structure is hashable.
        weights: a number > 0 for each value: of weights 1 and 3, the second is drawn three times as often. A grid has all
            values once.

    Returns:
        The distribution, for a name of a `jgd.space`.

    Raises:
        JgdTypeError: for what is no sequence, or values that can't be hashed.
        JgdValueError: for no value, a value twice, a number that is not finite, or weights that don't fit the values.

    Example:
        >>> choice([0, 1e-4, 1e-2]).at(0.9), choice(["sgd", "adam"]).at(0.9)
        (0.01, 'adam')
        >>> choice(["sgd", "adam"], weights=[1, 3]).at(0.3)
        'adam'
    """
    checks.not_deleted("values", values)
    listed = isinstance(values, Sequence | np.ndarray | jax.Array) and getattr(values, "ndim", 1) > 0
    if not listed or isinstance(values, str | bytes):
        raise checks.JgdTypeError(f"choice must be a sequence of values, got {checks.shown(values)}", argument="values")
    kind: Any = Choice if all(map(_is_number, values)) else Static
    return kind(values, weights=weights)


def _is_number(value: Any) -> bool:
    value = plain(value)  # NumPy's words and flags have a dtype too
    return hasattr(value, "dtype") or (isinstance(value, Number) and not isinstance(value, bool))


def static(values: Sequence[Any], *, weights: Sequence[float] = ()) -> Static:
    """Structure: each value is a compiled program of its own, also where it is a number, such as a width.

    Args:
        values: hashable ones, each once. Configs are grouped by them.
        weights: a number > 0 for each value, as in `choice`.

    Returns:
        The distribution, for a name of a `jgd.space`.

    Raises:
        JgdTypeError: for what is no sequence, or values that can't be hashed.
        JgdValueError: for no value, a value twice, or a number that is not finite.

    Example:
        >>> static(["sgd", "adam"]).at(0.7), static([16, 32]).at(0.1)
        ('adam', 16)
    """
    return Static(values, weights=weights)  # pyright: ignore[reportArgumentType]  # made tuples there
