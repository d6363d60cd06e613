"""The U-curve has its bottom where theory puts it, for each formula and precision."""

import math

import jax.numpy as jnp
import pytest

from jgd.teaching import error_curve


def wave(x):
    return jnp.exp(x) * jnp.sin(x)


SLOPE = math.e * (math.sin(1) + math.cos(1))  # of the wave at 1


@pytest.mark.slow
def test_the_u_curve():
    curve = error_curve(wave, 1.0, exact=SLOPE)
    best = {key: curve.best(*key) for key in curve.errors}
    for dtype, eps in (("float32", 1.2e-7), ("float64", 2.2e-16)):
        for method, order in (("forward", 1), ("central", 2), ("richardson", 4)):
            step, error = best[method, dtype]
            assert eps ** (1 / (order + 1)) / 100 < step < eps ** (1 / (order + 1)) * 100
            assert error < 20 * eps ** (order / (order + 1))
            assert curve.errors[method, dtype][0] > 100 * error  # rounded away on the left
            assert curve.errors[method, dtype][-1] > 100 * error  # too coarse on the right
        assert best["complex", dtype][1] <= eps
        assert curve.errors["complex", dtype][0] < 4 * eps  # no U: nothing cancels
