"""Models of Flax, Equinox and Haiku as tasks, beside the same steps by hand in the library's own way."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from helpers import tables

import jgd
from jgd.core.fingerprint import described, tree_digest
from jgd.core.seeds import Stream, key

LABELS = np.arange(24, dtype=np.int32) % 2
INPUTS = (np.random.default_rng(0).normal(size=(24, 3)) + LABELS[:, None]).astype(np.float32)
ROWS = (INPUTS, LABELS)
RUN = {"steps": 4, "batch_size": 8, "seed": 5}
BATCHES = [jgd.data.Batches(24, 8).at(ROWS, key(5, Stream.ORDER), at) for at in range(4)]
KEYS = [jax.random.fold_in(key(5, Stream.LOSS), at) for at in range(4)]
called = []  # the modes in which a model's code was run


def cross_entropy(outputs, labels):
    return -jnp.take_along_axis(jax.nn.log_softmax(outputs), labels[:, None], 1)[:, 0]


def task_of(library, model):
    return getattr(jgd.interop, library).task(model, cross_entropy, (ROWS, ROWS, ROWS))


def of_nnx():
    """-> (task, the losses and the outputs after the last step of the same steps by hand)."""
    nnx = pytest.importorskip("flax.nnx", reason="Flax is not installed")

    class Net(nnx.Module):
        def __init__(self, *, rngs):
            self.norm, self.drop = nnx.BatchNorm(3, rngs=rngs), nnx.Dropout(0.5, rngs=rngs)
            self.layers = nnx.List([nnx.Linear(3, 2, rngs=rngs)])

        def __call__(self, x):
            called.append(not self.drop.deterministic)
            return self.layers[0](self.drop(self.norm(x)))

    @nnx.jit
    def step(module, optimizer, batch):
        loss = lambda module: jnp.mean(cross_entropy(module(batch[0]), batch[1]))
        value, grads = nnx.value_and_grad(loss)(module)
        optimizer.update(module, grads)
        return value

    def by_hand():
        pytest.importorskip("optax", reason="optax is not installed")
        module = Net(rngs=nnx.Rngs(jgd.init_key(5)))
        optimizer = nnx.Optimizer(module, jgd.interop.optax.to_optax(jgd.optimizers.adam(0.1)), wrt=nnx.Param)
        losses = []
        for batch, drawn in zip(BATCHES, KEYS, strict=True):
            module.drop.rngs.key[...] = jax.random.fold_in(drawn, 1)
            module.drop.rngs.count[...] = jnp.zeros((), jnp.uint32)
            losses.append(step(module, optimizer, batch))
        module.eval()
        return losses, module(INPUTS)

    return task_of("flax", Net), by_hand, lambda module: module(INPUTS)


def of_linen():
    linen = pytest.importorskip("flax.linen", reason="Flax is not installed")

    class Net(linen.Module):
        @linen.compact
        def __call__(self, x, train):
            x = linen.BatchNorm(use_running_average=not train)(x)
            return linen.Dense(2)(linen.Dropout(0.5, deterministic=not train)(x))

    def by_hand():
        optax = pytest.importorskip("optax", reason="optax is not installed")
        from flax.training.train_state import TrainState

        first, stats = task.init(jgd.init_key(5)), task.init_state(jgd.init_key(5))
        # jgd's own Adam, in the place where Flax's users have optax's
        adam = jgd.interop.optax.to_optax(jgd.optimizers.adam(0.1))
        state = TrainState.create(apply_fn=Net().apply, params=first, tx=optax.chain(adam))
        rngs = lambda drawn: {"dropout": jax.random.fold_in(drawn, 0)}

        @jax.jit
        def step(state, stats, batch, drawn):
            def loss(params):
                variables = {"params": params, **stats}
                out, after = state.apply_fn(variables, batch[0], True, rngs=rngs(drawn), mutable=["batch_stats"])
                return jnp.mean(cross_entropy(out, batch[1])), after

            (value, after), grads = jax.value_and_grad(loss, has_aux=True)(state.params)
            return state.apply_gradients(grads=grads), after, value

        losses = []
        for batch, drawn in zip(BATCHES, KEYS, strict=True):
            state, stats, value = step(state, stats, batch, drawn)
            losses.append(value)
        return losses, Net().apply({"params": state.params, **stats}, INPUTS, False)

    task = task_of("flax", Net())
    return task, by_hand, lambda module: module(INPUTS, train=False)


def of_equinox():
    eqx = pytest.importorskip("equinox", reason="Equinox is not installed")

    class Net(eqx.Module):
        norm: eqx.nn.BatchNorm
        drop: eqx.nn.Dropout
        last: eqx.nn.Linear
        order: jax.Array  # no weights, and no structure either

        def __init__(self, key):
            self.norm, self.drop = eqx.nn.BatchNorm(3, "batch", mode="batch"), eqx.nn.Dropout(0.5)
            self.last, self.order = eqx.nn.Linear(3, 2, key=key), jax.random.permutation(key, 3)

        def __call__(self, x, state, *, key):
            x, state = self.norm(x[self.order], state)
            return self.last(self.drop(x, key=key)), state

    make = eqx.nn.make_with_state(Net)

    @eqx.filter_jit
    def step(module, state, opt_state, optimizer, batch, drawn):
        def loss(module, state):
            mapped = jax.vmap(partial(_one, module), (0, None, 0), (0, None), axis_name="batch")
            out, state = mapped(batch[0], state, jax.random.split(drawn, 8))
            return jnp.mean(cross_entropy(out, batch[1])), state

        (value, state), grads = eqx.filter_value_and_grad(loss, has_aux=True)(module, state)
        weights = eqx.filter(module, eqx.is_inexact_array)
        updates, opt_state = optimizer.update(grads, opt_state, weights)
        return eqx.apply_updates(module, updates), state, opt_state, value

    def by_hand():
        module, state = make(jgd.init_key(5))
        optimizer = jgd.optimizers.adam(0.1)
        opt_state, losses = optimizer.init(eqx.filter(module, eqx.is_inexact_array)), []
        for batch, drawn in zip(BATCHES, KEYS, strict=True):
            module, state, opt_state, value = step(module, state, opt_state, optimizer, batch, drawn)
            losses.append(value)
        return losses, answers((eqx.nn.inference_mode(module), state))

    def answers(pair):
        return jax.vmap(lambda x: pair[0](x, pair[1], key=None)[0], axis_name="batch")(INPUTS)

    return task_of("equinox", make), by_hand, answers


def of_haiku():
    hk = pytest.importorskip("haiku", reason="Haiku is not installed")

    def net(x, is_training):
        x = hk.BatchNorm(True, True, 0.9)(x, is_training)
        return hk.Linear(2)(hk.dropout(hk.next_rng_key(), 0.5, x) if is_training else x)

    made, optimizer = hk.transform_with_state(net), jgd.optimizers.adam(0.1)

    @jax.jit
    def step(params, state, opt_state, batch, drawn):
        def loss(params):
            out, after = made.apply(params, state, drawn, batch[0], True)
            return jnp.mean(cross_entropy(out, batch[1])), after

        (value, after), grads = jax.value_and_grad(loss, has_aux=True)(params)
        updates, opt_state = optimizer.update(grads, opt_state, params)
        return jgd.apply_updates(params, updates), after, opt_state, value

    def by_hand():
        params, state = made.init(jgd.init_key(5), INPUTS, True)
        opt_state, losses = optimizer.init(params), []
        for batch, drawn in zip(BATCHES, KEYS, strict=True):
            params, state, opt_state, value = step(params, state, opt_state, batch, drawn)
            losses.append(value)
        return losses, made.apply(params, state, None, INPUTS, False)[0]

    return task_of("haiku", net), by_hand, lambda model: model(INPUTS)


def _one(module, x, state, key):
    return module(x, state, key=key)


@pytest.fixture(scope="module", params=[of_nnx, of_linen, of_equinox, of_haiku], ids=lambda make: make.__name__)
def library(request):
    return request.param()


@pytest.mark.slow
def test_a_run_is_its_steps_by_hand_and_its_model_comes_back(library, tmp_path):
    task, by_hand, answers = library
    losses, outputs = by_hand()
    run = jgd.train(task, jgd.optimizers.adam(0.1), **RUN, metric="loss", evaluate_every=4)
    np.testing.assert_allclose(run.history["loss"], losses, rtol=1e-5)
    np.testing.assert_allclose(answers(task.model.build(run.params, run.model_state)), outputs, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(answers(run.model()), run.predictor.outputs(INPUTS), rtol=1e-5, atol=1e-6)
    kept = jgd.load_model(jgd.save_model(run, tmp_path), task.model)
    assert (kept.predict(INPUTS) == run.predict(INPUTS)).all()
    assert type(kept.library_model()) is type(run.model())
    with pytest.raises(jgd.JgdError, match=rf"'{task.model.name}, a jgd\.interop"):
        jgd.load_model(tmp_path)
    right = np.mean(np.argmax(np.asarray(outputs), axis=1) == LABELS)
    assert np.isclose(run.evaluations["accuracy"][-1], right, atol=0.05)


@pytest.mark.slow
def test_a_run_of_a_sweep_has_the_bits_of_its_replay():
    task, _, answers = of_nnx()
    found = jgd.sweep(task, "adam", {"learning_rate": [0.01, 0.1]}, seeds=[5], steps=4, batch_size=8)
    again = found.replay(1, seed=5)
    assert again.reproduced
    assert tree_digest(again.model_state) == tree_digest(found.model_state(1, 5))
    np.testing.assert_allclose(answers(found.model(1, 5)), found.predictor(1, 5).outputs(INPUTS), rtol=1e-5, atol=1e-6)


@pytest.mark.slow
def test_a_resumed_run_has_the_bits_of_one_that_never_was_and_other_numbers_compile_nothing(tmp_path):
    task = of_nnx()[0]
    straight = jgd.train(task, jgd.optimizers.adam(0.1), **RUN)
    before = len(called)
    for steps in (2, 4):
        run = jgd.train(task, jgd.optimizers.adam(0.1), **{**RUN, "steps": steps}, store=tmp_path, resume=True)
    jgd.train(task, jgd.optimizers.adam(0.2), **RUN)
    assert tree_digest((run.params, run.model_state, run.history)) == tree_digest(
        (straight.params, straight.model_state, straight.history)
    )
    assert len(called) - before <= 6  # the checks' looks at the loss; a compiled program runs the model's code no more
    read = jgd.load_run(tmp_path, task.model)
    assert (read.predict(INPUTS) == run.predict(INPUTS)).all()


def test_two_tasks_of_one_model_are_one_structure_and_of_another_are_not():
    nnx = pytest.importorskip("flax.nnx", reason="Flax is not installed")
    linear = lambda width, bias=True: task_of("flax", lambda rngs: nnx.Linear(3, width, use_bias=bias, rngs=rngs))
    one, same, other = linear(2).loss, linear(2).loss, linear(2, False).loss
    assert jax.tree.structure(one) == jax.tree.structure(same) != jax.tree.structure(other)
    assert repr(one.network) == repr(same.network) != repr(other.network)
    assert task_of("flax", lambda rngs: nnx.Linear(3, 2, rngs=rngs)).init_state is None


def test_a_model_is_known_by_its_code():
    linen = pytest.importorskip("flax.linen", reason="Flax is not installed")

    def net(inside):
        class Net(linen.Module):
            @linen.compact
            def __call__(self, x):
                return linen.Dense(2)(inside(x))

        return task_of("flax", Net()).model

    assert repr(net(jnp.tanh)) == repr(net(jnp.tanh)) != repr(net(jnp.sin))
    by_loss = lambda error: described("loss", jgd.interop.flax.task(linen.Dense(2), error, ROWS).loss)
    assert (
        by_loss(cross_entropy)
        == by_loss(cross_entropy)
        != by_loss(lambda outputs, labels: cross_entropy(outputs, labels))
    )


def test_a_module_is_where_every_run_starts():
    nnx = pytest.importorskip("flax.nnx", reason="Flax is not installed")
    module = nnx.Linear(3, 2, rngs=nnx.Rngs(7))
    task = task_of("flax", module)
    for seed in (0, 1):
        assert (task.init(jgd.init_key(seed))["kernel"] == module.kernel[...]).all()


@pytest.mark.parametrize(
    ("library", "model", "data", "says"),
    [
        ("flax", 3, ROWS, "model must be a function of nnx.Rngs"),
        ("flax", lambda rngs: 3, ROWS, "model must return an nnx.Module"),
        ("equinox", 3, ROWS, "model must be a function of a key"),
        ("haiku", 3, ROWS, "model must be a function, which haiku"),
        ("flax", dict, ROWS, r"such as a class of flax\.Module, .*, got the class dict"),
        ("equinox", dict, ROWS, r"such as a class of equinox\.Module, .*, got the class dict"),
        ("flax", lambda width, rngs: width, ROWS, r"needs width too: give lambda rngs: .*\(width=…, rngs=rngs\)"),
        ("equinox", lambda key, width: width, ROWS, "model must need key alone, and .* needs width too"),
        ("equinox", lambda key: 3, ROWS, "model must return an equinox.Module"),
        ("flax", lambda rngs: 3, INPUTS, "data must be rows"),
        ("flax", lambda rngs: 3, tables.task(), "data must be rows"),
        ("flax", lambda rngs: 3, ((*ROWS, -ROWS[1]),) * 3, "weights must be one finite number >= 0 a row"),
    ],
)
def test_what_is_no_model_or_no_rows_is_refused(library, model, data, says):
    pytest.importorskip(library, reason=f"{library} is not installed")
    with pytest.raises(jgd.JgdError, match=says):
        getattr(jgd.interop, library).task(model, "softmax_cross_entropy", data)
    with pytest.raises(jgd.JgdError, match="of no other library"):
        jgd.Predictor(jgd.models.Linear(1), {}).library_model()
