"""Shampoo's later kin, by the authors' code: in blocks and grafted, SPlus, KL-Shampoo."""

from itertools import count

import numpy as np

from rules.matrix import adamw, power
from rules.row import Row


def pieces(shape, size):
    """The slices of the blocks of a matrix."""
    return [
        (slice(i, i + size), slice(j, j + size)) for i in range(0, shape[0], size) for j in range(0, shape[1], size)
    ]


def distributed_shampoo(
    w,
    gradient,
    *,
    learning_rate,
    b1,
    eps,
    graft_eps,
    b2=None,
    momentum=0.0,
    nesterov=False,
    weight_decay=0.0,
    graft="adam",
    start=0,
    update_every=1,
    block_size=1024,
    merge_dims=False,
    power=None,
):
    """Vectors of the table have one entry: a 1 × 1 matrix with one power of 1/2."""
    flat = w.ndim < 2 or (merge_dims and w.size <= block_size)
    shape = (w.size, 1) if flat else w.shape
    places = pieces(shape, block_size)
    blocks = {i: one_block(flat, b1, b2, eps, graft_eps, graft, start, update_every, power) for i in range(len(places))}
    for each in blocks.values():
        next(each)
    d = np.zeros(shape)
    for t in count():
        G = gradient(w, t).reshape(shape)
        p = np.zeros(shape)
        for i, place in enumerate(places):
            p[place] = blocks[i].send(G[place])
        p = p + weight_decay * w.reshape(shape)
        d = momentum * d + p
        w = w - learning_rate * (p + momentum * d if nesterov else d).reshape(w.shape)
        yield w


def one_block(flat, b1, b2, eps, graft_eps, graft, start, update_every, exponent):
    step, G = None, (yield)
    L, R, m, v = 0.0, 0.0, 0.0, 0.0
    for t in count():
        keep, take = (1, 1) if b2 is None else (b2, 1 - b2)
        L, R, v = keep * L + take * G @ G.T, keep * R + take * G.T @ G, keep * v + take * G**2
        m = b1 * m + (1 - b1) * G
        c1, c2 = 1 - b1 ** (t + 1), 1 if b2 is None else 1 - b2 ** (t + 1)
        if t >= start and (t % update_every == 0 or t == start):
            by = exponent or (1 / 2 if flat else 1 / 4)
            left = power(L / c2 + eps * np.eye(len(L)), -by)
            right = np.eye(1) if flat else power(R / c2 + eps * np.eye(len(R)), -by)
        a = m / c1 / (np.sqrt(v / c2) + graft_eps) if graft == "adam" else m / c1
        if t < start:
            step = a
        else:
            step = left @ (m / c1) @ right
            if graft is not None:
                step = step * np.linalg.norm(a) / (np.linalg.norm(step) + 1e-16)
        G = yield step


def splus(
    w,
    gradient,
    *,
    learning_rate,
    b1,
    b2,
    other_scale,
    weight_decay,
    update_every=100,
    max_precond_dim=10_000,
    ema_rate=0.0,
):
    """The code for JAX."""
    G = np.atleast_2d(gradient(w, 0))
    has = [w.ndim == 2 and size <= max_precond_dim for size in G.shape]
    scale = 2 / sum(G.shape) if all(has) else other_scale
    L, R, m, QL, QR = 0.0, 0.0, 0.0, np.eye(G.shape[0]), np.eye(G.shape[1])
    for t in count(1):
        G = np.atleast_2d(gradient(w, t - 1))
        m = b1 * m + (1 - b1) * G
        u = (QL @ np.sign(QL.T @ m @ QR) @ QR.T).reshape(w.shape)
        w = w - learning_rate * scale * (u + weight_decay * w)
        L, R = b2 * L + (1 - b2) * G @ G.T, b2 * R + (1 - b2) * G.T @ G
        if t == 1 or t % update_every == 0:
            QL, QR = (np.linalg.eigh(H)[1] if one else np.eye(len(H)) for H, one in zip((L, R), has, strict=True))
        yield w


