"""What sets the members of Adam's family apart, in the papers' own words where they make a claim."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from helpers import problem

import jgd
from jgd import optimizers

pytestmark = pytest.mark.slow  # the fast part runs what these stand on


def end_of(optimizer, steps=10):
    return jgd.rollout(problem.loss, optimizer, problem.params(), problem.noise(steps))[0]


def test_the_mean_may_be_stored_narrow():
    narrow, wide = end_of(optimizers.adam(0.05, mu_dtype=jnp.bfloat16)), end_of(optimizers.adam(0.05))
    moments = narrow.opt_state.inner[0]
    assert {leaf.dtype for leaf in jax.tree.leaves(moments.mean.total)} == {jnp.dtype("bfloat16")}
    assert {leaf.dtype for leaf in jax.tree.leaves(moments.square)} == {jnp.dtype("float32")}
    np.testing.assert_allclose(narrow.params["weights"], wide.params["weights"], atol=5e-3)
    assert (np.asarray(narrow.params["weights"]) != wide.params["weights"]).any()
    same_program = optimizers.adam(0.05, mu_dtype="bfloat16"), optimizers.adam(0.05, mu_dtype=jnp.bfloat16)
    assert jax.tree.structure(same_program[0]) == jax.tree.structure(same_program[1])
    with pytest.raises(jgd.JgdError, match="mu_dtype"):
        optimizers.adam(0.05, mu_dtype="int8")


def test_nadams_first_step_counts_the_gradient_with_both_momenta(x64):
    """m̂ = g (μ₂ (1 − b1) / (1 − μ₁ μ₂) + 1), and a slow schedule starts at half the momentum."""
    first, second = (0.9 * (1 - 0.5 * 0.96 ** (t * 0.004)) for t in (1, 2))
    optimizer = optimizers.nadam(1.0, eps=0.0)
    updates, _ = optimizer.update(jnp.float64(3.0), optimizer.init(jnp.float64(1)), jnp.float64(1))
    np.testing.assert_allclose(updates, -(second * 0.1 / (1 - first * second) + 1), rtol=1e-12)
    np.testing.assert_allclose(first, 0.45, rtol=1e-3)


@pytest.mark.parametrize(("correction", "forgets"), [("after", True), ("before", False)])
def test_amsgrad_before_or_after_the_correction(correction, forgets, x64):
    """One large gradient at the start: the correction magnifies it, and only "before" keeps the magnified one."""
    optimizer, params = optimizers.amsgrad(1.0, b1=0.0, b2=0.9, eps=0.0, bias_correction=correction), jnp.float64(0)
    state = optimizer.init(params)
    for g in [10.0, *[1.0] * 200]:
        updates, state = optimizer.update(jnp.float64(g), state, params)
    np.testing.assert_allclose(updates, -1 / np.sqrt(0.1 * 100) if forgets else -1 / 10, rtol=1e-6)


@pytest.mark.parametrize("b2", [0.999, 0.99999])
def test_radam_counts_its_squares_in_float32(b2):
    """ρ is a little below t at first, 4.99996 at the fifth update of b2 = 0.99999: no rounding may lift it over 5."""
    optimizer, params = optimizers.radam(1.0, b1=0.0, b2=b2), jnp.float32(0)
    state, steps = optimizer.init(params), []
    for _ in range(6):
        updates, state = optimizer.update(jnp.float32(8.0), state, params)
        steps.append(float(updates))
    assert steps[:5] == [-8.0] * 5
    assert -1 < steps[5] < 0
    state = state.inner[0]
    np.testing.assert_allclose(1 + 2 * state.ages / state.moments.square.weight, 6 - 35 * (1 - b2) / 6, rtol=1e-5)


@pytest.mark.parametrize("build", [optimizers.acprop, optimizers.adopt])
def test_an_asynchronous_denominator_does_not_know_its_gradient(build, x64):
    """The step is linear in the newest gradient, where Adam's is bounded (adopt's without its clip)."""
    options = {"use_clipping": False} if build is optimizers.adopt else {}
    optimizer, params = build(1.0, b1=0.5, **options), jnp.float64(0)
    state = optimizer.init(params)
    for g in [1.0, -0.5, 2.0]:
        _, state = optimizer.update(jnp.float64(g), state, params)
    small, large, none = (optimizer.update(jnp.float64(g), state, params)[0] for g in (3.0, 3e6, 0.0))
    np.testing.assert_allclose((large - none) / (small - none), 1e6, rtol=1e-9)


def test_yogi_forgets_additively(x64):
    """After large gradients, small ones can't shrink v: Adam's rate explodes by then, Yogi's stays."""
    rates = {}
    for build in (optimizers.yogi, optimizers.adam):
        optimizer, params = build(1.0, b1=0.0, b2=0.9, eps=0.0), jnp.float64(0)
        state = optimizer.init(params)
        for g in [*[10.0] * 50, *[0.1] * 200]:
            updates, state = optimizer.update(jnp.float64(g), state, params)
        rates[build] = float(-updates / 0.1)
    assert 9 < rates[optimizers.adam] < 11
    assert 0.09 < rates[optimizers.yogi] < 0.11


