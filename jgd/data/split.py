"""Train, validation and test: fit on the first, choose on the second, report the third once."""

from typing import Any, NamedTuple

import jax
import numpy as np

from jgd.core import checks, seeds

Rows = Any  # a tree of NumPy arrays with one leading axis


class Splits(NamedTuple):
    """The three disjoint parts, each a tree like the data."""

    train: Rows
    validation: Rows
    test: Rows


def split(data: Rows, *, validation: float = 0.2, test: float = 0.2, seed: int = 0, by: Any = None) -> Splits:
    """Shuffle the rows by `seed` and cut them into three disjoint parts.

    Args:
        data: an array or a pytree of arrays with one leading axis.
        validation: share of the rows in (0, 1), rounded to rows.
        test: likewise; the rest trains.
        seed: of the order, 0 … 2³² − 1.
        by: (rows,) labels: each part has its share of each of them, to a row (a stratified split), and a label of one row
            trains. None (default) cuts by chance alone.

    Returns:
        (train, validation, test), each a tree like `data`.

    Raises:
        JgdValueError: a part would be empty, or the arrays (or `by`) have different lengths.

    Example:
        >>> parts = split(np.arange(10.0), validation=0.2, test=0.3)
        >>> [len(part) for part in parts], sorted(np.concatenate(parts).astype(int).tolist())
        ([5, 2, 3], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
        >>> labels = np.array([0] * 10 + [1] * 5 + [2])
        >>> [np.bincount(part, minlength=3).tolist() for part in split(labels, by=labels)]
        [[6, 3, 1], [2, 1, 0], [2, 1, 0]]
    """
    rows = checks.rows("data", data)
    shares = [checks.number(name, share, "(0, 1)") for name, share in [("validation", validation), ("test", test)]]
    held = [round(rows * share) for share in shares]
    left = rows - sum(held)
    for name, have in zip(("validation", "test", "train"), (*held, left), strict=True):
        if have < 1:
            raise checks.JgdValueError(
                f"the {name} split must have at least one row, got {have} "
                f"({rows} rows, validation={validation}, test={test})"
            )
    order = np.random.default_rng([seeds.check(seed), seeds.Stream.SPLIT]).permutation(rows)
    order = order if by is None else _spread(order, by)
    cuts = np.split(order, [left, left + held[0]])
    return Splits(*(_take(data, part) for part in cuts))


def _spread(order: np.ndarray, by: Any) -> np.ndarray:
    """The order in which every stretch has its share of each label: a row stands by its place within its label."""
    try:
        labels = np.asarray(by)
    except Exception as fault:  # NumPy and JAX have a dozen ways to refuse
        raise checks.JgdTypeError(f"by must be an array of labels, got {checks.shown(by)}", argument="by") from fault
    if labels.shape != (len(order),):
        raise checks.JgdValueError(
            f"by must be one label a row, shape ({len(order)},), got {labels.shape}", argument="by"
        )
    _, codes, counts = np.unique(labels[order], return_inverse=True, return_counts=True)
    grouped = np.argsort(codes, kind="stable")
    place = np.empty(len(order))
    place[grouped] = np.arange(len(order)) - np.repeat(np.cumsum(counts) - counts, counts)
    return order[np.argsort((place + 0.5) / counts[codes], kind="stable")]


def _take(data: Rows, rows: np.ndarray) -> Rows:
    return jax.tree.map(lambda array: np.asarray(array)[rows], data)
