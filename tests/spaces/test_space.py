"""Spaces: what a distribution promises, conditions, and the way to a file and back."""

import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import jgd
from jgd.core.checks import JgdTypeError as T
from jgd.core.checks import JgdValueError as V
from jgd.spaces import as_space
from jgd.spaces.toml_space import space_of_toml

KINDS = {
    "log": jgd.spaces.log_uniform(1e-4, 3),
    "one_minus_log_uniform": jgd.spaces.one_minus_log_uniform(1e-4, 0.3),
    "one_minus_log_uniform to 0": jgd.spaces.one_minus_log_uniform(0.1, 1),
    "uniform": jgd.spaces.uniform(-0.3, 0.2),
    "integers": jgd.spaces.integers(-3, 200),
    "integers by 7": jgd.spaces.integers(-3, 200, step=7),
    "integers log": jgd.spaces.integers(2, 50, log=True),
    "normal": jgd.spaces.normal(0.5, 0.1, low=0.3),
    "log_normal": jgd.spaces.log_normal(1e-3, 10),
    "choice": jgd.spaces.choice([0.1, 0, 1e-4]),
    "choice by weights": jgd.spaces.choice([0.1, 0, 1e-4], weights=[1, 2, 1]),
    "static": jgd.spaces.static(["sgd", 1, True, None, (64, 64)]),
}
kinds = pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
units = st.floats(0, 1, exclude_max=True)


@kinds
@settings(deadline=None)
@given(u=units)
def test_a_value_lies_at_its_place(kind, u):
    value = kind.at(u)
    place = kind.place(value)
    widest = 1 / (kind.size or 1e9) if kind != KINDS["integers log"] else math.log(2.5 / 1.5) / math.log(50.5 / 1.5)
    widest = 0.5 if getattr(kind, "weights", ()) else widest
    assert abs(place - u) <= 0.5 * widest + 1e-9
    assert type(kind.at(min(place, 1))) is type(value)
    assert kind.admit(value) == value


@kinds
@settings(deadline=None)
@given(u=units, v=units)
def test_places_and_values_go_up_together(kind, u, v):
    low, high = sorted((u, v))
    assert kind.place(kind.at(low)) <= kind.place(kind.at(high)) + 1e-12
    if kind.size is None or isinstance(kind.at(0), int):
        assert kind.at(low) <= kind.at(high)


@kinds
def test_the_ends_are_values_and_points_reach_them(kind):
    count = 5 if kind.size is None else min(kind.size, 5) if kind.kind == "integers" else kind.size
    points = kind.points(count)
    assert len(points) == count
    assert points[0] == pytest.approx(kind.at(0))
    assert points[-1] == pytest.approx(kind.at(1))
    assert all(kind.admit(point) == point for point in points)


def test_the_laws():
    """P(value ≤ x) is log(x/low)/log(high/low); for one_minus_log_uniform, the same law of 1 − x from the other side."""
    u = 0.37
    assert jgd.spaces.log_uniform(1e-4, 3).at(u) == pytest.approx(1e-4 * (3 / 1e-4) ** u, rel=1e-13)
    assert 1 - jgd.spaces.one_minus_log_uniform(1e-4, 0.3).at(u) == pytest.approx(0.3 * (1e-4 / 0.3) ** u, rel=1e-11)
    assert jgd.spaces.uniform(-0.3, 0.2).at(u) == pytest.approx(-0.3 + 0.5 * u, rel=1e-13)


def test_integers_and_lists_have_equal_bins():
    places = (np.arange(1200) + 0.5) / 1200
    for kind in (jgd.spaces.integers(-2, 3), jgd.spaces.choice([1, 2, 4, 8, 16, 32])):
        values, counts = np.unique([kind.at(u) for u in places], return_counts=True)
        assert len(values) == 6
        assert set(counts) == {200}
    assert jgd.spaces.integers(0, 10).points(4) == (0, 3, 7, 10)
    assert type(jgd.spaces.integers(0, np.int64(5)).at(0.9)) is int


