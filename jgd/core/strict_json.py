"""Strict JSON, which knows no NaN and no infinity."""

import math
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
