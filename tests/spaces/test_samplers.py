"""Samplers: the first configs stay, the same bits everywhere, points spread as their theory says, grids are whole."""

from itertools import product

import numpy as np
import pytest

import jgd
from jgd.core.checks import JgdTypeError as T
from jgd.core.checks import JgdValueError as V
from jgd.spaces import sequences
from jgd.spaces.samplers import Grid, Halton, LatinHypercube, Random, Sobol, Table, configs

SPACE = jgd.space(
    learning_rate=jgd.spaces.log_uniform(1e-4, 1),
    optimizer=jgd.spaces.static(["sgd", "adam"]),
    b2=jgd.spaces.when(jgd.spaces.one_minus_log_uniform(1e-4, 0.1), optimizer="adam"),
    warmup=jgd.spaces.integers(0, 200),
    smoothing=jgd.spaces.uniform(0, 0.2),
    decay=[0, 1e-4, 1e-2],
    b1=0.9,
)
EXTENDABLE = [Random(seed=3), Halton(seed=3), Sobol(seed=3)]
SEEDED = [Random, Halton, Sobol, LatinHypercube]
named = lambda sampler: type(sampler).__name__


@pytest.mark.parametrize("sampler", EXTENDABLE, ids=named)
@pytest.mark.parametrize(("first", "count"), [(1, 99), (37, 63), (64, 36), (99, 1), (100, 0)])
def test_the_first_configs_stay(sampler, first, count):
    assert configs(SPACE, sampler, 100)[first:] == configs(SPACE, sampler, count, first)
    assert configs(SPACE, sampler, 100)[:first] == configs(SPACE, sampler, first)


@pytest.mark.parametrize("kind", SEEDED)
def test_another_seed_draws_other_configs_and_the_count_is_exact(kind):
    one, other = configs(SPACE, kind(), 33), configs(SPACE, kind(seed=1), 33)
    assert len(one) == len(other) == 33
    assert len({str(config) for config in one + other}) == 66
    assert one == configs(SPACE, kind(0), 33)


# Written once: another Python, NumPy or SciPy must draw the same, or a sweep could not be extended there.
FIRST_BITS = {
    "random": [
        "0x1.06231691ecb86p-1",
        "0x1.ea86523705ed8p-3",
        "0x1.f1fae9e8c6fd5p-1",
        "0x1.36076747a68f6p-2",
        "0x1.4cba14f64d4d0p-5",
        "0x1.5d5600a168bb1p-1",
    ],
    "halton": [
        "0x1.e32eb9c4711cap-2",
        "0x1.8acec460caf52p-1",
        "0x1.4841c76edd24ap-1",
        "0x1.71975ce2388e5p-1",
        "0x1.1907a7ef03d8bp-1",
        "0x1.aea82dd5438b0p-1",
    ],
    "sobol": [
        "0x1.8c618140e3cb8p-2",
        "0x1.847c83ee5e674p-1",
        "0x1.41252fdca7000p-12",
        "0x1.7ee26f40732a8p-3",
        "0x1.99be696936200p-2",
        "0x1.bac11a59d0f07p-1",
    ],
    "latin_hypercube": [
        "0x1.f481432e0241cp-1",
        "0x1.80e6d1a5b8c1bp-1",
        "0x1.053d490c6fd37p-1",
        "0x1.5aa6c51a30355p-3",
        "0x1.0e476b3ecb0ddp-1",
        "0x1.adb982b3c40a4p-1",
    ],
}


@pytest.mark.parametrize("name", FIRST_BITS)
def test_the_bits_are_the_same_for_ever(name):
    draw = getattr(sequences, name)
    points = draw(7, 8, 3) if name == "latin_hypercube" else draw(7, 5, 3, 3)
    assert [float(x).hex() for x in points[:2].ravel()] == FIRST_BITS[name]


def counts(points: np.ndarray, *boxes: int) -> np.ndarray:
    """How many points lie in each box of a grid over the first dimensions."""
    return np.histogramdd(points[:, : len(boxes)], bins=boxes, range=[(0, 1)] * len(boxes))[0]


@pytest.mark.parametrize("seed", range(3))
def test_points_are_spread_as_their_theory_says(seed):
    """Halton: b^m points fill b^m intervals in base b, any 2^i 3^j the boxes; Sobol': 2^m any boxes of that volume."""
    halton = sequences.halton(seed, 0, 5**3, 3)
    for dimension, (base, power) in enumerate([(2, 6), (3, 4), (5, 3)]):
        assert (counts(halton[: base**power, dimension:], base**power) == 1).all()
    assert (counts(halton[36:72], 4, 9) == 1).all()  # any 36 in a row
    sobol = sequences.sobol(seed, 0, 64, 3)
    for i in range(7):
        assert (counts(sobol, 2**i, 2 ** (6 - i)) == 1).all()
    assert (counts(sobol[32:], 4, 8) == 1).all()
    cube = sequences.latin_hypercube(seed, 50, 3)
    assert all((counts(cube[:, dimension:], 50) == 1).all() for dimension in range(3))


