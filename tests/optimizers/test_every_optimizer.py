"""What is asked of every optimizer: the checks of jgd.testing, which a user's own method can be asked too."""

import numpy as np
import pytest
from rules import PLAIN, ROWS

from jgd.testing import CHECKS, trees

# how much of the table's slow part: every fifth test of the first three lists, which meets each check on every fifth
# row, or so; every eighth of the last. JGD_ALL_ROWS=1 makes all
ALWAYS = [
    "abstract init",
    "updates like params",
    "one structure",
    "nothing aliases",
    "any tree",
    "one program",
    "vmapped like looped",
]
SLOW = ["saved like kept", "late clock"]
HALF = ["scheduled", "mixed dtypes"]
EIGHTH = ["hooks", "compiled like eager", "scan like loop", "zero gradients", "traced like concrete"]
ELSEWHERE = {"bad values refused", "dtypes"}  # below, for more rows or one dtype a test
STRONGER = {"differentiable"}  # test_tracing.py compares the derivatives with finite differences


def test_every_check_is_made():
    assert {*ALWAYS, *SLOW, *HALF, *EIGHTH} | ELSEWHERE | STRONGER == set(CHECKS)


@pytest.mark.sampled(10)
@pytest.mark.parametrize("check", ALWAYS)
@pytest.mark.parametrize("row", PLAIN)
def test_a_row_passes(row, check):
    CHECKS[check](row.subject)


@pytest.mark.slow
@pytest.mark.sampled(10)
@pytest.mark.parametrize("check", SLOW)
@pytest.mark.parametrize("row", PLAIN)
def test_a_row_passes_what_is_slow(row, check):
    CHECKS[check](row.subject)


@pytest.mark.slow
@pytest.mark.sampled(10)
@pytest.mark.parametrize("check", HALF)
@pytest.mark.parametrize("row", PLAIN)
def test_a_row_passes_what_is_slower(row, check):
    CHECKS[check](row.subject)


@pytest.mark.slow
@pytest.mark.sampled
@pytest.mark.parametrize("check", EIGHTH)
@pytest.mark.parametrize("row", PLAIN)
def test_a_row_passes_what_other_checks_imply(row, check):
    CHECKS[check](row.subject)


@pytest.mark.sampled(10)
@pytest.mark.parametrize("dtype", ["bfloat16", pytest.param("float16", marks=pytest.mark.slow)])  # the others all over
@pytest.mark.parametrize("row", PLAIN)
def test_dtypes_are_stable(row, dtype):
    trees.stable_in(row.subject, dtype)


@pytest.mark.slow
@pytest.mark.sampled(10)
@pytest.mark.parametrize("tree", [{}, np.ones(())], ids=["empty", "0-d"])
@pytest.mark.parametrize("row", PLAIN)
def test_a_whole_tree_may_be_one_leaf_or_none(row, tree):
    trees.descends(row.subject, tree)


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_a_bad_number_is_refused_by_the_name_it_was_given(row):
    CHECKS["bad values refused"](row.subject)
