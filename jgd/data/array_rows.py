"""Rows of an array without columns, such as images, sequences and measurements: a model's inputs as they are."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from jgd.core import checks
from jgd.data.column import Column


@dataclass(frozen=True)
class ArrayRows:
    """What a row is, in the place where a table has an `Encoder`.

    Args:
        shape: Of one row.
        dtype: The name of its numbers' dtype.

    Example:
        >>> rows = ArrayRows.of(np.zeros((5, 8, 8), np.float32))
        >>> rows.shape, rows([[[1] * 8] * 8]).dtype
        ((8, 8), dtype('float32'))
    """

    shape: tuple[int, ...]
    dtype: str

    columns: ClassVar[tuple[Column, ...]] = ()
    features: ClassVar[tuple[str, ...]] = ()
    categories: ClassVar[None] = None

    @classmethod
    def of(cls, rows: np.ndarray) -> "ArrayRows":
        """What the rows of an array are."""
        checks.numeric_data("inputs", rows)
        return cls(rows.shape[1:], rows.dtype.name)

    def __call__(self, rows: Any, table: str = "the rows") -> np.ndarray:
        """Rows as an array of that dtype.

        Args:
            rows: (n, …).
            table: What errors call it.

        Returns:
            (n, …), the same array where it is one.

        Raises:
            JgdValueError: Rows of another shape, or none.
            JgdTypeError: Something else than numbers, or other ones than the dtype can hold.
        """
        try:
            array = np.asarray(rows)
        except ValueError as fault:
            raise checks.JgdValueError(f"{table} must be rows of one shape: {fault}") from fault
        if array.ndim == 0 or array.shape[1:] != self.shape:
            raise checks.JgdValueError(
                f"{table} must have the shape that the model was trained on, {written(self.shape)}, got {array.shape}"
            )
        if not len(array):
            raise checks.JgdValueError(f"{table} must have at least one row")
        if array.dtype != self.dtype and not np.can_cast(array.dtype, self.dtype, "same_kind"):
            raise checks.JgdTypeError(f"{table} must hold {self.dtype} numbers, got dtype {array.dtype}")
        return array.astype(self.dtype, copy=False)


def written(row: tuple[int, ...]) -> str:
    """The shape of rows of that shape, for messages.

    >>> written((8, 8)), written(())
    ('(n, 8, 8)', '(n,)')
    """
    return f"({', '.join(['n', *map(str, row)])}{'' if row else ','})"
