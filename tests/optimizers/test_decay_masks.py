"""`mask` of every method that decays weights: a pattern, a tree of bools or a predicate names the leaves that decay."""

import inspect

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jgd
from jgd.transforms import AddDecayedWeights, ScaleByLearningRate, only

PARAMS = {"bias": jnp.array([0.5, -2.0]), "weights": jnp.array([[1.0, -0.5], [0.25, 3.0]])}
GRADS = {"bias": jnp.array([0.1, 0.3]), "weights": jnp.array([[0.4, -0.2], [0.7, 0.1]])}
DECAYING = sorted(
    name for name, build in jgd.optimizers.registry.items() if "mask" in inspect.signature(build).parameters
)
WITH_DECAY = {
    name for name, build in jgd.optimizers.registry.items() if "weight_decay" in inspect.signature(build).parameters
}
# a tuner's reward, a step size that the decay is part of, and `skip`, which leaves the ratio out as well
WITHOUT_MASK = {"mechanic", "momo", "momo_adam", "lars"}
FORMS = {
    "pattern": "weights",
    "patterns": ("weights",),
    "tree": {"bias": False, "weights": True},
    "predicate": lambda leaf: leaf.ndim > 1,
    "predicate of the path": lambda path, leaf: path == "weights",
}


def large(leaf):
    return leaf.ndim > 1


def descended(optimizer, steps=3):
    params, state = PARAMS, optimizer.init(PARAMS)
    for _ in range(steps):
        loss = lambda at: sum(jnp.vdot(g, w) for g, w in zip(jax.tree.leaves(GRADS), jax.tree.leaves(at), strict=True))
        updates, state = optimizer.update(GRADS, state, params, loss=loss, value=loss(params))
        params = jgd.apply_updates(params, updates)
    return params


def built(name, mask, **changes):
    decay = {"weight_decay": 0.5}
    if "adam_weight_decay" in inspect.signature(jgd.optimizers.registry[name]).parameters:
        decay["adam_weight_decay"] = 0.5
    return jgd.optimizers.registry[name](learning_rate=0.1, **{**decay, **changes}, mask=mask)


def test_every_method_that_decays_weights_has_a_mask():
    assert set(DECAYING) == WITH_DECAY - WITHOUT_MASK


@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=() if n in ("adamw", "lion", "novograd") else pytest.mark.slow) for n in DECAYING]
)
def test_the_masked_leaf_decays_as_without_a_mask_and_the_other_not_at_all(name):
    parameters = inspect.signature(jgd.optimizers.registry[name]).parameters
    start = {
        first: 0.05 for first in ("d0", "init_step") if first in parameters
    }  # else the decay drowns in the first rate
    if "silent_sgd_phase" in parameters:  # else the first steps are none
        start["silent_sgd_phase"] = False
    steps = 1 if "d0" in parameters else 3  # later estimates of d are over the whole tree
    nowhere = {decay: 0.0 for decay in ("weight_decay", "adam_weight_decay") if decay in parameters}
    everywhere, never, masked = (
        descended(built(name, mask, **start, **changes), steps)
        for mask, changes in ((None, {}), (None, nowhere), (large, {}))
    )
    if name != "tiger":  # its vectors never decay
        assert not np.allclose(everywhere["bias"], never["bias"], rtol=1e-6, atol=0)
    assert not np.allclose(masked["weights"], never["weights"], rtol=1e-6, atol=0)
    if name in ("dog", "dowg"):  # the decay is part of a gradient whose norm is over the whole tree
        assert not np.allclose(masked["bias"], everywhere["bias"], rtol=1e-6, atol=0)
        return
    np.testing.assert_allclose(masked["weights"], everywhere["weights"], rtol=1e-6)
    np.testing.assert_allclose(masked["bias"], never["bias"], rtol=1e-6)


@pytest.mark.parametrize("name", ["adamw", "muon", "soap", "adan", "stable_adamw"])
@pytest.mark.parametrize("form", FORMS)
def test_all_forms_of_a_mask_are_one(name, form):
    want = descended(built(name, "weights"))
    jax.tree.map(np.testing.assert_array_equal, descended(built(name, FORMS[form])), want)


def test_it_is_the_decay_of_some_leaves_in_a_chain():
    inside = jgd.chain(
        jgd.optimizers.ScaleByAdam(0.9, 0.999, 1e-8), only("weights", AddDecayedWeights(0.5)), ScaleByLearningRate(0.1)
    )
    jax.tree.map(np.testing.assert_array_equal, descended(built("adamw", "weights")), descended(inside))


def test_a_predicate_is_structure_under_jit_and_vmap():
    rates = jnp.array([0.1, 0.2])
    one = lambda rate: descended(jgd.optimizers.adamw(rate, weight_decay=0.5, mask=large))
    batch = jax.jit(jax.vmap(one))(rates)
    want = jax.tree.map(lambda *each: jnp.stack(each), *map(one, rates))
    jax.tree.map(lambda got, each: np.testing.assert_allclose(got, each, rtol=1e-5), batch, want)


def masked_adamw(learning_rate, weight_decay):
    return jgd.optimizers.adamw(learning_rate, weight_decay=weight_decay, mask=large)


