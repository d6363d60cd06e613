"""One run in several processes (`jax.distributed`): what they have to agree on, and who writes.

All processes compute the same program, each on its devices; a decision that hung on one process's clock would leave the
others waiting in a sum that never comes.
"""

import time
from typing import Any

import jax
import numpy as np


def is_first(together: bool) -> bool:
    """Whether this process prints and writes: the first of those that compute a run together, or the only one."""
    return not together or jax.process_index() == 0


def now(together: bool) -> float:
    """Seconds on a clock of this process, or on the first one's where they compute a run together."""
    here = time.perf_counter()
    if not together:
        return here
    from jax.experimental import multihost_utils

    halves = np.array([here]).view(np.uint32)  # a float64 that x64 doesn't decide on
    return float(np.asarray(multihost_utils.broadcast_one_to_all(halves)).view(np.float64)[0])


def first_says(together: bool, number: int) -> int:
    """A whole number as the first of the processes that compute a run together has it, or the only one."""
    if not together:
        return number
    from jax.experimental import multihost_utils

    return int(multihost_utils.broadcast_one_to_all(np.int32(number)))


def of_all(array: np.ndarray) -> np.ndarray:
    """(processes, …): what each has of an array; all must ask for it."""
    from jax.experimental import multihost_utils

    return np.asarray(multihost_utils.process_allgather(array)).reshape(jax.process_count(), *array.shape)


def meet(together: bool, where: str) -> None:
    """Wait until all processes of a run are here."""
    if together:
        from jax.experimental import multihost_utils

        multihost_utils.sync_global_devices(where)


def is_cut(leaf: Any) -> bool:
    """Whether no process has all of an array."""
    return isinstance(leaf, jax.Array) and not (leaf.is_fully_addressable or leaf.is_fully_replicated)


def gathered(tree: Any) -> Any:
    """The tree with whole NumPy arrays for those that are cut over processes; all processes must ask for it."""
    return jax.tree.map(_gathered, tree)


def _gathered(leaf: Any) -> Any:
    if not is_cut(leaf):
        return leaf
    from jax.experimental import multihost_utils

    return multihost_utils.process_allgather(leaf, tiled=True)
