"""What a person calls with the wrong arguments says which are right: functions, classes and all records.

Optimizers here are optax's where optax has them. Who writes `adam(lr=0.1)` or `adam(beta_1=0.9)` gets the name to write
in its place, not Python's bare "unexpected keyword argument".
"""

import functools
import inspect
from collections.abc import Callable, Collection, Sequence
from typing import Any, TypeVar

from jgd.core.checks.arguments import flag, nearest
from jgd.core.checks.errors import JgdError, JgdTypeError
from jgd.core.checks.shown import shown
from jgd.core.other_names import ELSEWHERE, NAMES, PAIRS, SIBLINGS

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
    place_of = lambda place, p: None if p.kind is p.KEYWORD_ONLY else place
    flags = [(p.name, place_of(place, p)) for place, p in enumerate(parameters) if p.annotation in (bool, "bool")]
    return _answering(build, build.__name__, 0, flags)


def _answering(function: Any, who: str, own: int, flags: Sequence[tuple[str, int | None]]) -> Any:
    """The function, whose arguments are looked at where it failed; the first `own` of them aren't the caller's.

    flags: (name, place) of what takes True and False only; the place is None where it goes by name.
    """

    @functools.wraps(function)
    def answered(*args: Any, **given: Any) -> Any:
        for name, place in flags:
            if name in given:
                flag(name, given[name])
            elif place is not None and place < len(args):
                flag(name, args[place])
        try:
            return function(*args, **given)
        except TypeError as fault:
            wrong = None if isinstance(fault, JgdError) else _misfit(function, who, own, args, given)
            if wrong is None:
                raise
        raise wrong

    _WRAPPERS.add(answered.__code__)  # pyright: ignore[reportAttributeAccessIssue]: `wraps` hides that it is a function
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


def unknown(what: str, name: str, names: Collection[str]) -> str:
    """The message for an argument `name` that `what`, which takes `names`, has not.

    Example:
        >>> unknown("adam", "beta_1", ["learning_rate", "b1", "b2"])
        "adam has no parameter 'beta_1': write b1"
        >>> unknown("adam", "weight_decay", ["learning_rate", "b1", "b2"])
        "adam has no parameter 'weight_decay': use jgd.optimizers.adamw"
    """
    return f"{what} has no parameter {name!r}{_advice(what, name, names)}"


def _advice(what: str, name: str, names: Collection[str]) -> str:
    parts = [each for each in PAIRS.get(name, ()) if each in names]
    if parts:
        return f": write {' and '.join(parts)}, one number each"
    if name in ("weight_decay", "mask", "decoupled_weight_decay") and what in SIBLINGS:
        return f": use jgd.optimizers.{SIBLINGS[what]}"
    meant = next((each for each in (*NAMES.get(name, ()), *NAMES.get(name.lower(), ())) if each in names), None)
    if meant:
        return f": write {meant}"
    if name in ELSEWHERE:
        return f": {ELSEWHERE[name]}"
    near = nearest(name, names)
    return f"; did you mean {near!r}?" if near else f"; it takes {', '.join(names)}"
