"""The gradient checker: planted faults get their leaf and their cause, correct gradients no alarm."""

import collections
import itertools
import json
import os

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jgd.core.checks import JgdError, JgdTypeError, JgdValueError
from jgd.gradients import WrongGradientError, check_gradients, slopes
from jgd.gradients.diagnosis import factors

ROWS = 12


def network(params, batch):
    inputs, targets = batch
    hidden = jnp.tanh(inputs @ params["first"]["weights"] + params["first"]["bias"][None, :])
    hidden = jnp.tanh(hidden @ params["square"])
    outputs = hidden @ params["last"] * params["scale"]
    return jnp.mean(jnp.square(outputs - targets))


def network_case(dtype=np.float32, width=8):
    rng = np.random.default_rng(3)
    draw = lambda *shape: jnp.asarray(rng.normal(size=shape) / shape[0] ** 0.5, dtype)
    params = {
        "first": {"weights": draw(5, width), "bias": draw(width)},
        "square": draw(width, width),
        "last": draw(width),
        "scale": jnp.asarray(1.5, dtype),
    }
    return params, (draw(ROWS, 5) * 2, draw(ROWS))


def spoiled(*faults, loss=network):
    """The gradient with some leaves replaced: faults are (path, function of the leaf's gradient and parameters)."""

    def gradient(params, batch):
        grads = jax.grad(loss)(params, batch)
        change = lambda path, g, p: dict(faults).get(jax.tree_util.keystr(path), lambda g, p: g)(g, p)
        return jax.tree_util.tree_map_with_path(change, grads, params)

    return gradient


def verdicts(check):
    return {leaf.path: leaf.verdict for leaf in check.leaves}


def only_wrong(check):
    """The one wrong leaf; all others must be ok."""
    wrong = [leaf for leaf in check.leaves if leaf.verdict == "wrong"]
    assert len(wrong) == 1, str(check)
    assert all(leaf.verdict == "ok" for leaf in check.leaves if leaf is not wrong[0]), str(check)
    assert not check.ok
    return wrong[0]


FIRST, BIAS, SQUARE, LAST, SCALE = "['first']['weights']", "['first']['bias']", "['square']", "['last']", "['scale']"
FAULTS = {
    "sign": (lambda g, p: -g, "sign", "sign", -1),
    "double": (lambda g, p: 2 * g, "factor", "factor 2 too much", 2),
    "half": (lambda g, p: g / 2, "factor", "factor 2 is missing", 0.5),
    "missing 1/n": (lambda g, p: g * ROWS, "rows", "1/n is missing (n = 12", ROWS),
    "extra 1/n": (lambda g, p: g / ROWS, "rows", "extra 1/n (n = 12", 1 / ROWS),
    "missing 1/2n": (lambda g, p: g * 2 * ROWS, "rows", "1/(2n) is missing", 2 * ROWS),
    "extra 1/2n": (lambda g, p: g / (2 * ROWS), "rows", "extra 1/(2n)", 0.5 / ROWS),
    "constant": (lambda g, p: 1.7 * g, "constant", "1.7 times", 1.7),
    "missing": (lambda g, p: 0 * g, "missing", "stop_gradient", None),
    "penalty": (lambda g, p: g - 0.05 * p, "penalty", "λ = 0.05", 0.05),
    "L1 penalty": (lambda g, p: g - 0.05 * jnp.sign(p), "penalty", "λ Σ|w|, λ = 0.05", 0.05),
    "extra penalty": (lambda g, p: g + 0.05 * p, "penalty", "too much", -0.05),
}


@pytest.mark.slow
@pytest.mark.parametrize("path", [FIRST, BIAS, SQUARE, LAST])
@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_named(fault, path):
    change, kind, words, coefficient = FAULTS[fault]
    leaf = only_wrong(check_gradients(network, *network_case(), gradient=spoiled((path, change))))
    assert leaf.path == path
    assert leaf.kind == kind, leaf.cause
    assert words in leaf.cause
    assert leaf.coefficient == (None if coefficient is None else pytest.approx(coefficient, rel=1e-4))


