"""Hyperparameters by name: read, changed without compiling anew, checked, in a running loop and under vmap."""

import copy
import dataclasses
import pickle

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from helpers import methods

import jgd
from jgd.transforms import ClipByGlobalNorm, ReduceOnPlateau, ScaleByLearningRate, only, partition

LOSS = lambda params, batch: jnp.sum((params - batch) ** 2)
ADAM = jgd.optimizers.adam(0.1)


def test_names_are_the_fields_in_the_order_of_the_chain():
    optimizer = jgd.chain(ClipByGlobalNorm(1.0), ADAM)
    assert optimizer.hyperparameters == {
        "max_norm": 1.0,
        "b1": 0.9,
        "b2": 0.999,
        "eps": 1e-8,
        "eps_root": 0.0,
        "learning_rate": 0.1,
    }
    schedule = jgd.schedules.Linear(0.1, 0.0, 10)
    assert jgd.optimizers.sgd(schedule).hyperparameters == {"learning_rate": schedule}
    assert jgd.chain(jgd.transforms.Project(jgd.transforms.Box(0.0, 1.0))).hyperparameters == {"low": 0.0, "high": 1.0}


def test_names_that_are_not_alone_are_qualified():
    twice = partition({"bias": jgd.optimizers.sgd(0.1), "*": jgd.chain(only("w", ScaleByLearningRate(0.2)))})
    assert list(twice.hyperparameters) == [
        "ScaleByLearningRate[0].learning_rate",
        "ScaleByLearningRate[1].learning_rate",
    ]
    changed = twice.with_hyperparameters({"ScaleByLearningRate[1].learning_rate": 0.4})
    assert list(changed.hyperparameters.values()) == [0.1, 0.4]
    lamb = jgd.optimizers.lamb(0.1)
    assert {"ScaleByAdam.eps", "TrustRatio.eps"} < set(lamb.hyperparameters)


@pytest.mark.parametrize("build", [jgd.optimizers.schedule_free_sgd, jgd.optimizers.schedule_free_adamw])
def test_a_warm_up_that_the_builder_adds_stays(build):
    warm = build(0.1, warmup_steps=10)
    assert warm.hyperparameters["learning_rate"] == 0.1
    assert warm.with_hyperparameters(learning_rate=0.4) == build(0.4, warmup_steps=10)
    assert warm.with_hyperparameters(warmup_steps=20) == build(0.1, warmup_steps=20)
    with pytest.raises(jgd.JgdError, match="learning_rate must be a finite number > 0, got -1"):
        warm.with_hyperparameters(learning_rate=-1)


@pytest.mark.parametrize("name", methods.NAMES)
def test_every_builders_numbers_can_be_read_and_put_back(name):
    optimizer = methods.built(name)
    found = optimizer.hyperparameters
    assert found
    assert optimizer.with_hyperparameters(found) == optimizer


def test_a_changed_optimizer_is_the_one_made_so_and_compiles_nothing_anew():
    traces = []

    @jax.jit
    def step(optimizer, state, batch):
        traces.append(1)
        return jgd.step(LOSS, optimizer, state, batch)

    state, batch = jgd.start(ADAM, jnp.zeros(2)), jnp.array([1.0, -2.0])
    for changes in ({}, {"learning_rate": 0.3}, {"learning_rate": 1, "b1": 0.5}, {"eps": 1e-3, "b2": 0.9}):
        made, _ = step(ADAM.with_hyperparameters(**changes), state, batch)
        want, _ = step(jgd.optimizers.adam(**{"learning_rate": 0.1, **changes}), state, batch)
        np.testing.assert_array_equal(made.params, want.params)
    assert ADAM.with_hyperparameters(learning_rate=0.3, b1=0.5) == jgd.optimizers.adam(0.3, b1=0.5)
    assert len(traces) == 1


@pytest.mark.slow
@pytest.mark.parametrize("x64", [False, True])
def test_a_rate_of_any_kind_is_the_same_program(x64):
    """One trace for Python's, NumPy's and JAX's numbers, with the numbers of a rate that is written into the program."""
    with jax.enable_x64(x64):
        chex.clear_trace_counter()
        update = jax.jit(chex.assert_max_traces(lambda o, p, st, g: o.update(g, st, p), n=1))
        params, grads = jnp.ones(3, jnp.bfloat16), jnp.array([0.1, -2.0, 3.0], jnp.bfloat16)
        for rate in (0.1, 1, np.float32(0.3), np.float64(0.3), jnp.asarray(0.5, float), jnp.asarray(0.7)):
            optimizer = jgd.optimizers.adam(rate)
            state = optimizer.init(params)
            updates, _ = update(optimizer, params, state, grads)
            want, _ = jax.jit(optimizer.update)(grads, state, params)
            assert updates.dtype == jnp.float32, "hyperparameters are no narrower where parameters are"
            np.testing.assert_allclose(updates, want, rtol=1e-6)


