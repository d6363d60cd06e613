"""A sweep of Adam that is kept on the disk, and the bits of what it found; also for a child process that is killed."""

import hashlib

import jax
import numpy as np

import jgd
from helpers import sweeping

RATES = jgd.spaces.log_uniform(1e-3, 1)


def sweep(store=None, recipe="adam", on=None, rates=RATES, **options) -> jgd.Sweep:
    options = {"samples": 6, "evaluate_every": 4, "store": store, **options}
    return sweeping.sweep(recipe, {"learning_rate": rates}, on=on, **options)


def bits(found: jgd.Sweep) -> str:
    """The SHA-256 of everything that a sweep has measured and kept."""
    arrays = (found.loss, *found.validation.values(), found.diverged_at, *jax.tree.leaves(found.final))
    return hashlib.sha256(b"".join(np.ascontiguousarray(array).tobytes() for array in arrays)).hexdigest()
