"""Search without gradients, the lectures' numbers and traps: R1 to R7."""

from functools import partial

import jax.numpy as jnp
import numpy as np
import pytest

import jgd
from jgd import gradient_free

pytestmark = pytest.mark.slow  # the fast part runs what these stand on

HOURS = jgd.datasets.hours_points()


def hours_points(w):
    x, y = (jnp.asarray(part, w.dtype) for part in ([1.0, 2.0, 3.0], [2.0, 4.0, 6.0]))
    return jnp.mean((w * x - y) ** 2)


def needle(w):
    return jgd.landscapes.get("needle")(w[None])


def test_r1_exhaustive_finds_the_lectures_weight(x64):
    found = gradient_free.grid_search(hours_points, 0.0, 4.0)
    assert (float(found.params), found.value, found.evaluations) == (2.0, 0.0, 100)


def test_r1_a_hopeless_grid_is_refused_with_its_count():
    with pytest.raises(jgd.JgdError, match=r"100\^10 is about 10\^20 evaluations"):
        gradient_free.grid_search(lambda p: jnp.sum(p), jnp.zeros(10), jnp.ones(10))
    with pytest.raises(jgd.JgdError, match="100,000,000 evaluations"):
        gradient_free.grid_search(lambda p: jnp.sum(p), jnp.zeros(4), jnp.ones(4), limit=10**7)


def test_r1_points_stream_by(monkeypatch):
    import importlib

    whole = gradient_free.grid_search(lambda p: jnp.sum((p - 0.3) ** 2), jnp.zeros(2), jnp.ones(2), points=30)
    monkeypatch.setattr(importlib.import_module("jgd.gradient_free.grid_search"), "CHUNK", 128)
    parts = gradient_free.grid_search(lambda p: jnp.sum((p - 0.3) ** 2), jnp.zeros(2), jnp.ones(2), points=30)
    np.testing.assert_array_equal(parts.params, whole.params)
    assert parts.evaluations == whole.evaluations == 900
    np.testing.assert_array_equal(parts.history["evaluations"], whole.history["evaluations"])


def test_r2_divide_and_conquer_makes_32_evaluations(x64):
    bowl = lambda p: (p[0] - 37) ** 2 + (p[1] - 61) ** 2
    found = gradient_free.divide_and_conquer(bowl, [0.0, 0.0], [100.0, 100.0], cells=4, levels=2)
    full = gradient_free.grid_search(bowl, [0.0, 0.0], [100.0, 100.0], points=16, at="center")
    assert (found.evaluations, full.evaluations) == (32, 256)
    assert [float(x) for x in found.params] == [float(x) for x in full.params] == [34.375, 59.375]


def test_r3_divide_and_conquer_overlooks_the_needle(x64):
    whole = gradient_free.grid_search(needle, 0.0, 100.0, at="center")
    split = gradient_free.divide_and_conquer(needle, 0.0, 100.0, cells=4, levels=2)
    assert (float(whole.params), round(whole.value, 7)) == (69.5, -0.7044180)
    assert (float(split.params), round(split.value, 7)) == (21.875, 1.0014063)


def test_r4_random_search_only_gets_better():
    found = gradient_free.random_search(hours_points, 0.0, 4.0, evaluations=500, seed=3)
    assert (np.diff(found.history["value"]) < 0).all()
    again = gradient_free.random_search(hours_points, 0.0, 4.0, evaluations=500, seed=3)
    assert (float(found.params), found.value) == (float(again.params), again.value)
    assert gradient_free.random_search(hours_points, 0.0, 4.0, evaluations=500, seed=4).value != found.value
    more = gradient_free.random_search(hours_points, 0.0, 4.0, evaluations=5000, seed=3)
    assert more.value <= found.value
    few = len(found.history["value"])
    np.testing.assert_array_equal(more.history["value"][:few], found.history["value"])  # the same first points


def test_r5_a_population_solves_it_and_never_loses_its_best():
    found = gradient_free.genetic_search(hours_points, 0.0, 4.0, seed=1)
    assert abs(float(found.params) - 2) < 1e-2
    assert (np.diff(found.history["value"]) < 0).all()
    assert found.value == pytest.approx(float(hours_points(found.params)), abs=1e-6)
    again = gradient_free.genetic_search(hours_points, 0.0, 4.0, seed=1)
    assert float(again.params) == float(found.params)
    many = gradient_free.genetic_search(jgd.landscapes.get("rastrigin"), jnp.full(2, -3.0), jnp.full(2, 3.0), 80, 60)
    assert many.value < 0.05


def test_r6_the_table_of_costs():
    searches = {
        "exhaustive": gradient_free.grid_search(hours_points, 0.0, 4.0),
        "random": gradient_free.random_search(hours_points, 0.0, 4.0),
        "descent": gradient_free.gradient_descent(hours_points, jgd.optimizers.sgd(0.05), jnp.ones(()), steps=50),
    }
    needed = {name: found.evaluations_to(1e-3) for name, found in searches.items()}
    assert needed["descent"] < 20 < needed["exhaustive"]
    table = gradient_free.comparison_table(searches, value=1e-3)
    assert table.count("\n") == 3
    assert "to <= 0.001" in table
    assert "never" in gradient_free.comparison_table(
        [gradient_free.random_search(hours_points, 0.0, 4.0, 1)], value=-1.0
    )


