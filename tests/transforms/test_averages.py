"""Averages are what their papers say of the path itself; Lookahead is algorithm 1 of its paper."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from helpers import ground
from helpers.ground import same

import jgd
from jgd.schedules import InverseTimeDecay
from jgd.transforms import EmaOfParams, Lookahead, MeanOfParams, ScaleByLearningRate

pytestmark = pytest.mark.slow  # the fast part runs what these stand on

sgd = jgd.optimizers.sgd(0.05)


def averaged(*transforms):
    """(the path, the eval_params at its end)."""
    optimizer = jgd.chain(ScaleByLearningRate(0.05), *transforms)
    walked, end = ground.path(optimizer)
    return walked, optimizer.eval_params(end.opt_state, end.params)


def test_an_average_changes_no_step(x64):
    same(averaged(EmaOfParams(0.9))[0], averaged()[0], rtol=0)
    same(averaged(MeanOfParams(2, 3))[0], averaged()[0], rtol=0)


def test_the_exponential_average(x64):
    walked, read = averaged(EmaOfParams(0.8))
    weights = 0.2 * 0.8 ** np.arange(11, -1, -1)
    same(read, {k: np.tensordot(weights / weights.sum(), w, 1) for k, w in walked.items()})


def test_the_exponential_average_of_a_schedule(x64):
    """b_t from 0.9 down: the weights are products, and still sum to one."""
    decay = InverseTimeDecay(0.9, decay_rate=0.3)
    walked, read = averaged(EmaOfParams(decay))
    b = np.asarray(decay(jnp.arange(12)))
    weights = np.array([(1 - b[i]) * np.prod(b[i + 1 :]) for i in range(12)])
    same(read, {k: np.tensordot(weights / weights.sum(), w, 1) for k, w in walked.items()})


@pytest.mark.parametrize(("start", "every"), [(0, 1), (4, 1), (4, 2), (5, 3), (12, 1)])
def test_the_uniform_average(start, every, x64):
    walked, read = averaged(MeanOfParams(start, every))
    counted = [n - 1 for n in range(1, 13) if n >= start and n % every == 0]
    same(read, {k: w[counted].mean(axis=0) for k, w in walked.items()})


@pytest.mark.parametrize("transform", [EmaOfParams(0.9), MeanOfParams(13), MeanOfParams(0, 13)])
def test_before_anything_counts_the_parameters_are_read(transform):
    optimizer = jgd.chain(ScaleByLearningRate(0.05), transform)
    params = ground.params()
    same(optimizer.eval_params(optimizer.init(params), params), params, rtol=0)
    if isinstance(transform, MeanOfParams):
        walked, read = averaged(transform)
        same(read, {k: w[-1] for k, w in walked.items()}, rtol=0)


def test_what_is_averaged_is_what_is_stored():
    """Updates too small for bfloat16 don't move the weight, so its average doesn't move."""
    optimizer = jgd.chain(ScaleByLearningRate(1e-3), MeanOfParams())
    end, _ = jgd.rollout(lambda w, _: jnp.sum(w), optimizer, jnp.ones(1, jnp.bfloat16), jnp.zeros(10))
    assert optimizer.eval_params(end.opt_state, end.params).tolist() == end.params.tolist() == [1.0]
    assert end.opt_state.inner[1].mean.tolist() == [1.0]


def test_averages_must_be_last():
    for transform in (EmaOfParams(0.9), MeanOfParams(), Lookahead(sgd.transform)):
        with pytest.raises(jgd.JgdError, match="must be last"):
            jgd.chain(transform, ScaleByLearningRate(0.1))


def test_train_deploys_the_average():
    data = (np.ones((8, 1), np.float32), np.full(8, 2.0, np.float32))
    loss = jgd.SupervisedLoss(jgd.models.Linear(1, bias=False), "squared_error")
    average = jgd.chain(ScaleByLearningRate(0.1), MeanOfParams())
    plain = jgd.train(loss, jgd.chain(ScaleByLearningRate(0.1)), {"weights": jnp.zeros(1)}, data, steps=5)
    mean = jgd.train(loss, average, {"weights": jnp.zeros(1)}, data, steps=5)
    w = 2 * (1 - 0.8 ** np.arange(1, 6))
    np.testing.assert_allclose(plain.params["weights"], w[-1:], rtol=1e-6)
    np.testing.assert_allclose(mean.params["weights"], [w.mean()], rtol=1e-6)


def test_the_exponential_average_as_in_torch(x64):
    torch = pytest.importorskip("torch")
    from torch.optim.swa_utils import AveragedModel, get_ema_avg_fn

    walked, read = averaged(EmaOfParams(0.8, debias=False))
    model = torch.nn.ParameterDict(
        {k: torch.nn.Parameter(torch.tensor(np.asarray(w))) for k, w in ground.START.items()}
    )
    mean = AveragedModel(model, avg_fn=get_ema_avg_fn(0.8))
    mean.update_parameters(model)  # theirs takes the first that it sees as the start
    for t in range(12):
        for name, weight in model.items():
            weight.data = torch.tensor(walked[name][t])
        mean.update_parameters(model)
    same(read, {name: weight.detach().numpy() for name, weight in mean.module.items()})


def slow_and_fast(period, alpha, momentum, reset):
    """Algorithm 1 around heavy-ball momentum: -> (slow weights, fast weights)."""
    fast = slow = {k: np.asarray(w, np.float64) for k, w in ground.START.items()}
    velocity = still = {k: np.zeros_like(w) for k, w in slow.items()}
    for t in range(12):
        g = ground.gradient(fast, t)
        velocity = {k: momentum * v + g[k] for k, v in velocity.items()}
        fast = {k: w - 0.05 * velocity[k] for k, w in fast.items()}
        if t % period == period - 1:
            fast = slow = {k: w + alpha * (fast[k] - w) for k, w in slow.items()}
            velocity = still if reset else velocity
    return slow, fast


@pytest.mark.parametrize(("period", "reset"), [(3, False), (3, True), (5, False), (1, False)])
def test_lookahead_is_algorithm_1(period, reset, x64):
    optimizer = jgd.chain(Lookahead(jgd.optimizers.momentum(0.05, 0.8).transform, period, 0.6, reset))
    _, end = ground.path(optimizer)
    slow, fast = slow_and_fast(period, 0.6, 0.8, reset)
    same(optimizer.eval_params(end.opt_state, end.params), slow)
    same(end.params, fast)


def test_lookahead_synchronizes_under_a_real_cond():
    assert ground.conds(jgd.chain(Lookahead(jgd.optimizers.adam(0.1).transform, 5))) == 1
    assert ground.conds(jgd.chain(ScaleByLearningRate(0.1), MeanOfParams(0, 5))) == 1


@pytest.mark.slow
def test_lookahead_as_in_optax(x64):
    optax = pytest.importorskip("optax")
    theirs = optax.lookahead(optax.sgd(0.05, momentum=0.8), sync_period=3, slow_step_size=0.6)
    params = optax.LookaheadParams.init_synced(ground.params())
    state = theirs.init(params)
    with jax.numpy_dtype_promotion("standard"), jax.numpy_rank_promotion("allow"):
        for t in range(12):
            grads = {k: jnp.asarray(g) for k, g in ground.gradient(jax.tree.map(np.asarray, params.fast), t).items()}
            updates, state = theirs.update(grads, state, params)
            params = optax.apply_updates(params, updates)
    _, end = ground.path(jgd.chain(Lookahead(jgd.optimizers.momentum(0.05, 0.8).transform, 3, 0.6)))
    same(end.params, params.fast)
    same(end.opt_state.inner[0].weights, params.slow)


def test_lookahead_refuses_what_must_see_every_step():
    with pytest.raises(jgd.JgdError, match="would not see the synchronization"):
        Lookahead(EmaOfParams(0.9))
    with pytest.raises(jgd.JgdError, match=r"Lookahead takes transforms.*and optimizers, got 3"):
        Lookahead(3)
