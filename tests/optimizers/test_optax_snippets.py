"""The documentation of optax, snippet by snippet, as one writes it here; each runs and does what it says."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jgd
from jgd import optimizers, schedules, transforms
from jgd.core.transform import Transform

PARAMS = {"b": jnp.array([0.5]), "w": jnp.array([[1.0, -2.0], [3.0, 0.25]])}
GRADS = {"b": jnp.array([3.0]), "w": jnp.array([[4.0, 0.0], [0.0, 0.0]])}


def first(optimizer, grads=GRADS, params=PARAMS, **more):
    return optimizer.update(grads, optimizer.init(params), params, **more)[0]


def walk(optimizer, steps, params=PARAMS, grads=GRADS):
    state = optimizer.init(params)
    for _ in range(steps):
        updates, state = optimizer.update(grads, state, params)
        params = jgd.apply_updates(params, updates)
    return params, state


def same(got, want):
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-6, atol=1e-7), got, want)


def test_the_loop_of_the_first_page():
    """optax.adam(learning_rate); opt.init(params); opt.update(grads, state); optax.apply_updates."""
    params, state = walk(optimizers.adam(learning_rate=0.1), 1)
    same(params["b"], PARAMS["b"] - 0.1)
    assert int(state.step) == 1


def test_chain_of_clip_and_an_optimizer():
    """optax.chain(optax.clip_by_global_norm(1.0), optax.adam(1e-3))"""
    clipped = first(jgd.chain(transforms.ClipByGlobalNorm(1.0), optimizers.sgd(1.0)))
    same(clipped, jax.tree.map(lambda g: -g / 5, GRADS))


def test_adamw_from_its_parts():
    """optax.chain(optax.scale_by_adam(), optax.add_decayed_weights(wd), optax.scale_by_learning_rate(lr))"""
    parts = jgd.chain(
        optimizers.ScaleByAdam(0.9, 0.999, 1e-8),
        transforms.AddDecayedWeights(0.01),
        transforms.ScaleByLearningRate(0.1),
    )
    same(walk(parts, 3)[0], walk(optimizers.adamw(0.1, weight_decay=0.01), 3)[0])


def test_the_mask_of_adamw():
    """optax.adamw(lr, mask=jax.tree.map(lambda x: x.ndim > 1, params))"""
    still = jax.tree.map(jnp.zeros_like, GRADS)
    tree = optimizers.adamw(0.1, weight_decay=0.5, mask=jax.tree.map(lambda x: x.ndim > 1, PARAMS))
    rule = optimizers.adamw(0.1, weight_decay=0.5, mask=lambda x: x.ndim > 1)
    for optimizer in (tree, rule):
        same(first(optimizer, still), {"b": jnp.zeros(1), "w": -0.05 * PARAMS["w"]})


def test_masked():
    """optax.chain(optax.masked(optax.add_decayed_weights(1.0), mask), optax.sgd(1.0))"""
    optimizer = jgd.chain(
        transforms.only({"b": False, "w": True}, transforms.AddDecayedWeights(1.0)), optimizers.sgd(1.0)
    )
    same(first(optimizer), {"b": -GRADS["b"], "w": -GRADS["w"] - PARAMS["w"]})


def test_multi_transform():
    """optax.partition({"slow": optax.sgd(0.1), "fast": optax.sgd(1.0)}, {"b": "slow", "w": "fast"})"""
    groups = {"slow": optimizers.sgd(0.1), "fast": optimizers.sgd(1.0)}
    optimizer = transforms.partition(groups, labels={"b": "slow", "w": "fast"})
    same(first(optimizer), {"b": -0.1 * GRADS["b"], "w": -GRADS["w"]})


def test_multi_transform_by_a_function():
    """optax.multi_transform(transforms, lambda params: jax.tree.map(lambda x: "matrix" if x.ndim > 1 else "rest", …))"""
    groups = {"matrix": optimizers.sgd(1.0), "rest": optimizers.sgd(0.1)}
    optimizer = transforms.partition(groups, labels=lambda leaf: "matrix" if leaf.ndim > 1 else "rest")
    same(first(optimizer), {"b": -0.1 * GRADS["b"], "w": -GRADS["w"]})


def test_freeze():
    """optax.partition({"train": optax.sgd(1.0), "freeze": optax.set_to_zero()}, labels)"""
    optimizer = transforms.partition({"b": transforms.Freeze(), "*": optimizers.sgd(1.0)})
    same(first(optimizer), {"b": jnp.zeros(1), "w": -GRADS["w"]})


def test_a_schedule_as_the_learning_rate():
    """optax.sgd(optax.exponential_decay(init_value=1.0, transition_steps=1, decay_rate=0.5))"""
    schedule = schedules.ExponentialDecay(init_value=1.0, transition_steps=1, decay_rate=0.5)
    params, _ = walk(optimizers.sgd(schedule), 3)
    same(params["b"], PARAMS["b"] - (1 + 0.5 + 0.25) * GRADS["b"])


def test_join_schedules():
    """optax.join_schedules([optax.linear_schedule(0.0, 1.0, 10), optax.cosine_decay_schedule(1.0, 90)], [10])"""
    joined = schedules.Join((schedules.Linear(0.0, 1.0, 10), schedules.CosineDecay(1.0, 90)), (10,))
    same(joined(jnp.array([0, 5, 10, 55, 100])), jnp.array([0.0, 0.5, 1.0, 0.5, 0.0]))


def test_warmup_cosine_decay():
    """optax.warmup_cosine_decay_schedule(init_value=0.0, peak_value=1.0, warmup_steps=50, decay_steps=1_000)"""
    schedule = schedules.WarmupCosineDecay(init_value=0.0, peak_value=1.0, warmup_steps=50, decay_steps=1_000)
    same(schedule(jnp.array([0, 25, 50, 525, 1_000])), jnp.array([0.0, 0.5, 1.0, 0.5, 0.0]))


def test_piecewise_constant():
    """optax.piecewise_constant_schedule(init_value=1.0, boundaries_and_scales={2: 0.5, 4: 0.1})"""
    schedule = schedules.PiecewiseConstant(init_value=1.0, boundaries=(2, 4), scales=(0.5, 0.1))
    same(schedule(jnp.array([0, 2, 4])), jnp.array([1.0, 0.5, 0.05]))


def test_inject_hyperparams():
    """opt = optax.inject_hyperparams(optax.adam)(learning_rate=0.1); state.hyperparams["learning_rate"] = 0.2"""
    optimizer = optimizers.adam(learning_rate=0.1)
    assert optimizer.hyperparameters["learning_rate"] == 0.1
    _, state = walk(optimizer, 1)
    slow = optimizer.update(GRADS, state, PARAMS)[0]
    fast = optimizer.with_hyperparameters(learning_rate=0.2).update(GRADS, state, PARAMS)[0]
    same(fast, jax.tree.map(lambda u: 2 * u, slow))


def test_multi_steps():
    """optax.MultiSteps(optax.sgd(1.0), every_k_schedule=2)"""
    optimizer = jgd.chain(transforms.Accumulate(optimizers.sgd(1.0), 2))
    same(walk(optimizer, 1)[0], PARAMS)
    same(walk(optimizer, 2)[0], jax.tree.map(lambda p, g: p - g, PARAMS, GRADS))


def test_lookahead():
    """optax.lookahead(optax.sgd(1.0), sync_period=2, slow_step_size=0.5)"""
    optimizer = jgd.chain(transforms.Lookahead(optimizers.sgd(1.0), 2, slow_step_size=0.5))
    same(walk(optimizer, 2)[0], jax.tree.map(lambda p, g: p - g, PARAMS, GRADS))


def test_apply_if_finite():
    """optax.apply_if_finite(optax.sgd(1.0), max_consecutive_errors=3)"""
    optimizer = jgd.chain(transforms.SkipNonFinite(optimizers.sgd(1.0), max_consecutive=3))
    broken = {**GRADS, "b": jnp.array([jnp.nan])}
    same(first(optimizer, broken), jax.tree.map(jnp.zeros_like, GRADS))
    same(first(optimizer), jax.tree.map(jnp.negative, GRADS))


def test_ema_of_the_updates():
    """optax.chain(optax.ema(0.9), optax.scale(-1.0))"""
    optimizer = jgd.chain(transforms.EmaOfUpdates(0.9), transforms.ScaleByLearningRate(1.0))
    same(first(optimizer), jax.tree.map(jnp.negative, GRADS))  # debiased


def test_ema_of_the_parameters():
    """ema = optax.incremental_update(params, ema, step_size=0.5), beside the loop"""
    optimizer = jgd.chain(optimizers.sgd(1.0), transforms.EmaOfParams(0.5, debias=False))
    params, state = walk(optimizer, 1)
    between = jax.tree.map(lambda start, end: (start + end) / 2, PARAMS, params)
    same(optimizer.eval_params(state, params), between)


@pytest.mark.slow
def test_lbfgs_with_its_line_search():
    """opt = optax.lbfgs(); value_and_grad_from_state; opt.update(grad, state, params, value=, grad=, value_fn=fun)"""
    bowl = lambda w, _: jnp.sum(jnp.array([1.0, 100.0]) * (w - 1) ** 2)
    end, _ = jgd.rollout(bowl, optimizers.lbfgs(), jnp.array([-3.0, 2.0]), jnp.zeros(20))
    np.testing.assert_allclose(end.params, 1.0, atol=1e-4)


def test_sam():
    """optax.contrib.sam(optax.sgd(0.1), optax.chain(optax.contrib.normalize(), optax.sgd(rho)), opaque_mode=True, …)"""
    bowl, w = lambda w: jnp.sum(w**2), jnp.array([3.0, 4.0])
    same(first(optimizers.sam(optimizers.sgd(0.1), rho=1.0), 2 * w, w, loss=bowl), jnp.array([-0.72, -0.96]))


def test_reduce_on_plateau():
    """optax.chain(optax.sgd(1.0), optax.contrib.reduce_on_plateau(factor=0.5, patience=1)), update(value=loss)"""
    optimizer = jgd.chain(optimizers.sgd(1.0), transforms.ReduceOnPlateau(factor=0.5, patience=1))
    state, sizes = optimizer.init(PARAMS), []
    for _ in range(4):
        updates, state = optimizer.update(GRADS, state, PARAMS, value=jnp.array(1.0))
        sizes.append(float(-updates["b"][0] / GRADS["b"][0]))
    assert sizes[0] == 1.0
    assert sizes[-1] == pytest.approx(0.5)


def test_a_transform_of_ones_own():
    """optax.GradientTransformation(init_fn, update_fn), or optax.stateless(lambda updates, params: …)"""

    @jgd.record
    class SignOf(Transform):
        def update(self, updates, state, context):
            return jax.tree.map(jnp.sign, updates), state

    same(first(jgd.chain(SignOf(), optimizers.sgd(0.1))), first(optimizers.sign_sgd(0.1)))
