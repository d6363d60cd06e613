"""What a command's words mean: numbers, NAME=VALUE pairs, the parameters of a builder; and errors told by option."""

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from jgd.core import checks
from jgd.core.spellings import unknown


def parse_value(text: str) -> Any:
    """A word as Python has it: 3, 0.5, True, None, (2, 5) for "2,5", else the word itself."""
    known = {"true": True, "false": False, "none": None}
    if text.lower() in known:
        return known[text.lower()]
    if "," in text:
        return tuple(parse_value(part) for part in text.split(",") if part)
    for read in (int, float):
        try:
            return read(text)
        except ValueError:
            pass
    return text


def assignments(
    words: Sequence[str], option: str, taken: Mapping[str, str], read: Callable[[str], Any] = parse_value
) -> dict[str, Any]:
    """["b1=0.95", …], the words after `option`, -> {"b1": 0.95, …}. taken: names that have an option of their own."""
    out = {}
    for word in words:
        name, equals, text = (part.strip() for part in word.partition("="))
        if not (name and equals and text):
            raise checks.JgdValueError(f"{option} takes NAME=VALUE, such as b1=0.95, got {checks.shown(word)}")
        if name in taken:
            raise checks.JgdValueError(f"{option} {word}: {name} is {taken[name]}")
        if name in out:
            raise checks.JgdValueError(f"{option} {word}: {name} is given twice")
        try:
            out[name] = read(text)
        except ValueError:
            raise checks.JgdValueError(f"{option} {word}: {name} must be a number") from None
    return out


@contextmanager
def blamed_on(option: str) -> Iterator[None]:
    """Complaints about what `option` gave begin with it."""
    try:
        yield
    except checks.JgdError as fault:
        raise type(fault)(f"{option}: {fault}") from fault


def builder_arguments(
    words: Sequence[str],
    option: str,
    of: str,
    build: Callable[..., Any],
    taken: Mapping[str, str],
    spare: Sequence[str] = (),
) -> dict[str, Any]:
    """The parameters of `build` that the words after `option` give; `spare` ones may be left out without a default."""
    out = assignments(words, option, taken)
    parameters = inspect.signature(build).parameters.values()
    takes = {each.name: each for each in parameters if each.kind not in (each.VAR_POSITIONAL, each.VAR_KEYWORD)}
    with blamed_on(option):
        for name in () if any(each.kind is each.VAR_KEYWORD for each in parameters) else out:
            if name not in takes:
                what = of.rpartition(" ")[2]  # adam, of "--optimizer adam"
                raise checks.JgdValueError(unknown(what, name, [each for each in takes if each not in taken]))
    for name, parameter in takes.items():
        if parameter.default is parameter.empty and name not in {*taken, *spare, *out}:
            raise checks.JgdValueError(f"{of} needs {option} {name}=VALUE")
    return out


def message_by_option(error: checks.JgdError, options: Mapping[str, str]) -> str:
    """The error's message with the option that gave its argument, where one did.

    >>> fault = checks.JgdValueError("batch_size must be >= 1", argument="batch_size")
    >>> message_by_option(fault, {"batch_size": "--batch-size"})
    '--batch-size must be >= 1'
    >>> fault = checks.JgdValueError("unknown order 'rondom'; choose from: …", argument="order")
    >>> message_by_option(fault, {"order": "--order"})
    "--order: unknown order 'rondom'; choose from: …"
    """
    message = str(error)
    option = None if error.argument is None else options.get(error.argument)
    if option is None:
        return message
    begins = message.startswith(f"{error.argument} ")
    return option + message.removeprefix(str(error.argument)) if begins else f"{option}: {message}"