@pytest.mark.parametrize("fault", ["sign", "double", "half", "missing 1/n", "extra 1/2n", "missing"])
def test_a_single_number_gets_named_factors_only(fault):
    change, kind, _, _ = FAULTS[fault]
    assert only_wrong(check_gradients(network, *network_case(), gradient=spoiled((SCALE, change)))).kind == kind


@pytest.mark.slow
def test_a_single_number_that_is_otherwise_wrong_gets_no_guess():
    check = check_gradients(network, *network_case(), gradient=spoiled((SCALE, lambda g, p: 1.7 * g)))
    assert only_wrong(check).kind == "unknown"


@pytest.mark.slow
def test_a_transposed_leaf():
    leaf = only_wrong(check_gradients(network, *network_case(), gradient=spoiled((SQUARE, lambda g, p: g.T))))
    assert (leaf.path, leaf.kind) == (SQUARE, "transposed")


@pytest.mark.slow
def test_a_nan_has_its_index():
    spoil = lambda g, p: g.at[2, 3].set(jnp.nan)
    leaf = only_wrong(check_gradients(network, *network_case(), gradient=spoiled((SQUARE, spoil))))
    assert (leaf.path, leaf.kind, leaf.entries) == (SQUARE, "nonfinite", ((2, 3),))
    assert leaf.cause == "nan at [2, 3]"


def test_a_nan_of_float32_only():
    loss = lambda w, batch: jnp.sum(jax.nn.softplus(100 * w) * batch) / 100
    naive = lambda w, batch: batch * (jnp.exp(100 * w) / (1 + jnp.exp(100 * w)))
    leaf = only_wrong(check_gradients(loss, jnp.array([0.5, 1.0]), jnp.ones(2), gradient=naive))
    assert leaf.cause == "nan at [1] in float32 (finite in float64)"


@pytest.mark.slow
def test_a_custom_derivative_is_what_is_checked():
    @jax.custom_vjp
    def cube(x):
        return x**3

    cube.defvjp(lambda x: (cube(x), x), lambda x, ct: (ct * 2 * x**2,))
    loss = lambda w, batch: jnp.sum(cube(w) * batch)
    leaf = only_wrong(check_gradients(loss, jnp.arange(1.0, 6.0), jnp.ones(5)))
    assert (leaf.kind, round(leaf.coefficient, 6)) == ("constant", 0.666667)


@pytest.mark.slow
def test_stop_gradient_is_a_missing_leaf():
    loss = lambda p, batch: network({**p, "last": jax.lax.stop_gradient(p["last"])}, batch)
    leaf = only_wrong(check_gradients(loss, *network_case()))
    assert (leaf.path, leaf.kind) == (LAST, "missing")


@pytest.mark.slow
def test_faults_in_two_leaves_are_both_reported():
    gradient = spoiled((FIRST, lambda g, p: -g), (SQUARE, lambda g, p: g.T))
    check = check_gradients(network, *network_case(), gradient=gradient)
    assert {leaf.path: leaf.kind for leaf in check.leaves if leaf.verdict == "wrong"} == {
        FIRST: "sign",
        SQUARE: "transposed",
    }


@pytest.mark.slow
def test_overlapping_faults_are_not_guessed():
    spoil = lambda g, p: (2 * g).at[1, 1].add(0.3)
    leaf = only_wrong(check_gradients(network, *network_case(), gradient=spoiled((SQUARE, spoil))))
    assert leaf.kind == "unknown"
    assert "64 of 64 entries wrong" in leaf.cause


LARGE = {
    "one": (lambda g, p: g.at[17, 33].add(1e-3), "entries", [(17, 33)]),
    "one, relative": (lambda g, p: g.at[17, 33].multiply(1.001), "entries", [(17, 33)]),
    "three": (lambda g, p: g.at[jnp.array([1, 30, 60]), jnp.array([2, 1, 60])].add(0.02), "entries", None),
    "double": (lambda g, p: 2 * g, "factor", None),
    "transposed": (lambda g, p: g.T, "transposed", None),
    "penalty": (lambda g, p: g - 0.05 * p, "penalty", None),
    "double and one": (lambda g, p: (2 * g).at[3, 3].add(0.1), "unknown", None),
}


