"""Checks of the loop around: compiled like eager, and a scan like a Python loop."""

import chex
import jax

from jgd.core.loss_protocol import OnBatch
from jgd.core.updates import apply_updates
from jgd.descent import rollout
from jgd.testing.failure import explained
from jgd.testing.subject import Subject

CLOSE = {"rtol": 2e-5, "atol": 1e-6}  # float32 sums in another order


def compiled_like_eager(subject: Subject) -> None:
    """`update` under `jax.jit` gives what it gives without."""
    with explained("compiled like eager", "Compute with jnp, not with NumPy, and keep nothing outside the state."):
        optimizer, params, batch = subject.optimizer, subject.problem.params(), subject.problem.batch(0)
        loss, state = OnBatch(subject.problem.loss, batch), optimizer.init(params)

        def one(params, state):
            value, grads = jax.value_and_grad(loss)(params)
            updates, state = optimizer.update(grads, state, params, value=value, loss=loss)
            return apply_updates(params, updates), state

        chex.assert_trees_all_close(jax.jit(one)(params, state), one(params, state), **CLOSE)


def scan_like_loop(subject: Subject, steps: int = 4) -> None:
    """`jax.lax.scan` over the steps gives what a Python loop gives."""
    with explained(
        "scan like loop", "All that is remembered is in the state: no attribute, no global, no Python counter."
    ):
        params, batches = subject.problem.params(), subject.problem.first(steps)
        scan = lambda params: rollout(subject.problem.loss, subject.optimizer, params, batches)[0]
        looped, one = subject.start(), jax.jit(subject.step)
        for at in range(steps):
            looped = one(subject.optimizer, looped, subject.problem.batch(at))
        chex.assert_trees_all_close(jax.jit(scan)(params), looped, **CLOSE)
