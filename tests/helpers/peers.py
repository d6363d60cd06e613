"""torch and optax beside us, where they implement the same formula; skipped where they are not installed.

A peer's settings are those under which its formula is ours: where its default differs from the paper, the method's
file says how.
"""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jgd
from helpers import problem


def ours(optimizer: jgd.Optimizer) -> dict[str, np.ndarray]:
    """Weights after each step of the table's problem, leaves (steps, …)."""

    def one(progress, batch):
        progress, _ = jgd.step(problem.loss, optimizer, progress, batch)
        return progress, progress.params

    path = jax.jit(lambda start: jax.lax.scan(one, start, problem.noise())[1])(jgd.start(optimizer, problem.params()))
    return {name: np.asarray(leaf) for name, leaf in path.items()}


def optaxs(optimizer, with_value: bool = False) -> dict[str, np.ndarray]:
    """The same by an optax optimizer."""
    optax = pytest.importorskip("optax")
    slope = problem.Slope()
    params, path = problem.params(), []
    state = optimizer.init(params)
    with jax.numpy_dtype_promotion("standard"):
        for t in range(problem.STEPS):
            numbers = {name: np.asarray(leaf) for name, leaf in params.items()}
            grads = {name: jnp.asarray(g) for name, g in slope(numbers, t).items()}
            extra = {"value": jnp.asarray(slope.value(numbers, t))} if with_value else {}
            updates, state = optimizer.update(grads, state, params, **extra)
            params = optax.apply_updates(params, updates)
            path.append(params)
    return {name: np.array([tree[name] for tree in path]) for name in params}


def torchs(make) -> dict[str, np.ndarray]:
    """The same by make(parameters), a torch optimizer."""
    torch = pytest.importorskip("torch")
    weights = {name: torch.nn.Parameter(torch.tensor(np.asarray(leaf))) for name, leaf in problem.START.items()}
    optimizer, slope, path = make(list(weights.values())), problem.Slope(), []
    for t in range(problem.STEPS):
        grads = slope({name: leaf.detach().numpy() for name, leaf in weights.items()}, t)
        for name, leaf in weights.items():
            leaf.grad = torch.tensor(np.asarray(grads[name]))
        optimizer.step()
        path.append({name: leaf.detach().numpy().copy() for name, leaf in weights.items()})
    return {name: np.array([tree[name] for tree in path]) for name in weights}


def same(a: dict[str, np.ndarray], b: dict[str, np.ndarray], rtol: float = 1e-10) -> None:
    for name, leaf in a.items():
        np.testing.assert_allclose(leaf, b[name], rtol=rtol)
