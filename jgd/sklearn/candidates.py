"""The candidates of a search: every combination of a grid, or draws from distributions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sklearn.model_selection import ParameterGrid, ParameterSampler
from sklearn.utils import check_random_state

from jgd.core import checks
from jgd.spaces.ranges import Distribution


def candidates_of(param_grid: Any, n_iter: int | None, random_state: Any) -> list[dict[str, Any]]:
    """The parameters of each candidate.

    Args:
        param_grid: Parameter -> values or a distribution, or a list of such.
        n_iter: Candidates to draw; None is every combination of the values.
        random_state: Of the draws.

    Raises:
        JgdTypeError: For something that is no mapping.
        JgdValueError: For a distribution of jgd without `n_iter`.

    Example:
        >>> candidates_of({"a": [1, 2], "b": [3]}, None, None)
        [{'a': 1, 'b': 3}, {'a': 2, 'b': 3}]
    """
    grids = param_grid if isinstance(param_grid, Sequence) else [param_grid]
    grids = [checks.instance("param_grid", grid, Mapping, "{'learning_rate': [0.01, 0.1]}") for grid in grids]
    if n_iter is not None:
        drawable = [{name: _drawable(values) for name, values in grid.items()} for grid in grids]
        return list(ParameterSampler(drawable, checks.count("n_iter", n_iter, 1), random_state=random_state))
    drawn = [name for grid in grids for name, values in grid.items() if isinstance(values, Distribution)]
    if drawn:
        raise checks.JgdValueError(
            f"param_grid draws {drawn[0]!r} from a distribution: say how often, as n_iter=20", argument="n_iter"
        )
    return list(ParameterGrid(grids))


@dataclass(frozen=True)
class _Draws:
    """A distribution of jgd, as scikit-learn draws from it."""

    distribution: Distribution

    def rvs(self, random_state: Any = None) -> Any:
        """One value."""
        return self.distribution.at(check_random_state(random_state).uniform())


def _drawable(values: Any) -> Any:
    return _Draws(values) if isinstance(values, Distribution) else values
