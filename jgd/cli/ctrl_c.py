"""Ctrl-C while a command runs: at any moment the process ends by it, quietly, with code 130.

before a subcommand begins   at once: there is nothing that could be lost
while it runs                by Python's KeyboardInterrupt, which is raised again where nobody could hear it
at the process's end         at once: all is written
"""

import atexit
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

AGAIN = 0.05  # seconds until a Ctrl-C that was lost is raised again


@contextmanager
def ends_quietly() -> Iterator[None]:
    """Ctrl-C as this module says, `begins` being called where a subcommand begins.

    In the middle of an import an exception is a traceback of somebody else's code, or a crash of jaxlib's. A program that
    handles the signal itself is left alone.
    """
    usual = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if not usual or threading.current_thread() is not threading.main_thread():
        yield
        return
    before = sys.unraisablehook
    signal.signal(signal.SIGINT, _leave)
    sys.unraisablehook = lambda lost: _raise_again() if lost.exc_type is KeyboardInterrupt else before(lost)
    try:
        yield
    finally:
        begins()
        sys.unraisablehook = before
        atexit.register(_ending)


def begins() -> None:
    """From here on Ctrl-C is Python's KeyboardInterrupt."""
    if signal.getsignal(signal.SIGINT) is _leave:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _ending() -> None:
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _leave)


def _leave(number: int, frame: Any) -> None:
    os._exit(130)


def _raise_again() -> None:
    """Raise a KeyboardInterrupt that the garbage collector or a destructor has swallowed, when they are done."""
    later = threading.Timer(AGAIN, _press)
    later.daemon = True
    later.start()


def _press() -> None:
    if hasattr(signal, "pthread_kill"):  # which also wakes a thread that waits
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
    else:  # Windows
        import _thread

        _thread.interrupt_main()
