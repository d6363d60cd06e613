"""The base class of transforms: a user's own takes part, what is none is refused, an optimizer counts as one."""

import os
import subprocess
import sys

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from helpers.quick_compilation import as_users_have_it

import jgd
from jgd.core import seeds
from jgd.core.transform import UpdateInfo


@pytest.mark.slow
def test_a_user_transform_takes_part():
    """Its rate is reported, its key is each run's own, it hears the validation metric, and its skip is no divergence."""

    @jgd.record
    class Own(jgd.Transform):
        def init(self, params):
            return {"key": jnp.zeros(2, jnp.uint32), "heard": jnp.zeros(()), "skipped": jnp.zeros((), bool)}

        def update(self, updates, state, context):
            skip = ~jnp.isfinite(updates)
            return jnp.where(skip, 0.0, -0.5 * updates), {**state, "skipped": skip.any()}

        def info(self, state):
            return UpdateInfo(jnp.float32(0.5), skipped=state["skipped"])

        def reseed(self, state, keys):
            return {**state, "key": keys.mix(state["key"])}

        def observe(self, state, metric):
            return {**state, "heard": jnp.float32(metric)}

    transforms = jgd.transforms
    wrapped = transforms.SkipNonFinite(transforms.EightBit(transforms.Restart(Own(), 100)))
    for optimizer in (jgd.chain(Own()), jgd.chain(wrapped), transforms.partition({"*": Own()})):
        key = seeds.key(3, seeds.Stream.NOISE)
        begin = jgd.start(optimizer, jnp.ones(()), key)
        other = jgd.start(optimizer, jnp.ones(()), jax.random.fold_in(key, 1))
        keys = [[x for x in jax.tree.leaves(s.opt_state) if x.dtype == jnp.uint32] for s in (begin, other)]
        assert not (keys[0][0] == keys[1][0]).all()
        end, metrics = jgd.step(lambda w, b: w * b, optimizer, begin, jnp.array(2.0))
        assert (float(end.params), float(metrics.learning_rate)) == (0.0, 0.5)
        heard = optimizer.observe(end.opt_state, 7.0)
        assert any(leaf.shape == () and float(leaf) == 7 for leaf in jax.tree.leaves(heard))
        assert not optimizer.info(end.opt_state).skipped
        _, skipped = optimizer.update(jnp.array(jnp.nan), begin.opt_state, begin.params)
        assert optimizer.info(skipped).skipped


@jgd.record
class Remembers(jgd.Transform):
    """A method with a key of its own."""

    def init(self, params):
        return {"key": jnp.zeros(2, jnp.uint32), "steps": jnp.zeros(())}

    def update(self, updates, state, context):
        return updates, {**state, "steps": state["steps"] + 1}

    def reseed(self, state, keys):
        return {**state, "key": keys.mix(state["key"])}


AGAIN = {
    "Restart": lambda each: jgd.transforms.Restart(each, period=1),
    "Switch": lambda each: jgd.transforms.Switch((jgd.transforms.Freeze(), each), at=(1,)),
    "Lookahead": lambda each: jgd.transforms.Lookahead(each, update_every=1, reset=True),
}


@pytest.mark.parametrize("again", AGAIN.values(), ids=AGAIN)
def test_a_restart_keeps_the_runs_own_keys(again):
    """Those of `reseed`, in whatever state a user's transform keeps them; the rest of its state starts anew."""
    optimizer = jgd.chain(again(jgd.chain(Remembers(), Remembers())))
    state = optimizer.reseed(optimizer.init(jnp.ones(2)), seeds.key(3, seeds.Stream.NOISE))
    both = lambda state, name: [
        x for at, x in jax.tree_util.tree_leaves_with_path(state) if name in jax.tree_util.keystr(at)
    ]
    keys = both(state, "key")
    for _ in range(2):
        _, state = optimizer.update(jnp.ones(2), state, jnp.ones(2))
    assert not (keys[0] == keys[1]).all()
    for before, after in zip(keys, both(state, "key"), strict=True):
        np.testing.assert_array_equal(before, after)
    assert max(map(float, both(state, "steps"))) <= 1


