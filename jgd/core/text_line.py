"""One line of text that is written over again: how progress is shown where there is no terminal to draw a bar on.

A notebook is such a place: rich draws there by widgets alone, and prints a hint in the cell where these are missing.
"""

import sys
import time
from types import TracebackType
from typing import TextIO

EVERY = 0.5  # seconds between two writings at least


def in_notebook() -> bool:
    """Whether this process is a notebook's kernel, which shows what is written to stderr but is no terminal."""
    return "ipykernel" in sys.modules


class TextLine:
    r"""A line on stderr (or another stream), which ends with the block that it is used in.

    Example:
        >>> import io
        >>> out = io.StringIO()
        >>> with TextLine(out) as line:
        ...     line.write("1 of 2")
        ...     line.write("2 of 2")  # too early to be seen, but for its being the last
        >>> out.getvalue()
        '\r1 of 2\r2 of 2\n'
    """

    def __init__(self, stream: TextIO | None = None) -> None:
        self.stream = sys.stderr if stream is None else stream
        self._at, self._length, self._unseen = -EVERY, 0, ""

    def write(self, text: str) -> None:
        """Show the text in place of the one before it, unless that has stood there for too short a time."""
        self._unseen, now = text, time.monotonic()
        if now - self._at >= EVERY:
            self._at = now
            self._show()

    def _show(self) -> None:
        self.stream.write("\r" + self._unseen.ljust(self._length))
        self.stream.flush()
        self._length, self._unseen = len(self._unseen), ""

    def __enter__(self) -> "TextLine":
        return self

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, at: TracebackType | None) -> None:
        if self._unseen:
            self._show()
        if self._length:
            self.stream.write("\n")
            self.stream.flush()


def is_shown(asked: bool | None) -> bool:
    """Whether progress is shown: as asked, for None on a terminal and in a notebook."""
    return sys.stderr.isatty() or in_notebook() if asked is None else asked
