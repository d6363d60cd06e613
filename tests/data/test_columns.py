"""Tables of all kinds become the same numbers, fitted on the training rows only and as scikit-learn does it."""

from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from helpers import tables
from sklearn.compose import make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.preprocessing import OneHotEncoder

import jgd
from jgd.data import encoding
from jgd.data.columns import columns_of


def as_polars(columns):
    polars = pytest.importorskip("polars")
    return polars.DataFrame({name: list(values) for name, values in columns.items()}).with_columns(
        polars.col("age").fill_nan(None)
    )


def as_arrow(columns):
    return pytest.importorskip("pyarrow").Table.from_pandas(pd.DataFrame(columns))


def as_file(columns, path, write):
    write(pd.DataFrame(columns), path)
    return path


KINDS = {
    "pandas": lambda columns, path: pd.DataFrame(columns),
    "pandas, its own kinds": lambda columns, path: pd.DataFrame(columns).astype({"age": "Float64", "city": "category"}),
    "polars": lambda columns, path: as_polars(columns),
    "pyarrow": lambda columns, path: as_arrow(columns),
    "csv": lambda columns, path: as_file(columns, path / "t.csv", lambda f, p: f.to_csv(p, index=False)),
    "parquet": lambda columns, path: (
        pytest.importorskip("pyarrow") and as_file(columns, path / "t.parquet", pd.DataFrame.to_parquet)
    ),
    "arrow": lambda columns, path: (
        pytest.importorskip("pyarrow") and as_file(columns, path / "t.arrow", pd.DataFrame.to_feather)
    ),
}


@pytest.mark.parametrize("make", KINDS.values(), ids=KINDS)
def test_every_kind_of_table_is_the_same_rows(make, tmp_path):
    columns = tables.mixed(60)
    read, known = tables.read(make(columns, tmp_path)), tables.read(columns)
    np.testing.assert_array_equal(read.inputs, known.inputs)
    np.testing.assert_array_equal(read.targets, known.targets)
    assert (read.columns, read.labels) == (known.columns, ("no", "yes"))


def test_dates_of_every_kind_are_days():
    text = np.array(["2024-01-01", "2024-01-02T12:00"])
    stamps = pd.to_datetime(text, format="ISO8601")
    for values in (text, stamps.to_numpy(), stamps.tz_localize("UTC"), np.array(stamps.to_pydatetime(), object)):
        got = jgd.data.read({"since": values, "y": [1.5, 2.5]}, "y", dates=["since"] if values is text else ())
        assert got.inputs[:, 0].tolist() == [19723.0, 19724.5]
    ever = jgd.data.read({"until": ["9999-12-31", "0001-01-01"], "y": [1.5, 2.5]}, "y", dates=["until"])
    assert ever.inputs[:, 0].tolist() == [2932896.0, -719162.0]


def test_durations_are_days_and_decimals_are_numbers():
    for values, want in ((pd.to_timedelta(["36h", "0h"]).to_numpy(), 1.5), ([Decimal("2.5"), Decimal(0)], 2.5)):
        assert jgd.data.read({"x": np.asarray(values), "y": [1.5, 2.5]}, "y").inputs[:, 0].tolist() == [want, 0.0]


@pytest.mark.parametrize("missing", encoding.MISSING[1:])
def test_features_are_those_of_scikit_learn_and_see_training_rows_only(missing):
    data = tables.read(missing=missing)
    train, rest = data.inputs[:100], data.inputs[100:].copy()
    rest[0, 1] = -1  # a word that the training rows did not have
    encoder = encoding.fit(data.columns, train, missing)
    theirs = make_column_transformer(
        (SimpleImputer(strategy=missing), [0]),
        (OneHotEncoder(sparse_output=False, handle_unknown="ignore"), [1]),
        (SimpleImputer(strategy=missing), [2]),
    ).fit(train)
    np.testing.assert_array_equal(encoder(rest), theirs.transform(rest))
    assert encoder.features == ("age", "city=Bonn", "city=Kiel", "city=Ulm", "city=", "since")
    assert encoder(rest)[0, 1:5].tolist() == [0, 0, 0, 0]


def test_a_task_is_fitted_on_its_training_rows_alone():
    data = tables.read()
    task = jgd.tasks.of_table(data)
    held = jgd.split(np.arange(len(data.inputs))).test
    data.inputs[held, 0], data.inputs[held, 2] = 1e6, 1e6
    other = jgd.tasks.of_table(data)
    np.testing.assert_array_equal(task.train[0], other.train[0])
    assert task.preprocessing.encoder.fills == other.preprocessing.encoder.fills
    assert not np.array_equal(task.test[0], other.test[0])


def test_columns_are_chosen_and_codes_are_words(tmp_path):
    (tmp_path / "t.csv").write_text("id,code,x,y\n1,007,0.5,a\n2,010,1.5,b\n")
    data = jgd.data.read(tmp_path / "t.csv", "y", one_hot=["code"], drop=["id"])
    assert (data.features, data.columns[0].words) == (("code", "x"), ("007", "010"))
    assert jgd.data.read(tmp_path / "t.csv", "y", features=["x"]).features == ("x",)
    np.save(tmp_path / "t.npy", np.arange(6.0).reshape(3, 2))
    assert jgd.data.read(tmp_path / "t.npy", "1").targets.tolist() == [1.0, 3.0, 5.0]


BAD = {
    "one_hot must name columns: unknown column of the features 'town'": ({}, {"one_hot": ["town"]}),
    "drop must name columns: unknown column of the table 'citi'": ({}, {"drop": ["citi"]}),
    "unknown missing 'mode'": ({}, {"missing": "mode"}),
    "must hold dates such as": ({"since": ["soon"] * 240}, {}),
    "column 'age' of the table must be finite, got inf at row 3": ({"age": [1.0, 1.0, 1.0, np.inf] * 60}, {}),
    "must be finite, got nan at row 0; missing='mean'": ({}, {"missing": "error"}),
    "'bought' of the table must have two classes or more, got ['no']": ({"bought": ["no"] * 240}, {}),
    "arrays of the table must have as many rows": ({"age": [1.0]}, {}),
}


@pytest.mark.parametrize(("words", "changed"), BAD.items(), ids=BAD)
def test_what_is_wrong_with_a_table_is_named(words, changed):
    columns, options = changed
    with pytest.raises(jgd.JgdError) as caught:
        tables.read({**tables.mixed(), **columns}, **options)
    assert words in str(caught.value)


def test_what_is_no_table_is_refused():
    for thing in (3, "no.path", np.ones(3)):
        with pytest.raises(jgd.JgdError, match=r"table|frame"):
            columns_of(thing)