def kl_shampoo(
    w,
    gradient,
    *,
    learning_rate,
    b1,
    b2,
    eps,
    weight_decay,
    init_value,
    max_root=4000,
    update_every=10,
    max_precond_dim=10_000,
):
    """The code's update_2d_preconditioner, with the decay beside the step."""
    if w.ndim < 2:
        yield from adamw(w, gradient, learning_rate=learning_rate, b1=b1, b2=b2, eps=eps, weight_decay=weight_decay)
    rows, columns = w.shape
    G = gradient(w, 0)
    SL, SR = (1 - b2) * G @ G.T / columns, (1 - b2) * G.T @ G / rows
    has = [size <= max_precond_dim for size in w.shape]
    QL, QR = (np.linalg.eigh(S)[1] if one else np.eye(len(S)) for S, one in zip((SL, SR), has, strict=True))
    QL, QR = QL[:, ::-1] if has[0] else QL, QR[:, ::-1] if has[1] else QR
    sL, sR, m = np.full(rows, init_value**-0.5), np.full(columns, init_value**-0.5), np.zeros_like(w)
    w = w - learning_rate * weight_decay * w
    yield w
    for t in count(1):
        G = gradient(w, t)
        m = b1 * m + (1 - b1) * G
        s = np.outer(sL, sR)
        w = w - learning_rate * (QL @ (QL.T @ m @ QR * (s / (1 + s * eps))) @ QR.T + weight_decay * w)
        half_L, half_R = np.diag(sR) @ QR.T @ G.T, np.diag(sL) @ QL.T @ G
        SL = b2 * SL + (1 - b2) * half_L.T @ half_L / columns
        SR = b2 * SR + (1 - b2) * half_R.T @ half_R / rows
        inner = QL.T @ G @ QR
        seen = ((inner * sR) ** 2).mean(axis=1), ((inner * sL[:, None]) ** 2).mean(axis=0)
        sL, sR = (
            np.minimum((b2 / s**2 + (1 - b2) * d) ** -0.5, max(10, min(len(s), max_root)))
            for s, d in zip((sL, sR), seen, strict=True)
        )
        if t % update_every == 0:
            QL, QR = (np.linalg.qr(S @ Q)[0] if one else Q for S, Q, one in zip((SL, SR), (QL, QR), has, strict=True))
        yield w


BLOCKS = {"learning_rate": 0.05, "b1": 0.8, "b2": 0.9, "eps": 1e-2, "graft_eps": 1e-3, "weight_decay": 0.1}
SUMS = {name: number for name, number in BLOCKS.items() if name != "b2"}
SPLUS = {"learning_rate": 0.1, "b1": 0.8, "b2": 0.9, "ema_rate": 0.9, "other_scale": 0.3, "weight_decay": 0.1}
KL = {
    "learning_rate": 0.05,
    "b1": 0.8,
    "b2": 0.9,
    "eps": 1e-2,
    "weight_decay": 0.1,
    "init_value": 0.2,
}
FLAGS = {"entrywise": False, "still": False, "rtol": 1e-10}

ROWS = [
    Row("distributed_shampoo", distributed_shampoo, BLOCKS, {"block_size": 2}, **FLAGS),
    Row(
        "distributed_shampoo",
        distributed_shampoo,
        {**BLOCKS, "momentum": 0.7},
        {"graft": "sgd", "start": 5, "update_every": 4, "nesterov": True},
        **FLAGS,
    ),
    Row("distributed_shampoo", distributed_shampoo, SUMS, {"b2": None, "merge_dims": True}, **FLAGS),
    Row("distributed_shampoo", distributed_shampoo, BLOCKS, {"graft": None, "power": 0.4}, **FLAGS),
    Row("splus", splus, SPLUS, {"update_every": 4}, rough=tuple(SPLUS), **FLAGS),
    Row("splus", splus, SPLUS, {"max_precond_dim": 2}, rough=tuple(SPLUS), **FLAGS),
    Row(
        "kl_shampoo",
        kl_shampoo,
        KL,
        {"update_every": 3},
        downhill=False,
        rough=tuple(KL),
        fixed=("init_value",),
        **FLAGS,
    ),
    Row(
        "kl_shampoo",
        kl_shampoo,
        KL,
        {"max_precond_dim": 2},
        downhill=False,
        rough=tuple(KL),
        fixed=("init_value",),
        **FLAGS,
    ),
]
