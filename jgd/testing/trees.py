"""Checks of the parameters' tree: any pytree of floating arrays descends, in any floating dtype."""

from typing import Any, NamedTuple

import chex
import jax
import jax.numpy as jnp
import numpy as np

from jgd.core.loss_protocol import OnBatch
from jgd.core.record import record
from jgd.descent import start, step
from jgd.testing.failure import explained
from jgd.testing.problem import half_square
from jgd.testing.subject import Subject, shapes_and_dtypes

STATE = "Start the state with jgd.core.tree.zeros_like, and let the optimizer cast: state is float32 or wider."


class _Layer(NamedTuple):
    weights: Any
    bias: Any


@record
class _Pair:
    first: Any
    second: Any


TREE = {
    "none leaf": {"a": np.ones(2), "b": None},
    "empty dict": {},
    "empty tuple": (),
    "0-d": np.ones(()),
    "zero size": {"w": np.ones((0, 3)), "v": np.ones(1)},
    "named tuple": _Layer(np.ones((2, 2)), None),
    "record": _Pair(np.ones(3), np.ones(1)),
    "list": [np.ones(1), [np.ones(2), np.ones((2, 1, 2))]],
}


def any_tree(subject: Subject) -> None:
    """None leaves, empty containers, 0-d and zero-size leaves, named tuples, records and lists descend in one step."""
    descends(subject, TREE)


def descends(subject: Subject, tree: Any) -> None:
    """One step on Σ w²/2 keeps the tree; every entry is finite, and smaller where the subject is `downhill` from 1."""
    advice = "Use jax.tree.map over all trees together, and reduce with an initial value: a leaf may hold no entry."
    with explained("any tree", advice):
        optimizer, params = subject.optimizer, jax.tree.map(lambda leaf: jnp.asarray(leaf, float), tree)
        one = jax.jit(lambda state: step(half_square, optimizer, state, jnp.zeros(2)))
        end, metrics = one(start(optimizer, params))
        chex.assert_trees_all_equal_shapes_and_dtypes(end, start(optimizer, params))
        chex.assert_trees_all_equal_structs(optimizer.eval_params(end.opt_state, end.params), params)
        chex.assert_tree_all_finite((end.params, metrics.gradient_norm))
        if subject.downhill:
            for after, before in zip(jax.tree.leaves(end.params), jax.tree.leaves(params), strict=True):
                assert (np.asarray(after) < np.asarray(before)).all(), f"{before} does not fall: {after}"


def updates_like_params(subject: Subject) -> None:
    """`update` gives a tree like the parameters, with their shapes, and a state like the one that it was given."""
    with explained(
        "updates like params", "Return jax.tree.map(…, updates), and for the state a record of the same kind."
    ):
        optimizer, params, batch = subject.optimizer, subject.problem.params(), subject.problem.batch(0)
        loss = OnBatch(subject.problem.loss, batch)
        given = {"value": jax.ShapeDtypeStruct((), jnp.result_type(float))}
        state = optimizer.init(params)
        update = lambda grads, state, params, value: optimizer.update(grads, state, params, value=value, loss=loss)
        updates, after = jax.eval_shape(update, params, state, params, *given.values())
        chex.assert_trees_all_equal_structs(updates, params)
        chex.assert_trees_all_equal_shapes(updates, shapes_and_dtypes(params))
        chex.assert_trees_all_equal_shapes_and_dtypes(after, shapes_and_dtypes(state))


def dtypes(subject: Subject) -> None:
    """Parameters keep their dtype, be it bfloat16, float16, float32 or float64; the state's are stable, and wide."""
    for dtype in ("bfloat16", "float16", "float32", "float64"):
        stable_in(subject, dtype)


def stable_in(subject: Subject, dtype: str) -> None:
    """`dtypes` for one of them."""
    with explained("dtypes", f"With {dtype} parameters: {STATE}"), jax.enable_x64(True):
        optimizer, batch = subject.build(**subject.hyperparameters), subject.problem.batch(0, dtype)
        before = start(optimizer, subject.problem.params(dtype))
        after, metrics = jax.jit(lambda state: step(subject.problem.loss, optimizer, state, batch))(before)
        chex.assert_trees_all_equal_shapes_and_dtypes(after, before)
        seen = after.params, metrics.loss, metrics.gradient_norm, metrics.update_norm  # a rate that no step used is NaN
        chex.assert_tree_all_finite(_floats(seen))
        _wide(after.opt_state.inner)
        _strong((before.opt_state, after))


def mixed_dtypes(subject: Subject) -> None:
    """A tree of bfloat16 and float64 leaves keeps each."""
    with explained("mixed dtypes", STATE), jax.enable_x64(True):
        leaves, structure = jax.tree.flatten(subject.problem.params("float64"))
        leaves = [leaf.astype("float64" if place % 2 else "bfloat16") for place, leaf in enumerate(leaves)]
        optimizer, batch = subject.build(**subject.hyperparameters), subject.problem.batch(0, "float64")
        wide = lambda params, batch: subject.problem.loss(jax.tree.map(lambda p: p.astype("float64"), params), batch)
        before = start(optimizer, jax.tree.unflatten(structure, leaves))
        after, _ = jax.jit(lambda state: step(wide, optimizer, state, batch))(before)
        chex.assert_trees_all_equal_shapes_and_dtypes(after, before)
        _wide(after.opt_state.inner)
        _strong((before.opt_state, after))


def _wide(state: Any) -> None:
    for path, leaf in jax.tree_util.tree_leaves_with_path(state):
        narrow = jnp.issubdtype(leaf.dtype, jnp.floating) and leaf.dtype.itemsize < 4
        assert not narrow, f"state{jax.tree_util.keystr(path)} is {leaf.dtype}"


def _strong(tree: Any) -> None:
    for path, leaf in jax.tree_util.tree_leaves_with_path(tree):
        assert not leaf.weak_type, f"{jax.tree_util.keystr(path)} is weakly typed: give its dtype"


def _floats(tree: Any) -> list:
    """The floating leaves in float64, as NumPy arrays; a key is whole numbers."""
    return [np.asarray(x, np.float64) for x in jax.tree.leaves(tree) if jnp.issubdtype(x.dtype, jnp.floating)]
