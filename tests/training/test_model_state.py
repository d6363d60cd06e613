"""A loss with a key, a state and aux in `train`: by hand, resumed, diverged, skipped, kept at the best evaluation."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from helpers.stateful import ROWS, TASK, loss, start_state

import jgd
from jgd.core.fingerprint import tree_digest
from jgd.core.seeds import Stream, key
from jgd.data.orders import HardMining

RUN = {"steps": 12, "batch_size": 10, "seed": 5}


def bits(run):
    return tree_digest((run.params, run.model_state, run.history, run.evaluations, run.best and run.best.model_state))


@pytest.fixture(scope="module")
def run():
    return jgd.train(TASK, jgd.optimizers.adam(0.05), **RUN)


@pytest.mark.slow
def test_a_run_is_its_steps_by_hand(run):
    optimizer = jgd.optimizers.adam(0.05)
    state = jgd.start(optimizer, TASK.init(jgd.init_key(5)), model_state=start_state(None))
    batches, order, draws = jgd.data.Batches(24, 10), key(5, Stream.ORDER), key(5, Stream.LOSS)
    step, losses, weights = jax.jit(jgd.step, static_argnums=0), [], []
    for at in range(12):
        state, seen = step(loss, optimizer, state, batches.at(ROWS, order, at), jax.random.fold_in(draws, at))
        losses.append(seen.loss)
        weights.append(seen.aux["weight"])
    np.testing.assert_allclose(run.history["loss"], losses, rtol=1e-5)
    np.testing.assert_allclose(run.history["weight"], weights, rtol=1e-5)
    assert int(run.model_state["seen"]) == 12
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-5), run.model_state, state.model_state)
    assert np.isclose(run.evaluations["loss"][-1], TASK.evaluation_loss(run.params, ROWS, run.model_state))
    assert np.isclose(run.best.value, TASK.evaluation_loss(run.best.params, ROWS, run.best.model_state))


def test_a_resumed_run_has_the_bits_of_one_that_never_was(run, tmp_path):
    for steps in (6, 12):
        again = jgd.train(TASK, jgd.optimizers.adam(0.05), **{**RUN, "steps": steps}, store=tmp_path, resume=True)
    assert bits(again) == bits(run)
    read = jgd.load_run(tmp_path)
    for mine, want in ((read.model_state, run.model_state), (read.best.model_state, run.best.model_state)):
        assert tree_digest(mine) == tree_digest(jax.tree.map(np.asarray, want))
    other = {"mean": jnp.ones(3), "seen": 0}
    with pytest.raises(jgd.JgdError, match="holds another run; what differs: model_state"):
        jgd.train(TASK, jgd.optimizers.adam(0.05), **RUN, store=tmp_path, resume=True, model_state=other)


def test_keys_are_drawn_by_seed_and_step_and_not_by_the_optimizer():
    draws = lambda params, batch, key: (jnp.sum(params**2), {"drawn": jax.random.uniform(key)})
    drawn = lambda optimizer, seed: jgd.train(draws, optimizer, jnp.ones(2), steps=4, seed=seed).history["drawn"]
    first = drawn(jgd.optimizers.sgd(0.1), 0)
    assert len(set(first.tolist())) == 4
    assert not np.isin(first, drawn(jgd.optimizers.sgd(0.1), 1)).any()
    assert (first == drawn(jgd.optimizers.sam(jgd.optimizers.sgd(0.1)), 0)).all()
    assert first[2] == jax.random.uniform(jax.random.fold_in(key(0, Stream.LOSS), 2))


def ruined(params, batch, state):
    """A loss that is fine, and a state that isn't from the fourth step on."""
    mean = jnp.where(state["seen"] >= 3, jnp.nan, 1.0)
    return jnp.mean((params - batch) ** 2), {}, {"mean": mean, "seen": state["seen"] + 1}


def test_a_state_that_is_not_finite_is_a_divergence_and_the_last_finite_one_stays():
    begin = {"mean": jnp.zeros(()), "seen": 0}
    run = jgd.train(ruined, jgd.optimizers.sgd(0.1), jnp.ones(()), np.zeros(4, np.float32), steps=9, model_state=begin)
    assert (run.status.broken, run.end.step) == (True, 3)
    assert {name: float(value) for name, value in run.model_state.items()} == {"mean": 1.0, "seen": 3.0}


def test_a_step_that_the_guard_skips_leaves_no_trace_in_the_state():
    optimizer = jgd.chain(jgd.transforms.SkipNonFinite(jgd.optimizers.sgd(0.1)))
    loss = lambda w, x, state: (jnp.mean(w * x), {}, jnp.mean(x))
    state = jgd.start(optimizer, jnp.ones(()), model_state=0.5)
    for rows, want in ((jnp.array([jnp.inf, 1.0]), 0.5), (jnp.ones(2), 1.0)):
        state, _ = jgd.step(loss, optimizer, state, rows)
        assert float(state.model_state) == want


@pytest.mark.slow
def test_what_looks_elsewhere_or_again_takes_key_and_state_along():
    for order in ("shuffled", HardMining(update_every=2)):
        run = jgd.train(TASK, jgd.optimizers.get("lbfgs")(), **{**RUN, "steps": 3}, order=order)
        assert int(run.model_state["seen"]) == 3
    broken = jgd.train(TASK, jgd.optimizers.sgd(1e9), **RUN)
    assert "largest that is stable here" in broken.end.detail  # the sharpness of the same loss
    assert int(broken.model_state["seen"]) == broken.end.step


def test_a_rollout_draws_what_train_draws():
    loss = lambda w, x, key, state: (jnp.sum(w * jax.random.uniform(key)), {}, state + 1)
    state, seen = jgd.rollout(
        loss, jgd.optimizers.sgd(0.1), jnp.ones(()), jnp.ones(3), key=key(0, Stream.LOSS), model_state=0
    )
    run = jgd.train(loss, jgd.optimizers.sgd(0.1), jnp.ones(()), steps=3, model_state=0)
    np.testing.assert_allclose(seen.loss, run.history["loss"], rtol=1e-6)
    assert int(state.model_state) == int(run.model_state) == 3


@pytest.mark.slow
def test_a_task_gives_what_is_not_given():
    own, task = jnp.zeros(3), jgd.tasks.get("iris")
    assert (jgd.train(TASK, "cocob", {"w": own}, steps=0).params["w"] == own).all()
    run = jgd.train("iris", jgd.optimizers.sgd(0.1), steps=0, seed=1)
    assert run.evaluations.keys() == {"step", "loss", "accuracy"}
    assert run.best.value == run.evaluations["accuracy"][0]
    assert (run.params["weights"] == task.init(jgd.init_key(1))["weights"]).all()
    least = jgd.train("iris", jgd.optimizers.sgd(0.1), steps=9, metric="loss")
    assert least.best.value == least.evaluations["loss"].min()  # of a loss, the smallest