def test_a_number_looks_as_it_was_given():
    optimizer = jgd.optimizers.adam(0.1)
    through = jax.tree.map(lambda leaf: leaf, optimizer)
    for each in (optimizer, through, pickle.loads(pickle.dumps(optimizer)), copy.deepcopy(through)):
        assert each == optimizer
        assert repr(each) == repr(optimizer)
        assert each.hyperparameters["learning_rate"] == 0.1
    assert "learning_rate=0.1)" in repr(optimizer)
    assert jax.tree.map(lambda leaf: 2 * leaf, optimizer).hyperparameters["learning_rate"] == 0.2
    assert jgd.schedules.StepDecay(0.5, step_size=3, decay_rate=0.5).step_size == 3
    leaves = jax.tree.leaves(optimizer)
    assert all(type(leaf) is np.float64 for leaf in leaves)
    assert jgd.optimizers.adam(1) == jgd.optimizers.adam(1.0)


def test_in_a_running_loop_the_state_goes_on():
    """The first steps at one rate, the rest at another: as with a schedule that says so."""
    step = jax.jit(lambda optimizer, state: jgd.step(LOSS, optimizer, state, jnp.ones(2))[0])
    state, batches = jgd.start(ADAM, jnp.zeros(2)), range(6)
    for t in batches:
        state = step(ADAM if t < 3 else ADAM.with_hyperparameters(learning_rate=0.025), state)
    scheduled = jgd.optimizers.adam(lambda t: jnp.where(t < 3, 0.1, 0.025))
    want, _ = jgd.rollout(LOSS, scheduled, jnp.zeros(2), jnp.ones((6, 2)))
    np.testing.assert_allclose(state.params, want.params, rtol=1e-6)  # a scan and a step differ by a last digit
    assert step._cache_size() == 1


def test_what_a_state_remembers_is_changed_there():
    plateau = jgd.chain(jgd.optimizers.sgd(1.0), ReduceOnPlateau(factor=0.5, patience=100))
    state = plateau.init(jnp.zeros(()))
    chain, held = state.inner
    halved = dataclasses.replace(state, inner=(chain, dataclasses.replace(held, scale=jnp.float32(0.25))))
    updates, after = plateau.update(jnp.ones(()), halved, jnp.zeros(()), value=1.0)
    assert float(updates) == -0.25
    assert float(plateau.info(after).learning_rate) == 0.25


@pytest.mark.slow
def test_traced_values_pass_under_vmap_and_grad():
    end = lambda rate: jgd.rollout(LOSS, ADAM.with_hyperparameters(learning_rate=rate), jnp.zeros(2), jnp.ones((4, 2)))
    rates = jnp.array([0.05, 0.1, 0.2])
    together = jax.jit(jax.vmap(lambda rate: end(rate)[0].params))(rates)
    alone = [jgd.rollout(LOSS, jgd.optimizers.adam(rate), jnp.zeros(2), jnp.ones((4, 2)))[0].params for rate in rates]
    np.testing.assert_allclose(together, jnp.stack(alone), rtol=1e-6)
    assert float(jax.grad(lambda rate: end(rate)[1].loss[-1])(0.1)) < 0


def test_a_number_may_become_a_schedule_and_a_schedule_a_number():
    schedule = jgd.schedules.Linear(0.1, 0.0, 10)
    scheduled = ADAM.with_hyperparameters(learning_rate=schedule)
    assert jax.tree.structure(scheduled) != jax.tree.structure(ADAM)
    assert scheduled == jgd.optimizers.adam(schedule)
    assert scheduled.with_hyperparameters(learning_rate=0.1) == ADAM


