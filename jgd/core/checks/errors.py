"""The errors for bad input, which are also the ValueError and TypeError that Python would raise."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar

MOST = 4000  # characters of a message: the rule is at its beginning, advice at its end, and a value in between


class JgdError(Exception):
    """The base of every error that jgd raises for bad input.

    Args:
        message: The rule, and what was got.
        argument: The name of the argument that is refused, as the message has it, or None where there is no one name.

    Example:
        >>> error = JgdValueError("steps must be a whole number >= 1, got 0", argument="steps")
        >>> str(error), error.argument
        ('steps must be a whole number >= 1, got 0', 'steps')
    """

    def __init__(self, message: str = "", *, argument: str | None = None):
        super().__init__(message if len(message) <= MOST else f"{message[: MOST - 500]} … {message[-500:]}")
        self.argument = argument


class JgdValueError(JgdError, ValueError):
    """The type is right, the value is not."""


class JgdTypeError(JgdError, TypeError):
    """The type, the dtype or the tree is not what the argument takes."""


E = TypeVar("E", bound=JgdError)


def prefixed(place: str, error: E) -> E:
    """The same error with where it happened in front of its message; the argument stays.

    Example:
        >>> error = prefixed("space['rate']: ", JgdValueError("low must be > 0, got 0", argument="low"))
        >>> str(error), error.argument
        ("space['rate']: low must be > 0, got 0", 'low')
    """
    made = type(error)(f"{place}{error}", argument=error.argument)
    for note in getattr(error, "__notes__", ()):
        made.add_note(note)
    return made


@contextmanager
def renamed(**names: str) -> Iterator[None]:
    """Errors from within name an argument as the user wrote it, where a record inside has another word for it.

    Args:
        **names: the record's own name = the user's.

    Raises:
        JgdError: what is raised within, by the user's name.

    Example:
        >>> with renamed(b1="adam_b1"):
        ...     raise JgdValueError("b1 must be a finite number in [0, 1), got 2", argument="b1")
        Traceback (most recent call last):
            ...
        jgd.core.checks.errors.JgdValueError: adam_b1 must be a finite number in [0, 1), got 2
    """
    try:
        yield
    except JgdError as error:
        own, said = error.argument, str(error)
        if own not in names or not said.startswith(own):
            raise
        raise type(error)(f"{names[own]}{said.removeprefix(own)}", argument=names[own]) from error
