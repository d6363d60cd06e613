"""Layer 1. Enters: seed, points, dimensions. Leaves: points of the unit cube, (n, d) in [0, 1), the same for ever.

All randomness is the raw output of Philox under a seed sequence, which NumPy promises not to change between versions;
each dimension has a stream of its own. SciPy gives Sobol' direction numbers only, for its scrambles have changed.
"""

import math
from collections.abc import Iterator
from itertools import count as counting
from itertools import islice

import numpy as np

_BELOW_ONE = 1 - 2.0**-53
_BITS = 53  # of a float64's mantissa
_SOBOL_BITS = 30  # of SciPy's unscrambled points: up to 2**30 of them
_RANDOM, _HALTON, _SOBOL, _HYPERCUBE = range(4)  # what a stream is for, so that no two samplers share numbers


def random(seed: int, first: int, count: int, dimensions: int) -> np.ndarray:
    """Independent uniform points `first` … `first + count − 1`.

    >>> bool((random(0, 0, 8, 2)[5:] == random(0, 5, 3, 2)).all())
    True
    """
    columns = [_uniforms(seed, (_RANDOM, d), first + count)[first:] for d in range(dimensions)]
    return _stacked(columns, count)


def halton(seed: int, first: int, count: int, dimensions: int) -> np.ndarray:
    """Points of the Halton sequence, each digit of each dimension permuted at random (Owen 2017, arXiv:1706.02808).

    Dimension d has the d-th prime as its base b: point i is Σ π_j(digit j of i) b^(−j−1), to 53 bits.

    >>> halton(0, 0, 3, 1)[:, 0] * 2 // 1  # any two neighbors lie in different halves
    array([1., 0., 1.])
    """
    index = np.arange(first, first + count, dtype=np.int64)
    columns = []
    for d, base in enumerate(islice(_primes(), dimensions)):
        places = math.ceil((_BITS + 1) / math.log2(base))
        ranks = _uniforms(seed, (_HALTON, d), places * base).reshape(places, base)
        permutations = np.argsort(ranks, axis=1, kind="stable")
        value, rest, weight = np.zeros(count), index, 1.0
        for permutation in permutations:
            weight /= base
            rest, digit = np.divmod(rest, base)
            value = value + permutation[digit] * weight
        columns.append(np.minimum(value, _BELOW_ONE))
    return _stacked(columns, count)


def sobol(seed: int, first: int, count: int, dimensions: int) -> np.ndarray:
    """Points of the Sobol' sequence under a random linear scramble and shift (Matoušek 1998, J. Complexity 14).

    The first 2^m points have one in each interval of length 2^−m, in every dimension.

    >>> sorted((sobol(0, 0, 8, 2)[:, 1] * 8 // 1).tolist())
    [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0]
    """
    from scipy.stats import qmc  # here: jgd imports as fast as jax

    if dimensions == 0:
        return np.zeros((count, 0))
    power = max(first + count - 1, 0).bit_length()
    points = qmc.Sobol(dimensions, scramble=False, bits=_SOBOL_BITS).random_base2(power)[first : first + count]
    bits = (points * 2.0**_SOBOL_BITS).astype(np.uint64)
    columns = []
    for d in range(dimensions):
        drawn = _raw(seed, (_SOBOL, d), _SOBOL_BITS + 1) >> np.uint64(64 - _BITS)
        value = np.full(count, drawn[-1])  # the shift
        for place in range(_SOBOL_BITS):  # a lower triangular matrix of bits with ones on the diagonal
            top = np.uint64(1) << np.uint64(_BITS - 1 - place)
            column = top | (drawn[place] & (top - np.uint64(1)))
            digit = bits[:, d] >> np.uint64(_SOBOL_BITS - 1 - place) & np.uint64(1)
            value = value ^ (digit * column)
        columns.append(value * 2.0**-_BITS)
    return _stacked(columns, count)


def latin_hypercube(seed: int, count: int, dimensions: int) -> np.ndarray:
    """`count` points, in each dimension one in each of `count` equal intervals (McKay, Beckman & Conover 1979).

    >>> sorted((latin_hypercube(0, 4, 2)[:, 0] * 4 // 1).tolist())
    [0.0, 1.0, 2.0, 3.0]
    """
    columns = []
    for d in range(dimensions):
        ranks, inside = _uniforms(seed, (_HYPERCUBE, d), 2 * count).reshape(2, count)
        columns.append(np.minimum((np.argsort(ranks, kind="stable") + inside) / max(count, 1), _BELOW_ONE))
    return _stacked(columns, count)


def _stacked(columns: list[np.ndarray], count: int) -> np.ndarray:
    return np.stack(columns, axis=1) if columns else np.zeros((count, 0))


def _raw(seed: int, stream: tuple[int, int], count: int) -> np.ndarray:
    return np.random.Philox(np.random.SeedSequence((seed, *stream))).random_raw(count)


def _uniforms(seed: int, stream: tuple[int, int], count: int) -> np.ndarray:
    return (_raw(seed, stream, count) >> np.uint64(64 - _BITS)) * 2.0**-_BITS


def _primes() -> Iterator[int]:
    found: list[int] = []
    for number in counting(2):
        if all(number % prime for prime in found):
            found.append(number)
            yield number
