"""What people read of a sweep: the table and the files say what the arrays say."""

from types import SimpleNamespace

import numpy as np
import pytest
from helpers import sweeping

import jgd
from jgd.core import atomic_files
from jgd.core.statistics import Estimate
from jgd.reports import format_estimate, save_figure, table_columns, table_rows
from jgd.reports.table import padding

xarray = pytest.importorskip("xarray")


def test_the_table_has_a_row_a_recipe_best_first():
    found = sweeping.sweep(["sgd", "adam"])
    table = table_rows(found)
    assert table_columns(found) == ["recipe", "best learning_rate", "validation accuracy", "diverged"]
    means = [pick.validation.mean for pick in found.picks]
    best = found.picks[int(np.argmax(means))]
    assert table[0][0] == best.recipe
    assert table[0][1] == f"{best.hyperparameters['learning_rate']:.3g}"
    assert table[0][2].startswith(f"{max(means):.4f} [")
    assert len(table) == 2
    assert "steps/s" in jgd.reports.table_text(found)


@pytest.mark.parametrize(
    ("estimate", "text"),
    [
        (Estimate(0.5, 0.1, 0.25, 0.75, 3), "0.5000 ± 0.2500"),
        (Estimate(-1e-9, 1e-9, -2e-9, 0.0, 3), "0.0000 ± 0.0000"),
        (Estimate(0.95, 0.05, 0.4653, 0.9976, 2, method="score"), "0.9500 [0.4653, 0.9976]"),
        (Estimate(0.5, np.nan, np.nan, np.nan, 1), "0.5000"),
        (Estimate(np.nan, np.nan, np.nan, np.nan, 0), "–"),
    ],
)
def test_an_estimate_says_how_sure_it_is(estimate, text):
    assert format_estimate(estimate) == text


@pytest.mark.slow
def test_a_run_directory_holds_every_lane_and_two_pictures(tmp_path):
    found = sweeping.sweep(["sgd", "adam"])
    written = jgd.reports.save_sweep(found, tmp_path / "run")
    assert {path.name for path in written} == {path.name for path in (tmp_path / "run").iterdir()}
    with xarray.open_dataset(tmp_path / "run" / "results.nc") as read:
        np.testing.assert_array_equal(read["loss"], found.loss)
        np.testing.assert_array_equal(read["learning_rate"], [config["learning_rate"] for _, config in found.configs])
        assert read.attrs["task"] == found.task
    for name in ("loss.png", "sensitivity.png"):
        picture = (tmp_path / "run" / name).read_bytes()
        assert picture.startswith(b"\x89PNG")
        assert len(picture) > 10_000  # not an empty frame


def test_a_figure_is_of_the_kind_that_its_name_ends_with(tmp_path):
    line = lambda ax: ax.plot([1, 2])
    assert "<svg" in save_figure(tmp_path / "line.svg", line).read_text()
    assert save_figure(tmp_path / "line", line).read_bytes().startswith(b"\x89PNG")


def test_a_sweep_over_words_alone_has_no_sensitivity(tmp_path):
    found = sweeping.sweep({"sgd": kinded}, {"kind": jgd.spaces.static(["a", "b"])})
    names = {path.name for path in jgd.reports.save_sweep(found, tmp_path)}
    assert names == {"results.nc", "table.txt", "report.txt", "loss.png"}


def kinded(kind):
    return jgd.optimizers.sgd(0.1)


def read(path):
    """What results.nc says, None where that is an error."""
    try:
        with xarray.open_dataset(path) as found:
            return {name: values.to_numpy().tolist() for name, values in found.variables.items()}
    except Exception:  # whatever HDF5 and its readers raise
        return None


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_flipped_bit_of_results_is_an_error_and_no_other_number(tmp_path):
    space = {"learning_rate": [0.01, 0.1], "optimizer": jgd.spaces.static(["sgd", "adam"])}
    found = jgd.sweep("iris", None, space, seeds=2, steps=20)
    jgd.reports.save_sweep(found, tmp_path)
    whole, content = read(tmp_path / "results.nc"), (tmp_path / "results.nc").read_bytes()
    assert whole["loss"] == found.loss.tolist()
    assert whole["optimizer"] == ["sgd", "adam"] * 2
    noticed, copy = 0, tmp_path / "flipped.nc"
    for place in np.random.default_rng(0).integers(len(content), size=60):
        copy.write_bytes(content[:place] + bytes([content[place] ^ 8]) + content[place + 1 :])
        again = read(copy)
        noticed += again is None
        assert again in (None, whole), place
    assert noticed


def test_a_full_disk_is_one_error_and_leaves_no_litter(tmp_path, monkeypatch):
    def full(*words):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("jgd.reports.files.os.replace", full)
    with pytest.raises(jgd.JgdError, match="can't be written: No space left on device"):
        jgd.reports.save_sweep(sweeping.usual(), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_confirmation_is_shown_from_what_is_sealed(tmp_path):
    sure = sweeping.usual().confirm(seeds=[31, 32])
    facts, words = jgd.reports.save_confirmation(sure, tmp_path)
    words.write_text("accuracy 1.0000")  # by somebody
    assert jgd.reports.stored_confirmations(tmp_path) == [jgd.reports.confirmation_text(sure)]
    jgd.reports.save_confirmation(sure, tmp_path)
    assert words.read_text() == "\n".join([jgd.reports.confirmation_text(sure) + "\n"] * 2)
    content = facts.read_bytes()
    kept = atomic_files.unsealed(facts)["confirmations"]
    for place in np.random.default_rng(0).integers(len(content), size=30):
        facts.write_bytes(content[:place] + bytes([content[place] ^ 8]) + content[place + 1 :])
        with pytest.raises(jgd.JgdError, match=r"confirmation\.json (is damaged|has format)"):
            jgd.reports.stored_confirmations(tmp_path)
    facts.write_bytes(
        atomic_files.sealed({"format": atomic_files.FORMAT, "confirmations": [{**kept[0], "metric": "\x1b[2J"}]})
    )
    with pytest.raises(jgd.JgdError, match=r"confirmations'\]\[0\]\['metric'\] must be printable text"):
        jgd.reports.save_confirmation(sure, tmp_path)


@pytest.mark.parametrize(
    ("share", "groups", "said"),
    [
        (0.0, (0,) * 64, "0% padding"),
        (0.2, (0,) * 26, "20% padding"),
        (0.75, (0,) * 8, "75% padding: block=8 has less"),
    ],
)
def test_much_padding_is_told_with_the_block_that_makes_it_little(share, groups, said):
    sweep = SimpleNamespace(cost={"padded_share": share, "block_width": 32}, facts=SimpleNamespace(groups=groups))
    assert padding(sweep) == said