def test_halton_is_the_permuted_sum_of_digits():
    """Owen 2017: a permutation of the digits at each place, found here from the points themselves."""
    points = sequences.halton(4, 0, 3**5, 2)[:, 1]
    digits = lambda x, places: [int(x * 3 ** (j + 1)) % 3 for j in range(places)]
    index = lambda i, places: [i // 3**j % 3 for j in range(places)]
    maps = [dict() for _ in range(4)]
    for i, x in enumerate(points):
        for at, plain, scrambled in zip(maps, index(i, 4), digits(x, 4), strict=True):
            assert at.setdefault(plain, scrambled) == scrambled
    assert all(sorted(at.values()) == [0, 1, 2] for at in maps)


def test_random_points_are_uniform_and_independent():
    points = sequences.random(0, 0, 20_000, 3)
    assert points.mean(axis=0) == pytest.approx(0.5, abs=0.01)  # 5 standard errors
    assert np.cov(points.T) == pytest.approx(np.eye(3) / 12, abs=0.004)
    assert abs(np.corrcoef(points[1:, 0], points[:-1, 0])[0, 1]) < 0.03


def test_even_samplers_beat_random_ones():
    """The mean of a smooth function over 256 points, in 5 dimensions: |error| at most a third of random's."""
    smooth = lambda points: np.cos(points.sum(axis=1)).mean()
    exact = np.real(((np.exp(1j) - 1) / 1j) ** 5)
    error = lambda draw: np.sqrt(np.mean([(smooth(draw(seed, 0, 256, 5)) - exact) ** 2 for seed in range(20)]))
    noise = error(sequences.random)
    assert error(sequences.halton) < noise / 3
    assert error(sequences.sobol) < noise / 3


def test_a_static_name_has_a_dimension_and_a_fixed_one_none():
    found = configs(SPACE, Halton(), 64)
    assert sum(config["optimizer"] == "adam" for config in found) in range(30, 35)
    assert [("b2" in config) for config in found] == [config["optimizer"] == "adam" for config in found]
    assert {config["b1"] for config in found} == {0.9}
    more = configs({"fixed": 3, **{"learning_rate": jgd.spaces.log_uniform(1e-4, 1)}}, Halton(), 5)
    assert [config["learning_rate"] for config in more] == [config["learning_rate"] for config in found[:5]]


@pytest.mark.parametrize("kind", SEEDED)
def test_a_name_added_at_the_end_moves_no_other(kind):
    entries = {"rate": jgd.spaces.log_uniform(0.1, 1), "n": jgd.spaces.integers(0, 9)}
    more = configs({**entries, "late": jgd.spaces.uniform(0, 1)}, kind(), 20)
    assert [{name: config[name] for name in entries} for config in more] == configs(entries, kind(), 20)


def test_a_grid_is_every_combination_once():
    """Against the product over all names, conditions applied afterwards."""
    space = jgd.space(
        b2=jgd.spaces.when([0.9, 0.99], optimizer="adam"),
        optimizer=jgd.spaces.static(["sgd", "adam"]),
        rate=jgd.spaces.log_uniform(1e-2, 1),
        warmup=jgd.spaces.integers(0, 2),
    )
    found = configs(space, Grid(points=3))
    every = []
    for b2, optimizer, rate, warmup in product([0.9, 0.99], ["sgd", "adam"], [0.01, 0.1, 1.0], range(3)):
        config = {"b2": b2, "optimizer": optimizer, "rate": rate, "warmup": warmup}
        if optimizer == "sgd":
            del config["b2"]
        if config not in every:
            every.append(config)
    assert found == every
    assert len(found) == 27
    assert configs(space, Grid({"rate": 1, "warmup": 2}), 6) == [
        config for config in found if config["rate"] == 0.01 and config["warmup"] in (0, 2)
    ]


def test_many_conditional_names_are_not_multiplied_first():
    """Twelve names of 8 points, one at a time: 8¹² combinations, 97 configs."""
    kinds = [f"kind{i}" for i in range(12)]
    own = {f"a{i}": jgd.spaces.when(jgd.spaces.log_uniform(1e-3, 1), kind=kind) for i, kind in enumerate(kinds)}
    assert len(configs(jgd.space(**own, kind=jgd.spaces.static([*kinds, "none"])), Grid())) == 97


def test_what_is_taken_where_no_sampler_is_said():
    assert len(configs({"a": [1, 2], "b": jgd.spaces.static(["x", "y"])})) == 4
    assert configs({"a": jgd.spaces.uniform(0, 1)}, None, 3) == configs({"a": jgd.spaces.uniform(0, 1)}, "halton", 3)
    for name, kind in (("random", Random), ("sobol", Sobol), ("latin_hypercube", LatinHypercube)):
        assert configs(SPACE, name, 4) == configs(SPACE, kind(), 4)


class Frame:
    """As much of a data frame as is read."""

    def __init__(self, columns):
        self.columns = columns

    def to_dict(self, orient):
        assert orient == "list"
        return self.columns


def test_a_table_as_rows_and_as_columns():
    space = jgd.space(
        kind=jgd.spaces.static([None, "a"]),
        rate=jgd.spaces.when(jgd.spaces.log_uniform(0.1, 1), kind="a"),
        n=jgd.spaces.integers(0, 3),
    )
    rows = [{"kind": "a", "rate": 0.5, "n": 1}, {"n": 2, "kind": None}]
    columns = {"kind": ["a", None], "rate": np.array([0.5, np.nan]), "n": np.array([1.0, 2.0])}
    want = [{"kind": "a", "rate": 0.5, "n": 1}, {"kind": None, "n": 2}]
    assert (
        configs(space, Table(rows)) == configs(space, Table(columns)) == configs(space, Table(Frame(columns))) == want
    )
    assert configs(space, Table(rows), 1, 1) == configs(space, Table(rows), None, 1) == want[1:]
    assert type(configs(space, Table(columns))[0]["n"]) is int


@pytest.mark.parametrize(
    ("sampler", "extendable"),
    [(Grid(), False), (LatinHypercube(), False), (Table([{}]), True), *((sampler, True) for sampler in EXTENDABLE)],
    ids=lambda value: named(value) if isinstance(value, jgd.spaces.samplers.Sampler) else str(value),
)
def test_a_sampler_says_whether_it_can_be_extended(sampler, extendable):
    assert sampler.extendable is extendable
    if not extendable:
        with pytest.raises(V, match=f"first.*{named(sampler)}.*can't be extended.*Halton"):
            configs(SPACE, sampler, 8, first=8)


row = {"rate": 0.5}
RATE = {"rate": jgd.spaces.log_uniform(0.1, 1)}
BAD = {
    "no count": (lambda: configs(RATE), V, ["count", "Halton(seed=0)"]),
    "negative count": (lambda: configs(RATE, None, -1), V, ["count", "-1"]),
    "half a count": (lambda: configs(RATE, None, 2.5), T, ["count", "2.5"]),
    "negative first": (lambda: configs(RATE, None, 2, -1), V, ["first", "-1"]),
    "unknown name": (lambda: configs(RATE, "haltn", 2), V, ["sampler", "did you mean 'halton'"]),
    "no sampler": (lambda: configs(RATE, 3, 2), T, ["sampler", "got 3"]),
    "a seed below 0": (lambda: Halton(-1), V, ["seed", "-1"]),
    "a seed too large": (lambda: Sobol(2**32), V, ["seed", "4294967296"]),
    "a flag for a seed": (lambda: Random(True), T, ["seed", "True"]),
    "no space": (lambda: configs([1], "grid"), T, ["space", "[1]"]),
    "a grid's count": (lambda: configs(RATE, "grid", 5), V, ["count", "8", "got 5"]),
    "no points": (lambda: Grid(0), V, ["points", "got 0"]),
    "no points of one": (lambda: Grid({"rate": 0}), V, ["points['rate']", "got 0"]),
    "points of nothing": (lambda: configs(RATE, Grid({"rat": 2})), V, ["points", "did you mean 'rate'"]),
    "points of a list": (lambda: configs({"a": [1, 2]}, Grid({"a": 3})), V, ["points['a']", "2", "got 3"]),
    "a huge grid": (
        lambda: configs({f"a{i}": jgd.spaces.uniform(0, 1) for i in range(4)}, Grid(100)),
        V,
        ["points", "100000000", "a3: 100"],
    ),
    "no rows": (lambda: configs(RATE, Table([])), V, ["rows", "at least one"]),
    "a word for rows": (lambda: configs(RATE, Table("rows")), T, ["rows", "'rows'"]),
    "a number for a row": (lambda: configs(RATE, Table([row, 3])), T, ["rows[1]", "got 3"]),
    "a row too short": (lambda: configs(RATE, Table([row, {}])), V, ["rows[1]", "'rate'"]),
    "a row too long": (lambda: configs(RATE, Table([{**row, "b": 1}])), V, ["rows[0]", "'b'"]),
    "a value outside": (
        lambda: configs(RATE, Table([row, {"rate": 2}])),
        V,
        ["rows[1]['rate']", "log_uniform(0.1, 1.0)", "2"],
    ),
    "a word in a row": (lambda: configs(RATE, Table([{"rate": "0.5"}])), T, ["rows[0]['rate']", "'0.5'"]),
    "columns of unequal length": (lambda: configs(RATE, Table({"rate": [1], "b": []})), V, ["rows", "'b': 0"]),
    "a number for a column": (lambda: configs(RATE, Table({"rate": 1})), T, ["rows['rate']", "got 1"]),
    "more than a table has": (lambda: configs(RATE, Table([row]), 2), V, ["at most 1", "got 2"]),
}


@pytest.mark.parametrize(("call", "kind", "words"), BAD.values(), ids=BAD)
def test_bad_input_is_named(call, kind, words):
    with pytest.raises(kind) as refused:
        call()
    assert all(word in str(refused.value) for word in words), str(refused.value)
