"""Compiled programs take memory maps, of which a process has so many; XLA crashes beyond them.

jax keeps a program for as long as its function might be called again, and it can't know that nobody has the function any
more: each recipe or loss that is made anew in a loop leaves some 30 maps. Before they are all used, all programs are let go;
those that are called again are compiled again, or read from the disk.
"""

import gc
import itertools
from pathlib import Path

import jax

EVERY = 32  # calls between two looks: reading the maps takes milliseconds
MAPS, LIMIT = Path("/proc/self/maps"), Path("/proc/sys/vm/max_map_count")  # Linux alone has such a limit

_calls = itertools.count(1)


def spare_maps() -> None:
    """Let all compiled programs go where they take more than half of the maps that the system gives a process."""
    if next(_calls) % EVERY or not (MAPS.exists() and LIMIT.exists()):
        return
    if 2 * MAPS.read_bytes().count(b"\n") > int(LIMIT.read_text()):
        jax.clear_caches()
        gc.collect()