@pytest.mark.slow
@pytest.mark.parametrize("fault", LARGE)
def test_a_leaf_of_4096_entries(fault):
    change, kind, entries = LARGE[fault]
    check = check_gradients(network, *network_case(width=64), gradient=spoiled((SQUARE, change)))
    leaf = only_wrong(check)
    assert (leaf.path, leaf.kind) == (SQUARE, kind), leaf.cause
    if entries is not None:
        assert list(leaf.entries) == entries
        assert leaf.worst == entries[0]
    if fault == "three":
        assert leaf.entries == ((1, 2), (30, 1), (60, 60))
    assert leaf.checked < 600


@pytest.mark.slow
def test_errors_orthogonal_to_any_fixed_direction_are_caught():
    loss = lambda w, error: jnp.sum(jnp.sin(w))
    wrong = lambda w, error: jnp.cos(w) + error
    w = jnp.linspace(-1, 1, 50)
    rng = np.random.default_rng(0)
    for _ in range(30):
        fixed, error = rng.normal(size=(2, 50))
        error -= fixed * (error @ fixed) / (fixed @ fixed)
        assert not check_gradients(loss, w, jnp.asarray(1e-3 * error, jnp.float32), gradient=wrong).ok
    balanced = jnp.zeros(50).at[3].add(1e-3).at[7].add(-1e-3)
    for _ in range(30):
        assert not check_gradients(loss, w, balanced, gradient=wrong).ok


@pytest.mark.slow
def test_directions_are_drawn_afresh_unless_seeded():
    case = network_case()
    first, second = check_gradients(network, *case), check_gradients(network, *case)
    assert first.seed != second.seed
    assert first.leaves[0].analytic != second.leaves[0].analytic
    assert str(check_gradients(network, *case, seed=first.seed)) == str(first)


# families of smooth functions: random data makes many functions of one compiled program
def family_tanh(p, b):
    return jnp.mean(jnp.square(jnp.tanh(b["x"] @ p["a"] + p["b"][None, :]) @ p["c"] - b["y"]))


def family_waves(p, b):
    u = b["x"] @ p["a"]
    return jnp.sum(jnp.sin(u) * jnp.exp(-jnp.square(u) / 4)) + jnp.sum(jnp.cos(p["b"])) * jnp.sum(p["c"] ** 2)


def family_logsumexp(p, b):
    return jax.nn.logsumexp(b["x"] @ p["a"] @ p["c"]) + jnp.sum(jax.nn.softplus(p["b"] * b["y"][:5]))


def family_scaled(p, b):
    return (jnp.mean((b["x"] @ p["a"] @ p["c"] - b["y"]) ** 2) + jnp.sum(p["b"] ** 2)) * b["s"]


def family_rational(p, b):
    log = jnp.log1p(jnp.sum(jnp.square(p["a"])))
    return log * jnp.prod(1 + 0.1 * jnp.tanh(p["b"])) + jnp.sum(jnp.sqrt(1 + jnp.square(p["c"])))


def family_logistic(p, b):
    margins = jnp.sign(b["y"]) * (b["x"] @ p["a"] @ p["c"])
    return jnp.mean(jax.nn.softplus(-margins)) + 1e-3 * jnp.sum(p["b"] ** 4)


FAMILIES = (family_tanh, family_waves, family_logsumexp, family_scaled, family_rational, family_logistic)


def random_case(seed, dtype):
    rng = np.random.default_rng(seed)
    spread = lambda *shape: rng.normal(size=shape) * 10.0 ** rng.uniform(-2, 1)
    params = {"a": spread(4, 5), "b": spread(5), "c": rng.normal(size=5)}
    batch = {"x": rng.normal(size=(8, 4)), "y": rng.normal(size=8), "s": np.asarray(10.0 ** rng.uniform(-6, 6))}
    return jax.tree.map(lambda leaf: leaf.astype(dtype), (params, batch))


def alarms(count, dtype, families=FAMILIES):
    seen = collections.Counter()
    for seed in range(count):
        loss = families[seed % len(families)]
        check = check_gradients(loss, *random_case(seed, dtype), seed=seed)
        assert check.ok, f"{loss.__name__}, seed {seed}\n{check}"
        seen.update(leaf.verdict for leaf in check.leaves)
    return seen


