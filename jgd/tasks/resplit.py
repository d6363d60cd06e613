"""A task's rows cut anew: k folds of its training and validation rows, and fewer training rows. The test rows stay."""

from typing import Any

import jax
import numpy as np

from jgd.core import checks, seeds
from jgd.core.types import Batch


def folds(train: Batch, validation: Batch, count: int, seed: int) -> list[tuple[Batch, Batch]]:
    """The rows of both, shuffled and cut into `count` folds: (all others, the fold) for each.

    Raises:
        JgdValueError: fewer than two folds, or fewer rows than folds.

    Example:
        >>> parts = folds(np.arange(6), np.arange(6, 8), count=4, seed=0)
        >>> [(len(rest), len(fold)) for rest, fold in parts], sorted(np.concatenate([fold for _, fold in parts]).tolist())
        ([(6, 2), (6, 2), (6, 2), (6, 2)], [0, 1, 2, 3, 4, 5, 6, 7])
    """
    both: Any = jax.tree.map(lambda one, other: np.concatenate([one, other]), train, validation)
    rows = checks.rows("train and validation", both)
    count = checks.count("count", count, 2, rows)
    order = np.random.default_rng([seeds.check(seed), seeds.Stream.SPLIT]).permutation(rows)
    cuts = np.array_split(order, count)
    of = lambda places: jax.tree.map(lambda array: array[places], both)
    return [(of(np.concatenate([*cuts[:i], *cuts[i + 1 :]])), of(cuts[i])) for i in range(count)]


def fewer(train: Batch, rows: int | float, seed: int) -> Batch:
    """So many of the training rows, or such a share of them, drawn by the seed; fewer are a part of more.

    Raises:
        JgdValueError: no row, or more than there are.

    Example:
        >>> few, more = (fewer(np.arange(10), rows, seed=0).tolist() for rows in (3, 0.5))
        >>> len(more), more[:3] == few
        (5, True)
    """
    most = checks.rows("train", train)
    wanted = round(checks.number("rows", rows, "(0, 1]") * most) if isinstance(rows, float) else rows
    order = np.random.default_rng([seeds.check(seed), seeds.Stream.SPLIT]).permutation(most)
    places = order[: checks.count("rows", wanted, 1, most)]
    return jax.tree.map(lambda array: np.asarray(array)[places], train)
