"""How far a sweep of the command is: bars on the terminal's stderr, and a word where Ctrl-C has stopped it."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from jgd.sweeps import SweepProgress
from jgd.sweeps.progress_bar import progress_bar


@contextmanager
def sweep_progress(metric: str) -> Iterator[Callable[[SweepProgress], None]]:
    """What a sweep of the command is given as its callback."""
    try:
        with progress_bar(None, metric) as show:
            yield show or (lambda progress: None)
    except KeyboardInterrupt:
        print("jgd: stopped; what is stored is kept, and the same command goes on from there", file=sys.stderr)
        raise