@pytest.mark.slow
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_no_false_alarm(dtype):
    with jax.enable_x64(dtype == "float64"):
        assert alarms(50, dtype, FAMILIES[:3])["ok"] > 0.98 * 150


MAX_FAILING = int(os.environ.get("JGD_RANDOM_FUNCTIONS", 20))  # the checker is held to 1,000: a few minutes more


@pytest.mark.slow
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_no_false_alarm_on_many(dtype):
    with jax.enable_x64(dtype == "float64"):
        assert alarms(MAX_FAILING, dtype)["ok"] > 0.98 * 3 * MAX_FAILING


@pytest.mark.slow
def test_the_same_made_wrong_are_all_caught():
    for seed in range(MAX_FAILING):
        loss = FAMILIES[seed % len(FAMILIES)]
        params, batch = random_case(seed, "float32")
        check = check_gradients(loss, params, batch, gradient=GRADIENTS[loss], seed=seed)
        leaf = next(leaf for leaf in check.leaves if leaf.path == "['c']")
        assert leaf.verdict in ("wrong", "inconclusive"), f"{loss.__name__}, seed {seed}\n{check}"


GRADIENTS = {loss: spoiled(("['c']", lambda g, p: 1.001 * g), loss=loss) for loss in FAMILIES}


def test_relu_at_zero_is_inconclusive():
    loss = lambda w, batch: jnp.sum(jax.nn.relu(w * batch))
    check = check_gradients(loss, jnp.array([0.0, 1.0, -1.0, 0.5]), jnp.array([1.0, -2.0, 3.0, 0.5]))
    (leaf,) = check.leaves
    assert (leaf.verdict, leaf.kind, leaf.entries) == ("inconclusive", "kink", ((0,),))
    assert check.ok
    assert not check.conclusive
    assert check.raise_if_failed() is check


@pytest.mark.slow
def test_a_fault_beside_a_kink_is_still_found():
    loss = lambda w, batch: jnp.sum(jax.nn.relu(w))
    wrong = lambda w, batch: 2 * jnp.heaviside(w, jnp.zeros_like(w))
    leaf = only_wrong(check_gradients(loss, jnp.array([0.0, 1.0, 2.0]), None, gradient=wrong))
    assert leaf.kind == "factor"


@pytest.mark.slow
def test_relu_networks_raise_no_alarm():
    def loss(params, batch):
        return jnp.mean(jnp.square(jax.nn.relu(batch @ params["a"]) @ params["b"]))

    for seed in range(20):
        rng = np.random.default_rng(seed)
        draw = lambda *shape, rng=rng: jnp.asarray(rng.normal(size=shape), jnp.float32)
        check = check_gradients(loss, {"a": draw(6, 16), "b": draw(16)}, draw(32, 6), seed=seed)
        assert check.ok, str(check)
        assert check.conclusive, str(check)


def test_a_loss_that_is_not_deterministic():
    count = itertools.count()
    check = check_gradients(lambda w, batch: jnp.sum(w) * (1 + next(count)), jnp.ones(2), None)
    assert "not deterministic" in check.problem
    assert verdicts(check) == {"(the tree itself)": "inconclusive"}
    assert not check.ok


def test_a_loss_that_is_not_finite():
    check = check_gradients(lambda w, batch: jnp.sum(jnp.log(w)), -jnp.ones(2), None)
    assert check.problem == "the loss is nan at params"
    assert not check.ok


@pytest.mark.slow
def test_a_loss_that_is_not_finite_nearby():
    check = check_gradients(lambda w, batch: jnp.sum(w * jnp.log(w)), jnp.array([1e-9, 1.0]), None)
    (leaf,) = check.leaves
    assert (leaf.verdict, leaf.kind, leaf.entries) == ("inconclusive", "undefined", ((0,),))


def test_leaves_that_have_no_gradient_are_skipped():
    params = {
        "w": jnp.ones(3),
        "count": jnp.array(3),
        "flag": jnp.array(True),
        "empty": jnp.zeros((0, 3)),
        "nothing": None,
        "complex": jnp.ones(2, jnp.complex64),
    }
    check = check_gradients(lambda p, batch: jnp.sum(p["w"] ** 2) * p["count"].astype(p["w"].dtype), params, None)
    assert check.ok
    expected = {"['w']": "ok"} | {f"['{name}']": "skipped" for name in ("count", "flag", "empty", "complex")}
    assert verdicts(check) == expected