def test_integers_by_steps_and_on_a_log_scale():
    by_five = jgd.spaces.integers(1, 20, step=5)
    assert (by_five, str(by_five)) == (jgd.spaces.integers(1, 16, step=5), "integers(1, 16, step=5)")
    assert [by_five.at(u) for u in (0, 0.3, 0.7, 1)] == [1, 6, 11, 16]
    assert (by_five.points(4), by_five.points(2)) == ((1, 6, 11, 16), (1, 16))
    assert jgd.spaces.integers(0, 9, step=1) == jgd.spaces.integers(0, 9) != by_five
    doubling = jgd.spaces.integers(1, 8, log=True)
    places = (np.arange(10_000) + 0.5) / 10_000
    shares = np.bincount([doubling.at(u) for u in places], minlength=9)[1:] / 10_000
    ends = np.log(np.arange(9) + 0.5)
    np.testing.assert_allclose(shares, np.diff(ends) / (ends[-1] - ends[0]), atol=2e-4)  # Optuna's law
    assert [doubling.points(n) for n in (1, 2, 4, 8)] == [(1,), (1, 8), (1, 2, 4, 8), tuple(range(1, 9))]


def test_priors_have_the_law_that_they_say():
    from scipy import stats

    places = (np.arange(200) + 0.5) / 200
    cut = jgd.spaces.normal(0.5, 0.2, low=0.3, high=1.5)
    np.testing.assert_allclose([cut.at(u) for u in places], stats.truncnorm(-1, 5, 0.5, 0.2).ppf(places), rtol=1e-9)
    around = jgd.spaces.log_normal(1e-3, 10, low=1e-9, high=1e3)
    law = stats.truncnorm(-6, 6, math.log(1e-3), math.log(10))
    np.testing.assert_allclose([around.at(u) for u in places], np.exp(law.ppf(places)), rtol=1e-9)
    weighted = jgd.spaces.static(["a", "b", "c"], weights=[1, 5, 2])
    assert [[weighted.at(u) for u in places].count(value) for value in "abc"] == [25, 125, 50]
    assert jgd.spaces.choice([1, 2], weights=[3, 3]) == jgd.spaces.choice([1, 2]), "equal weights are none"


def nested() -> jgd.Space:
    """A child before its parent, a static under a condition, and a condition with several values."""
    return jgd.space(
        b2=jgd.spaces.when(jgd.spaces.one_minus_log_uniform(1e-4, 0.1), optimizer=("adam", "lion")),
        optimizer=jgd.spaces.static(["sgd", "adam", "lion"]),
        kind=jgd.spaces.when(jgd.spaces.static(["heavy", "nesterov"]), optimizer="sgd"),
        momentum=jgd.spaces.when([0.5, 0.9], kind="nesterov"),
        decay=jgd.spaces.when(jgd.spaces.when(jgd.spaces.log_uniform(1e-5, 1), kind="heavy"), optimizer="sgd"),
        b1=0.9,
    )


@settings(deadline=None)
@given(row=st.lists(units, min_size=6, max_size=6))
def test_a_config_has_the_names_whose_conditions_hold(row):
    (config,) = nested().at([row])
    sgd = config["optimizer"] == "sgd"
    assert list(config) == [name for name in nested().names if name in config]
    assert ("b2" in config) == (not sgd)
    assert ("kind" in config) == sgd
    assert ("momentum" in config) == (config.get("kind") == "nesterov")
    assert ("decay" in config) == (config.get("kind") == "heavy")
    back = nested().units(config)
    assert [math.isnan(place) for place in back] == [name not in config for name in nested().names]
    assert nested().at([back])[0] == pytest.approx(config)


def test_names_of_structure_and_of_search():
    assert nested().static == ("optimizer", "kind")
    assert nested().free == ("b2", "optimizer", "kind", "momentum", "decay")


