"""What a person calls with the wrong arguments says which are right: functions, classes and all records.

Python's own "unexpected keyword argument" knows neither the names that there are nor what other libraries call them.
"""

import functools
import inspect
from collections.abc import Callable, Collection, Sequence
from typing import Any, TypeVar

from jgd.core.checks.arguments import flag
from jgd.core.checks.errors import JgdError, JgdTypeError
from jgd.core.checks.shown import shown
from jgd.core.spellings import unknown

B = TypeVar("B", bound=Callable[..., Any])
_WRAPPERS: set[Any] = set()  # the code of what is made here, by which it is known


def builder(build: B) -> B:
    """The same function or class, which answers a wrong argument name with the right one, and names a missing one.

    Signature, docstring, name and pickling stay those of `build`. Records (`jgd.record`) are such classes already.

    Args:
        build: A function, or a class.

    Returns:
        A function of the same signature, or the class itself.

    Example:
        >>> @builder
        ... def descent(learning_rate, *, eps=1e-8):
        ...     return learning_rate
        >>> descent(lr=0.1)
        Traceback (most recent call last):
            ...
        jgd.core.checks.errors.JgdTypeError: descent has no parameter 'lr': write learning_rate
    """
    made: Any = build
    if inspect.isclass(build):
        made.__init__ = _answering(made.__init__, build.__name__, 1, ())
        return made
    parameters = inspect.signature(build).parameters.values()
    flags = [(p.name, place) for place, p in enumerate(parameters) if p.annotation in (bool, "bool")]
    return _answering(build, build.__name__, 0, flags)


def _answering(function: Any, who: str, own: int, flags: Sequence[tuple[str, int]]) -> Any:
    """The function, whose arguments are looked at where it failed; the first `own` of them aren't the caller's.

    flags: (name, place) of what takes True and False only.
    """

    @functools.wraps(function)
    def answered(*args: Any, **given: Any) -> Any:
        for name, place in flags:
            if name in given:
                flag(name, given[name])
            elif place < len(args):
                flag(name, args[place])
        try:
            return function(*args, **given)
        except TypeError as fault:
            wrong = None if isinstance(fault, JgdError) else _misfit(function, who, own, args, given)
            if wrong is None:
                raise
        raise wrong

    _WRAPPERS.add(answered.__code__)  # pyright: ignore[reportAttributeAccessIssue]
    return answered


def own_function(function: Any) -> Any:
    """What `builder` was given, of a function that it made; any other as it is."""
    while getattr(function, "__code__", None) in _WRAPPERS:
        function = function.__wrapped__
    return function


def _misfit(function: Any, who: str, own: int, args: Sequence[Any], given: Collection[str]) -> JgdTypeError | None:
    """What is wrong with the arguments' names and number; None where they fit."""
    parameters = [*inspect.signature(function).parameters.values()][own:]
    kinds = {p.kind for p in parameters}
    named = [p for p in parameters if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)]
    names = [p.name for p in named]
    by_place = [p.name for p in parameters if p.kind in (p.POSITIONAL_OR_KEYWORD, p.POSITIONAL_ONLY)]
    count = len(args) - own
    if inspect.Parameter.VAR_KEYWORD not in kinds:
        for name in given:
            if name not in names:
                return JgdTypeError(unknown(who, name, names), argument=name)
    if count > len(by_place) and inspect.Parameter.VAR_POSITIONAL not in kinds:
        rest = ", ".join(f"{name}=..." for name in names if name not in by_place) or "none"
        placed = (
            f"{', '.join(by_place)} by place and the rest by name ({rest})" if by_place else "no arguments by place"
        )
        return JgdTypeError(
            f"{who} takes {placed}, got {shown(args[own + len(by_place)])} in place {1 + len(by_place)}"
        )
    twice = next((name for name in by_place[:count] if name in given), None)
    if twice:
        return JgdTypeError(f"{who} got {twice} by place and by name", argument=twice)
    lacks = [p.name for p in named if p.default is p.empty and p.name not in {*by_place[:count], *given}]
    if lacks:
        return JgdTypeError(f"{who} needs {' and '.join(lacks)}; it takes {', '.join(names)}", argument=lacks[0])
    return None
