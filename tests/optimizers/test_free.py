"""What the papers of schedule-free and learning-rate-free descent say about them."""

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jgd
from jgd import optimizers

pytestmark = pytest.mark.slow  # the fast part runs what these stand on


def bowl(w, batch):
    return jnp.mean(jnp.square(w - batch))


def bowls(rows=4):
    return jnp.linspace(-1, 2, rows, dtype=jnp.result_type(float))


def test_schedule_free_is_evaluated_at_the_average(x64):
    """train's parameters, its validation and sweep's are x; the parameters that descend are y."""
    optimizer, data = optimizers.schedule_free_sgd(0.2), bowls()
    run = jgd.train(bowl, optimizer, jnp.float64(3), data, steps=5, validation=data, evaluate_every=5)
    x = optimizer.eval_params(run.train_state.opt_state, run.train_state.params)
    assert abs(x - run.train_state.params) > 0.01
    assert run.params == x
    np.testing.assert_allclose(run.evaluations["loss"][-1], bowl(x, data), rtol=1e-14)

    task = jgd.Task("bowl", lambda key: jnp.float64(3), bowl, data, data, data)
    swept = jgd.sweep(task, "schedule_free_sgd", {"learning_rate": [0.2]}, seeds=1, steps=5)
    np.testing.assert_allclose(swept.validation["loss"][0, 0, -1], bowl(x, data), rtol=1e-12)


def test_without_b1_schedule_free_is_polyak_averaging(x64):
    """y = z is plain descent, and x the mean of its iterates."""
    path = []
    optimizer, plain = optimizers.schedule_free_sgd(0.1, b1=0.0), optimizers.sgd(0.1)
    progress, alone = jgd.start(optimizer, jnp.float64(3)), jgd.start(plain, jnp.float64(3))
    for _ in range(4):
        progress, _ = jgd.step(bowl, optimizer, progress, bowls())
        alone, _ = jgd.step(bowl, plain, alone, bowls())
        path.append(float(alone.params))
    np.testing.assert_allclose(progress.params, alone.params, rtol=1e-14)
    np.testing.assert_allclose(optimizer.eval_params(progress.opt_state, progress.params), np.mean(path), rtol=1e-14)


def test_schedule_free_moves_bfloat16_by_less_than_its_spacing():
    """x and z are float32: many small steps add up, though each is lost in bfloat16 (1 − 2⁻¹⁰ rounds to 1)."""
    start = jnp.ones(1, jnp.bfloat16)
    end, _ = jgd.rollout(lambda w, _: jnp.sum(w), optimizers.schedule_free_sgd(2.0**-10), start, jnp.zeros(64))
    assert end.params < 0.99


def test_schedule_free_waits_while_its_base_gathers(x64):
    """Until the base has made a step there is no rate to weigh with, and nothing moves."""
    base = jgd.chain(jgd.transforms.Accumulate(optimizers.sgd(0.1).transform, 3))
    optimizer, params = optimizers.schedule_free(base, b1=0.0), jnp.ones(1)
    state, path = optimizer.init(params), []
    for _ in range(6):
        updates, state = optimizer.update(jnp.ones(1), state, params)
        params = params + updates
        path.append(float(params[0]))
    np.testing.assert_allclose(path, [1, 1, 0.9, 0.9, 0.9, 0.8], rtol=1e-12)
    np.testing.assert_allclose(optimizer.eval_params(state, params), np.mean(path[2:]), rtol=1e-12)


def test_nothing_averages_inside_a_wrapper():
    for wrapper in (optimizers.schedule_free, optimizers.mechanic):
        with pytest.raises(jgd.JgdError, match="base_optimizer"):
            wrapper(optimizers.schedule_free_sgd(0.1))
    with pytest.raises(jgd.JgdError, match="last"):
        jgd.chain(optimizers.schedule_free_sgd(0.1).transform, jgd.transforms.ScaleByLearningRate(0.1))


def walk(optimizer, steps, loud=1.0, start=5.0):
    """(parameters, state) after each step on an elongated bowl, loud times as high."""
    curvature = jnp.array([1.0, 30.0, 0.1])
    loss = lambda w, _: loud * jnp.sum(curvature * w**2)

    def one(progress, _):
        progress, _ = jgd.step(loss, optimizer, progress, None)
        return progress, (progress.params, progress.opt_state.inner)

    begin = jgd.start(optimizer, start * jnp.array([1.0, -0.5, 0.2]))
    return jax.jit(lambda p: jax.lax.scan(one, p, length=steps)[1])(begin)


def test_prodigy_finds_the_distance_and_never_exceeds_it(x64):
    """On a convex loss ⟨g, θ₀ − θ⟩ ≤ ⟨g, θ₀ − θ*⟩, so that d ≤ ‖θ₀ − θ*‖∞, wherever it starts."""
    for distance in (0.01, 5.0, 1000.0):
        path, (state,) = walk(optimizers.prodigy(), 300, start=distance)
        assert 0.05 * distance < state.d[-1] <= distance
        assert np.linalg.norm(path[-1]) < 0.3 * distance


