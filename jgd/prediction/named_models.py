"""Models as data: a record of `jgd.models` as its name and its fields, from which anybody can make it again."""

from dataclasses import fields
from typing import Any

import jax
import numpy as np

from jgd import models
from jgd.core import checks

_KINDS = {
    name: each
    for name, each in vars(models).items()
    if isinstance(each, type) and hasattr(each, "__dataclass_fields__")
}


def describe_model(model: Any) -> dict[str, Any] | None:
    """A record of `jgd.models` as JSON holds it; None for a model of somebody's own, which is code.

    Example:
        >>> describe_model(models.Softmax(4, 3))["record"]
        'Softmax'
    """
    if _KINDS.get(type(model).__name__) is not type(model):
        return None
    return {
        "record": type(model).__name__,
        **{each.name: _as_json(getattr(model, each.name)) for each in fields(model)},
    }


def _as_json(value: Any) -> Any:
    if hasattr(value, "__dataclass_fields__"):
        return describe_model(value)
    if isinstance(value, tuple | list):
        return [_as_json(each) for each in value]
    return np.asarray(value).tolist() if isinstance(value, np.ndarray | np.generic | jax.Array) else value


def model_of(described: Any) -> Any:
    """The record that `describe_model` described; its own checks refuse what can't be.

    Raises:
        JgdValueError: Something that describes no model of this version of jgd.
    """
    try:
        return _made(described)
    except (AttributeError, LookupError, TypeError, ValueError, OverflowError, RecursionError) as fault:
        raise checks.JgdValueError(f"it describes no model of jgd.models: {fault}") from fault


def _made(value: Any) -> Any:
    if isinstance(value, dict):
        parts = {name: _made(each) for name, each in value.items() if name != "record"}
        return _KINDS[checks.choice("model", value["record"], _KINDS)](**parts)
    return tuple(map(_made, value)) if isinstance(value, list) else value
