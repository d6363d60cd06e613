"""The check of the hooks by which a transform takes part: info, reseed and observe, each under jit."""

import chex
import jax
import jax.numpy as jnp
import numpy as np

from jgd.core.transform import UpdateInfo
from jgd.testing.failure import explained
from jgd.testing.subject import Subject

KEYS = (0, 1)  # two runs


def hooks(subject: Subject) -> None:
    """`info` reports numbers, `reseed` gives each run random numbers of its own, `observe` keeps the state's kind."""
    optimizer, state = (
        subject.optimizer,
        jax.jit(subject.step)(subject.optimizer, subject.start(), subject.problem.batch(0)),
    )
    with explained("hooks", "info(state) returns an UpdateInfo of () arrays."):
        info = jax.jit(optimizer.info)(state.opt_state)
        assert isinstance(info, UpdateInfo), f"info is a {type(info).__name__}"
        chex.assert_shape((info.learning_rate, info.skipped), ())
    with explained("hooks", "observe(state, metric) returns a state of the same tree, shapes and dtypes."):
        observed = jax.jit(optimizer.observe)(state.opt_state, jnp.ones((), jnp.result_type(float)))
        chex.assert_trees_all_equal_shapes_and_dtypes(observed, state.opt_state)
    with explained(
        "hooks", "reseed(state, keys) replaces each key's raw data by keys.mix(data), in order, and nothing else."
    ):
        reseed = jax.jit(optimizer.reseed)
        one, again, other = (reseed(state.opt_state, jax.random.key(seed)) for seed in (*KEYS[:1], *KEYS))
        chex.assert_trees_all_equal_shapes_and_dtypes(one, state.opt_state)
        chex.assert_trees_all_equal(one, again)
        for path, leaf in jax.tree_util.tree_leaves_with_path(state.opt_state):
            place = jax.tree_util.keystr(path)
            own, first, second = (_at(tree, path) for tree in (state.opt_state, one, other))
            if leaf.dtype == jnp.uint32:  # a key's raw data
                assert not np.array_equal(first, second), f"state{place}, a key, is the same in two runs"
            else:
                chex.assert_trees_all_equal(first, own, custom_message=f"state{place} is no key")


def _at(tree, path):
    return dict(jax.tree_util.tree_leaves_with_path(tree))[path]
