"""The libraries mix dtypes and ranks as their users do."""

import pytest


@pytest.fixture(autouse=True)
def as_users_have_it(setting, strict):
    setting("jax_numpy_dtype_promotion", "standard")
    setting("jax_numpy_rank_promotion", "allow")
