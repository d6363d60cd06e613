"""Reduce on plateau: beside a plain loop, torch and optax; what it reports; and its numbers as leaves."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jgd
from jgd.transforms import ReduceOnPlateau, ScaleByLearningRate

RATE = 0.5
_RNG = np.random.default_rng(0)
VALUES = 1 / np.arange(1, 61) ** 0.3 + 0.05 * _RNG.normal(size=60)


def optimizer(**options):
    return jgd.chain(ScaleByLearningRate(RATE), ReduceOnPlateau(**options))


@jax.jit
def rates(optimizer, values):
    """The learning rate in use at each update, as the update shows it and as it is reported."""

    def one(state, value):
        updates, state = optimizer.update(jnp.ones((), values.dtype), state, jnp.zeros((), values.dtype), value=value)
        return state, (-updates, optimizer.info(state).learning_rate)

    return jax.lax.scan(one, optimizer.init(jnp.zeros((), values.dtype)), values)[1]


def by_hand(values, factor, patience, threshold, cooldown=0, min_scale=0.0, size=1, mode="rel"):
    """The scale after each value, as one would say it."""
    scale, best, bad, rest, waiting, out = 1.0, np.inf, 0, 0, [], []
    for value in values:
        if not np.isnan(value):
            waiting.append(value)
        if len(waiting) >= size and not np.isnan(value):
            v, waiting = np.mean(waiting), []
            if v < (best - threshold if mode == "abs" or np.isinf(best) else best - threshold * abs(best)):
                best, bad = v, 0
            else:
                bad += 1
            if rest > 0:
                rest, bad = rest - 1, 0
            if bad > patience:
                scale, bad, rest = max(scale * factor, min_scale), 0, cooldown
        out.append(scale)
    return np.array(out)


SETTINGS = {
    "plain": {"factor": 0.5, "patience": 2, "threshold": 1e-4},
    "no patience": {"factor": 0.8, "patience": 0, "threshold": 0.0},
    "absolute": {"factor": 0.5, "patience": 2, "threshold": 0.03, "mode": "abs"},
    "a strict share": {"factor": 0.5, "patience": 3, "threshold": 0.2},
    "rests": {"factor": 0.5, "patience": 1, "threshold": 1e-3, "cooldown": 4},
    "has a floor": {"factor": 0.3, "patience": 1, "threshold": 1e-3, "min_scale": 0.2},
    "means": {"factor": 0.5, "patience": 1, "threshold": 1e-3, "size": 4},
}
with_settings = pytest.mark.parametrize("settings", SETTINGS.values(), ids=SETTINGS)


def ours(settings):
    names = {"mode": "threshold_mode", "size": "accumulation_size"}
    return optimizer(**{names.get(name, name): value for name, value in settings.items()})


@with_settings
@pytest.mark.parametrize("values", [VALUES, VALUES - 2], ids=["above 0", "below 0"])
def test_as_one_would_say_it(settings, values, x64):
    used, reported = rates(ours(settings), jnp.asarray(values))
    want = RATE * by_hand(values, **settings)
    assert len(set(want)) > 1
    np.testing.assert_allclose(used, want, rtol=1e-14)
    np.testing.assert_array_equal(used, reported)


@with_settings
def test_a_nan_does_not_count(settings, x64):
    holes = np.where(np.arange(60) % 3 == 1, np.nan, VALUES)
    used, _ = rates(ours(settings), jnp.asarray(holes))
    np.testing.assert_allclose(used, RATE * by_hand(holes, **settings), rtol=1e-14)
    np.testing.assert_allclose(used[::3], used[1::3], rtol=1e-15)


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in SETTINGS if name != "means"])
@pytest.mark.parametrize("mode", ["min", "max"])
def test_as_in_torch(name, mode, x64):
    torch = pytest.importorskip("torch")
    settings = dict(SETTINGS[name])
    values = VALUES if mode == "min" else 2 - VALUES
    adapted = {k: v for k, v in settings.items() if k not in ("mode", "min_scale")}
    theirs = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=RATE)
    scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(
        theirs,
        mode,
        threshold_mode=settings.get("mode", "rel"),
        min_lr=RATE * settings.get("min_scale", 0),
        eps=0,
        **adapted,
    )
    want = []
    for value in values:
        scheduler.step(value)
        want.append(theirs.param_groups[0]["lr"])
    transform = ReduceOnPlateau(
        threshold_mode=settings.get("mode", "rel"), mode=mode, **{k: v for k, v in settings.items() if k != "mode"}
    )
    np.testing.assert_allclose(
        rates(jgd.chain(ScaleByLearningRate(RATE), transform), jnp.asarray(values))[0], want, rtol=1e-12
    )


@pytest.mark.slow
@with_settings
def test_as_in_optax(settings, x64):
    optax = pytest.importorskip("optax")
    if settings["threshold"] == 0:
        pytest.skip("optax refuses a threshold of 0")
    kind = "atol" if settings.get("mode") == "abs" else "rtol"
    theirs = optax.contrib.reduce_on_plateau(
        **{"rtol": 0.0, "atol": 0.0, kind: settings["threshold"]},
        factor=settings["factor"],
        patience=settings["patience"] + 1,
        cooldown=settings.get("cooldown", 0),
        min_scale=settings.get("min_scale", 0.0),
        accumulation_size=settings.get("size", 1),
    )
    params, want = jnp.zeros(()), []
    state = theirs.init(params)
    with jax.numpy_dtype_promotion("standard"):
        update = jax.jit(lambda state, value: theirs.update(jnp.full((), RATE), state, params, value=value))
        for value in VALUES:
            updates, state = update(state, value)
            want.append(updates)
    np.testing.assert_allclose(rates(ours(settings), jnp.asarray(VALUES))[0], want, rtol=1e-12)


def test_its_numbers_are_leaves():
    lanes = {"factor": jnp.array([0.5, 0.3]), "patience": jnp.array([1.0, 3.0]), "cooldown": jnp.array([0.0, 2.0])}
    values = jnp.asarray(VALUES, jnp.float32)
    together, _ = jax.vmap(lambda numbers: rates(optimizer(**numbers), values))(lanes)
    for i in range(2):
        own, _ = rates(optimizer(**{name: each[i] for name, each in lanes.items()}), values)
        np.testing.assert_array_equal(together[i], own)
    assert set(together[0].tolist()) != set(together[1].tolist())


@pytest.mark.slow
def test_the_end_of_a_training_has_a_slope_by_every_number(x64):
    def end(numbers):
        step = lambda w, noise: jnp.mean((w - noise) ** 2)
        plateau = jgd.chain(jgd.optimizers.sgd(0.4).transform, ReduceOnPlateau(**numbers))
        return jgd.rollout(step, plateau, jnp.ones(()), jnp.asarray(VALUES))[0].params

    numbers = {name: jnp.float64(v) for name, v in SETTINGS["rests"].items()}
    slopes = jax.grad(end)(numbers)
    assert all(np.isfinite(slope) for slope in slopes.values())
    h = 1e-6  # so near that no decision changes
    low, high = (end(numbers | {"factor": numbers["factor"] + by}) for by in (-h, h))
    np.testing.assert_allclose(slopes["factor"], (high - low) / (2 * h), rtol=1e-6)


def test_train_reports_the_rate_in_use(x32):
    flat = lambda w, batch: jnp.float32(1.0) + 0 * jnp.sum(w)
    plateau = jgd.chain(jgd.optimizers.adam(0.25).transform, ReduceOnPlateau(factor=0.5, patience=1))
    _, report = jgd.rollout(flat, plateau, jnp.ones(2), jnp.ones(6))
    assert report.learning_rate.tolist() == [0.25, 0.25, 0.125, 0.125, 0.0625, 0.0625]


def test_a_group_has_its_own():
    slow = jgd.chain(ScaleByLearningRate(0.5), ReduceOnPlateau(factor=0.5, patience=0))
    params = {"a": jnp.zeros(()), "b": jnp.zeros(())}
    for groups, want in (
        ({"a": slow, "*": ScaleByLearningRate(1.0)}, 0.25),
        ({"a": ScaleByLearningRate(1.0), "*": slow}, 1.0),
    ):
        both = jgd.transforms.partition(groups)
        state = both.init(params)
        for _ in range(2):
            updates, state = both.update(jax.tree.map(jnp.ones_like, params), state, params, value=1.0)
        assert float(both.info(state).learning_rate) == want
    whole = jgd.chain(both.transform, ReduceOnPlateau(factor=0.5, patience=0))
    state = whole.init(params)
    for _ in range(2):
        updates, state = whole.update(jax.tree.map(jnp.ones_like, params), state, params, value=1.0)
    assert float(whole.info(state).learning_rate) == 0.5
    assert {name: float(u) for name, u in updates.items()} == {"a": -0.5, "b": -0.125}


def test_its_memory_is_wide_and_its_numbers_may_be_schedules():
    patient = optimizer(factor=jgd.schedules.Linear(0.5, 0.25, 10), patience=0)
    state = jax.eval_shape(patient.init, jnp.zeros(2, jnp.bfloat16))
    assert {leaf.dtype.name for leaf in jax.tree.leaves(state.inner)} == {"float32", "int32"}
    used, _ = rates(patient, jnp.ones(3))
    np.testing.assert_allclose(used, [0.5, 0.5 * 0.475, 0.5 * 0.475 * 0.45], rtol=1e-6)


BAD = {
    "factor": (lambda: ReduceOnPlateau(factor=1.0), ["factor", "(0, 1)", "got 1"]),
    "patience": (lambda: ReduceOnPlateau(patience=-1), ["patience", ">= 0", "-1"]),
    "floor": (lambda: ReduceOnPlateau(min_scale=2.0), ["min_scale", "[0, 1]", "2"]),
    "size": (lambda: ReduceOnPlateau(accumulation_size=0), ["accumulation_size", "[1, inf)", "got 0"]),
    "threshold mode": (lambda: ReduceOnPlateau(threshold_mode="relative"), ["threshold_mode", "rel, abs"]),
    "mode": (lambda: ReduceOnPlateau(mode="least"), ["mode", "min, max"]),
    "no value": (
        lambda: optimizer().update(jnp.ones(()), optimizer().init(jnp.ones(())), jnp.ones(())),
        ["ReduceOnPlateau", "value=loss(params)"],
    ),
}


@pytest.mark.parametrize(("call", "words"), BAD.values(), ids=BAD)
def test_bad_input_is_named(call, words):
    with pytest.raises(jgd.JgdError) as error:
        call()
    assert [word for word in words if word not in str(error.value)] == []
