"""Losses whose Hessian is known: a bowl over two leaves, and the lectures' hours and points."""

import jax
import jax.numpy as jnp
import numpy as np

import jgd
from jgd.models import Linear


def quadratic(w, batch):
    """½ wᵀ A w + bᵀ w over two leaves, its Hessian A."""
    matrix, slope = batch
    x = jnp.concatenate([w["a"].ravel(), w["b"]])
    return x @ matrix @ x / 2 + slope @ x


def bowl(eigenvalues, seed=0):
    """-> (params, batch, A) with the given eigenvalues."""
    rng = np.random.default_rng(seed)
    d = len(eigenvalues)
    turn = np.linalg.qr(rng.standard_normal((d, d)))[0]
    matrix = turn @ np.diag(eigenvalues) @ turn.T
    params = {"a": jnp.asarray(rng.standard_normal((2, 2))), "b": jnp.asarray(rng.standard_normal(d - 4))}
    return params, (jnp.asarray(matrix), jnp.asarray(rng.standard_normal(d))), matrix


def hours():
    loss = jgd.SupervisedLoss(Linear(1, bias=False), "squared_error")
    return loss, {"weights": jnp.ones(1)}, jax.tree.map(jnp.asarray, jgd.datasets.hours_points().rows)
