"""What a search leaves, and the table that compares searches."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from jgd.core.text import align_columns
from jgd.core.types import Params


@dataclass(frozen=True)
class SearchResult:
    """The best point of a search.

    Attributes:
        method: The search's name.
        params: The point, in the structure of the bounds.
        value: The loss there; inf if no point had a number.
        evaluations: Of the loss, in all; a step of descent counts as one evaluation and one gradient.
        history: "evaluations" made and the best "value" so far, (improvements,) each.
        gradients: Taken in all.
    """

    method: str
    params: Params
    value: float
    evaluations: int
    history: dict[str, np.ndarray]
    gradients: int = 0

    def evaluations_to(self, value: float) -> int | None:
        """Evaluations made when the best value was first ≤ `value`; None if it never was."""
        reached = np.flatnonzero(self.history["value"] <= value)
        return int(self.history["evaluations"][reached[0]]) if len(reached) else None


def comparison_table(searches: Mapping[str, SearchResult] | list[SearchResult], value: float) -> str:
    """How many evaluations each search took.

    Args:
        searches: Name -> what a search left, or a list of them, named by their methods.
        value: The loss to reach.

    Returns:
        A text: method, evaluations until the loss was ≤ value, evaluations in all, the best value.

    Example:
        >>> import jgd
        >>> bowl = lambda w: (w - 3.2) ** 2
        >>> grid = jgd.gradient_free.grid_search(bowl, 0.0, 4.0, points=10, at="center")
        >>> steps = jgd.gradient_free.gradient_descent(bowl, jgd.optimizers.sgd(0.25), 0.0, steps=10)
        >>> print(comparison_table([grid, steps], value=0.05))
        method            to <= 0.05  evaluations  best value
        grid search                8           10        0.04
        gradient descent           5           10    3.91e-05
    """
    named = searches if isinstance(searches, Mapping) else {search.method: search for search in searches}
    rows = [["method", f"to <= {value:g}", "evaluations", "best value"]]
    for name, search in named.items():
        to = search.evaluations_to(value)
        rows.append([name, "never" if to is None else f"{to:,}", f"{search.evaluations:,}", f"{search.value:.3g}"])
    return "\n".join(align_columns(rows, right={1, 2, 3}))
