"""Matrices whose steps are scaled by what Adam does to a low rank of their gradients: APOLLO and Fira, as their authors' code."""

from itertools import count

import jax
import numpy as np

from jgd.core import seeds
from rules.matrix import adamw
from rules.row import Row


def ratio(made, given, axis):
    norm = lambda x: np.sqrt((x**2).sum(axis=axis, keepdims=True))
    return norm(made) / (norm(given) + 1e-8)


def limited(S, before, growth):
    """The authors' norm-growth limiter: (S, its norm)."""
    length = np.linalg.norm(S)
    over = 1.0 if before is None else max(length / (before + 1e-8), growth) / growth
    return S / over, length / over


def projection(t, shape):
    """The numbers that the seed 0 gives, of one matrix alone."""
    key = jax.random.fold_in(seeds.key(0, seeds.Stream.NOISE), t)
    return np.asarray(jax.random.normal(key, (shape[0] * shape[1],), "float64")).reshape(shape) / np.sqrt(shape[1])


def low_rank(w, gradient, basis, direction, *, learning_rate, b1, b2, eps, weight_decay):
    """Rules for wide G (their shorter side first); direction(G, P, R, ψ) is before Adam's correction."""
    m = v = 0.0
    P = None
    for t in count(1):
        G = gradient(w, t - 1)
        wide = G.shape[0] <= G.shape[1]
        G = G if wide else G.T
        P = basis(G, t - 1, P)
        R = P.T @ G
        m = b1 * m + (1 - b1) * R
        v = b2 * v + (1 - b2) * R**2
        u = np.sqrt(1 - b2**t) / (1 - b1**t) * direction(G, P, R, m / (np.sqrt(v) + eps))
        w = w - learning_rate * ((u if wide else u.T) + weight_decay * w)
        yield w


def apollo(w, gradient, *, scale, growth=1.01, rank=1, update_every=200, scale_type="channel", **numbers):
    if w.ndim < 2:
        yield from adamw(w, gradient, **numbers)
    before = None

    def direction(G, P, R, made):
        nonlocal before
        S, before = limited(G * ratio(made, R, 0 if scale_type == "channel" else None), before, growth)
        return np.sqrt(scale) * S

    basis = lambda G, t, P: projection(t // update_every, (len(G), rank))
    yield from low_rank(w, gradient, basis, direction, **numbers)


def apollo_mini(w, gradient, **numbers):
    yield from apollo(w, gradient, scale_type="tensor", **numbers)


def fira(w, gradient, *, alpha, growth=1.01, rank=1, update_every=200, **numbers):
    if w.ndim < 2:
        yield from adamw(w, gradient, **numbers)
    before = None

    def basis(G, t, P):
        if t % update_every > 0:
            return P
        new = np.linalg.svd(G)[0][:, :rank]
        return new if P is None else new * np.where(np.diag(P.T @ new) < 0, -1, 1)

    def direction(G, P, R, made):
        nonlocal before
        S, before = limited((G - alpha * P @ R) * ratio(made, R, 0), before, growth)
        return alpha * P @ made + S

    yield from low_rank(w, gradient, basis, direction, **numbers)


NUMBERS = {"learning_rate": 0.05, "b1": 0.8, "b2": 0.9, "eps": 1e-3, "weight_decay": 0.1, "growth": 1.05}
FLAGS = {"entrywise": False, "still": False, "rtol": 1e-10, "rough": ("growth", "learning_rate", "b1", "b2", "eps")}
HELD = {**FLAGS, "rough": (*NUMBERS, "alpha")}  # derivatives hold a later P fixed, which the numbers move

ROWS = [
    Row("apollo", apollo, {**NUMBERS, "scale": 1.3}, {"rank": 2, "update_every": 4}, **FLAGS),
    Row("apollo", apollo, {**NUMBERS, "scale": 1.3}, {"rank": 1, "scale_type": "tensor"}, **FLAGS),
    Row("apollo_mini", apollo_mini, {**NUMBERS, "scale": 1.3}, {"update_every": 7}, **FLAGS),
    Row("fira", fira, {**NUMBERS, "alpha": 0.6, "growth": 4.0}, {"rank": 1}, **FLAGS),
    Row("fira", fira, {**NUMBERS, "alpha": 0.6}, {"rank": 2, "update_every": 4}, **HELD),
]
