"""What the words of a command mean: NAME=VALUE pairs, optimizers with a schedule, orders of rows, and errors by option."""

import inspect
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

import jgd
from jgd.core import checks
from jgd.data import orders

SCALES = {"standard": jgd.Standard(), "minmax": jgd.MinMax(), "none": None}
ORDERS: dict[str, Callable[..., Any]] = {  # those that take more than a name
    "weighted": orders.weighted,
    "balanced": orders.balanced,
    "curriculum": orders.curriculum,
    "mining": orders.HardMining,
}
BY_ROWS = ("weights", "difficulty", "labels", "ranked")  # parameters of orders that no word can give
RATES = ("peak_value", "schedule", "init_value", "value", "factor")  # the first that a schedule has is --learning-rate


def value(text: str) -> Any:
    """A word as Python has it: 3, 0.5, True, None, (2, 5) for "2,5", else the word itself."""
    known = {"true": True, "false": False, "none": None}
    if text.lower() in known:
        return known[text.lower()]
    if "," in text:
        return tuple(value(part) for part in text.split(",") if part)
    for read in (int, float):
        try:
            return read(text)
        except ValueError:
            pass
    return text


def assigned(
    words: Sequence[str], option: str, taken: Mapping[str, str], read: Callable[[str], Any] = value
) -> dict[str, Any]:
    """["b1=0.95", …], the words after `option`, -> {"b1": 0.95, …}. taken: names that have an option of their own."""
    out = {}
    for word in words:
        name, equals, text = (part.strip() for part in word.partition("="))
        if not (name and equals and text):
            raise checks.JgdValueError(f"{option} takes NAME=VALUE, such as b1=0.95, got {word!r}")
        if name in taken:
            raise checks.JgdValueError(f"{option} {word}: {name} is {taken[name]}")
        if name in out:
            raise checks.JgdValueError(f"{option} {word}: {name} is said twice")
        try:
            out[name] = read(text)
        except ValueError:
            raise checks.JgdValueError(f"{option} {word}: {name} must be a number") from None
    return out


@contextmanager
def said_by(option: str) -> Iterator[None]:
    """Complaints about what `option` gave begin with it."""
    try:
        yield
    except checks.JgdError as fault:
        raise type(fault)(f"{option}: {fault}") from fault


def settings(
    words: Sequence[str],
    option: str,
    of: str,
    build: Callable[..., Any],
    taken: Mapping[str, str],
    spare: Sequence[str] = (),
) -> dict[str, Any]:
    """The parameters of `build` that the words after `option` give; `spare` ones may be left out without a default."""
    out = assigned(words, option, taken)
    takes = inspect.signature(build).parameters
    with said_by(option):
        for name in out:
            checks.choice("parameter", name, [each for each in takes if each not in taken])
    for name, parameter in takes.items():
        if parameter.default is parameter.empty and name not in {*taken, *spare, *out}:
            raise checks.JgdValueError(f"{of} needs {option} {name}=VALUE")
    return out


def optimizer(
    name: str, rate: float | None, words: Sequence[str], schedule: str | None, shape: Sequence[str]
) -> jgd.Optimizer:
    """The optimizer of --optimizer, --learning-rate, --set, --schedule and --set-schedule.

    One that wraps another takes its name as --set base_optimizer=NAME; the rate is that one's.
    """
    if schedule is None and shape:
        raise checks.JgdValueError("--set-schedule needs --schedule, one of `jgd list`")
    build = jgd.optimizers.get(name)
    given = settings(words, "--set", f"--optimizer {name}", build, {"learning_rate": "--learning-rate"})
    if "base_optimizer" not in given:
        chosen = _rate(name, build, rate, schedule, shape)
    else:
        with said_by("--set"):
            base = checks.choice("base_optimizer", given["base_optimizer"], _plain())
        inner = jgd.optimizers.get(base)
        chosen = {"base_optimizer": inner(**_rate(base, inner, rate, schedule, shape))}
    with said_by("--set"):
        return build(**{**given, **chosen})