SGD, HALF = jgd.optimizers.sgd(1.0), jgd.transforms.ReduceOnPlateau(factor=0.5, patience=0)
CLIP = jgd.transforms.ClipByGlobalNorm(1e9)
RATES = {
    "a chain's own factor": (jgd.chain(SGD, HALF), 0.5),
    "a factor in a chain without a rate": (jgd.chain(SGD, jgd.chain(CLIP, HALF)), 0.5),
    "two factors": (jgd.chain(SGD, jgd.chain(HALF, HALF)), 0.25),
    "a factor in a wrapper": (jgd.chain(SGD, jgd.transforms.SkipNonFinite(HALF)), 0.5),
    "another group's factor": (jgd.transforms.partition({"a": HALF, "*": SGD}), 1.0),
    "no rate in a switch": (jgd.chain(jgd.transforms.Switch((CLIP, CLIP), at=(1,)), SGD), 1.0),
    "the factor in charge": (jgd.chain(SGD, jgd.transforms.Switch((CLIP, HALF), at=(1,))), 0.5),
    "a factor that was": (jgd.chain(SGD, jgd.transforms.Switch((HALF, CLIP), at=(1,))), 1.0),
}


@pytest.mark.parametrize(("optimizer", "rate"), RATES.values(), ids=RATES)
def test_the_rate_reported_is_the_one_in_use(optimizer, rate):
    params = {"a": jnp.ones(()), "b": jnp.ones(())}
    state = optimizer.init(params)
    for value in (1.0, 1.0, 1.0)[: 3 if "Switch" in repr(optimizer) else 2]:
        updates, state = optimizer.update(params, state, params, value=jnp.array(value))
    assert (float(optimizer.info(state).learning_rate), float(-updates["b"])) == (rate, rate)


def test_a_guard_that_has_had_its_time_forgives_nothing():
    guard = jgd.transforms.SkipNonFinite
    optimizer = jgd.chain(jgd.transforms.Switch((guard(SGD), guard(SGD)), at=(1,)))
    _, state = optimizer.update(jnp.array(jnp.nan), optimizer.init(jnp.ones(())), jnp.ones(()))
    assert optimizer.info(state).skipped
    _, state = optimizer.update(jnp.ones(()), state, jnp.ones(()))
    assert not optimizer.info(state).skipped


def test_a_chain_in_a_chain_has_its_places():
    """What must be last is found inside, and what only observes may follow it, as without the inner chain."""
    t = jgd.transforms
    project = t.Project(t.NonNegative())
    jgd.chain(SGD, project, jgd.chain(t.EmaOfParams(0.9)))
    with pytest.raises(jgd.JgdError, match="Project must see the step"):
        jgd.chain(jgd.chain(jgd.optimizers.nesterov(0.1), project), CLIP)


@jgd.record
class Faulty(jgd.Transform):
    """An update with a fault."""

    fault: str = jgd.static_field()

    def update(self, updates, state, context):
        bad = {"alone": updates, "shape": (updates["a"], state), "state": (updates, (jnp.zeros(1),))}
        return bad[self.fault]


FAULTS = {
    "alone": r"Faulty.update must return \(updates, state\), got dict",
    "shape": "the result of Faulty.update misses the leaf",
    "state": "Faulty.update must return a state like the one",
}


@pytest.mark.parametrize(("fault", "said"), FAULTS.items())
def test_an_update_that_returns_something_else_is_refused_by_the_transforms_name(fault, said):
    params = {"a": jnp.ones(2), "b": jnp.ones(2)}
    optimizer = jgd.chain(CLIP, Faulty(fault), SGD)
    with pytest.raises(jgd.JgdError, match=said):
        jax.jit(optimizer.update)(params, optimizer.init(params), params)


def test_info_may_report_python_numbers():
    @jgd.record
    class Fixed(jgd.Transform):
        def update(self, updates, state, context):
            return jax.tree.map(lambda u: -0.5 * u, updates), state

        def info(self, state):
            return UpdateInfo(learning_rate=0.5, skipped=False)

    for optimizer in (jgd.chain(Fixed()), jgd.optimizers.schedule_free(Fixed())):
        _, metrics = jgd.step(lambda w, b: w * b, optimizer, jgd.start(optimizer, jnp.ones(())), jnp.array(2.0))
        assert float(metrics.learning_rate) == 0.5


NO_TRANSFORM = {
    "duck-typed": (type("Duck", (), {"init": None, "update": None})(), "derive from jgd.Transform"),
    "a class": (jgd.transforms.Freeze, "derive from jgd.Transform"),
    "no record": (type("Bare", (jgd.Transform,), {})(), "put @jgd.record above Bare"),
}


