"""One line of text that is written over again: how progress is shown in a notebook, where there is no terminal to draw a bar on.

rich draws there by widgets alone, and prints a hint in the cell where these are missing. What is written to stderr is red,
and a saved notebook keeps every state of it. A display that is updated is black, and leaves its last state only.
"""

import importlib
import sys
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any

WITHOUT_RICH = "progress=True needs rich: pip install 'jgd[cli]'"
EVERY = 0.5  # seconds between two writings at least


def in_notebook() -> bool:
    """Whether this process is a notebook's kernel, whose cells show what is no terminal's."""
    ipython = sys.modules.get("IPython")
    return ipython is not None and hasattr(ipython.get_ipython(), "kernel")


class TextLine:
    """A line below a notebook's cell.

    Args:
        at_once: Whether the first text is shown as soon as it is there, and not only when `EVERY` has gone by.
        display: IPython's unless it is given.

    Example:
        >>> class Handle:
        ...     def update(self, data, raw):
        ...         print("then", data["text/plain"])
        >>> def display(data, raw, display_id):
        ...     print("first", data["text/plain"])
        ...     return Handle()
        >>> with TextLine(True, display) as line:
        ...     line.write("1 of 3")
        ...     line.write("2 of 3")  # too early to be seen
        ...     line.write("3 of 3")  # too, but for its being the last
        first 1 of 3
        then 3 of 3
        >>> with TextLine(False, display) as line:
        ...     line.write("1 of 1")  # done before anyone would look
    """

    def __init__(self, at_once: bool = True, display: Callable[..., Any] | None = None) -> None:
        self._display, self._handle, self._unseen, self._at_once = display, None, "", at_once
        self._at = -EVERY if at_once else time.monotonic()

    def write(self, text: str) -> None:
        """Show the text in place of the one before it, unless that has stood there for too short a time."""
        self._unseen, now = text, time.monotonic()
        if now - self._at >= EVERY:
            self._at = now
            self._show()

    def _show(self) -> None:
        text, self._unseen = {"text/plain": self._unseen}, ""
        if self._handle is None:
            self._handle = (self._display or _display())(text, raw=True, display_id=True)
        else:
            self._handle.update(text, raw=True)

    def __enter__(self) -> "TextLine":
        return self

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, at: TracebackType | None) -> None:
        if self._unseen and (self._at_once or self._handle is not None):
            self._show()


def _display() -> Callable[..., Any]:
    return importlib.import_module("IPython.display").display  # a notebook's kernel has it


def is_shown(asked: bool | None) -> bool:
    """Whether progress is shown: as asked, for None on a terminal and in a notebook."""
    return sys.stderr.isatty() or in_notebook() if asked is None else asked
