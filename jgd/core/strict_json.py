"""Strict JSON, which knows no NaN and no infinity."""

import math
import unicodedata
from typing import Any


def without_nan(value: Any) -> Any:
    """Nested dictionaries, lists and tuples, with None in place of each float that is not finite.

    Args:
        value: What `json.dumps` takes. Tuples become lists, as JSON has them.

    Returns:
        A copy that every JSON reader takes.

    Example:
        >>> without_nan({"loss": float("inf"), "index": (1, 2)})
        {'loss': None, 'index': [1, 2]}
    """
    if isinstance(value, dict):
        return {name: without_nan(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [without_nan(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def fault_of(value: Any, wanted: Any, name: str = "it") -> str:
    """What is wrong with data from a file that anybody may have written; "" where it is what is wanted.

    Args:
        value: What `json.loads` gave.
        wanted: A type (a float may be a whole number too), None, a tuple of alternatives, `[each]` for a list of them,
            `[first, second, …]` for a list of just these, a dictionary of the keys that must be there, `{str: each}` for
            any keys, or a function that says whether the value is right.
        name: What the value is called.

    Returns:
        A phrase that names the place, what it has to be, and what it is.

    Example:
        >>> fault_of({"steps": 3, "seeds": [0, "1"]}, {"steps": int, "seeds": [int]}, "the sweep")
        "the sweep['seeds'][1] must be a whole number, got '1'"
        >>> fault_of({"steps": 3}, {"steps": int, "seeds": [int]}, "the sweep")
        "the sweep has no 'seeds'"
    """
    if isinstance(wanted, list):
        return _fault_of_list(value, wanted, name)
    if isinstance(wanted, dict):
        return _fault_of_dict(value, wanted, name)
    if isinstance(wanted, tuple):
        faults = [fault_of(value, each, name) for each in wanted]
        return "" if "" in faults else faults[-1]
    if wanted is None:
        right = value is None
    elif wanted is float:
        right = type(value) in (int, float)
    elif isinstance(wanted, type):
        right = type(value) is wanted
    else:
        right = wanted(value)
    return "" if right else f"{name} must be {_WORDS.get(wanted, 'what jgd writes there')}, got {_short(value)}"


_WORDS: dict[Any, str] = {
    **{int: "a whole number", float: "a number", str: "text", bool: "true or false", None: "null"},
    **{dict: "an object", list: "a list"},
}


def _fault_of_list(value: Any, wanted: list[Any], name: str) -> str:
    if not isinstance(value, list):
        return f"{name} must be a list, got {_short(value)}"
    if len(wanted) > 1 and len(value) != len(wanted):
        return f"{name} must have {len(wanted)} entries, got {len(value)}"
    each = wanted * len(value) if len(wanted) == 1 else wanted
    for i, (item, kind) in enumerate(zip(value, each, strict=True)):
        if fault_of(item, kind, name):  # the place is spelled out for a fault only
            return fault_of(item, kind, f"{name}[{i}]")
    return ""


def _fault_of_dict(value: Any, wanted: dict[Any, Any], name: str) -> str:
    if not isinstance(value, dict):
        return f"{name} must be an object, got {_short(value)}"
    kinds = dict.fromkeys(value, wanted[str]) if str in wanted else wanted
    missing = next((key for key in kinds if key not in value), None)
    if missing is not None:
        return f"{name} has no {missing!r}"
    for key, kind in kinds.items():
        if fault_of(value[key], kind, name):
            return fault_of(value[key], kind, f"{name}[{key!r}]")
    return ""


def _short(value: Any) -> str:
    """A value for a message, cut."""
    text = f"a {type(value).__name__}" if isinstance(value, dict | list) else repr(value)
    return text if len(text) <= 60 else f"{text[:57]}…"


def is_word(value: Any) -> bool:
    r"""Whether a value is text that a terminal may print: no control characters, no half of a pair.

    >>> is_word("learning_rate"), is_word("\x1b[2J"), is_word(3)
    (True, False, False)
    """
    return isinstance(value, str) and value.isprintable()


def is_text(value: Any) -> bool:
    r"""Whether a value is text as tables have it: line breaks, tabs and spaces of any width, but nothing that steers a terminal.

    >>> is_text("area\n(m\u00b2)"), is_text("no\xa0answer"), is_text("\x1b[2J"), is_text(3)
    (True, True, False, False)
    """
    steers = lambda each: unicodedata.category(each) in ("Cc", "Cs") and each not in "\t\n\r"
    return isinstance(value, str) and not any(map(steers, value))


def is_count(value: Any) -> bool:
    """Whether a value is a whole number ≥ 0.

    >>> is_count(0), is_count(True), is_count(-1)
    (True, False, False)
    """
    return type(value) is int and value >= 0


_WORDS |= {is_word: "printable text", is_text: "text without control characters", is_count: "a whole number >= 0"}