@pytest.mark.parametrize(("build", "leaps"), [(optimizers.prodigy, 1), (optimizers.dadapt_adamw, 0)])
def test_d_grows_no_faster_than_it_may(build, leaps, x64):
    """But for Prodigy's first growth, which the authors leave free."""
    _, (state,) = walk(build(growth_rate=1.5), 30)
    growth = np.asarray(state.d[1:] / state.d[:-1])
    assert state.d[-1] > 100 * state.d[0]
    assert (growth > 1.5 * (1 + 1e-12)).sum() <= leaps


WHISPERED = {
    "prodigy": optimizers.prodigy(eps=0.0),
    "dog": optimizers.dog(eps=0.0),
    "dowg": optimizers.dowg(eps=0.0),
    "cocob": optimizers.cocob(eps=0.0),
}


@pytest.mark.parametrize("optimizer", WHISPERED.values(), ids=WHISPERED)
def test_a_whisper_is_heard_in_float32(optimizer):
    """The path doesn't depend on the scale of the loss, though the squares of its gradients (Prodigy: d² g²) vanish."""
    loud, quiet = (walk(optimizer, 50, loud)[0] for loud in (1.0, 2.0**-50))
    np.testing.assert_allclose(quiet, loud, rtol=1e-4)
    if optimizer is not WHISPERED["prodigy"]:
        np.testing.assert_allclose(walk(optimizer, 50, 2.0**-90)[0], loud, rtol=1e-4)


def test_dog_reads_out_the_polynomial_decay_average(x64):
    path, (_, _, read) = walk(optimizers.dog(averaging=8.0), 20)
    np.testing.assert_array_equal(path, walk(optimizers.dog(), 20)[0])
    average = np.zeros(3)
    for t, w in enumerate(path, start=1):
        average = (1 - 9 / (t + 8)) * average + 9 / (t + 8) * w
    np.testing.assert_allclose(read[-1], average, rtol=1e-12)
    run = jgd.train(bowl, optimizers.dog(averaging=8.0), jnp.float64(3), bowls(), steps=5)
    assert run.params == run.train_state.opt_state.inner[-1] != run.train_state.params


PATIENT = {
    **{name: optimizers.get(name)() for name in ("schedule_free_sgd", "schedule_free_adamw")},
    **{name: optimizers.get(name)() for name in ("prodigy", "dadapt_adamw", "dog", "dowg")},
    "dog from a rate": optimizers.dog(init_step_kind="learning_rate"),
    "ldog": optimizers.dog(eps=0.0, layerwise=True),
    "cocob": optimizers.cocob(),
    "cocob without eps": optimizers.cocob(eps=0.0),
    "mechanic": optimizers.mechanic(optimizers.sgd(1.0)),
    "mechanic around adam": optimizers.mechanic(optimizers.adam(1.0), store_delta=True),
}


@pytest.mark.parametrize("optimizer", PATIENT.values(), ids=PATIENT)
def test_zero_gradients_at_the_start_are_waited_out(optimizer, x64):
    batches = jnp.array([0.0, 0.0, 0.0, 1.0, 1.0])
    loss = lambda w, sees: sees * jnp.sum(w["seen"] ** 2) + 0 * jnp.sum(w["dead"])
    start = {"seen": jnp.array([1.0, -2.0]), "dead": jnp.zeros(2)}
    still, _ = jgd.rollout(loss, optimizer, start, batches[:3])
    moved, _ = jgd.rollout(loss, optimizer, start, batches)
    chex.assert_trees_all_equal(still.params, start)
    np.testing.assert_array_equal(moved.params["dead"], 0)
    assert (np.abs(moved.params["seen"]) < np.abs(start["seen"])).all()
    assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(moved))


@pytest.mark.parametrize("rate", [1e-4, 1.0, 1e4])
def test_mechanic_finds_the_scale_of_any_rate(rate, x64):
    height = lambda w: float(jnp.sum(jnp.array([1.0, 30.0, 0.1]) * w**2))
    path, (state,) = walk(optimizers.mechanic(optimizers.sgd(rate)), 300)
    assert height(path[-1]) < 0.1 * height(path[0])
    np.testing.assert_allclose(state.rate.learning_rate, rate * state.s.sum(axis=1), rtol=1e-12)


def test_mechanic_that_remembers_delta_moves_bfloat16():
    """s grows while its steps are lost in rounding; solved from the weights, Δ would be lost with them."""
    start, zeros = jnp.ones(2, jnp.bfloat16), jnp.zeros(100)
    square = lambda w, _: jnp.sum(jnp.square(w))
    build = lambda stored: optimizers.mechanic(optimizers.sgd(1.0), store_delta=stored)
    remembered, solved = (jgd.rollout(square, build(stored), start, zeros)[0] for stored in (True, False))
    assert (np.abs(remembered.params) < 0.1).all()
    np.testing.assert_array_equal(solved.params, start)