def test_r7_two_is_minimal():
    assert float(hours_points(jnp.float32(2))) == 0


def test_a_tree_is_searched_as_a_tree():
    low, high = {"w": jnp.zeros(2), "b": -1.0}, {"w": jnp.ones(2), "b": 1.0}
    found = gradient_free.random_search(lambda p: jnp.sum((p["w"] - 0.5) ** 2) + p["b"] ** 2, low, high, 2000)
    assert set(found.params) == {"w", "b"}
    assert found.value < 0.1


def test_not_a_number_is_never_the_best():
    found = gradient_free.grid_search(lambda w: jnp.where(w < 2, jnp.nan, w), 0.0, 4.0, points=10)
    assert float(found.params) == pytest.approx(2.0)
    nothing = gradient_free.random_search(lambda w: jnp.nan * w, 0.0, 4.0, 10)
    assert nothing.value == np.inf
    assert len(nothing.history["value"]) == 0


BAD = {
    "low must be below high": lambda: gradient_free.random_search(hours_points, 1.0, 1.0),
    "high": lambda: gradient_free.random_search(hours_points, [0.0], [1.0, 2.0]),
    "points": lambda: gradient_free.grid_search(hours_points, 0.0, 1.0, points=0),
    "place in at": lambda: gradient_free.grid_search(hours_points, 0.0, 1.0, at="middle"),
    "cells": lambda: gradient_free.divide_and_conquer(hours_points, 0.0, 1.0, cells=1),
    "elite": lambda: gradient_free.genetic_search(hours_points, 0.0, 1.0, population=4, elite=4),
    "mutation_scale": lambda: gradient_free.genetic_search(hours_points, 0.0, 1.0, mutation_scale=0.0),
    "one real floating number": lambda: gradient_free.random_search(lambda w: jnp.stack([w, w]), 0.0, 1.0),
}


@pytest.mark.parametrize(("words", "make"), BAD.items(), ids=BAD)
def test_nonsense_is_refused_by_name(words, make):
    with pytest.raises(jgd.JgdError) as caught:
        make()
    assert words in str(caught.value)


def test_a_loss_in_numpy_is_explained():
    with pytest.raises(jgd.JgdError, match=r"in_numpy needs the value of a traced array.*jnp in place of np"):
        jgd.gradient_free.random_search(in_numpy, -jnp.ones(2), jnp.ones(2), evaluations=4)


def in_numpy(point):
    return np.sum(np.asarray(point) ** 2)


SEARCHES = {
    "grid": partial(gradient_free.grid_search, points=5),
    "divide": gradient_free.divide_and_conquer,
    "random": partial(gradient_free.random_search, evaluations=5),
    "genetic": partial(gradient_free.genetic_search, population=3, generations=1),
}


@pytest.mark.parametrize("name", jgd.landscapes.registry)
def test_every_search_takes_every_landscape_in_its_box(name):
    valley = jgd.landscapes.get(name)
    for search in SEARCHES.values():
        found = search(valley)
        assert found.params.shape == valley.start.shape
        assert float(valley(found.params)) == pytest.approx(found.value, rel=1e-4, abs=1e-5)
    assert search(valley, valley.low, list(valley.high)).value == found.value  # numbers listed are a vector


def test_losses_of_the_library_take_their_data():
    loss = jgd.SupervisedLoss(jgd.models.Linear(1, bias=False), "squared_error")
    rows = (jnp.array([[1.0], [2.0]]), jnp.array([2.0, 4.0]))
    grid = gradient_free.grid_search(loss, {"weights": [0.0]}, {"weights": [4.0]}, at="left", data=rows)
    down = gradient_free.gradient_descent(loss, jgd.optimizers.sgd(0.2), {"weights": jnp.zeros(1)}, data=rows)
    assert grid.params["weights"].tolist() == down.params["weights"].tolist() == [2.0]


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: gradient_free.grid_search(lambda w: w**2), "low must be given"),
        (lambda: gradient_free.grid_search("beale"), "loss must be a function of params, got 'beale'"),
        (lambda: gradient_free.grid_search(lambda w, b: w, 0.0, 1.0), "takes a batch too: give data="),
        (lambda: gradient_free.grid_search(lambda: 0, 0.0, 1.0), "can't be called with the parameters alone"),
        (lambda: gradient_free.grid_search(lambda w: w, "a", "b"), "low must be a tree of numbers"),
        (lambda: gradient_free.grid_search(jgd.landscapes.get("beale"), [0, 0, 0]), "low must be 2 numbers"),
        (lambda: gradient_free.random_search(lambda w: (w, 1), 0.0, 1.0), "one real floating number"),
        (lambda: gradient_free.gradient_descent(lambda w: w, jgd.optimizers.sgd(0.1)), "params must be given"),
        (lambda: gradient_free.gradient_descent(jgd.landscapes.get("beale"), 0.1), "optimizer must be a jgd.Optimizer"),
    ],
)
def test_what_is_no_search_is_named(call, words):
    with pytest.raises(jgd.JgdError, match=words):
        call()
