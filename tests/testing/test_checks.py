"""jgd.testing: what a caller writes, and that it comes on demand."""

import ast
import importlib
import sys

import jax.numpy as jnp
import numpy as np
import pytest
from helpers import imports

import jgd
from jgd import testing
from jgd.testing.subject import of_transform


@pytest.mark.slow
def test_only_testing_needs_chex():
    needs = {
        module
        for module, source in imports.sources().items()
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Import) and any(alias.name.split(".")[0] == "chex" for alias in node.names)
    }
    assert needs
    assert all(module.startswith("jgd.testing") for module in needs)
    brought = {name for module, names in imports.graph(imports.sources()).items() for name in names}
    outside = {m: n for m, n in imports.graph(imports.sources()).items() if not m.startswith("jgd.testing")}
    assert not any(name.startswith("jgd.testing") for names in outside.values() for name in names)
    assert "jgd.testing.check" in brought


def test_without_chex_the_extra_is_named(monkeypatch):
    for name in [name for name in sys.modules if name.startswith("jgd.testing")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "chex", None)
    with pytest.raises(ImportError, match=r"jgd\[testing\]"):
        importlib.import_module("jgd.testing")


def test_an_unknown_check_is_refused_with_the_nearest():
    with pytest.raises(jgd.JgdError, match="'dtypes'"):
        testing.check_transform(jgd.transforms.ClipByValue(0.5), only=["dtype"])
    with pytest.raises(jgd.JgdError, match="unknown check"):
        testing.check_transform(jgd.transforms.ClipByValue(0.5), skip=["speed"])


def test_what_is_no_method_is_refused():
    with pytest.raises(jgd.JgdError, match="transform"):
        testing.check_transform(3)
    with pytest.raises(jgd.JgdError, match="build must be a function"):
        testing.check_optimizer(3, {})


def test_the_hyperparameters_of_a_transform_are_found_in_it():
    inner = jgd.optimizers.adam(0.1, b1=0.8, eps=1e-3).transform
    subject = of_transform(jgd.transforms.Lookahead(inner, 2, slow_step_size=0.6))
    assert dict(subject.hyperparameters) == {
        "b1": 0.8,
        "b2": 0.999,
        "eps": 1e-3,
        "eps_root": 0.0,
        "learning_rate": 0.1,
        "slow_step_size": 0.6,
    }
    assert subject.rules["b1"] == "[0, 1)"
    changed = subject.build(**{**subject.hyperparameters, "b1": 0.5})
    assert of_transform(changed.transform.transforms[0]).hyperparameters["b1"] == 0.5


def test_two_of_one_name_are_told_apart():
    twice = jgd.chain(jgd.transforms.EmaOfUpdates(0.5), jgd.transforms.EmaOfUpdates(0.7)).transform
    assert dict(of_transform(twice).hyperparameters) == {"EmaOfUpdates[0].decay": 0.5, "EmaOfUpdates[1].decay": 0.7}


@pytest.mark.slow
def test_each_method_may_bring_its_problem():
    """dp_sgd needs examples: a loss of rows."""
    rows = np.random.default_rng(0).normal(size=(8, 5, 3))
    loss = lambda params, batch: jnp.mean((batch @ params["w"]) ** 2)
    problem = testing.Problem(loss, {"w": np.ones(3)}, rows)
    numbers = {"learning_rate": 0.1, "l2_norm_clip": 1.0, "noise_multiplier": 0.5}
    testing.check_optimizer(jgd.optimizers.dp_sgd, numbers, problem=problem, only=["scan like loop", "one program"])
