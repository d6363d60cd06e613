"""Checks of the state: its tree depends on no value, nothing in it aliases, and a saved one goes on bit for bit."""

from dataclasses import replace

import chex
import jax
import jax.numpy as jnp
import numpy as np

from jgd.core.loss_protocol import OnBatch
from jgd.core.snapshots import pack, unpack
from jgd.descent import start, step
from jgd.schedules import Constant
from jgd.testing.failure import explained
from jgd.testing.subject import Subject, shapes_and_dtypes


def abstract_init(subject: Subject) -> None:
    """`jax.eval_shape(init)` is what `init` makes: it reads no value of a parameter."""
    with explained("abstract init", "Make the state of the parameters' shapes and dtypes only, with jnp functions."):
        params = subject.problem.params()
        abstract, made = jax.eval_shape(subject.optimizer.init, params), subject.optimizer.init(params)
        chex.assert_trees_all_equal_structs(abstract, made)
        chex.assert_trees_all_equal_shapes_and_dtypes(abstract, shapes_and_dtypes(made))


def one_structure(subject: Subject) -> None:
    """The state's tree, shapes and dtypes are the same for any value of the hyperparameters: numbers, arrays, schedules."""
    advice = "A number is never a reason to leave a part of the state out: 0 is a value too."
    numbers, want = subject.hyperparameters, subject.start().opt_state
    others = {
        "another number": [{name: values[name]} for values in subject.values[1:] for name in numbers],
        "an array": [{name: value} for name, value in subject.numbers.items()],
        "a schedule": [{name: Constant(value)} for name, value in numbers.items() if name not in subject.fixed],
        "zero": [{name: 0.0} for name in numbers if subject.takes(**{name: 0.0})],
    }
    for kind, changes in others.items():
        for change in changes:
            (name,) = change
            with explained("one structure", f"As {kind}: {advice}", name):
                chex.assert_trees_all_equal_shapes_and_dtypes(subject.start(**change).opt_state, want)


def nothing_aliases(subject: Subject) -> None:
    """No two arrays of params, state, gradients and updates share memory, so that all can be donated."""
    advice = "Return new arrays, never the caller's or one twice; inside jit the compiler sees to it."
    optimizer, params = subject.optimizer, subject.problem.params()
    batch, state = subject.problem.batch(0), start(subject.optimizer, subject.problem.params())
    with explained("nothing aliases", advice):
        _apart(state)
        loss = OnBatch(subject.problem.loss, batch)
        grads = jax.tree.map(jnp.ones_like, params)
        eager = optimizer.update(grads, state.opt_state, params, value=loss(params), loss=loss)
        _apart((grads, params, *eager))
        one = lambda state: subject.step(optimizer, state, batch)
        want = jax.jit(one)(state)
        got = jax.jit(one, donate_argnums=0)(state)  # a buffer that is donated twice is an error
        assert all(leaf.is_deleted() for leaf in jax.tree.leaves(state.params)), "the parameters were not donated"
        chex.assert_trees_all_close(got, want, rtol=1e-6, atol=1e-7)


def _apart(tree) -> None:
    places = [(path, leaf.unsafe_buffer_pointer()) for path, leaf in jax.tree_util.tree_leaves_with_path(tree)]
    seen: dict[int, str] = {}
    for path, pointer in places:
        name = jax.tree_util.keystr(path)
        assert pointer not in seen, f"{name} and {seen[pointer]} share their memory"
        seen[pointer] = name


def saved_like_kept(subject: Subject) -> None:
    """A state that was saved and restored goes on with the same bits."""
    advice = "All that is remembered is arrays in the state: no Python object, no global, no cache."
    with explained("saved like kept", advice):
        one = jax.jit(subject.step)
        halfway = subject.start()
        for at in range(2):
            halfway = one(subject.optimizer, halfway, subject.problem.batch(at))
        restored = unpack("state", pack("state", halfway), halfway)
        restored = jax.tree.map(jnp.asarray, restored)
        batch = subject.problem.batch(2)
        ends = [one(subject.build(**subject.hyperparameters), state, batch) for state in (restored, halfway)]
        assert pack("end", ends[0]).keys() == pack("end", ends[1]).keys()
        chex.assert_trees_all_equal(*ends)


def late_clock(subject: Subject) -> None:
    """At the counter's last number, 2³¹ − 1, a step is finite and no leap: a careless step + 1 is negative there."""
    with explained("late clock", "Take context.step as a float before you add to it or raise to its power."):
        one, state = jax.jit(subject.step), subject.start()
        for at in range(2):
            state = one(subject.optimizer, state, subject.problem.batch(at))
        last = jnp.asarray(jnp.iinfo(jnp.int32).max, jnp.int32)
        late = one(
            subject.optimizer, replace(state, opt_state=replace(state.opt_state, step=last)), subject.problem.batch(2)
        )
        assert int(late.opt_state.step) == int(last), f"the counter is {int(late.opt_state.step)} after its last number"
        for path, leaf in jax.tree_util.tree_leaves_with_path(late.params):
            assert (np.abs(np.asarray(leaf)) < 100).all(), f"params{jax.tree_util.keystr(path)} leaps to {leaf}"


def zero_gradients(subject: Subject) -> None:
    """Steps without a gradient, from the first one on, move nothing to what is not finite; nor does the first with one."""
    with explained("zero gradients", "Guard √ and / at 0 with jgd.core.tree, whose derivatives are finite too."):
        still = lambda params, batch: 0 * subject.problem.loss(params, batch)
        one = jax.jit(lambda state, batch: step(still, subject.optimizer, state, batch)[0])
        state = subject.start()
        for at in range(3):
            state = one(state, subject.problem.batch(at))
            chex.assert_tree_all_finite(state.params)
        state = jax.jit(subject.step)(subject.optimizer, state, subject.problem.batch(3))
        chex.assert_tree_all_finite(state.params)
