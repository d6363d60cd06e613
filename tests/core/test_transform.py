"""The base class of transforms: a user's own takes part, what is none is refused, an optimizer counts as one."""

import jax
import jax.numpy as jnp
import pytest

import jgd
from jgd.core import seeds
from jgd.core.transform import UpdateInfo


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
        keys = [[x for x in jax.tree.leaves(s.state) if x.dtype == jnp.uint32] for s in (begin, other)]
        assert not (keys[0][0] == keys[1][0]).all()
        end, metrics = jgd.step(lambda w, b: w * b, optimizer, begin, jnp.array(2.0))
        assert (float(end.params), float(metrics.learning_rate)) == (0.0, 0.5)
        heard = optimizer.observe(end.state, 7.0)
        assert any(leaf.shape == () and float(leaf) == 7 for leaf in jax.tree.leaves(heard))
        assert not optimizer.info(end.state).skipped
        _, skipped = optimizer.update(jnp.array(jnp.nan), begin.state, begin.params)
        assert optimizer.info(skipped).skipped


NO_TRANSFORM = {
    "duck-typed": (type("Duck", (), {"init": None, "update": None})(), "derive from jgd.Transform"),
    "a class": (jgd.transforms.Freeze, "derive from jgd.Transform"),
    "no record": (type("Bare", (jgd.Transform,), {})(), "put @jgd.record above Bare"),
}


@pytest.mark.parametrize(("thing", "said"), NO_TRANSFORM.values(), ids=NO_TRANSFORM)
def test_what_is_no_transform_is_refused_with_what_to_do(thing, said):
    for make in (jgd.chain, jgd.transforms.Flatten, lambda each: jgd.transforms.only("w", each)):
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
