"""Data: splits that share no row, scaling that sees training rows only (I7 to I10), data sets that load."""

import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import jgd
from jgd import MinMax, Standard, datasets, split

COLUMN = np.array([[23.0], [35.0], [61.0], [100.0], [0.0]])
SCALINGS = {
    "I7 [0, 1]": (MinMax(), [0.23, 0.35, 0.61, 1, 0], 1e-15),
    "I7 [-1, 1]": (MinMax(-1, 1), [-0.54, -0.3, 0.22, 1, -1], 1e-15),
    "I8 ddof 0": (Standard(), [-0.606396, -0.256552, 0.501443, 1.638435, -1.276930], 5e-7),
    "I8 ddof 1": (Standard(ddof=1), (COLUMN[:, 0] - COLUMN.mean()) / 38.349707, 1e-7),
}


@pytest.mark.parametrize(("scaler", "want", "atol"), SCALINGS.values(), ids=SCALINGS)
def test_i7_i8_the_lectures_column(scaler, want, atol):
    scaling = scaler.fit(COLUMN)
    np.testing.assert_allclose(scaling(COLUMN)[:, 0], want, rtol=0, atol=atol)
    np.testing.assert_allclose(scaling.inverse(scaling(COLUMN)), COLUMN, atol=1e-13)


@pytest.mark.parametrize("scaler", [Standard(), MinMax()], ids=repr)
def test_i9_poisoned_test_rows_change_nothing(scaler):
    rows = datasets.iris().rows
    poisoned = rows[0].copy()
    tests = split(np.arange(len(poisoned))).test
    poisoned[tests] = np.nan
    clean, dirty = (scaler.fit(split(x).train) for x in (rows[0], poisoned))
    np.testing.assert_array_equal(clean.shift, dirty.shift)
    np.testing.assert_array_equal(clean.factor, dirty.factor)


@pytest.mark.parametrize(("scaler", "becomes"), [(Standard(), 0.0), (MinMax(-1, 1), -1.0)], ids=repr)
def test_a_constant_column_is_named_and_returns(scaler, becomes):
    inputs = np.array([[1.0, 0.1], [2.0, 0.1], [4.0, 0.1]])
    with pytest.warns(UserWarning, match="column 1 is constant"):
        scaling = scaler.fit(inputs)
    assert scaling(inputs)[:, 1].tolist() == [becomes] * 3
    np.testing.assert_allclose(scaling.inverse(scaling(inputs)), inputs, rtol=1e-15)


@settings(deadline=None, max_examples=25)
@given(
    st.lists(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=2), min_size=2, max_size=8),
    st.sampled_from([Standard(), MinMax(), MinMax(-1, 1)]),
)
def test_the_inverse_comes_back(rows, scaler):
    inputs = np.array(rows)
    # columns that hardly differ lose digits in any scaling; a constant one warns
    if (np.ptp(inputs, axis=0) <= 1e-6 * (1 + abs(inputs).max())).any():
        return
    scaling = scaler.fit(inputs)
    np.testing.assert_allclose(scaling.inverse(scaling(inputs)), inputs, rtol=1e-9, atol=1e-9 * (1 + abs(inputs).max()))


def test_i10_scaling_makes_contours_round():
    inputs = datasets.age_income().inputs
    condition = lambda x: np.linalg.cond(2 * np.c_[x, np.ones(len(x))].T @ np.c_[x, np.ones(len(x))] / len(x))
    np.testing.assert_allclose(condition(inputs), 2.4e14, rtol=0.05)
    np.testing.assert_allclose(condition(Standard().fit(inputs)(inputs)), 1.115, atol=1e-3)


@settings(deadline=None, max_examples=50)
@given(st.integers(5, 60), st.floats(0.15, 0.4), st.floats(0.15, 0.4), st.integers(0, 2**32 - 1))
def test_splits_are_disjoint_and_complete(rows, validation, test, seed):
    parts = split({"x": np.arange(rows), "y": -np.arange(rows)}, validation=validation, test=test, seed=seed)
    assert sorted(np.concatenate([part["x"] for part in parts]).tolist()) == list(range(rows))
    assert [len(part["x"]) for part in parts[1:]] == [round(rows * validation), round(rows * test)]
    for part in parts:
        np.testing.assert_array_equal(part["x"], -part["y"])  # rows stay together


def test_a_seed_is_a_split():
    order = lambda seed: np.concatenate(split(np.arange(50), seed=seed)).tolist()
    assert order(3) == order(3)
    assert order(3) != order(4)


@pytest.mark.parametrize("name", datasets.registry)
def test_every_data_set_loads(name):
    data = datasets.get(name)
    rows, features = data.inputs.shape
    assert (data.targets.shape, len(data.features)) == ((rows,), features)
    assert data.inputs.dtype == np.float64
    assert np.isfinite(data.inputs).all()
    if data.classes:
        assert data.targets.dtype == np.int32
        assert set(data.targets.tolist()) == set(range(data.classes))
    else:
        assert data.targets.dtype == np.float64


@pytest.mark.parametrize("name", datasets.FILES)
def test_a_file_read_as_it_is_holds_what_scikit_learn_loads(name, monkeypatch):
    read = datasets.get(name)
    monkeypatch.setattr(datasets, "_read", lambda name: None)  # as where scikit-learn keeps its files elsewhere
    loaded = datasets.get(name)
    assert (read.features, read.classes) == (loaded.features, loaded.classes)
    for mine, theirs in zip(read.rows, loaded.rows, strict=True):
        assert mine.dtype == theirs.dtype
        np.testing.assert_array_equal(mine, theirs)


def test_the_truth_is_known():
    data = datasets.linear_regression(rows=50, noise=0.0)
    found, *_ = np.linalg.lstsq(np.c_[data.inputs, np.ones(50)], data.targets)
    np.testing.assert_allclose(found, [1.5, -2.0, 0.5, 0.3], rtol=1e-12)


@pytest.mark.slow
@pytest.mark.parametrize("name", jgd.tasks.registry)
def test_every_task_starts_with_a_finite_loss(name):
    for model in jgd.tasks.registry[name][0]:
        task = jgd.tasks.get(name, model)
        params = task.init(jgd.core.seeds.key(0, jgd.core.seeds.Stream.INIT))
        for part in (task.train, task.validation, task.test):
            assert np.isfinite(task.loss(params, jax_rows(part)))


def jax_rows(part):
    return tuple(jnp.asarray(array) for array in part)