def test_numbers_keep_the_kind_of_the_old_ones():
    crossed = jax.jit(lambda optimizer: optimizer)(ADAM)  # its leaves are arrays now
    changed = crossed.with_hyperparameters(learning_rate=0.5)
    kind = lambda optimizer: [jax.typeof(leaf) for leaf in jax.tree.leaves(optimizer)]
    assert [leaf.dtype for leaf in jax.tree.leaves(changed)] == [leaf.dtype for leaf in jax.tree.leaves(crossed)]
    assert isinstance(ADAM.with_hyperparameters(learning_rate=1).hyperparameters["learning_rate"], float)
    assert kind(crossed) == kind(jax.jit(lambda optimizer: optimizer)(ADAM))


def test_a_short_name_stands_for_all_of_a_class():
    """As `muon` has it: one argument of the builder, a transform for each group of leaves."""
    muon = lambda rate: jgd.optimizers.muon(rate)
    assert muon(0.1).with_hyperparameters(learning_rate=0.2) == muon(0.2)
    two = partition({"bias": jgd.optimizers.sgd(0.1), "*": jgd.optimizers.sgd(0.2)})
    changes = {"ScaleByLearningRate[1].learning_rate": 0.4, "learning_rate": 0.3}
    assert [*two.with_hyperparameters(changes).hyperparameters.values()] == [0.3, 0.4]
    lamb = jgd.optimizers.lamb(0.1).with_hyperparameters({"TrustRatio.eps": 0.5}).hyperparameters
    assert (lamb["TrustRatio.eps"], lamb["ScaleByAdam.eps"]) == (0.5, 1e-6)


@pytest.mark.slow
def test_a_number_for_a_batch_of_optimizers_is_a_number_for_each():
    batch = jax.vmap(jgd.optimizers.adam)(jnp.array([0.1, 0.2]))
    changed = batch.with_hyperparameters(b1=0.5)
    kinds = lambda optimizer: [jax.typeof(leaf) for leaf in jax.tree.leaves(optimizer)]
    assert kinds(changed) == kinds(batch)
    ends = jax.vmap(lambda o: jgd.rollout(LOSS, o, jnp.zeros(2), jnp.ones((3, 2)))[0].params)(changed)
    for rate, end in zip((0.1, 0.2), ends, strict=True):
        want, _ = jgd.rollout(LOSS, jgd.optimizers.adam(rate, b1=0.5), jnp.zeros(2), jnp.ones((3, 2)))
        np.testing.assert_allclose(end, want.params, rtol=1e-6)


@pytest.mark.parametrize(
    "old", [np.float32(0.1), np.array(0.1, np.float32), jnp.float32(0.1)], ids=["np", "0-d", "jnp"]
)
def test_a_whole_number_for_an_array_compiles_nothing_anew(old):
    @jax.jit
    @chex.assert_max_traces(n=1)
    def end(optimizer):
        return jgd.rollout(LOSS, optimizer, jnp.zeros(2), jnp.ones((1, 2)))[0].params

    optimizer = jgd.optimizers.sgd(old)
    end(optimizer)
    np.testing.assert_allclose(end(optimizer.with_hyperparameters(learning_rate=1)), 2.0)


BAD = {
    "another library's word": (lambda: ADAM.with_hyperparameters(lr=0.1), ["no parameter 'lr'", "learning_rate"]),
    "a slip": (lambda: ADAM.with_hyperparameters(learning_rte=0.1), ["did you mean 'learning_rate'"]),
    "not alone": (lambda: jgd.optimizers.lamb(0.1).with_hyperparameters(eps=0.1), ["ScaleByAdam.eps, TrustRatio.eps"]),
    "structure": (lambda: ADAM.with_hyperparameters(nesterov=True), ["nesterov is structure", "build the optimizer"]),
    "no mapping": (lambda: ADAM.with_hyperparameters(0.1), ["changes must be a", "got 0.1"]),
    "outside the rule": (lambda: ADAM.with_hyperparameters(b1=1.0), ["b1 must be a finite number in [0, 1), got 1"]),
    "no number": (lambda: ADAM.with_hyperparameters(b1="a"), ["b1 must be a number", "'a'"]),
    "no schedule": (
        lambda: jgd.chain(jgd.transforms.MeanOfParams()).with_hyperparameters(start=abs),
        ["start must be"],
    ),
}


@pytest.mark.parametrize(("call", "words"), BAD.values(), ids=BAD)
def test_bad_names_and_values_are_refused(call, words):
    with pytest.raises(jgd.JgdError) as error:
        call()
    assert [word for word in words if word not in str(error.value)] == []