def _plain() -> list[str]:
    """The optimizers that need nothing but a learning rate."""
    needs = lambda build: {n for n, p in inspect.signature(build).parameters.items() if p.default is p.empty}
    return [name for name, build in jgd.optimizers.registry.items() if needs(build) <= {"learning_rate"}]


def _rate(
    name: str, build: Callable[..., Any], rate: float | None, schedule: str | None, shape: Sequence[str]
) -> dict[str, Any]:
    """{"learning_rate": …}; nothing where the builder takes none, or has a default and nothing was said."""
    takes = inspect.signature(build).parameters.get("learning_rate")
    if takes is None:
        if rate is not None or schedule is not None:
            raise checks.JgdValueError(f"--optimizer {name} has no learning rate to be set or scheduled")
        return {}
    if rate is None and schedule is None and takes.default is not takes.empty:
        return {}
    own = 1e-3 if takes.default in (None, takes.empty) else takes.default
    peak: Any = own if rate is None else rate
    checks.hyperparameter("learning_rate", peak, "> 0")
    return {"learning_rate": peak if schedule is None else _schedule(schedule, peak, shape)}


def _schedule(name: str, rate: float, words: Sequence[str]) -> Any:
    build = jgd.schedules.get(name)
    first = next((each for each in RATES if each in inspect.signature(build).parameters), None)
    if first is None:
        raise checks.JgdValueError(f"--schedule {name} is made of other schedules: use it from Python")
    numbers = settings(words, "--set-schedule", f"--schedule {name}", build, {first: "--learning-rate"})
    with said_by("--set-schedule"):
        return build(**{first: rate}, **numbers)


def order(
    name: str, words: Sequence[str], column: np.ndarray | None, labels: np.ndarray | None, per_epoch: int, total: int
) -> Any:
    """The order of --order, --set-order and --order-by. column: of the training rows; labels: theirs, of classes.

    A curriculum is over after half of the `total` steps and hard rows are mined once an epoch, unless said otherwise.
    """
    checks.choice("order", name, [*orders.NAMED, *ORDERS])
    if (name in ("weighted", "curriculum")) != (column is not None):
        rule = "needs" if column is None else "takes no"
        raise checks.JgdValueError(f"--order {name} {rule} --order-by, a column of --data")
    if name in orders.NAMED:
        if words:
            raise checks.JgdValueError(f"--set-order: the order {name!r} has no parameters, got {words[0]!r}")
        return name
    if name == "balanced" and labels is None:
        raise checks.JgdValueError("--order balanced needs a target of classes")
    takes = inspect.signature(ORDERS[name]).parameters
    rows = {"weights": column, "difficulty": column, "labels": labels}
    rows = {each: rows[each] for each in takes if each in rows}
    usual = {each: number for each, number in (("steps", max(1, total // 2)), ("every", per_epoch)) if each in takes}
    numbers = settings(
        words, "--set-order", f"--order {name}", ORDERS[name], dict.fromkeys(BY_ROWS, "--order-by"), [*usual]
    )
    with said_by("--order-by" if name == "weighted" else "--set-order"):
        return ORDERS[name](**rows, **{**usual, **numbers})


def in_options(message: str, options: Mapping[str, str]) -> str:
    """A message that begins with an argument, in the words of the command.

    >>> in_options("batch_size must be >= 1", {"batch_size": "--batch-size"})
    '--batch-size must be >= 1'
    >>> in_options("unknown order 'rondom'; choose from: …", {"order": "--order"})
    "--order: unknown order 'rondom'; choose from: …"
    """
    first = re.match(r"(unknown |the )?(\w+)", message)
    if first is None or first[2] not in options:
        return message
    option = options[first[2]]
    return f"{option}: {message}" if first[1] == "unknown " else option + message[first.end() :]
