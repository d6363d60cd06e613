"""jax_debug_nans and jax_debug_infs, which stop at every NaN (or infinity), also at one that a run only looks at."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import jax


@contextmanager
def no_nan_traps() -> Iterator[None]:
    """Switch the two settings off in this thread, with a warning where they were on.

    A run that diverges is data here: its loss is a NaN that is watched for, and arithmetic that `where` doesn't select may
    be one in a healthy run.
    """
    on = [name for name in ("jax_debug_nans", "jax_debug_infs") if getattr(jax.config, name)]
    if not on:
        yield
        return
    warnings.warn(
        f"{' and '.join(on)} is off inside: a run watches for NaN by itself and says at which step it diverged; to stop "
        "where the first one arises, call jax.grad of the loss yourself",
        stacklevel=4,
    )
    with nan_is_a_value():
        yield


@contextmanager
def nan_is_a_value() -> Iterator[None]:
    """Switch the two settings off where a NaN says that there is nothing yet: no word, for nothing went wrong."""
    with jax.debug_nans(False), jax.debug_infs(False):
        yield
