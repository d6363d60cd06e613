"""Rows of a few lengths only, so that data of another length mostly compile nothing: the rest has weight 0."""

from typing import NamedTuple

import numpy as np

from jgd.core import checks

SMALL = 256  # a length that costs little; longer ones are within an eighth of what is needed


class Rows(NamedTuple):
    """Examples, as a batch of `jgd.SupervisedLoss`.

    Attributes:
        inputs: (n, features) float32.
        targets: (n,) or (n, outputs) float32, or (n,) int32 classes.
        weights: (n,) float32 ≥ 0.
    """

    inputs: np.ndarray
    targets: np.ndarray
    weights: np.ndarray

    def take(self, places: np.ndarray) -> "Rows":
        """The rows at some places."""
        return Rows(*(array[places] for array in self))

    def merged(self) -> "Rows":
        """Equal rows as one with the sum of their weights, in an order of their own, without those of weight 0.

        The loss over all rows is the same. A weight and as many copies are then the same arrays, however the rows are
        ordered, and so lead to the same bits.
        """
        kept = self.take(np.flatnonzero(self.weights))
        rows = len(kept.weights)
        # + 0.0: −0.0 and 0.0 are equal
        bits = np.concatenate(
            [(part.reshape(rows, -1) + part.dtype.type(0)).view(np.int32) for part in kept[:2]], axis=1
        )
        _, places, group = np.unique(bits, axis=0, return_index=True, return_inverse=True)
        weights = np.bincount(group.reshape(-1), kept.weights.astype(np.float64))
        return Rows(*kept.take(places)[:2], weights.astype(np.float32))

    def padded(self, multiple: int | None = None) -> "Rows":
        """The rows, and after them zeros of weight 0 up to a multiple, or to one of the few lengths."""
        rows = len(self.weights)
        length = padded_length(rows) if multiple is None else -(-rows // multiple) * multiple
        return Rows(*(filled_up(array, length) for array in self))


def padded_length(rows: int) -> int:
    """The next of the few lengths.

    >>> [padded_length(rows) for rows in (1, 65, 300, 1000, 1025)]
    [256, 256, 320, 1024, 1152]
    """
    if rows <= SMALL:
        return SMALL
    step = 2 ** ((rows - 1).bit_length() - 4)
    return -(-rows // step) * step


def filled_up(array: np.ndarray, length: int) -> np.ndarray:
    """An array with zeros below it, up to a length."""
    return np.concatenate([array, np.zeros((length - len(array), *array.shape[1:]), array.dtype)])


def checked_weights(weights: object, rows: int) -> np.ndarray:
    """(rows,) float32, 1 where none are given.

    Raises:
        JgdValueError: They are no vector of that length, not finite, negative, or all zero.
    """
    if weights is None:
        return np.ones(rows, np.float32)
    array = np.asarray(weights, np.float64)
    array = np.full(rows, array) if array.ndim == 0 else array
    if array.shape != (rows,):
        raise checks.JgdValueError(
            f"sample_weight must be one number a row, ({rows},), got shape {array.shape}", argument="sample_weight"
        )
    if not np.isfinite(array).all() or (array < 0).any():
        raise checks.JgdValueError("sample_weight must be finite and >= 0", argument="sample_weight")
    if not array.sum() > 0:
        raise checks.JgdValueError("sample_weight must not be zero in every row", argument="sample_weight")
    return array.astype(np.float32)