def test_a_condition_on_tuples_and_on_likes():
    made = jgd.space(
        width=jgd.spaces.static([(64,), (64, 64), 1, True]),
        one=jgd.spaces.when(1, width=(64, 64)),
        both=jgd.spaces.when(1, width=[(64,), (64, 64)]),
        flag=jgd.spaces.when(1, width=True),
    )
    has = [set(config) - {"width"} for config in jgd.spaces.samplers.configs(made)]
    assert has == [{"both"}, {"one", "both"}, set(), {"flag"}]
    assert jgd.Space.of(json.loads(json.dumps(made.describe()))) == made


def test_a_config_may_leave_out_what_has_one_value():
    made = space(a=[1, 2], b=0.9, c=when(0.5, kind="x"), kind=static(["x", "y"]))
    assert made.admit({"kind": "y", "a": 2}) == {"a": 2.0, "b": 0.9, "kind": "y"}
    assert made.admit({"kind": "x", "a": 2}) == {"a": 2.0, "b": 0.9, "c": 0.5, "kind": "x"}


def test_a_mapping_is_a_space():
    made = as_space(
        {"learning_rate": np.array([0.1, 0.2]), "b1": 0.9, "b2": np.float32(0.5), "n": jgd.spaces.integers(1, 3)}
    )
    assert made.at([[0.6, 0.0, 0.0, 0.5]]) == [{"learning_rate": 0.2, "b1": 0.9, "b2": 0.5, "n": 2}]
    assert as_space(made) is made


def test_a_choice_of_numpys_words_and_flags_is_structure():
    words = np.array(["sgd", "adam"])
    for values in (words, list(words), ["sgd", "adam"]):
        assert jgd.spaces.choice(values) == jgd.spaces.static(["sgd", "adam"])
    assert jgd.spaces.choice([np.bool_(True), np.bool_(False)]) == jgd.spaces.static([True, False])
    assert jgd.spaces.choice(np.array([0.5, 0.25])) == jgd.spaces.choice([0.5, 0.25]) != jgd.spaces.static([0.5, 0.25])


def test_a_choice_of_what_is_no_number_is_structure():
    numbers = (jgd.spaces.choice([1, 0.5]), jgd.spaces.choice(np.array([1, 2])), jgd.spaces.choice([np.float32(0.5)]))
    others = (["sgd", "adam"], [True, False], [None, 0.5], [(64,), (64, 64)])
    assert [jgd.space(a=kind).static for kind in numbers] == [()] * 3
    for values in others:
        made = jgd.space(a=jgd.spaces.choice(values))
        assert made == jgd.space(a=jgd.spaces.static(values))
        assert jgd.Space.of(json.loads(json.dumps(made.describe()))) == made
    assert jgd.Space.of({"a": {"choice": ["sgd", [64, 64]]}}).at([[0.9]]) == [{"a": (64, 64)}]
    assert jgd.space(a=jgd.spaces.static([1, 2])).static == ("a",), "numbers that are structure say so"


def test_a_space_as_data_and_back():
    text = json.dumps(nested().describe())
    assert jgd.Space.of(json.loads(text)) == nested()
    turned = dict(reversed(nested().describe().items()))
    assert jgd.Space.of(turned) != nested(), "another order draws other configs"
    with pytest.raises(T, match=r"space\['width'\].*built-in function sin"):
        jgd.space(width=jgd.spaces.static([math.sin])).describe()


