"""Places of a task's rows cut anew: k folds of its training and validation rows, other splits of them, fewer training rows."""

import jax
import numpy as np

from jgd.core import checks, seeds
from jgd.core.types import Batch

Places = tuple[np.ndarray, np.ndarray]  # of the rows that train and of those that validate


def folds(rows: int, count: int, seed: int, equal: bool = False) -> list[Places]:
    """The rows, shuffled and cut into `count` folds: the places of (all others, the fold) for each.

    Args:
        rows: how many there are.
        count: of folds.
        seed: of the order.
        equal: whether all folds have as many rows; the rows that are left over then train in each.

    Raises:
        JgdValueError: fewer than two folds, or fewer rows than folds.

    Example:
        >>> parts = folds(8, count=3, seed=0)
        >>> [len(fold) for _, fold in parts], sorted(np.concatenate([fold for _, fold in parts]).tolist())
        ([3, 3, 2], [0, 1, 2, 3, 4, 5, 6, 7])
        >>> [(len(rest), len(fold)) for rest, fold in folds(8, count=3, seed=0, equal=True)]
        [(6, 2), (6, 2), (6, 2)]
    """
    count = checks.count("count", count, 2, rows)
    order = _order(rows, seed)
    cuts = (
        np.split(order, rows // count * np.arange(1, count + 1))
        if equal
        else [*np.array_split(order, count), order[:0]]
    )
    *parts, left = cuts
    return [(np.concatenate([*parts[:i], *parts[i + 1 :], left]), part) for i, part in enumerate(parts)]


def again(train: int, validation: int, seed: int) -> Places:
    """Rows of both, shuffled by the seed and cut into as many of each: the places of those that train and validate.

    Example:
        >>> train, validation = again(5, 3, seed=1)
        >>> len(train), len(validation), sorted([*train, *validation]) == list(range(8))
        (5, 3, True)
    """
    order = _order(train + validation, seed)
    return order[:train], order[train:]


def together(train: Batch, validation: Batch) -> Batch:
    """The rows of both, those that train first."""
    return jax.tree.map(lambda one, other: np.concatenate([one, other]), train, validation)


def fewer(most: int, rows: int | float, seed: int) -> np.ndarray:
    """The places of so many rows, or of such a share of them, drawn by the seed; fewer are a part of more.

    Raises:
        JgdValueError: no row, or more than there are.

    Example:
        >>> few, more = (fewer(10, rows, seed=0).tolist() for rows in (3, 0.5))
        >>> len(more), more[:3] == few
        (5, True)
    """
    wanted = round(checks.number("rows", rows, "(0, 1]") * most) if isinstance(rows, float) else rows
    return _order(most, seed)[: checks.count("rows", wanted, 1, most)]


def _order(rows: int, seed: int) -> np.ndarray:
    return np.random.default_rng([seeds.check(seed), seeds.Stream.SPLIT]).permutation(rows)
