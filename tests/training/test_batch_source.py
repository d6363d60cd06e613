"""Batches of somebody's own loader: the run that the same rows make as arrays, resumed, and what can't be known refused."""

import jax.numpy as jnp
import numpy as np
import pytest

import jgd
from jgd.core.fingerprint import tree_digest

LOSS = jgd.SupervisedLoss(jgd.models.Linear(3), "squared_error")
RNG = np.random.default_rng(0)
ROWS = (RNG.normal(size=(48, 3)).astype(np.float32), RNG.normal(size=48).astype(np.float32))
PARAMS = {"weights": jnp.full(3, 0.5, jnp.float32), "bias": jnp.zeros((), jnp.float32)}


class Loader:
    """48 rows in batches of 8, in their order."""

    def __init__(self, size=8, rows=48, length=True):
        self.size, self.rows, self.passes = size, rows, []
        if length:
            self.__class__ = Sized

    def order(self):
        return np.arange(self.rows)

    def __iter__(self):
        self.passes.append(0)
        for begin in range(0, self.rows, self.size):
            self.passes[-1] += 1
            yield [part[self.order()[begin : begin + self.size]] for part in ROWS]


class Unsized(Loader):
    """As torch's DataLoader of an iterable data set: it has the method, which raises."""

    def __len__(self):
        raise TypeError("object of type 'Unsized' has no len()")


class Sized(Loader):
    def __len__(self):
        return -(-self.rows // self.size)


class Shuffled(Sized):
    """Another order in each epoch, by its number alone."""

    def __init__(self):
        super().__init__(length=False)

    def set_epoch(self, epoch):
        self.epoch = epoch

    def order(self):
        return np.random.default_rng(self.epoch).permutation(48)


def train(data, **options):
    return jgd.train(LOSS, jgd.optimizers.adam(0.05), PARAMS, data, **{"steps": 15, **options})


@pytest.fixture(scope="module")
def straight():
    return train(Shuffled())


@pytest.mark.slow
def test_a_loader_is_another_way_to_the_same_rows():
    here = train(list(ROWS), batch_size=8, order="sequential")
    for loader in (Loader(), Unsized(length=False), list(Loader())):
        there = train(loader)
        np.testing.assert_allclose(there.history["loss"], here.history["loss"], rtol=1e-5)
        assert isinstance(loader, list) or sum(loader.passes) == 15  # each batch is read once, the first one too
    epochs = train(Loader(), steps=None, epochs=2, validation=list(ROWS))
    assert epochs.evaluations["step"].tolist() == [0, 6, 12]


def test_a_loader_that_is_told_the_epoch_is_resumed_bit_for_bit(straight, tmp_path):
    for steps in (8, 15):
        again = train(Shuffled(), steps=steps, store=tmp_path, resume=True)
    assert tree_digest((again.params, again.history)) == tree_digest((straight.params, straight.history))
    hand = [
        np.mean((ROWS[0][r] @ np.full(3, 0.5) - ROWS[1][r]) ** 2)
        for r in [np.random.default_rng(0).permutation(48)[:8]]
    ]
    np.testing.assert_allclose(straight.history["loss"][0], hand[0], rtol=1e-5)


class Torch(Loader):
    drop_last, dataset = False, range(50)


@pytest.mark.parametrize(
    ("data", "options", "says"),
    [
        (iter(Loader()), {}, "an iterator is used up after one"),
        (Loader(rows=0), {}, "at least one batch, got none"),
        (Loader(), {"batch_size": 8}, "batch_size is the loader's"),
        (Loader(), {"order": "sequential"}, "order is the loader's"),
        (Loader(length=False), {"steps": None, "epochs": 2}, "epochs needs a loader with a length"),
        (Torch(length=False), {}, "50 rows make no whole batches of 8"),
        (Loader(size=10), {}, "of one kind"),
    ],
)
def test_what_makes_no_epochs_is_refused(data, options, says):
    with pytest.raises(jgd.JgdError, match=says):
        train(data, **options)