def woven() -> jgd.Space:
    """Ranges by condition, numeric conditions, constraints, derived names and vectors, one looking at the other."""
    of = jgd.spaces
    return jgd.space(
        "b1 < b2",
        "warmup <= length",
        optimizer=of.static(["sgd", "adam"]),
        learning_rate=[when(of.log_uniform(1e-5, 1e-2), optimizer="adam"), of.log_uniform(1e-2, 1)],
        b1=when([0.5, 0.9], optimizer="adam"),
        b2=when([0.7, 0.99], optimizer="adam"),
        momentum=when(of.uniform(0, 1), optimizer="sgd"),
        nesterov=when(of.static([True, False]), momentum=of.between(0.5)),
        length=of.integers(10, 100),
        warmup=of.integers(0, 100),
        hold=of.derived("length - warmup"),
        rates=of.vector(of.log_uniform(1e-3, 1), 2),
        last=of.derived("rates[1] / 2 if optimizer == 'adam' else 10 * momentum"),
    )


def test_names_that_look_at_each_other():
    made = woven()
    found = jgd.spaces.configs(made, "halton", 60)
    assert jgd.spaces.configs(made, "halton", 200)[:60] == found, "prefix-stable with constraints"
    assert jgd.spaces.configs(made, "halton", 20, first=40) == found[40:]
    for config in found:
        adam = config["optimizer"] == "adam"
        assert (config["learning_rate"] <= 1e-2) == adam
        assert ("b1" in config and config["b1"] < config["b2"]) == adam
        assert ("nesterov" in config) == (config.get("momentum", 0) >= 0.5)
        assert config["hold"] == config["length"] - config["warmup"] >= 0
        assert ("last" in config) == (not adam), "an adam's momentum is absent"
        assert made.admit(config) == config
        assert made.at([made.units(config)])[0] == pytest.approx(config)
    assert jgd.Space.of(json.loads(json.dumps(made.describe()))) == made
    grid = jgd.spaces.configs(
        {
            "a": [1, 2, 3],
            "b": [when([1, 2], a=[1]), when([7, 8], a=2), [1, 5]],
            "c": jgd.spaces.derived("a * b"),
            "d": when([1, 2], c=jgd.spaces.between(high=1)),
            "constraints": ["a + b < 5"],
        }
    )
    assert [tuple(config.values()) for config in grid] == [(1, 1, 1, 1), (1, 1, 1, 2), (1, 2, 2), (3, 1, 3)]


TOML = """
constraints = ["warmup < width"]
half = { derived = "momentum / 2" }
rates = [{ uniform = [0, 1], when = { momentum = { high = 0.9 } }, length = 2 }, { choice = [0.5], length = 1 }]
learning_rate = { log_uniform = [1e-4, 1] }
momentum = { one_minus_log_uniform = [1e-3, 0.5] }
warmup = { integers = [0, 200] }
hold = { integers = [0, 200], step = 20, when = { optimizer = "sgd" } }
width = { integers = [16, 1024], log = true }
smoothing = { uniform = [0, 0.2] }
optimizer = { static = ["sgd", "adam"], weights = [1, 2] }
scale = { normal = [1, 0.1], low = 0.5 }
widths = { static = [[64], [64, 64]] }
decay = [0, 1e-4, 1e-2]
b1 = 0.9

[b2]
one_minus_log_uniform = [1e-4, 0.1]
when = { optimizer = "adam", widths = [[64]] }
"""


def test_a_space_from_a_file(tmp_path):
    path = tmp_path / "space.toml"
    path.write_text(TOML, encoding="utf-8-sig")  # with the mark that some editors write
    read = space_of_toml(path)
    assert jgd.Space.of(json.loads(json.dumps(read.describe()))) == read
    assert read.describe()["warmup"] == {"integers": [0, 200]}, "what is stored of integers(low, high) stays"
    assert read == jgd.space(
        "warmup < width",
        half=jgd.spaces.derived("momentum / 2"),
        rates=[
            jgd.spaces.vector(when(jgd.spaces.uniform(0, 1), momentum=jgd.spaces.between(high=0.9)), 2),
            jgd.spaces.vector(0.5, 1),
        ],
        learning_rate=jgd.spaces.log_uniform(1e-4, 1),
        momentum=jgd.spaces.one_minus_log_uniform(1e-3, 0.5),
        warmup=jgd.spaces.integers(0, 200),
        hold=jgd.spaces.when(jgd.spaces.integers(0, 200, step=20), optimizer="sgd"),
        width=jgd.spaces.integers(16, 1024, log=True),
        smoothing=jgd.spaces.uniform(0, 0.2),
        optimizer=jgd.spaces.static(["sgd", "adam"], weights=[1, 2]),
        scale=jgd.spaces.normal(1, 0.1, low=0.5),
        widths=jgd.spaces.static([(64,), (64, 64)]),
        decay=jgd.spaces.choice([0, 1e-4, 1e-2]),
        b1=0.9,
        b2=jgd.spaces.when(jgd.spaces.one_minus_log_uniform(1e-4, 0.1), optimizer="adam", widths=[(64,)]),
    )


