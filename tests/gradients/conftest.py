"""What every test of gradients runs under: strict promotion of dtypes and ranks, and float64 where it is asked for."""

import jax
import pytest


@pytest.fixture(autouse=True)
def strict():
    """No silent float32 + float64, no silent (n, 1) + (n,)."""
    with jax.numpy_dtype_promotion("strict"), jax.numpy_rank_promotion("raise"):
        yield


@pytest.fixture
def x64():
    """float64 arrays exist in this test."""
    with jax.enable_x64(True):
        yield
