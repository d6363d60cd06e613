"""Shampoo's later kin: in blocks and grafted (facebookresearch/optimizers), by the authors' code."""

from itertools import count

import numpy as np

from rules.matrix import power
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


BLOCKS = {"learning_rate": 0.05, "b1": 0.8, "b2": 0.9, "eps": 1e-2, "graft_eps": 1e-3, "weight_decay": 0.1}
SUMS = {name: number for name, number in BLOCKS.items() if name != "b2"}
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
]
