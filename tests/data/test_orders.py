"""Orders of rows beside shuffled and sequential: replacement, weights, classes, easy to hard, the hardest first (G5, G6)."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

import jgd
from jgd.core.seeds import Stream, key
from jgd.data import Batches, orders

ORDER = key(0, Stream.ORDER)


def draws(order, rows, epochs=200, size=4):
    batches = Batches(rows, size, order)
    one = jax.jit(lambda epoch: batches.permutation(ORDER, epoch))
    return np.concatenate([np.asarray(one(epoch)) for epoch in range(epochs)])


def as_often_as(drawn, odds):
    """Whether counts fit the odds: a chi-square test that a right sampler fails once in a million."""
    odds = np.asarray(odds, float)
    counts = np.bincount(drawn, minlength=len(odds))
    assert (counts[odds == 0] == 0).all()
    some = odds > 0
    return some.sum() == 1 or stats.chisquare(counts[some], len(drawn) * odds[some] / odds.sum()).pvalue > 1e-6


@pytest.mark.slow
def test_a_shuffled_epoch_is_jaxs_permutation_also_of_rows_that_are_sorted_twice():
    for rows in (1, 2, 7, 1626):
        jaxs = jax.random.permutation(jax.random.fold_in(key(3, Stream.ORDER), 5), rows)
        assert (orders.Shuffled().indices(key(3, Stream.ORDER), jnp.int32(5), rows, 1) == jaxs).all()


def test_g5_with_replacement_every_batch_is_whole():
    batches = Batches(10, 4, "replacement")
    assert (batches.per_epoch, batches.rest) == (3, 0)
    assert [len(part) for part in batches.epoch(ORDER, 0)] == [4, 4, 4]
    assert as_often_as(draws("replacement", 10), np.ones(10))


@pytest.mark.parametrize("odds", [[1, 2, 3, 4], [0, 0, 5, 1], [1e-3, 1, 1000], [7]])
def test_weights_are_odds(odds):
    assert as_often_as(draws(orders.weighted(odds), len(odds), size=1), odds)


@pytest.mark.slow
def test_balanced_classes_are_as_frequent():
    labels = np.array([0] * 17 + [1] * 2 + [2])
    drawn = draws(orders.balanced(labels), 20)
    assert as_often_as(labels[drawn], np.ones(3))


@pytest.mark.slow
def test_g6_a_curriculum_goes_from_easy_to_hard():
    difficulty = np.array([3.0, 0.0, 9.0, 1.0, 7.0, 5.0, 8.0, 2.0, 6.0, 4.0])
    batches = Batches(10, 2, orders.curriculum(difficulty, steps=50, start=0.2))
    hardest = [float(difficulty[np.asarray(batches.permutation(ORDER, epoch))].max()) for epoch in range(30)]
    assert hardest[0] <= 2.0  # the pool of the first epoch is at most the easiest three
    assert max(hardest[:5]) < max(hardest[10:])
    assert as_often_as(np.concatenate([np.asarray(batches.permutation(ORDER, e)) for e in range(20, 220)]), np.ones(10))


def test_g6_mining_draws_the_hardest_more_often():
    ranked = np.array([7, 3, 0, 1, 2, 4, 5, 6, 8, 9])
    order = orders.HardMining(update_every=5, share=0.2, boost=0.5)
    odds = np.full(10, 0.05)
    odds[[7, 3]] += 0.25
    assert as_often_as(draws(Batches(10, 4, order).mined(jnp.asarray(ranked)).order, 10), odds)


@pytest.mark.slow
def test_g6_training_mines_its_outliers():
    """Nine rows of y = 0 and one of y = 30: mining sees it far more often, so that its pull is stronger."""
    rows = (np.ones((10, 1), np.float32), np.array([0.0] * 9 + [30.0], np.float32))
    loss = jgd.SupervisedLoss(jgd.models.Linear(1, bias=False), "squared_error")
    end = {}
    for name, order in {"plain": "shuffled", "mined": orders.HardMining(update_every=2, share=0.1, boost=0.8)}.items():
        run = jgd.train(
            loss, jgd.optimizers.sgd(0.01), {"weights": jnp.zeros(1)}, rows, steps=400, batch_size=2, order=order
        )
        end[name] = float(run.params["weights"][0])
    assert end["plain"] < 8 < 15 < end["mined"]


BAD = {
    "weights[1]": lambda: orders.weighted([1.0, -1.0]),
    "sum above 0": lambda: orders.weighted([0.0, 0.0]),
    "vector": lambda: orders.weighted([[1.0]]),
    "start": lambda: orders.curriculum([1.0, 2.0], steps=10, start=0.0),
    "finite scores": lambda: orders.curriculum([1.0, np.nan], steps=10),
    "every": lambda: orders.HardMining(update_every=0),
    "boost": lambda: orders.HardMining(update_every=1, boost=2.0),
    "order was made for 3 rows": lambda: Batches(4, 2, orders.weighted([1, 1, 1])),
    "order must be one of": lambda: Batches(4, 2, 7),
    "unknown order": lambda: Batches(4, 2, "shufled"),
}


@pytest.mark.parametrize(("words", "make"), BAD.items(), ids=BAD)
def test_nonsense_is_refused_by_name(words, make):
    with pytest.raises(jgd.JgdError) as caught:
        make()
    assert words in str(caught.value)