FILES = {
    "a name for a kind": (
        "a = { log_unifrom = [1, 2] }",
        V,
        ["space['a']", "'log_unifrom'", "did you mean 'log_uniform'"],
    ),
    "two kinds": (
        "a = { log_uniform = [1, 2], uniform = [1, 2] }",
        V,
        ["space['a']", "one kind", "one_minus_log_uniform"],
    ),
    "no kind": ("[a]", V, ["space['a']", "one kind"]),
    "three bounds": ("a = { log_uniform = [1, 2, 3] }", V, ["space['a']", "[low, high]", "[1, 2, 3]"]),
    "no list": ("a = { log_uniform = 1 }", T, ["space['a']", "list", "'log_uniform'"]),
    "swapped": ("a = { log_uniform = [2, 1] }", V, ["space['a']", "low", "high"]),
    "nan": ("a = { uniform = [nan, 1] }", V, ["space['a']", "low of uniform", "nan"]),
    "normal of one": ("a = { normal = [1] }", V, ["space['a']", "[mean, std]", "[1]"]),
    "weights of a range": ("a = { uniform = [0, 1], weights = [1, 2] }", V, ["space['a']", "'weights' with uniform"]),
    "derived with options": ('a = { derived = "b", log = true }', V, ["space['a']", "no options"]),
    "a bad formula": ('a = { derived = "b()" }', V, ["space['a']", "calls b"]),
    "a bad bound": (
        "b = [1, 2]\na = { choice = [1, 2], when = { b = { lo = 1 } } }",
        V,
        ["space['a']", "on 'b'", "'lo'"],
    ),
    "flag": ("a = true", T, ["space['a']", "True"]),
    "word": ('a = "adam"', T, ["space['a']", "jgd.spaces.choice(['adam'])"]),
    "empty": ("a = []", V, ["space['a']", "at least one"]),
    "twice": ("a = [1, 1.0]", V, ["space['a']", "once"]),
    "half an integer": ("a = { integers = [0, 1.5] }", T, ["space['a']", "high of integers", "1.5"]),
    "log of another kind": ("a = { uniform = [0, 1], log = true }", V, ["space['a']", "'log' with uniform"]),
    "log that is no flag": ("a = { integers = [1, 9], log = 1 }", T, ["space['a']", "log of integers", "got 1"]),
    "condition on nothing": (
        'a = { log_uniform = [1, 2], when = { b = "x" } }',
        V,
        ["space['a']", "'b'", "choose from: a"],
    ),
    "no condition": ("a = { log_uniform = [1, 2], when = {} }", T, ["space['a']", "when"]),
    "nothing": ("# learning_rate = 1", V, ["names nothing to search"]),
    "no TOML": ("a = ", V, ["must be TOML", "Invalid"]),
    "lists too deep": ("a = " + "[" * 9000, V, ["must be TOML", "recursion"]),
    "a number too long": ("a = " + "9" * 5000, V, ["must be TOML", "digits"]),
}


