"""Columns as features: gaps filled and words one-hot, by what scikit-learn's transformers learn from the training rows.

What they learn is kept as numbers, not as objects, so that a stored model holds data only.
"""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from jgd.core import checks
from jgd.data.column import Column

MISSING = ("error", "mean", "median", "most_frequent")


@dataclass(frozen=True)
class Encoder:
    """What fitting found: how columns (n, columns) become features (n, features).

    Args:
        columns: The raw columns.
        fills: What a column's gaps become, one a column; None refuses them.
        categories: The codes of a column of words that the training rows had, each a feature that is 0 or 1; NaN is
            the gap as one of them. () for numbers and dates.

    Example:
        >>> encoder = fit([Column("city", "words", ("Bonn", "Kiel"))], np.array([[0.0], [1.0], [1.0]]))
        >>> encoder.features, encoder(np.array([[1.0]])).tolist()
        (('city=Bonn', 'city=Kiel'), [[0.0, 1.0]])
    """

    columns: tuple[Column, ...]
    fills: tuple[float | None, ...]
    categories: tuple[tuple[float, ...], ...]

    @property
    def features(self) -> tuple[str, ...]:
        """The names of the features."""
        out = []
        for column, codes in zip(self.columns, self.categories, strict=True):
            if column.kind == "words":
                out += [f"{column.name}={'' if np.isnan(code) else column.words[int(code)]}" for code in codes]
            else:
                out.append(column.name)
        return tuple(out)

    def __call__(self, numbers: np.ndarray, table: str = "the rows") -> np.ndarray:
        """The features of rows.

        Args:
            numbers: (n, columns) float64, as `Column.numbers` reads them.
            table: What errors call it.

        Returns:
            (n, features) float64. A word that the training rows did not have is none of its categories: 0 in all.

        Raises:
            JgdValueError: A gap where there is nothing to fill it with.
        """
        parts = []
        for place, column in enumerate(self.columns):
            cells, fill = numbers[:, place], self.fills[place]
            empty = np.isnan(cells)
            if column.kind == "words":
                codes = self.categories[place]
                parts += [empty if np.isnan(code) else cells == code for code in codes]
                continue
            if fill is None:
                refuse_gaps([column], cells[:, None], table)
            parts.append(cells if fill is None else np.where(empty, fill, cells))
        return np.stack(parts, axis=1).astype(np.float64)


def fit(columns: Sequence[Column], numbers: np.ndarray, missing: str = "error") -> Encoder:
    """What scikit-learn's `SimpleImputer` and `OneHotEncoder` learn from the training rows.

    Args:
        columns: The raw columns.
        numbers: (n, columns) float64 of the training rows, as `Column.numbers` reads them.
        missing: What fills the gaps of numbers and dates: "mean", "median" or "most_frequent" of the training rows;
            "error" refuses gaps. A gap among words is a category of its own where the training rows have one.

    Returns:
        The `Encoder`.

    Raises:
        JgdValueError: An unknown way to fill, a gap under "error", or a column without a value in the training rows.
        ImportError: scikit-learn is not installed.
    """
    checks.choice("missing", missing, MISSING)
    words = np.array([column.kind == "words" for column in columns], bool)
    if missing == "error":
        refuse_gaps(columns, numbers, "the training rows")
    fills: list[float | None] = [None] * len(columns)
    categories: list[tuple[float, ...]] = [()] * len(columns)
    if words.any() or missing != "error":
        try:
            from sklearn.impute import SimpleImputer
            from sklearn.preprocessing import OneHotEncoder
        except ImportError as absent:
            raise ImportError("one_hot and missing need scikit-learn: pip install 'jgd[data]'") from absent
        if words.any():
            found = OneHotEncoder(handle_unknown="ignore").fit(numbers[:, words]).categories_
            for place, codes in zip(np.flatnonzero(words), found, strict=True):
                categories[place] = tuple(map(float, codes))
        if missing != "error" and not words.all():
            learned = _statistics(SimpleImputer(strategy=missing, keep_empty_features=False), numbers[:, ~words])
            for place, value in zip(np.flatnonzero(~words).tolist(), learned, strict=True):
                if np.isnan(value):
                    raise checks.JgdValueError(
                        f"column {columns[place].name!r} has no value in the training rows: drop it"
                    )
                fills[place] = float(value)
    return Encoder(tuple(columns), tuple(fills), tuple(categories))


def _statistics(imputer: object, numbers: np.ndarray) -> np.ndarray:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a column without values, which is refused by name
        return imputer.fit(numbers).statistics_  # pyright: ignore[reportAttributeAccessIssue]  # set by fit


def refuse_gaps(columns: Sequence[Column], numbers: np.ndarray, table: str) -> None:
    """Refuse (n, columns) numbers with a NaN, by its column and row."""
    bad = np.argwhere(np.isnan(numbers))
    if len(bad):
        row, place = bad[0]
        raise checks.JgdValueError(
            f"column {columns[place].name!r} of {table} must be finite, got nan at row {row}; missing='mean' (or 'median', "
            "'most_frequent') fills gaps by the training rows",
            argument="missing",
        )
