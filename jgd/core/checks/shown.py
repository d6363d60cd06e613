"""A value in a message: short, and there even where Python can't write it."""

import reprlib
from typing import Any

_short = reprlib.Repr()
_short.maxlevel, _short.maxstring, _short.maxlong, _short.maxother = 6, 300, 60, 400
_short.maxlist = _short.maxtuple = _short.maxset = _short.maxfrozenset = _short.maxdict = 16


def shown(value: Any) -> str:
    """What `repr` says, a long value cut, for messages.

    Args:
        value: Anything, also what has no `repr`: an array that was deleted, a whole number of a million digits.

    Returns:
        The text, some hundred characters at most.

    Example:
        >>> shown(0.1), len(shown("x" * 1000)), shown([1] * 1000)
        ('0.1', 300, '[1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, ...]')
    """
    try:
        return _short.repr(value)
    except Exception:  # Python's limit of digits
        size = f" of about 10^{value.bit_length() * 0.30103:.0f}" if isinstance(value, int) else ""
        return f"<{type(value).__name__}{size}>"
