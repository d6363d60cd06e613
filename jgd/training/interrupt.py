"""Ctrl-C, which waits for the few moments in which a run's parameters and its history don't belong together."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Hold a Ctrl-C back until the block is done.

    Python could raise it between any two lines: after a segment has taken the lane's buffers and before its result is
    noted. A segment is short, and while it compiles Python would wait as well. A program that handles the signal itself
    is left alone, and so are other threads, which never get it.
    """
    usual = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if not usual or threading.current_thread() is not threading.main_thread():
        yield
        return
    pressed: list[int] = []
    signal.signal(signal.SIGINT, lambda number, frame: pressed.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if pressed:
        raise KeyboardInterrupt