def test_a_leaf_without_effect_is_unused():
    check = check_gradients(lambda p, b: jnp.sum(p["w"] ** 2), {"w": jnp.ones(3), "u": jnp.ones(2)}, None)
    assert [(leaf.verdict, leaf.kind) for leaf in check.leaves] == [("ok", "unused"), ("ok", "")]


def test_a_gradient_below_the_rounding_is_too_small():
    (leaf,) = check_gradients(lambda w, b: 1 + 1e-14 * jnp.sum(w**2), jnp.ones(4), None).leaves
    assert (leaf.verdict, leaf.kind) == ("inconclusive", "too small")


def test_a_loss_that_forces_float32_is_checked_without_its_rounding():
    loss = lambda w, batch: jnp.sum(jnp.sin(w.astype(jnp.float32) * batch.astype(jnp.float32)))
    w, batch = jnp.array([0.3, 0.4, 0.5]), jnp.array([1.0, -2.0, 3.0])
    (leaf,) = check_gradients(loss, w, batch).leaves
    assert leaf.verdict == "ok"
    assert leaf.error_bar < 1e-9
    assert 1e-9 < leaf.rounding < 1e-6
    wrong = lambda w, batch: 2 * jnp.cos(w * batch) * batch
    assert only_wrong(check_gradients(loss, w, batch, gradient=wrong)).kind == "factor"


@pytest.mark.slow
@pytest.mark.parametrize("dtype", [jnp.bfloat16, jnp.float16])
def test_half_precision_parameters(dtype):
    loss = lambda w, batch: jnp.sum(jnp.sin(w))
    w = jnp.array([0.5, 1.0, 2.0], dtype)
    assert check_gradients(loss, w, None).conclusive
    assert only_wrong(check_gradients(loss, w, None, gradient=lambda w, b: -jnp.cos(w))).kind == "sign"


def test_a_gradient_made_of_rounding_is_said_to_be():
    loss = lambda w, batch: jnp.sum((w * 1e4 + 1.0 - w * 1e4) ** 2 * w)
    (leaf,) = check_gradients(loss, jnp.array([1.1e4, 2.3e4]), None).leaves
    assert leaf.verdict in ("ok", "inconclusive")


def test_numpy_gradients_are_checked():
    loss = lambda w, batch: jnp.sum(w**2)
    assert check_gradients(loss, jnp.ones(3), None, gradient=lambda w, b: 2 * np.asarray(w)).ok
    assert only_wrong(check_gradients(loss, jnp.ones(3), None, gradient=lambda w, b: np.asarray(w))).kind == "factor"


def test_every_entry():
    check = check_gradients(network, *network_case(), every_entry=True)
    assert check.ok
    assert all(leaf.checked == leaf.total for leaf in check.leaves)
    assert all(leaf.cosine == pytest.approx(1, abs=1e-9) for leaf in check.leaves)


@pytest.mark.slow
def test_second_order():
    check = check_gradients(network, *network_case(), order=2)
    assert check.ok
    assert check.second.conclusive

    @jax.custom_jvp
    def square(x):
        return x**2

    square.defjvp(lambda primals, tangents: (square(*primals), jax.lax.stop_gradient(2 * primals[0]) * tangents[0]))
    check = check_gradients(lambda w, batch: jnp.sum(square(w)), jnp.arange(1.0, 4.0), None, order=2)
    assert check.leaves[0].verdict == "ok"
    assert check.second.leaves[0].kind == "missing"
    assert not check.ok


@pytest.mark.slow
def test_compiled_and_looped_agree():
    params, batch = network_case()
    check = check_gradients(network, params, batch, compare=("jit", "looped_mean", "looped_sum"))
    assert {a.name: a.verdict for a in check.consistency} == {"jit": "ok", "looped_mean": "ok", "looped_sum": "wrong"}
    assert check_gradients(network, params, batch, compare="jit").ok


