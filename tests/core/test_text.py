"""Tables as plain text."""

import pytest

from jgd.core.text import align_columns


def test_columns_are_aligned_and_nothing_stands_behind_the_last_cell():
    rows = [("leaf", "verdict", "cause"), ("w", "ok", ""), ("bias", "wrong", "a factor 2")]
    assert align_columns(rows) == ["leaf  verdict  cause", "w     ok", "bias  wrong    a factor 2"]


def test_numbers_are_aligned_to_the_right():
    assert align_columns([["d", "cost"], ["1000", "5"]], right={0, 1}) == ["   d  cost", "1000     5"]


def test_no_row_is_no_line():
    assert align_columns([]) == []


def test_rows_of_unequal_length_are_refused():
    with pytest.raises(ValueError, match="zip"):
        align_columns([["a", "b"], ["c"]])
