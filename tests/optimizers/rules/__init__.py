"""The table of all optimizers. A row of another family goes to that family's file."""

import pytest

from rules import (
    adamlike,
    adapted,
    classic,
    classical,
    curvature,
    free,
    later,
    low_rank,
    matrix,
    mixed,
    penalized,
    whitening,
)
from rules.row import Row

ROWS: list[Row] = [
    *classical.ROWS,
    *classic.ROWS,
    *adamlike.ROWS,
    *matrix.ROWS,
    *whitening.ROWS,
    *low_rank.ROWS,
    *curvature.ROWS,
    *free.ROWS,
    *adapted.ROWS,
    *penalized.ROWS,
    *mixed.ROWS,
    *later.ROWS,
]
NAMED = {row.name: row for row in reversed(ROWS)}  # the plainest row of each name
QUICK = ("sgd", "nesterov", "adagrad", "rmsprop", "adadelta", "adam", "adamw")  # in the fast part of the suite


def params(rows: list[Row]) -> list:
    """Rows as parameters of a test; all but the quick ones are slow."""
    return [
        pytest.param(row, id=str(row), marks=() if row.name in QUICK else pytest.mark.slow)
        for row in rows
        if not row.apart
    ]


EACH = params(ROWS)
PLAIN = params([row for name, row in NAMED.items() if name != "gd"])  # one of each rule, where variants add nothing