@pytest.mark.parametrize(("text", "kind", "words"), FILES.values(), ids=FILES)
def test_a_bad_file_is_named(text, kind, words, tmp_path):
    path = tmp_path / "space.toml"
    path.write_text(text)
    with pytest.raises(kind) as refused:
        space_of_toml(path)
    assert all(word in str(refused.value) for word in [str(path), *words]), str(refused.value)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(V, match="nowhere"):
        space_of_toml(tmp_path / "nowhere.toml")


NAN = float("nan")
log, static, when, space = jgd.spaces.log_uniform, jgd.spaces.static, jgd.spaces.when, jgd.space
BAD = {
    "log from 0": (lambda: log(0, 1), V, ["low of log", "> 0"]),
    "log from nan": (lambda: log(NAN, 1), V, ["low of log", "nan"]),
    "log to infinity": (lambda: log(1, math.inf), V, ["high of log", "inf"]),
    "log swapped": (lambda: log(1, 1e-4), V, ["below high", "low=1.0"]),
    "log of one value": (lambda: log(1, 1), V, ["below high", "single number"]),
    "log of words": (lambda: log("1", 2), T, ["low of log", "'1'"]),
    "log of flags": (lambda: log(True, 2), T, ["low of log", "True"]),
    "log that float32 has not": (lambda: log(1e-60, 1), V, ["low of log", "float32"]),
    "momentum below 0": (
        lambda: jgd.spaces.one_minus_log_uniform(0.1, 1.5),
        V,
        ["high of one_minus_log_uniform", "1.5"],
    ),
    "momentum that is 1": (
        lambda: jgd.spaces.one_minus_log_uniform(1e-12, 0.1),
        V,
        ["1 - low of one_minus_log_uniform", "float32"],
    ),
    "integers of halves": (lambda: jgd.spaces.integers(0, 2.5), T, ["high of integers", "2.5"]),
    "normal without width": (lambda: jgd.spaces.normal(0, 0), V, ["std of normal", "> 0", "got 0"]),
    "normal of nothing": (lambda: jgd.spaces.normal(0, 1, low=50, high=60), V, ["normal", "between", "low=50.0"]),
    "log_normal by 1": (lambda: jgd.spaces.log_normal(1, 1), V, ["spread of log_normal", "got 1"]),
    "a weight of 0": (lambda: jgd.spaces.choice([1, 2], weights=[1, 0]), V, ["weights[1] of choice", "got 0"]),
    "weights too few": (lambda: static(["a", "b"], weights=[1]), V, ["weights of static", "2 values", "got 1"]),
    "integers swapped": (lambda: jgd.spaces.integers(5, 1), V, ["low=5", "high=1"]),
    "integers beyond int32": (lambda: jgd.spaces.integers(0, 2**31), V, ["high of integers", "2147483648"]),
    "integers log and step": (lambda: jgd.spaces.integers(1, 9, log=True, step=2), V, ["step of integers", "log", "2"]),
    "integers log from 0": (
        lambda: jgd.spaces.integers(0, 9, log=True),
        V,
        ["low of integers with log", "from 1", "got 0"],
    ),
    "integers by nothing": (lambda: jgd.spaces.integers(0, 9, step=0), V, ["step of integers", "got 0"]),
    "integers by halves": (lambda: jgd.spaces.integers(0, 9, step=0.5), T, ["step of integers", "0.5"]),
    "integers by too much": (lambda: jgd.spaces.integers(0, 9, step=10), V, ["step of integers", "step=10", "high=9"]),
    "between two steps": (lambda: jgd.spaces.integers(1, 9, step=4).place(4), V, ["1 plus a multiple of 4", "got 4"]),
    "choice of none": (lambda: jgd.spaces.choice([]), V, ["choice", "at least one"]),
    "choice of a word": (lambda: jgd.spaces.choice("abc"), T, ["choice", "'abc'"]),
    "choice of a set": (lambda: jgd.spaces.choice({1, 2}), T, ["choice", "sequence"]),
    "choice of lists": (lambda: jgd.spaces.choice([1, [2]]), T, ["static[1]", "[2]"]),
    "choice twice": (lambda: jgd.spaces.choice([1, 2, 1.0]), V, ["choice", "1.0", "[0] and [2]"]),
    "choice of nan": (lambda: jgd.spaces.choice([1, NAN]), V, ["choice[1]", "nan"]),
    "static of a word": (lambda: static("adam"), T, ["static", "'adam'"]),
    "static of lists": (lambda: static([[64, 64]]), T, ["static[0]", "tuple"]),
    "static of nan": (lambda: static([(1, NAN)]), V, ["static[0]", "nan"]),
    "static twice": (lambda: static(["a", "a"]), V, ["static", "'a'"]),
    "a word": (lambda: space(rate="0.1"), T, ["space['rate']", "'0.1'"]),
    "a flag": (lambda: space(rate=True), T, ["space['rate']", "True"]),
    "nothing": (lambda: space(rate=None), T, ["space['rate']", "None"]),
    "a function": (lambda: space(rate=jgd.spaces.log_uniform), T, ["space['rate']", "function log_uniform"]),
    "nan": (lambda: space(rate=NAN), V, ["space['rate']", "nan"]),
    "nan in a list": (lambda: space(rate=[1, NAN]), V, ["space['rate'][1]", "nan"]),
    "a number for a name": (lambda: as_space({1: [1]}), T, ["names", "got 1"]),
    "no mapping": (lambda: as_space([0.1]), T, ["space", "[0.1]"]),
    "when never": (lambda: when(0.9), T, ["when", "condition"]),
    "when unknown": (
        lambda: space(b=when(1, optimzer="a"), optimizer=static(["a"])),
        V,
        ["space['b']", "did you mean"],
    ),
    "when a range": (lambda: space(b=when(1, c=2), c=log(1, 3)), V, ["space['b']", "between(low, high)", "got 2"]),
    "when no number": (
        lambda: space(b=when(1, c=jgd.spaces.between(1)), c=static(["x", 1])),
        V,
        ["space['b']", "not bounds", "'x'"],
    ),
    "between nothing": (lambda: jgd.spaces.between(), V, ["between", "low or high"]),
    "between swapped": (lambda: jgd.spaces.between(2, 1), V, ["low=2, high=1"]),
    "a case too late": (lambda: space(b=[when(1, c="x"), 2, 3], c=static(["x"])), V, ["space['b']", "last"]),
    "structure in a case": (
        lambda: space(b=[when(static([1]), c="x"), 2], c=static(["x"])),
        V,
        ["space['b']", "structure in all", "static(1), choice(2.0)"],
    ),
    "a vector of none": (lambda: space(b=jgd.spaces.vector([1, 2], 0)), V, ["length of vector", "got 0"]),
    "a call": (lambda: jgd.spaces.derived("open('x')"), V, ["made of", "it calls open"]),
    "an attribute": (lambda: jgd.spaces.derived("a.b"), V, ["made of", "a.b"]),
    "a word to calculate with": (lambda: jgd.spaces.derived("'a' * 9"), V, ["'a' where a number is due"]),
    "half a formula": (lambda: space("a <", a=[1, 2]), V, ["constraints[0]", "'a <'"]),
    "a formula of nobody": (lambda: space("a < c", a=[1, 2]), V, ["constraints[0]", "'c'", "choose from: a"]),
    "a formula of words": (
        lambda: space(a=static(["x"]), b=jgd.spaces.derived("2 * a")),
        V,
        ["space['b']", "numbers only", "'x'"],
    ),
    "a formula of itself": (lambda: space(a=jgd.spaces.derived("2 * a")), V, ["circle", "a -> a"]),
    "no number": (
        lambda: space(a=[0, 1], b=jgd.spaces.derived("1 / a")).at([[0, 0]]),
        V,
        ["1 / a", "a=0.0", "division"],
    ),
    "a power without end": (lambda: space(a=jgd.spaces.derived("9**9**9")).at([[0]]), V, ["9**9**9", "no value"]),
    "a derived one that differs": (
        lambda: space(a=[1, 2], b=jgd.spaces.derived("2 * a")).admit({"a": 1, "b": 3}),
        V,
        ["config['b']", "must be 2.0", "got 3"],
    ),
    "a constraint broken": (
        lambda: space("a < b", a=[1, 2], b=[1, 2]).admit({"a": 2, "b": 1}),
        V,
        ["config", "'a < b'", "a=2.0, b=1.0"],
    ),
    "constraints of nothing": (
        lambda: jgd.spaces.configs(space("a > 2", a=jgd.spaces.uniform(0, 1)), "random", 4),
        V,
        ["0 of", "a > 2"],
    ),
    "constraints and a grid": (lambda: jgd.spaces.configs(space("a > 2", a=[0, 1])), V, ["a > 2", "got none"]),
    "constraints and a design": (
        lambda: jgd.spaces.configs(space("a > 0.5", a=jgd.spaces.uniform(0, 1)), "latin_hypercube", 4),
        V,
        ["LatinHypercube", "constraint"],
    ),
    "when no value": (lambda: space(b=when(1, c="z"), c=static(["x", "y"])), V, ["space['b']", "'x', 'y'", "'z'"]),
    "when none": (lambda: space(b=when(1, c=[]), c=static(["x"])), V, ["space['b']", "at least one"]),
    "when itself": (lambda: space(b=when(static([1]), b=1)), V, ["circle", "b -> b"]),
    "a circle": (lambda: space(b=when(static([1]), c=1), c=when(static([1]), b=1)), V, ["circle"]),
    "when twice": (lambda: when(when(1, c="x"), c="y"), V, ["'c'", "two"]),
    "u above 1": (lambda: log(1, 2).at(1.5), V, ["u", "[0, 1]", "1.5"]),
    "u of nan": (lambda: log(1, 2).at(NAN), V, ["u", "nan"]),
    "a value outside": (lambda: log(1, 2).place(3), V, ["value", "log_uniform(1.0, 2.0)", "got 3"]),
    "a value that is none": (lambda: static(["a"]).place("b"), V, ["value", "'a'", "'b'"]),
    "half an integer": (lambda: jgd.spaces.integers(0, 3).place(2.5), V, ["whole", "2.5"]),
    "too many points": (lambda: jgd.spaces.integers(0, 3).points(9), V, ["count", "at most 4", "9"]),
    "too few points": (lambda: jgd.spaces.choice([1, 2]).points(1), V, ["count", "2", "got 1"]),
    "units of one row": (lambda: nested().at([0.5] * 6), V, ["units", "(n, 6)", "(6,)"]),
    "units above 1": (lambda: nested().at([[0.5] * 6, [0, 0, 0, 7, 0, 0]]), V, ["units[1, 3]", "momentum", "7.0"]),
    "units of words": (lambda: nested().at([["a"] * 6]), T, ["units", "numbers"]),
    "a config without": (lambda: space(a=1, b=[1, 2]).units({"a": 1}), V, ["config", "'b'"]),
    "a config with more": (lambda: space(rate=1).units({"rat": 1}), V, ["config", "did you mean 'rate'"]),
    "a name that is not there": (
        lambda: space(b=when(1, c="x"), c=static(["x", "y"])).units({"b": 1, "c": "y"}),
        V,
        ["config['b']", "absent", "c in ['x']"],
    ),
}


@pytest.mark.parametrize(("call", "kind", "words"), BAD.values(), ids=BAD)
def test_bad_input_is_named(call, kind, words):
    with pytest.raises(kind) as refused:
        call()
    assert all(word in str(refused.value) for word in words), str(refused.value)