@pytest.mark.slow
def test_a_masked_decay_is_swept():
    space = jgd.space(learning_rate=0.05, weight_decay=jgd.spaces.grid(0.1, 0.9, 2))
    sweep = jgd.sweep(jgd.tasks.get("iris"), masked_adamw, space, steps=4, seeds=1)
    losses = sweep.dataset.loss.values
    assert np.isfinite(losses).all()
    assert not np.array_equal(*losses.reshape(2, -1))


@pytest.mark.parametrize("name", ["adamw", "muon", "soap", "adan"])
def test_a_pattern_that_names_no_leaf_is_refused(name):
    with pytest.raises(jgd.JgdError, match="wieghts"):
        descended(built(name, "wieghts"))


def test_independent_decay_is_the_papers_and_the_rate_does_not_touch_it():
    """w ← (1 − s_t λ) w − η_t u, with a schedule of its own."""
    rates, decays = jgd.schedules.Linear(0.1, 0.0, 2), jgd.schedules.Linear(0.5, 0.1, 2)
    optimizer = jgd.chain(jgd.optimizers.sgd(rates), jgd.transforms.IndependentDecay(decays))
    w = {"w": jnp.array([2.0, -1.0])}
    state, want = optimizer.init(w), np.array([2.0, -1.0])
    for eta, share in ((0.1, 0.5), (0.05, 0.3), (0.0, 0.1)):
        updates, state = optimizer.update({"w": jnp.array([0.0, 3.0])}, state, w)
        w, want = jgd.apply_updates(w, updates), (1 - share) * want - eta * np.array([0.0, 3.0])
    np.testing.assert_allclose(w["w"], want, rtol=1e-6)


def test_every_method_turns_the_sign_once():
    needs = {"schedule_free": (jgd.optimizers.adam(0.1),), "mechanic": (jgd.optimizers.adam(0.1),)}
    needs |= {
        "sam": (jgd.optimizers.adam(0.1),),
        "asam": (jgd.optimizers.adam(0.1),),
        "gsam": (jgd.optimizers.adam(0.1),),
        "dp_sgd": (0.1, 1.0, 1.0),
    }
    needs |= {"frank_wolfe": (jgd.transforms.L1Ball(1.0),), "ivon": (0.1, 100.0)}
    for name, build in jgd.optimizers.registry.items():
        numbers = needs.get(name) or ((0.1,) if "learning_rate" in inspect.signature(build).parameters else ())
        assert build(*numbers).transform.sign == "turns", name


def test_decay_around_any_optimizer_is_its_own_decay():
    """Also where the rate is a schedule, under a mask, and at a step that a guard skips."""
    rate, decayed = jgd.schedules.Linear(0.1, 0.0, 2), jgd.transforms.Decayed
    around = decayed(jgd.optimizers.adam(rate), 0.5, large)
    want = descended(jgd.optimizers.adamw(rate, weight_decay=0.5, mask=large))
    jax.tree.map(np.testing.assert_allclose, descended(jgd.chain(around)), want)
    guarded = jgd.chain(decayed(jgd.transforms.SkipNonFinite(jgd.optimizers.sgd(0.1)), 0.5))
    updates, _ = guarded.update(jnp.array([jnp.nan]), guarded.init(jnp.ones(1)), jnp.ones(1))
    assert updates.tolist() == [0.0]
    with pytest.raises(jgd.JgdError, match="IndependentDecay"):
        descended(jgd.chain(decayed(jgd.optimizers.ScaleByAdam(0.9, 0.999, 1e-8), 0.5)))


def test_rates_by_path_and_by_layer():
    params = {"embed": jnp.ones(1), "layers": [{"w": jnp.ones(1)} for _ in range(11)], "out": jnp.ones(1)}
    step = lambda transform: jgd.chain(jgd.optimizers.sgd(1.0), transform).update
    state = lambda transform: jgd.chain(jgd.optimizers.sgd(1.0), transform).init(params)
    made = lambda transform: step(transform)(params, state(transform), params)[0]
    by_layer = made(jgd.transforms.LayerwiseDecay(0.5, ("embed", "layers/#/w", "out")))
    depths = [
        float(-np.log2(-u[0])) for u in (by_layer["embed"], *(w["w"] for w in by_layer["layers"]), by_layer["out"])
    ]
    np.testing.assert_allclose(depths, np.arange(12, -1, -1))
    by_path = made(jgd.transforms.scale_by_path({"layers/1/*": 0.0, "layers/*": 0.5}))
    assert [float(by_path["layers"][i]["w"][0]) for i in (0, 1, 10)] == [-0.5, 0.0, -0.5]
    assert float(by_path["out"][0]) == -1.0
    for odd, message in [(("embed", "out"), "belongs to no group"), (("layer/#", "*"), "matches no leaf")]:
        with pytest.raises(jgd.JgdError, match=message):
            made(jgd.transforms.LayerwiseDecay(0.5, odd))
    with pytest.raises(jgd.JgdError, match=r"factors\['out'\] must be a finite number >= 0"):
        jgd.transforms.scale_by_path({"out": -1.0})
