"""A CSV as people write them: what is recognised, what is warned about, and what is refused by row or column."""

import warnings

import numpy as np
import pandas as pd
import pytest

import jgd
from jgd.data import CsvFormat


def read(path, text, encoding="utf-8", **options):
    (path / "t.csv").write_bytes(text if isinstance(text, bytes) else text.encode(encoding))
    data = jgd.data.read(path / "t.csv", "y", **options)
    return data.features, data.inputs.tolist(), data.targets.tolist(), data.labels


ONE = (("a",), [[1.0], [2.0]], [1.5, 2.5], ())
SEMICOLON = (("a", "b"), [[1.5, 2.0], [4.0, 5.0]], [3.5, 6.25], ())
WORDS = (("a",), [[1.0], [2.0]], [1, 0], ("Bonn", "Köln"))
GOOD = {
    "line ends of three kinds": ("a,y\r\n1,1.5\r2,2.5\n", {}, ONE),
    "blank lines": ("\na,y\n1,1.5\n\n  \n2,2.5\n\n", {}, ONE),
    "spaces": (" a , y\n1 , 1.5\n 2,2.5 \n", {}, ONE),
    "quotes": ('"a","y"\n"1","1.5"\n"2","2.5"\n', {}, ONE),
    "a byte order mark": ("\ufeffa,y\n1,1.5\n2,2.5\n", {}, ONE),
    "a mark and an encoding": ("\ufeffa,y\n1,1.5\n2,2.5\n", {"csv": CsvFormat(encoding="utf-8")}, ONE),
    "tabs": ("a\ty\n1\t1.5\n2\t2.5\n", {}, ONE),
    "bars": ("a|y\n1|1.5\n2|2.5\n", {}, ONE),
    "another delimiter": ("a y\n1 1.5\n2 2.5\n", {"csv": CsvFormat(" ")}, ONE),
    "booleans": ("a,y\ntrue,1.5\n FALSE,2.5\n", {}, (("a",), [[1.0], [0.0]], [1.5, 2.5], ())),
    "decimal commas": ("a;b;y\n1,5;2;3,5\n4;5;6,25\n", {}, SEMICOLON),
    "decimal commas, as said": ("a;b;y\n1,500;2;3,500\n4;5;6,250\n", {"csv": CsvFormat(decimal=",")}, SEMICOLON),
    "a comma in a name": ("a, in €;b;y\n1.5;2;3.5\n4;5;6.25\n", {}, (("a, in €", "b"), *SEMICOLON[1:])),
    "utf-16": ("a,y\n1,Köln\n2,Bonn\n", {"encoding": "utf-16"}, WORDS),
    "latin-1, as said": ("a,y\n1,Köln\n2,Bonn\n", {"encoding": "latin-1", "csv": CsvFormat(encoding="latin-1")}, WORDS),
    "NA as a word": ("a,y\n1,NA\n2,DE\n", {"csv": CsvFormat(empty=())}, (("a",), [[1.0], [2.0]], [1, 0], ("DE", "NA"))),
    "spaces around classes": ("a,y\n1,cat\n2, cat\n3,dog \n", {}, (("a",), [[1.0], [2.0], [3.0]], [0, 0, 1], ("cat", "dog"))),
    "zeros that begin a class": (
        "a,y\n1,007\n2,08\n3,7\n", {}, (("a",), [[1.0], [2.0], [3.0]], [0, 1, 2], ("007", "08", "7"))
    ),
    "1 and 1.0": ("a,y\n1,1\n2,1.0\n3,2\n", {"kind": "classes"}, (("a",), [[1.0], [2.0], [3.0]], [0, 0, 1], (1, 2))),
    "three whole numbers in three rows": ("a,y\n1,2\n2,4\n4,6\n", {}, (("a",), [[1.0], [2.0], [4.0]], [2.0, 4.0, 6.0], ())),
    "a sign for a gap": (
        "a,y\n1,1.5\n?,2.5\n",
        {"csv": CsvFormat(empty=["?"]), "missing": "mean"},
        (("a",), [[1.0], [np.nan]], [1.5, 2.5], ()),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("text", "options", "want"), GOOD.values(), ids=GOOD)
def test_what_a_csv_holds_is_read(tmp_path, text, options, want):
    got = read(tmp_path, text, **options)
    np.testing.assert_equal(got, want)
    assert [type(label) for label in got[3]] == [type(label) for label in want[3]]


BAD = {
    "every row too long": ("a,b,y\n1,2,0,9\n3,4,1,8\n", "row 0 of t.csv has 4 cells, the header 3: '1, 2, 0, 9' under 'a, b, y'"),
    "a row too long": ("a,y\n1,2\n1,2,3\n", "row 1 of t.csv has 3 cells, the header 2"),
    "a row too short": ("a,b,y\n1,2,0\n3,4\n", "row 1 of t.csv has 2 cells, the header 3"),
    "a comment": ("# of today\na,y\n1,2\n", "under '# of today'"),
    "one name twice": ("a,a ,y\n1,2,3\n", "t.csv has two columns named 'a'"),
    "latin-1": ("a,y\n1,Bonn\n2,Köln\n".encode("latin-1"), "is no text in UTF-8, by byte 0xf6 in line 3: save it as UTF-8, or"),
    "a zero byte": ("a,y\n1,\0\n", "zero byte"),
    "an open quote": ('a,y\n"1,2.5\n2,3.5\n', "t.csv' can't be read: line 3"),
    "a header only": ("a,y\n", "t.csv has 0 rows"),
    "nothing": ("", "t.csv' is empty"),
    "blank lines only": ("\n\n", "t.csv' is empty"),
    "one column": ("a b y\n1 2 3\n", "CsvFormat(delimiter=…)"),
    "an empty word": ("a,y\n1,NA\n2,DE\n", "no empty cell, got one at row 0 (words such as NA, None and null are read as empty"),
    "thousands": ('a,y\n"1,000",1.5\n', "'1,000' at row 0: features must be numbers"),
    "a sign for a gap": ("a,y\n1,1.5\n-,2.5\n", "such as '-' at row 1"),
    "a sign among the targets": ("a,y\n1,2.5\n2,-\n3,3\n", "holds numbers, and '-' at row 1"),
    "an infinite target": ("a,y\n1,inf\n2,1.5\n", "must be finite, got inf at row 0"),
    "one value": ("a,y\n1,1.5\n2,1.5\n", "two values or more, got 1.5 in every row"),
    "names as classes": ("a,y\n" + "".join(f"{i},n{i}\n" for i in range(30)), "30 different cells in 30 rows"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "words"), BAD.values(), ids=BAD)
def test_what_no_csv_may_hold_is_named(tmp_path, text, words):
    with pytest.raises(jgd.JgdError) as caught:
        read(tmp_path, text)
    assert words in str(caught.value)


WARNED = {
    "row numbers": (",a,y\n0,1,x\n1,3,x\n2,5,z\n", "column 0 of t.csv has no name and is left out", ("a",)),
    "row numbers of a frame": ("Unnamed: 0,a,y\n0,1,x\n1,3,x\n2,5,z\n", "'Unnamed: 0' of t.csv had no name", ("a",)),
    "a column that counts": (
        "n,y\n" + "".join(f"{i},{i // 21}\n" for i in range(1, 41)), "'n' of t.csv counts the rows, and these", ("n",)
    ),
    "a comma too many": ("a,y,\n1,x,\n2,z,\n", "column 2 of t.csv has no name", ("a",)),
    "a header of numbers": ("1.5,2,y\n4,5,1.5\n7,8,2.5\n", None, ("1.5", "2")),
    "a column again": ("a,b,y\n0,0,x\n1,1,x\n2,2,z\n", "'b' of t.csv repeats 'a'", ("a", "b")),
    "the target again": ("a,b,y\n0,2.5,2.5\n1,3.5,3.5\n2,7.5,7.5\n", "'b' of t.csv tells the target 'y'", ("a", "b")),
    "the target in other words": (
        "a,b,y\n" + "".join(f"{i * i},{i % 2},{'no' if i % 2 else 'yes'}\n" for i in range(12)),
        "'b' of t.csv tells the target 'y'",
        ("a", "b"),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("text", "words", "features"), WARNED.values(), ids=WARNED)
def test_what_is_strange_is_warned_about(tmp_path, text, words, features):
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        assert read(tmp_path, text)[0] == features
    assert [words in str(each.message) for each in seen if issubclass(each.category, UserWarning)] == [True] * bool(
        words
    )


def test_a_header_of_numbers_alone_is_warned_about(tmp_path):
    (tmp_path / "t.csv").write_text("1,2,3.5\n4,5,1.5\n7,9,2.5\n")
    with pytest.warns(UserWarning, match="header of t.csv is numbers"):
        jgd.data.read(tmp_path / "t.csv", "3.5")
    (tmp_path / "t.csv").write_text("0,1,2\n4,5,1.5\n7,9,2.5\n")  # a frame without names
    assert jgd.data.read(tmp_path / "t.csv", 2).features == ("0", "1")


def test_what_the_target_is_taken_for_is_said():
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, 200))
    age = (40 + 10 * a + 5 * b).astype(int)
    frame = pd.DataFrame({"a": a, "b": b, "age": age, "few": age // 20})
    assert f"target 'age': {len(set(age))} different whole numbers from" in str(jgd.data.read(frame, "age"))
    assert jgd.data.read(frame, "age").classes == 0
    assert "target 'few': 4 classes, 0 in 5 rows, 1 in 97 rows" in str(jgd.data.read(frame, "few", drop=["age"]))
    with pytest.raises(jgd.JgdError, match="200 different cells in 200 rows"):
        jgd.data.read(frame, "a", "classes")


FORMATS = {
    "two signs": ({"delimiter": ";;"}, "one character"),
    "one sign for both": ({"delimiter": ",", "decimal": ","}, "two signs"),
    "a decimal word": ({"decimal": "point"}, "unknown decimal"),
    "no encoding": ({"encoding": "utf-99"}, "'utf-99'"),
    "empty as a word": ({"empty": "NA"}, "empty must be words"),
}


@pytest.mark.parametrize(("options", "words"), FORMATS.values(), ids=FORMATS)
def test_a_strange_format_is_refused(options, words):
    with pytest.raises(jgd.JgdError, match=words):
        CsvFormat(**options)


CELLS = {
    "complex": (np.ones(3) * 1j, TypeError, "got dtype complex128"),
    "records": (np.zeros(3, [("q", float)]), TypeError, "one real number, date or word"),
    "lists": (np.array([[1], [1, 2], [3]], object), TypeError, "got list cells"),
    "ragged": ([[1], [1, 2], [3]], ValueError, "one kind and shape"),
    "masked": (np.ma.masked_array([1.0, 2, 3], [0, 1, 0]), ValueError, "got nan at row 1"),
}


@pytest.mark.parametrize(("cells", "kind", "words"), CELLS.values(), ids=CELLS)
def test_cells_that_are_no_numbers_are_refused(cells, kind, words):
    with pytest.raises(kind, match=words):
        jgd.data.read({"a": cells, "y": [1.5, 2.5, 3.5]}, "y")


def test_a_rare_class_trains_and_one_that_cannot_is_told():
    labels = np.array([0] * 40 + [1] * 40 + [2] + [3])
    data = jgd.data.read({"a": np.arange(82.0) ** 2, "y": labels}, "y", "classes")
    task = jgd.tasks.of_table(data)
    assert [np.bincount(part[1], minlength=4).tolist() for part in (task.train, task.validation, task.test)] == [
        [24, 24, 1, 1],
        [8, 8, 0, 0],
        [8, 8, 0, 0],
    ]
    with pytest.warns(UserWarning, match="no training row of table is of the class 3 of 'y'"):
        jgd.tasks.of_table(data, stratify=False)
    with pytest.raises(jgd.JgdError, match=r"by must be one label a row, shape \(82,\)"):
        jgd.split(data.rows, by=labels[:3])


def test_rows_held_out_that_train_too_are_told():
    data = jgd.data.read({"a": np.tile(np.arange(20.0), 3), "y": np.tile(np.arange(20) * 1.5, 3)}, "y", drop=[])
    with pytest.warns(UserWarning, match="validation and test rows of table are also among the training rows"):
        jgd.tasks.of_table(data)
