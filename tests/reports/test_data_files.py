"""Data for other tools: each format read back by the tool itself says what the arrays say."""

from dataclasses import replace

import numpy as np
import pytest
from helpers import sweeping

import jgd
from jgd.reports import save_data
from jgd.sweeps.to_xarray import hyperparameter_columns

pd = pytest.importorskip("pandas")
xarray = pytest.importorskip("xarray")


@pytest.fixture(scope="module")
def run():
    return jgd.train("hours_points", jgd.optimizers.sgd(0.1), steps=3)


@pytest.mark.slow
def test_a_row_for_each_run_has_what_the_arrays_have():
    found = sweeping.wild()  # one of its configs diverges
    table = found.to_dataframe()
    assert list(table[["recipe", "config", "seed"]].itertuples(index=False, name=None)) == [
        ("sgd", config, seed) for config in range(3) for seed in found.seeds
    ]
    np.testing.assert_array_equal(table["learning_rate"], np.repeat(sweeping.WILD["learning_rate"], 2))
    np.testing.assert_array_equal(table["validation_loss"], found.validation["loss"][..., -1].ravel())
    np.testing.assert_array_equal(table["loss"], found.loss[..., -1].ravel())
    np.testing.assert_array_equal(table["diverged_at"], found.diverged_at.ravel())
    assert found.to_xarray() is found.dataset
    columns = hyperparameter_columns([("sgd", {"learning_rate": 0.1}), ("adam", {"b1": 0.8, "kind": "a"})])
    np.testing.assert_array_equal(columns["b1"], [np.nan, 0.8])
    assert columns["kind"].tolist() == ["", "a"]


def test_curves_have_a_row_for_each_number_that_was_measured():
    found = sweeping.wild()
    long = found.to_dataframe(curves=True)
    assert not long["value"].isna().any()
    one = long[(long.config == 2) & (long.seed == 1)]
    assert list(dict.fromkeys(one.quantity)) == ["loss", *(f"validation_{name}" for name in found.validation)]
    np.testing.assert_array_equal(one[one.quantity == "loss"].value, found.loss[2, 1].astype(float))
    np.testing.assert_array_equal(one[one.quantity == "validation_loss"].step, found.evaluation_steps)
    assert len(long[long.quantity == "loss"]) == np.isfinite(found.loss).sum() < found.loss.size


@pytest.mark.slow
def test_a_config_that_was_stopped_has_the_numbers_of_its_last_steps():
    recorded = {"record_every": 5, "record": "gradient_norm"}
    found = sweeping.sweep(policy=jgd.SuccessiveHalving(3, min_steps=6), **recorded)
    table, (config, *_) = found.to_dataframe(), np.flatnonzero(found.reached == 6)
    row = table[table.config == config].iloc[0]
    assert (row.reached, row.loss) == (6, found.loss[config, 0, 1])  # the one at step 5
    assert row.validation_accuracy == found.validation["accuracy"][config, 0, 0]
    assert "recorded_gradient_norm" in set(found.to_dataframe(curves=True).quantity)


@pytest.mark.slow
def test_each_format_holds_the_same(run, tmp_path, monkeypatch):
    monkeypatch.setattr("jgd.reports.zarr_directory.PART", 200)  # a few configs at a time
    found = sweeping.usual()
    for name, data, table in (("sweep", found, found.to_dataframe()), ("run", run, run.to_dataframe().reset_index())):
        pd.testing.assert_frame_equal(pd.read_csv(save_data(data, tmp_path / f"{name}.csv")), table, check_dtype=False)
        with xarray.open_dataset(save_data(data, tmp_path / "new" / f"{name}.nc")) as read:
            xarray.testing.assert_equal(read, data.to_xarray())
        if pytest.importorskip("pyarrow"):
            pd.testing.assert_frame_equal(pd.read_parquet(save_data(data, tmp_path / f"{name}.parquet")), table)
        if pytest.importorskip("zarr"):
            with xarray.open_zarr(save_data(data, tmp_path / f"{name}.zarr")) as read:
                xarray.testing.assert_equal(read, data.to_xarray())
    long = pd.read_parquet(save_data(found, tmp_path / "long.parquet", curves=True))
    pd.testing.assert_frame_equal(long, found.to_dataframe(curves=True))
    assert {path.name for path in tmp_path.iterdir() if path.name.startswith(".")} == set()


def test_a_table_for_latex_prints_names_as_they_are(run, tmp_path):
    lines = save_data(sweeping.wild(), tmp_path / "picks.tex").read_text().splitlines()
    assert lines[2] == r"recipe & best learning\_rate & validation loss & diverged \\"
    assert lines[4].startswith("sgd & 0.1 & ")
    assert r" $\pm$ " in lines[4]
    lines = save_data(run, tmp_path / "run.tex").read_text().splitlines()
    assert lines[4] == f"0 & {run.evaluations['loss'][0]:.4f} \\\\"


@pytest.mark.parametrize(
    ("name", "options", "said"),
    [
        ("runs.xlsx", {}, "unknown the ending of path"),
        ("there.zarr", {}, "is a directory already"),
        ("picks.tex", {"curves": True}, "is of a sweep's .parquet and .csv"),
        ("file/runs.csv", {}, "can't be written"),
    ],
)
def test_what_cant_be_written_says_why(tmp_path, name, options, said):
    (tmp_path / "there.zarr").mkdir()
    (tmp_path / "file").touch()
    with pytest.raises(jgd.JgdError, match=said):
        save_data(sweeping.wild(), tmp_path / name, **options)


def test_a_hyperparameter_never_covers_a_column():
    found = sweeping.wild()
    named = replace(found, facts=replace(found.facts, configs=tuple(("sgd", {"seed": 1.0}) for _ in found.configs)))
    with pytest.raises(jgd.JgdError, match="has the name of another column"):
        named.to_dataframe()
