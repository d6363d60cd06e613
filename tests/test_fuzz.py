"""Odd arguments of the public API: a result, or an error of jgd's; nothing raw comes through."""

import contextlib
from decimal import Decimal
from fractions import Fraction
from importlib.util import find_spec
from inspect import Parameter, signature
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import jgd
from jgd import analysis, interop, landscapes, models, optimizers, schedules, spaces, sweeps, transforms

ALLOWED = (jgd.JgdError,)  # which is a ValueError or a TypeError too


class Nameless:
    def __repr__(self):
        raise RuntimeError


def deleted(shape):
    array = jnp.ones(shape)
    array.delete()
    return array


SGD = optimizers.sgd(0.1)
ODD = [
    *(None, True, False, 0, -1, 7, 10**30, 10**5000, 0.0, -0.5, 2.5, np.nan, np.inf, -np.inf, 1e-50, 1e300, 1j),
    *("", "a", "x" * 10**5, b"x", [], [0.1], [[1], [2, 3]], [0.1] * 10**5, {}, {"a": 1}, {1: 1, "a": 2}, (), (3, 4)),
    *(object(), Nameless(), print, type, int, jgd, jgd.JgdError, lambda: 0, lambda x: x, Ellipsis, range(3), {1}),
    *(np.array(3), np.array([True, True]), np.bool_(False), np.array(["a"]), np.array([]), np.array([None])),
    *(np.array([1j]), np.datetime64("2020-01-01"), np.int8(3), np.float32(0.1), Decimal("0.1"), Fraction(1, 10)),
    *(jax.random.key(0), deleted(2), deleted(()), jnp.zeros(0), jnp.ones((2, 2)), Path("nowhere"), SGD),
    *(schedules.Constant(0.1), transforms.ClipByGlobalNorm(1.0)),
]
RIGHT = {  # what parameters without a default take
    **{name: 0.1 for name in ("learning_rate", "init_value", "end_value", "value", "weight_decay", "eta", "decay")},
    **{name: 0.5 for name in ("decay_rate", "max_norm", "max_delta", "threshold", "std", "peak_value", "b")},
    **{name: 2 for name in ("steps", "decay_steps", "transition_steps", "warmup_steps", "stable_steps", "step_size")},
    **{name: 2 for name in ("features", "outputs", "vocabulary", "length", "classes", "period", "power", "count")},
    **{name: SGD for name in ("transform", "base_optimizer", "optimizer")},
    **{"low": 0.1, "high": 0.9, "schedule": 0.1, "schedules": (0.1, 0.2), "boundaries": (3,), "milestones": (3,)},
    **{"l2_norm_clip": 1.0, "noise_multiplier": 1.0, "mask": "*", "sizes": (2, 1), "values": [1, 2], "model_size": 4},
    **{"model": models.Linear(2), "error": "squared_error", "curvatures": [1.0], "seed": 0, "loss": jnp.sum},
    **{
        "patterns": ("*",),
        "transforms": (SGD,),
        "channels": (2,),
        "image": (4, 4, 1),
        "onto": transforms.NonNegative(),
    },
    **{"groups": {"*": SGD}, "pieces": 2, "metric": jnp.mean, "data": np.ones((9, 1)), "params": jnp.ones(2)},
    **{
        **{name: 0.1 for name in ("variance", "l1", "l2", "strength", "factor")},
        **{"normal": [1.0, 2.0], "layers": "layers/#", "penalty": transforms.L1Penalty(0.1), "at": 3},
        "name": "a",
        "path": "nowhere",
        "scales": (0.5,),
        "interpolate_type": "linear",
        "updates": jnp.ones(2),
    },
}
RECORDS = [
    models.Linear,
    models.Softmax,
    models.MLP,
    models.CNN,
    models.Transformer,
    models.Normal,
]
SPACES = [
    spaces.uniform,
    spaces.log_uniform,
    spaces.integers,
    spaces.grid,
    spaces.log_grid,
    spaces.choice,
    spaces.static,
]
OTHERS = [
    jgd.MinMax,
    jgd.Standard,
    jgd.SupervisedLoss,
    jgd.StoppingRule,
    jgd.SuccessiveHalving,
    jgd.AsynchronousHalving,
    jgd.Hyperband,
    jgd.split,
]
OTHERS += [
    jgd.MedianStopping,
    jgd.RacingSeeds,
    jgd.PopulationBasedTraining,
    jgd.smooth,
    jgd.init_key,
    jgd.in_pieces,
    jgd.apply_updates,
]
OTHERS += [landscapes.get, landscapes.quadratic, optimizers.get, SGD.init, jgd.space, jgd.load_run, jgd.load_sweep]
SCORES = np.array([[0.9, 0.8, 0.85], [0.7, 0.75, 0.72], [0.1, 0.2, 0.15]])
SPACE = jgd.space(learning_rate=spaces.log_uniform(1e-3, 1), momentum=spaces.uniform(0, 0.9))
CONFIG = {"learning_rate": 0.1, "momentum": 0.5}
BETTER = {"larger_is_better": True}
GIVEN = {  # calls with right values of their own
    **{each: {} for each in (spaces.between, sweeps.OptunaSampler, jgd.data.CsvFormat, jgd.data.MarkovSource)},
    spaces.normal: {"mean": 0.0, "std": 1.0},
    spaces.log_normal: {"median": 1.0, "spread": 2.0},
    spaces.one_minus_log_uniform: {"low": 0.1, "high": 0.9},
    spaces.vector: {"distribution": spaces.uniform(0, 1), "length": 2},
    spaces.derived: {"formula": "a + 1"},
    spaces.as_space: {"names": {"a": [1]}},
    spaces.configs: {"space": SPACE, "count": 2},
    spaces.space_of_toml: {"path": "nowhere.toml"},
    SPACE.units: {"config": CONFIG},
    SPACE.kind: {"name": "momentum", "config": CONFIG},
    SPACE.at: {"units": np.full((2, 2), 0.5)},
    sweeps.estimate: {"values": SCORES[0]},
    analysis.rank: {"scores": SCORES, **BETTER},
    analysis.paired: {"a": SCORES[0], "b": SCORES[1], **BETTER},
    analysis.probability_of_improvement: {"a": SCORES[0], "b": SCORES[1], **BETTER},
    analysis.friedman: {"scores": SCORES},
    analysis.wilcoxon_holm: {"scores": SCORES, "methods": ["a", "b", "c"], **BETTER},
    analysis.critical_difference: {"scores": SCORES, **BETTER},
    analysis.interquartile_mean: {"values": SCORES, **BETTER},
    analysis.best_of: {"scores": SCORES, **BETTER},
    analysis.performance_profile: {"costs": SCORES},
    analysis.learning_rate_sensitivity: {"losses": SCORES, "initial_loss": 1.0},
    analysis.stability_bracket: {"learning_rates": [0.1, 0.2], "unstable": np.array([False, True])},
    analysis.time_to_target: {"values": SCORES[None], "evaluate_at": (1, 2, 3), "target": 0.5, **BETTER},
    analysis.unit_cube: {"configs": [("sgd", {"a": 0.1}), ("sgd", {"a": 0.2})]},
    analysis.response: {"values": [0.1, 0.2, 0.3], "scores": SCORES, **BETTER},
    jgd.compare: {"recipes": ["sgd", "adam"], "tasks": ["iris"], "space": {"learning_rate": [0.1]}, "fresh": 0},
    analysis.compare_sweeps: {"sweeps": {}},
    jgd.Sharding.over: {"devices": jax.devices()},
    jgd.Sharding.over(jax.devices()).check: {"params": jnp.ones(2), "batch_size": 1},
    **({interop.optax.to_optax: {"optimizer": SGD}} if find_spec("optax") else {}),
}
NAMED = (getattr(transforms, name) for name in transforms.__all__)
TRANSFORMS = [each for each in NAMED if isinstance(each, type) and each.__module__ != "jgd.transforms.means"]
CALLS = [*optimizers.registry.values(), *schedules.registry.values(), *TRANSFORMS, *RECORDS, *SPACES, *OTHERS]


