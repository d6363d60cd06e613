"""D-adaptation of SGD, AdaGrad, Lion and Adan, as in their authors' code, whose loops over tensors are here over names."""

from itertools import count

import numpy as np

from rules.free import inner, l1, two
from rules.row import Row


def dadapt_sgd(x, gradient, *, learning_rate, momentum, d0, growth_rate=np.inf):
    x0, s, r, d = dict(x), {n: np.zeros_like(x[n]) for n in x}, 0.0, d0
    first = two(gradient(x, 0))
    for t in count():
        g = gradient(x, t)
        rate = d * learning_rate / first
        r += rate * inner(g, s)
        s = {n: s[n] + rate * g[n] for n in x}
        d = max(d, min(2 * r / two(s), d * growth_rate))
        x = {n: momentum * x[n] + (1 - momentum) * (x0[n] - s[n]) for n in x}
        yield x


def dadapt_adagrad(x, gradient, *, learning_rate, momentum, eps, d0, growth_rate=np.inf):
    x0, s, q, d = dict(x), {n: np.zeros_like(x[n]) for n in x}, 0.0, d0
    a = {n: np.full_like(x[n], 1e-6) for n in x}
    for t in count():
        g = gradient(x, t)
        rate = d * learning_rate
        a = {n: a[n] + g[n] ** 2 for n in x}
        under = {n: 1 / (np.sqrt(a[n]) + eps) for n in x}
        q += rate**2 * sum(np.sum(g[n] ** 2 * under[n]) for n in x)
        s = {n: s[n] + rate * g[n] for n in x}
        d = max(d, min((sum(np.sum(s[n] ** 2 * under[n]) for n in x) - q) / l1(s), d * growth_rate))
        x = {n: momentum * x[n] + (1 - momentum) * (x0[n] - s[n] * under[n]) for n in x}
        yield x


def dadapt_lion(x, gradient, *, learning_rate, b1, b2, d0, weight_decay):
    m, s = ({n: np.zeros_like(x[n]) for n in x} for _ in range(2))
    r, d, keep = 0.0, d0, np.sqrt(b2)
    for t in count():
        g = gradient(x, t)
        rate = d * learning_rate
        u = {n: np.sign(b1 * m[n] + (1 - b1) * g[n]) for n in x}
        x = {n: (1 - rate * weight_decay) * x[n] - rate * u[n] for n in x}
        m = {n: b2 * m[n] + (1 - b2) * rate * g[n] for n in x}
        r = keep * r + (1 - keep) * rate * inner(u, s)
        s = {n: keep * s[n] + (1 - keep) * rate * u[n] for n in x}
        d = max(d, r / ((1 - keep) * l1(s)))
        yield x


def dadapt_adan(x, gradient, *, learning_rate, b1, b2, b3, eps, d0, weight_decay, growth_rate=np.inf, proximal=True):
    m, c, v, s = ({n: np.zeros_like(x[n]) for n in x} for _ in range(4))
    last, q, d = gradient(x, 0), 0.0, d0
    for t in count():
        g = gradient(x, t)
        rate, change = d * learning_rate, {n: g[n] - last[n] for n in x}
        m = {n: b1 * m[n] + (1 - b1) * rate * g[n] for n in x}
        c = {n: b2 * c[n] + (1 - b2) * rate * change[n] for n in x}
        v = {n: b3 * v[n] + (1 - b3) * (g[n] + b2 * change[n]) ** 2 for n in x}
        under = {n: 1 / (np.sqrt(v[n]) + eps) for n in x}
        q = b3 * q + (1 - b3) * rate**2 * sum(np.sum(g[n] ** 2 * under[n]) for n in x)
        s = {n: b3 * s[n] + (1 - b3) * rate * g[n] for n in x}
        squares = sum(np.sum(s[n] ** 2 * under[n]) for n in x)
        d = max(d, min((squares / (1 - b3) - q) / l1(s), d * growth_rate))
        u = {n: (m[n] + b2 * c[n]) * under[n] for n in x}
        if proximal:
            x = {n: (x[n] - u[n]) / (1 + rate * weight_decay) for n in x}
        else:
            x = {n: (1 - rate * weight_decay) * x[n] - u[n] for n in x}
        last = g
        yield x


START = {"learning_rate": 0.9, "d0": 0.01}
FLAGS = {"fixed": ("d0",), "whole": True, "entrywise": False, "rtol": 1e-11}
SGD = {**START, "momentum": 0.3}
ADAN = {**START, "b1": 0.8, "b2": 0.7, "b3": 0.9, "eps": 1e-3, "weight_decay": 0.1}
SIGNS = ("learning_rate", "b1", "b2", "weight_decay", "d0")  # at which the signs jump

ROWS = [
    Row("dadapt_sgd", dadapt_sgd, SGD, **FLAGS),
    Row("dadapt_sgd", dadapt_sgd, {**SGD, "growth_rate": 1.1}, **FLAGS),
    Row("dadapt_adagrad", dadapt_adagrad, {**SGD, "eps": 1e-3}, **FLAGS),
    Row("dadapt_adagrad", dadapt_adagrad, {**SGD, "eps": 1e-3, "growth_rate": 1.1}, **FLAGS),
    Row(
        "dadapt_lion",
        dadapt_lion,
        {"learning_rate": 0.9, "d0": 0.2, "b1": 0.95, "b2": 0.5, "weight_decay": 0.1},
        rough=SIGNS,
        still=False,
        **FLAGS,
    ),
    Row("dadapt_adan", dadapt_adan, ADAN, still=False, **FLAGS),
    Row("dadapt_adan", dadapt_adan, {**ADAN, "growth_rate": 1.1}, {"proximal": False}, still=False, **FLAGS),
]