@pytest.mark.parametrize("factor", [1e-12, 1e12])
def test_adam_atan2_does_not_see_the_scale_of_the_loss(factor):
    def path(factor):
        loss = lambda p, noise: factor * problem.loss(p, noise)
        return jgd.rollout(loss, optimizers.adam_atan2(0.05), problem.params(), problem.noise(5))[0].params["weights"]

    np.testing.assert_allclose(path(factor), path(1.0), rtol=1e-4)


def test_stable_adamw_shortens_the_step_of_the_leaf_that_spikes(x64):
    """After a long calm, one gradient k times as large: RMS² = k² / (b2 + (1 − b2) k²) there, 1 elsewhere."""
    stable, plain = optimizers.stable_adamw(0.1, eps=0.0, weight_decay=0.0), optimizers.adam(0.1, b2=0.99, eps=0.0)
    params = {"calm": jnp.zeros(2), "spike": jnp.zeros(3)}
    steps = {}
    for optimizer in (stable, plain):
        state = optimizer.init(params)
        for _ in range(3000):
            _, state = UPDATE(optimizer, jax.tree.map(jnp.ones_like, params), state, params)
        steps[optimizer], _ = optimizer.update({"calm": jnp.ones(2), "spike": jnp.full(3, 30.0)}, state, params)
    rms = 30 / np.sqrt(0.99 + 0.01 * 30**2)
    np.testing.assert_allclose(steps[stable]["calm"], steps[plain]["calm"], rtol=1e-9)
    np.testing.assert_allclose(steps[stable]["spike"] * rms, steps[plain]["spike"], rtol=1e-9)


@pytest.mark.parametrize("size", [1e-30, 1e25])
def test_a_square_beyond_float32_makes_no_nan(size):
    """Below it v̂ is 0 and above it infinite: Adam makes no step where it is, and the leaf's other entries go on."""
    for build in (optimizers.adam, optimizers.stable_adamw):
        optimizer, params = build(0.1, b1=0.0, eps=0.0), jnp.zeros(2)
        updates, _ = optimizer.update(jnp.array([size, 3.0]), optimizer.init(params), params)
        assert updates[0] == 0
        assert np.isfinite(updates[1])
        assert updates[1] < 0


UPDATE = jax.jit(lambda optimizer, grads, state, params: optimizer.update(grads, state, params))


def test_adam_mini_remembers_one_number_a_block():
    params = {"embedding": jnp.ones((5, 4)), "query": jnp.ones((6, 2, 3)), "bias": jnp.ones(4)}
    blocks = {"embedding": (0,), "query": (1,), "*": ()}
    state = optimizers.adam_mini(0.1, blocks=blocks).init(params)
    shapes = jax.tree.map(jnp.shape, state.inner[0].square.total)
    assert shapes == {"bias": (1,), "embedding": (5, 1), "query": (1, 2, 1)}
    for bad, error in [({"*": 0}, "blocks"), ({"*": "row"}, "entry"), ({}, "blocks"), ((), "blocks")]:
        with pytest.raises(jgd.JgdError, match=error):
            optimizers.adam_mini(0.1, blocks=bad)
    for bad, error in [({"bias": (1,), "*": ()}, "axes"), ({"key": (0,), "*": ()}, "key"), ({"bias": ()}, "no group")]:
        with pytest.raises(jgd.JgdError, match=error):
            optimizers.adam_mini(0.1, blocks=bad).init(params)


