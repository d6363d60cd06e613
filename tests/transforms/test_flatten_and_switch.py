"""One vector changes no number; a switch is one method and then the other; a restart is a new start."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from helpers import ground
from helpers.ground import same

import jgd
from jgd.transforms import (
    AddNoise,
    ClipByBlockRms,
    ClipByGlobalNorm,
    EmaOfParams,
    Flatten,
    MasterCopy,
    Restart,
    ScaleByLearningRate,
    SkipNonFinite,
    StochasticRounding,
    Switch,
    only,
)

pytestmark = pytest.mark.slow  # the fast part runs what these stand on

adam = jgd.optimizers.adam(0.05, b1=0.8, eps=1e-3)
ball = jgd.optimizers.momentum(0.05, 0.8)
WHOLE = {
    "clipped adam": jgd.chain(ClipByGlobalNorm(0.7), adam.transform),
    "look-ahead nesterov": jgd.optimizers.nesterov(0.02),
    "average": jgd.chain(ScaleByLearningRate(0.05), EmaOfParams(0.8)),
}


@pytest.mark.parametrize("optimizer", WHOLE.values(), ids=WHOLE)
def test_one_vector_changes_no_number(optimizer, x64):
    flat = jgd.chain(Flatten(optimizer.transform))
    (path, end), (want, whole) = ground.path(flat), ground.path(optimizer)
    same(path, want, rtol=1e-12)
    same(flat.eval_params(end.opt_state, end.params), optimizer.eval_params(whole.opt_state, whole.params), rtol=1e-12)


def test_one_vector_has_the_gauss_newton_product():
    loss = jgd.SupervisedLoss(jgd.models.Linear(3), "squared_error")
    batch = (jax.random.normal(jax.random.key(0), (8, 3)), jnp.arange(8.0))
    params = {"bias": jnp.zeros(()), "weights": jnp.zeros(3)}
    whole = jgd.optimizers.gauss_newton_cg()
    flat = jgd.chain(Flatten(whole.transform))
    same(*(jgd.step(loss, o, jgd.start(o, params), batch)[0].params for o in (flat, whole)), rtol=1e-4, atol=1e-5)


def test_one_vector_knows_the_stored_dtype():
    start = ground.params("bfloat16")
    optimizer = jgd.chain(Flatten(jgd.chain(ScaleByLearningRate(1e-4), StochasticRounding()).transform))
    _, end = ground.path(optimizer, start=start)
    assert end.params["weights"].dtype == jnp.bfloat16
    assert (end.params["weights"] != start["weights"]).any()
    mixed = {"bias": start["bias"], "weights": ground.params()["weights"]}
    with pytest.raises(jgd.JgdError, match="share one dtype, got bfloat16, float32"):
        optimizer.init(mixed)


def test_what_works_leaf_by_leaf_is_refused_by_name():
    for transform in (ClipByBlockRms(1.0), only("bias", ScaleByLearningRate(0.1)), SkipNonFinite(ClipByBlockRms(1.0))):
        with pytest.raises(jgd.JgdError, match=r"(ClipByBlockRms|Only) does"):
            Flatten(jgd.chain(ClipByGlobalNorm(1.0), transform).transform)


def test_a_switch_is_one_method_and_then_the_other(x64):
    optimizer = jgd.chain(Switch((adam.transform, ball.transform), at=(5,)))
    path, _ = ground.path(optimizer)
    first, _ = ground.path(adam, 5)
    same({k: w[:5] for k, w in path.items()}, first)
    middle = {k: jnp.asarray(w[4]) for k, w in path.items()}
    rest, _ = jgd.rollout(ground.loss, ball, middle, jax.tree.map(lambda n: n[5:], ground.noise()))
    same({k: w[-1] for k, w in path.items()}, rest.params)


def test_only_the_link_in_charge_computes():
    three = jgd.chain(Switch((ScaleByLearningRate(0.1), adam.transform, ball.transform), at=(2, 7)))
    assert ground.conds(three) >= 1  # a switch is a cond of more branches
    assert ground.conds(jgd.chain(Restart(adam.transform, 5))) == 1


def test_the_rate_and_the_readout_are_those_of_the_link_in_charge(x64):
    average = jgd.chain(ScaleByLearningRate(0.02), EmaOfParams(0.8))
    optimizer = jgd.chain(Switch((ScaleByLearningRate(0.1), average.transform), at=(6,)))
    batches = ground.noise()
    end, report = jgd.rollout(ground.loss, optimizer, ground.params(), batches)
    np.testing.assert_allclose(report.learning_rate, [0.1] * 6 + [0.02] * 6)
    path, _ = ground.path(optimizer)
    weights = 0.2 * 0.8 ** np.arange(5, -1, -1)
    want = {k: np.tensordot(weights / weights.sum(), w[6:], 1) for k, w in path.items()}
    same(optimizer.eval_params(end.opt_state, end.params), want)


def test_a_later_link_starts_at_the_parameters_it_takes_over(x64):
    """A master copy made of the initial parameters would throw the first transform's steps away."""
    optimizer = jgd.chain(Switch((ScaleByLearningRate(0.1), MasterCopy(ScaleByLearningRate(0.1))), at=(6,)))
    same(ground.path(optimizer)[0], ground.path(jgd.chain(ScaleByLearningRate(0.1)))[0])


def test_a_restart_is_a_new_start(x64):
    path, _ = ground.path(jgd.chain(Restart(adam.transform, 4)))
    params = ground.params()
    for start in (0, 4, 8):
        piece = jax.tree.map(lambda n, s=start: n[s : s + 4], ground.noise())
        params = jgd.rollout(ground.loss, adam, params, piece)[0].params
        same({k: w[start + 3] for k, w in path.items()}, params)


def test_a_restart_draws_no_number_again():
    noisy = jgd.chain(Restart(AddNoise(1.0, 0.0), 2))
    zero = jnp.zeros(3)
    state = noisy.init(zero)
    drawn = []
    for _ in range(4):
        updates, state = noisy.update(zero, state, zero)
        drawn.append(updates)
    assert len(np.unique(np.stack(drawn))) == 12


@pytest.mark.parametrize(
    ("transforms", "at", "said"),
    [
        ((jgd.optimizers.adam, ball), (5,), "Switch takes transforms"),
        ((adam.transform,), (), "two or more transforms"),
        ((adam.transform, ball.transform), (5, 6), "a tuple of 1 steps"),
        ((adam.transform, ball.transform, adam.transform), (5, 5), "at must be a whole number >= 6, got 5"),
    ],
)
def test_bad_switches_are_refused(transforms, at, said):
    with pytest.raises(jgd.JgdError, match=said):
        Switch(transforms, at)