@pytest.mark.parametrize(("thing", "said"), NO_TRANSFORM.values(), ids=NO_TRANSFORM)
def test_what_is_no_transform_is_refused_with_what_to_do(thing, said):
    for make in (jgd.chain, jgd.Optimizer, jgd.transforms.Flatten, lambda each: jgd.transforms.only("w", each)):
        with pytest.raises(jgd.JgdError, match=said):
            make(thing)


def test_an_optimizer_is_taken_wherever_a_transform_is():
    t, adam = jgd.transforms, jgd.optimizers.adam(0.1)
    pairs = [
        (jgd.chain(t.ClipByGlobalNorm(1.0), adam), jgd.chain(t.ClipByGlobalNorm(1.0), adam.transform)),
        (t.Accumulate(adam, 2), t.Accumulate(adam.transform, 2)),
        (t.Switch((adam, adam), at=(1,)), t.Switch((adam.transform, adam.transform), at=(1,))),
        (t.only("w", adam), t.only("w", adam.transform)),
        (t.partition({"*": adam}), t.partition({"*": adam.transform})),
        (jgd.optimizers.sam(adam), jgd.optimizers.sam(adam.transform)),
    ]
    for made, plain in pairs:
        assert made == plain
    with pytest.raises(jgd.JgdError, match="must be first"):
        jgd.chain(t.ClipByGlobalNorm(1.0), jgd.optimizers.nesterov(0.1))


BLAMED = {
    "another library's word": (
        lambda t: t.ClipByGlobalNorm(max_grad_norm=1.0),
        "no parameter 'max_grad_norm': write max_norm",
    ),
    "inside a switch": (lambda t: t.Flatten(t.Switch((jgd.optimizers.lamb(0.1), SGD), at=(1,))), "TrustRatio does"),
    "inside a chain": (lambda t: t.Accumulate(jgd.optimizers.nesterov(0.1), 2), "DescendByLookAhead looks at"),
}


@pytest.mark.parametrize(("make", "said"), BLAMED.values(), ids=BLAMED)
def test_a_refusal_names_what_to_change(make, said):
    with pytest.raises(jgd.JgdError, match=said):
        make(jgd.transforms)


@pytest.mark.slow
def test_outside_jit_an_update_is_compiled_once_with_the_bits_of_a_jitted_one(request):
    if "JGD_QUICK" in os.environ:  # the bits are those of the programs that users have
        words = [sys.executable, "-m", "pytest", "-qp", "no:xdist", request.node.nodeid]
        done = subprocess.run(
            words, env=as_users_have_it(), cwd=request.config.rootpath, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stdout
        return
    traced = []

    @jgd.record
    class Third(jgd.Transform):
        def update(self, updates, state, context):
            traced.append(1)
            return jax.tree.map(lambda u: jnp.sin(u) / 3 + u * u, updates), state

    optimizer = jgd.chain(Third(), jgd.optimizers.adam(0.1))
    params, grads = jnp.linspace(-1, 1, 7), jnp.linspace(0.1, 3, 7)
    eager = jitted = optimizer.init(params)
    update = jax.jit(optimizer.update)
    for _ in range(3):
        mine, eager = optimizer.update(grads, eager, params)
        want, jitted = update(grads, jitted, params)
        np.testing.assert_array_equal(mine, want)
    assert len(traced) == 2, "one for each jit"
    optimizer.with_hyperparameters(learning_rate=0.2).update(grads, eager, params)
    assert len(traced) == 2
    with jax.disable_jit():
        optimizer.update(grads, eager, params)
    assert len(traced) == 3
    with pytest.raises(ValueError, match="must have the shape of params") as caught:
        optimizer.update(jnp.ones(8), eager, params)
    assert not hasattr(caught.value, "__notes__"), "no word about the frames of a jit"


def test_a_transform_with_a_python_if_runs_outside_jit():
    @jgd.record
    class Positive(jgd.Transform):
        def update(self, updates, state, context):
            return (updates if updates > 0 else 0 * updates), state

    optimizer = jgd.chain(Positive())
    ask = lambda g: float(optimizer.update(jnp.array(g), optimizer.init(jnp.ones(())), jnp.ones(()))[0])
    assert (ask(2.0), ask(-2.0)) == (2.0, 0.0)
