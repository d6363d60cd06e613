"""A call that is refused changes nothing of what was fitted before; a warm start is, of something else."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np

from jgd.core import checks


@contextmanager
def unchanged_if_refused(estimator: object) -> Iterator[None]:
    """Put an estimator's attributes back where what is done with it raises.

    Example:
        >>> from types import SimpleNamespace
        >>> estimator = SimpleNamespace(a=1)
        >>> try:
        ...     with unchanged_if_refused(estimator):
        ...         estimator.a = 2
        ...         raise ValueError
        ... except ValueError:
        ...     print(estimator)
        namespace(a=1)
    """
    before = dict(vars(estimator))
    try:
        yield
    except BaseException:
        vars(estimator).clear()
        vars(estimator).update(before)
        raise


def check_same_kind(
    before: Mapping[str, Any], model: Any, classes: np.ndarray | None, going_on: str = "warm_start"
) -> None:
    """Hold a fit to the model and the labels of the one that it starts from.

    Args:
        before: The estimator's attributes after the last fit.
        model: Of the new one.
        classes: Its labels, None of a regression.
        going_on: What goes on, for the error.

    Raises:
        JgdValueError: They differ.
    """
    if before["model_"] != model:
        name, last, now = "model", before["model_"], model
    elif classes is not None and not np.array_equal(before["classes_"], classes):
        name, last, now = "classes", before["classes_"], classes
    else:
        return
    raise checks.JgdValueError(
        f"{going_on} needs the {name} of the last fit, {last!r}, got {checks.shown(now)}", argument=going_on
    )