def test_ademamixs_warm_up_goes_from_b1_to_b3_by_half_lives(x64):
    scale = optimizers.ademamix(0.1, b1=0.9, b3=0.999, alpha=8.0, warmup=100).transform.transforms[0]
    steps = jnp.array([24, 49, 99, 1000])
    np.testing.assert_allclose(scale.alpha(steps), [2, 4, 8, 8])
    half_life = lambda b: np.log(0.5) / np.log(b)
    np.testing.assert_allclose(
        half_life(scale.b3(steps)), np.interp([0.25, 0.5, 1, 1], [0, 1], half_life(np.array([0.9, 0.999]))), rtol=1e-12
    )
    with pytest.raises(jgd.JgdError, match="b1"):
        optimizers.ademamix(0.1, b1=0.0, warmup=100)


LATE = {
    "nadam": lambda: optimizers.nadam(0.1),
    "adopt": lambda: optimizers.adopt(0.1),
    "ademamix": lambda: optimizers.ademamix(0.1, warmup=100),
}


@pytest.mark.parametrize("make", LATE.values(), ids=LATE)
def test_the_clocks_last_step_is_like_the_one_before(make):
    """Formulas in t = step + 1 must not wrap to −2³¹ where the clock stands still."""
    optimizer, params = make(), jnp.ones(2)
    grads = jnp.array([1.0, -0.5])
    _, state = optimizer.update(grads, optimizer.init(params), params)
    last = jnp.iinfo(jnp.int32).max
    late = [
        optimizer.update(grads, dataclasses.replace(state, step=jnp.int32(step)), params)[0]
        for step in (last - 1000, last)
    ]
    np.testing.assert_allclose(late[1], late[0], rtol=1e-5)


UNDECAYED = {
    "adan": {"proximal": True},
    "ademamix": {"warmup": 10.0},
    "simplified_ademamix": {},
    "stable_adamw": {},
    "adam_mini": {},
}


@pytest.mark.parametrize("name", UNDECAYED)
def test_without_its_decay_a_zero_gradient_makes_a_zero_step(name):
    """The table's rows of these decay the weights. At eps = 0, after a step and before one; no derivative is NaN."""

    def moved(eps, grads):
        optimizer = optimizers.get(name)(0.1, eps=eps, weight_decay=0.0, **UNDECAYED[name])
        params, state = jnp.array([0.5, -2.0]), None
        state, start = optimizer.init(params), params
        for g in grads:
            updates, state = optimizer.update(jnp.full(2, g), state, params)
            params = jgd.apply_updates(params, updates)
        return jnp.sum(jnp.abs(params - start)), state

    distance, state = moved(0.0, [0.0, 0.0])
    assert distance == 0
    assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(state.inner[0]))
    assert np.isfinite(jax.grad(lambda eps: moved(eps, [0.0, 3.0])[0])(1e-8))


BAD = {
    "a correction that none published": (lambda: optimizers.amsgrad(0.1, bias_correction="both"), "bias_correction"),
    "a threshold below the paper's": (lambda: optimizers.radam(0.1, threshold=3.0), "threshold"),
    "a start by schedule": (
        lambda: optimizers.yogi(0.1, initial_accumulator_value=jgd.schedules.Constant(1.0)),
        "initial_accumulator_value",
    ),
    "a height of 0": (lambda: optimizers.adam_atan2(0.1, a=0.0), "a must be"),
    "a decay below 0": (lambda: optimizers.adan(0.1, weight_decay=-1.0), "weight_decay"),
    "a warm-up of nothing": (lambda: optimizers.ademamix(0.1, warmup=0), "warmup"),
    "an alpha below 0": (lambda: optimizers.simplified_ademamix(0.1, alpha=-1.0), "alpha"),
    "no b3": (lambda: optimizers.adan(0.1, b3=1.0), "b3"),
    "a word for a flag": (lambda: optimizers.yogi(0.1, bias_correction="none"), "bias_correction"),
    "a decay in a flag's place": (lambda: optimizers.acprop(0.1, centered_on_previous=1e-4), "centered_on_previous"),
    "no answer": (lambda: optimizers.adan(0.1, proximal=None), "proximal"),
    "a momentum that grows": (lambda: optimizers.nadam(0.1, momentum_decay=-1e-3), "momentum_decay"),
}


@pytest.mark.parametrize(("make", "named"), BAD.values(), ids=BAD)
def test_bad_numbers_raise_by_name(make, named):
    with pytest.raises(jgd.JgdError, match=named):
        make()
