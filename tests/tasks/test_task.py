"""Tasks of one's own: what is refused, and rows that are cut anew."""

import jax.numpy as jnp
import numpy as np
import pytest

import jgd

ROWS = (np.arange(20.0), np.arange(20))
TASK = jgd.Task.from_arrays("twenty", lambda key: jnp.zeros(()), lambda w, rows: jnp.mean((w - rows[0]) ** 2), ROWS)


def test_folds_are_each_row_once_and_never_the_test_rows():
    folds = TASK.folds(3, seed=1)
    held = np.concatenate([fold.validation[1] for fold in folds])
    assert sorted(held) == sorted(np.concatenate([TASK.train[1], TASK.validation[1]]))
    for fold in folds:
        assert not set(fold.train[1]) & set(fold.validation[1])
        assert len(fold.train[1]) + len(fold.validation[1]) == 16
        assert fold.test is TASK.test
        assert (fold.train[0] == fold.train[1]).all()  # rows stay rows
    assert folds[0].name == "twenty fold 1 of 3"
    assert list(TASK.folds(3)[0].validation[1]) != list(folds[0].validation[1])


def test_fewer_training_rows_are_a_part_of_more():
    few, more = TASK.with_rows(3), TASK.with_rows(0.5)
    assert (len(few.train[1]), len(more.train[1])) == (3, 6)
    assert set(few.train[1]) < set(more.train[1]) < set(TASK.train[1])
    assert few.validation is TASK.validation


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: TASK.folds(1), "count must be a whole number from 2 to 16, got 1"),
        (lambda: TASK.folds(17), "from 2 to 16, got 17"),
        (lambda: TASK.with_rows(13), "rows must be a whole number from 1 to 12"),
        (lambda: TASK.with_rows(1.5), r"rows must be a finite number in \(0, 1\]"),
        (
            lambda: jgd.Task.from_arrays("no", TASK.init, TASK.loss, ROWS, test=0.9),
            "the train split must have at least",
        ),
        (lambda: jgd.Task.from_arrays("no", TASK.init, TASK.loss, ROWS, init_state=3), "init_state must be a function"),
        (lambda: jgd.Task.from_arrays("no", TASK.init, TASK.loss, ROWS, evaluation_loss=3), "evaluation_loss must be"),
    ],
)
def test_what_is_refused(call, says):
    with pytest.raises(jgd.JgdError, match=says):
        call()
