"""The groups of a sweep's configs: what of them is refused is the same, config by config and as columns."""

import jax.numpy as jnp
import numpy as np
import pytest

import jgd
from jgd.sweeps import recipes
from jgd.sweeps.recipes import by_optimizer, group_configs

MANY = recipes.ONE_BY_ONE + 8


def complement(x):
    return jgd.optimizers.adam(0.1, b1=1 - x)


def bounded(low):
    return jgd.chain(jgd.optimizers.sgd(0.1), jgd.transforms.Project(jgd.transforms.Box(low, 0.5)))


def decayed(peak, rest):
    return jgd.RunSpec(jgd.optimizers.sgd(jgd.schedules.PiecewiseConstant(peak, boundaries=(10,), scales=(rest,))))


def branching(x):
    return jgd.optimizers.sgd(x) if x < 0.5 else jgd.optimizers.momentum(x)


def stacked(x):
    return jgd.optimizers.sgd(jnp.stack([x, 1 - x])[1])


def numeric(x):
    if not isinstance(x, float):
        raise TypeError("a float, please")
    return jgd.optimizers.sgd(x)


FAULTS = {  # a recipe, the values of its last two configs, and what its message says
    "a rule": (
        jgd.optimizers.sgd,
        {"learning_rate": -0.1},
        "config 38 .* learning_rate must be a finite number > 0, got -0.1",
    ),
    "what float32 makes of it": (jgd.optimizers.adam, {"learning_rate": 0.1, "b2": 1 - 1e-9}, "which is 1 in float32"),
    "of what is computed": (complement, {"x": 1e-9}, "b1 must be .* which is 1 in float32"),
    "deep inside": (decayed, {"peak": 0.1, "rest": -3.0}, "config 38 .*got -3"),
    "two numbers in order": (bounded, {"low": 0.6}, "config 38 .*low must be <= high, got 0.6 and 0.5"),
    "a stacked number": (stacked, {"x": 1.5}, "config 38 .*got -0.5"),
    "two structures": (branching, {"x": 0.7}, "one structure for all numbers, but config 38"),
    "what can't be traced": (numeric, {"x": -1.0}, "config 38 .*got -1"),
}


@pytest.mark.parametrize("kind", FAULTS)
def test_a_column_is_refused_as_its_configs_are(kind, monkeypatch):
    recipe, bad, message = FAULTS[kind]
    good = {name: 0.1 for name in bad}
    configs = [("mine", config) for config in (*[good] * (MANY - 2), bad, bad)]
    with pytest.raises(jgd.JgdError, match=message) as of_columns:
        group_configs({"mine": recipe}, configs, ())
    monkeypatch.setattr(recipes, "ONE_BY_ONE", MANY)
    with pytest.raises(jgd.JgdError) as one_by_one:
        group_configs({"mine": recipe}, configs, ())
    assert str(of_columns.value) == str(one_by_one.value)


def test_a_group_is_built_a_few_times_however_many_configs_it_has():
    built = []

    def counted(x):
        built.append(x)
        return jgd.optimizers.sgd(x)

    group, other = group_configs(
        {"mine": counted, "optimizer": by_optimizer},
        [
            *[("mine", {"x": x}) for x in np.linspace(0.1, 1, 1000)],
            ("optimizer", {"optimizer": "adam", "learning_rate": 0.1}),
        ],
        ("optimizer",),
    )
    assert len(built) == 4
    assert group.configs == tuple(range(1000))
    assert other.configs == (1000,)


def layered(learning_rate, rates):
    first, last = rates
    return jgd.optimizers.sgd(learning_rate * (first + last))


def test_a_recipe_gets_vectors_and_no_hidden_names():
    """Elements are names of configs, a tuple to the recipe; what begins with an underscore isn't given to it."""
    space = jgd.space(
        "rates[0] < rates[1]",
        _scale=[0.1, 0.2],
        learning_rate=jgd.spaces.derived("_scale / 2"),
        rates=jgd.spaces.vector([1, 2], 2),
    )
    found = jgd.sweep("iris", layered, space, seeds=1, steps=3)
    assert [tuple(config.values()) for _, config in found.configs] == [(0.1, 0.05, 1, 2), (0.2, 0.1, 1, 2)]
    plain = jgd.sweep("iris", "sgd", {"learning_rate": [0.15, 0.3]}, seeds=1, steps=3)
    np.testing.assert_allclose(found.loss, plain.loss, rtol=1e-6)
    with pytest.raises(jgd.JgdError, match=r"rates\[1\]"):
        jgd.sweep("iris", layered, {"learning_rate": [0.1], "rates[1]": [1, 2]}, seeds=1, steps=3)