def arguments(function):
    """Its parameters, and right values for those that it needs; None where the table above lacks one."""
    parameters = [p for p in signature(function).parameters.values() if p.kind is not Parameter.VAR_KEYWORD]
    needed = [p.name for p in parameters if p.default is Parameter.empty and p.kind is not Parameter.VAR_POSITIONAL]
    return None if set(needed) - set(RIGHT) else (parameters, {name: RIGHT[name] for name in needed})


KNOWN = [(function, *found) for function in CALLS if (found := arguments(function)) and found[0]]
KNOWN += [
    (function, [p for p in signature(function).parameters.values() if p.kind is not Parameter.VAR_KEYWORD], right)
    for function, right in GIVEN.items()
]


@pytest.mark.slow
@settings(max_examples=600, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck), database=None)
@given(st.data())
def test_an_odd_argument_is_taken_or_named(data):
    function, parameters, right = data.draw(st.sampled_from(KNOWN))
    name = data.draw(st.sampled_from([p.name for p in parameters]))
    odd = ODD[
        data.draw(st.integers(0, len(ODD) - 1))
    ]  # by its number, as a failure is printed and not all of them can be
    with contextlib.suppress(*ALLOWED):
        function(**{**right, name: odd})


def test_the_table_reaches_most_calls():
    assert len(KNOWN) - len(GIVEN) > 0.95 * len(CALLS), [each for each in CALLS if arguments(each) is None]
