"""Errors for bad input: each names the argument or the tree path, the rule, and the value got.

Checks run on the host, when a record is made or when a program is traced, never inside a compiled step. A traced
value can't be read and passes; the sweep checks its grid before it traces.
"""

from jgd.core.checks.arguments import (
    choice,
    count,
    flag,
    floating_dtype,
    function,
    hyperparameter,
    in_order,
    instance,
    number,
    path,
)
from jgd.core.checks.errors import JgdError, JgdTypeError, JgdValueError
from jgd.core.checks.trees import (
    finite_data,
    numeric_data,
    parameters,
    path_of,
    rows,
    same_shape,
    same_state,
    same_structure,
)

__all__ = [
    "JgdError",
    "JgdTypeError",
    "JgdValueError",
    "choice",
    "count",
    "finite_data",
    "flag",
    "floating_dtype",
    "function",
    "hyperparameter",
    "in_order",
    "instance",
    "number",
    "numeric_data",
    "parameters",
    "path",
    "path_of",
    "rows",
    "same_shape",
    "same_state",
    "same_structure",
]