def test_the_result_says_it_all():
    check = check_gradients(network, *network_case(), gradient=spoiled((SQUARE, lambda g, p: -g)))
    leaf = only_wrong(check)
    assert (leaf.checked, leaf.total, leaf.shape, leaf.dtype) == (64, 64, (8, 8), "float32")
    assert leaf.analytic == pytest.approx(-leaf.numeric, rel=1e-6)
    assert leaf.cosine == pytest.approx(-1)
    assert leaf.relative_error == pytest.approx(2)
    assert "the sign is flipped" in str(check)
    assert json.loads(json.dumps(check.to_dict()))["leaves"][4]["kind"] == "sign"
    with pytest.raises(WrongGradientError, match="the sign is flipped") as caught:
        check.raise_if_failed()
    assert isinstance(caught.value, JgdError)
    assert isinstance(caught.value, AssertionError)


def test_a_loss_that_changed_behind_its_name_is_compiled_anew():
    scale = [1.0]
    loss = lambda w, batch: scale[0] * jnp.sum(w**2)
    assert check_gradients(loss, jnp.ones(2), None).value == 2
    scale[0] = 3.0
    check = check_gradients(loss, jnp.ones(2), None, every_entry=True)
    assert check.ok
    assert check.leaves[0].numeric == pytest.approx(6)


@pytest.mark.slow
def test_two_rows_make_two_readings_of_a_factor():
    assert [c for c, _, _ in factors(2)].count(2.0) == 2
    loss = lambda w, batch: jnp.mean((batch @ w) ** 2)
    batch, w = jnp.array([[1.0, 2.0, 3.0], [0.0, 1.0, -1.0]]), jnp.array([1.0, 2.0, -1.0])
    double = lambda w, batch: 2 * jax.grad(loss)(w, batch)
    leaf = only_wrong(check_gradients(loss, w, batch, gradient=double))
    assert "factor 2" in leaf.cause
    assert " or " in leaf.cause


def test_kinks_beside_the_point_are_stepped_over():
    here, v = 0.0, 1e-5
    f = lambda x: np.abs(x - v)
    found = slopes.careful_slopes(lambda steps: f(here + steps), f(here), np.array([6e-6]), 2.2e-16)
    assert found.slope[0] == pytest.approx(-1, abs=1e-6)
    assert found.jump[0] == 0


BAD = {
    "vector loss": (lambda: check_gradients(lambda w, b: w, jnp.ones(2), None), JgdTypeError, "real floating number"),
    "integer loss": (lambda: check_gradients(lambda w, b: 3, jnp.ones(2), None), JgdTypeError, "got int"),
    "branch": (
        lambda: check_gradients(lambda w, b: w[0] if w[0] > 0 else -w[0], jnp.ones(2), None),
        JgdTypeError,
        "jnp.where",
    ),
    "gradient": (lambda: check_gradients(network, *network_case(), gradient=3), JgdTypeError, "gradient must be"),
    "shape": (
        lambda: check_gradients(lambda w, b: jnp.sum(w), jnp.ones((3, 2)), None, gradient=lambda w, b: w.T),
        JgdValueError,
        r"shape of params\(the tree itself\), \(3, 2\), got \(2, 3\)",
    ),
    "leaf": (lambda: check_gradients(network, *network_case(), gradient=lambda p, b: {}), JgdValueError, "bias"),
    "directions": (lambda: check_gradients(network, *network_case(), directions=0), JgdValueError, "directions"),
    "order": (lambda: check_gradients(network, *network_case(), order=3), JgdValueError, "order"),
    "tolerance": (lambda: check_gradients(network, *network_case(), tolerance=-1.0), JgdValueError, "tolerance"),
    "seed": (lambda: check_gradients(network, *network_case(), seed=2**40), JgdValueError, "seed"),
    "compare": (lambda: check_gradients(network, *network_case(), compare="jitt"), JgdValueError, "comparison"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input(case):
    call, error, words = BAD[case]
    with pytest.raises(error, match=words):
        call()


def test_nothing_to_check():
    check = check_gradients(lambda p, batch: jnp.zeros(()), {}, None)
    assert check.ok
    assert "no leaves" in str(check)
