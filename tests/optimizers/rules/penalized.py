"""Methods for penalties and sets."""

from itertools import count

import numpy as np

from jgd.transforms import LInfBall
from rules.row import Row


def soft(x, by):
    return np.sign(x) * np.maximum(np.abs(x) - by, 0)


def ista(w, gradient, *, learning_rate, l1):
    for t in count():
        w = soft(w - learning_rate * gradient(w, t), learning_rate * l1)
        yield w


def fista(w, gradient, *, learning_rate, l1, restart=False):
    """Beck & Teboulle's, in their names: y are the points that descend, x those that are evaluated."""
    x, y, t = w, w, 1.0
    for k in count():
        before, x = x, soft(y - learning_rate * gradient(y, k), learning_rate * l1)
        if restart and np.sum((y - x) * (x - before)) > 0:
            t = 1.0
        t_next = (1 + np.sqrt(1 + 4 * t**2)) / 2
        y = x + (t - 1) / t_next * (x - before)
        t = t_next
        yield y


def fista_restarted(w, gradient, *, learning_rate, l1, restart):
    """The test that restarts is over the whole tree."""
    x, y, t = w, w, 1.0
    for k in count():
        g = gradient(y, k)
        before, x = x, {n: soft(y[n] - learning_rate * g[n], learning_rate * l1) for n in y}
        if sum(np.sum((y[n] - x[n]) * (x[n] - before[n])) for n in y) > 0:
            t = 1.0
        t_next = (1 + np.sqrt(1 + 4 * t**2)) / 2
        y = {n: x[n] + (t - 1) / t_next * (x[n] - before[n]) for n in y}
        t = t_next
        yield y


def ftrl(w, gradient, *, learning_rate, beta, l1, l2):
    z, n = np.zeros_like(w), np.zeros_like(w)
    for t in count():
        g = gradient(w, t)
        sigma = (np.sqrt(n + g**2) - np.sqrt(n)) / learning_rate
        z = z + g - sigma * w
        n = n + g**2
        there = -(z - np.sign(z) * l1) / ((beta + np.sqrt(n)) / learning_rate + l2)
        w = np.where(np.abs(z) <= l1, 0, there)
        yield w


def exponentiated(w, gradient, *, learning_rate, normalize=False, axis=None):
    for t in count():
        total = np.sum(np.abs(w), axis=axis, keepdims=True)
        w = w * np.exp(-learning_rate * np.sign(w) * gradient(w, t))
        if normalize:
            w = w * total / np.sum(np.abs(w), axis=axis, keepdims=True)
        yield w


def frank_wolfe(w, gradient, *, learning_rate):
    for t in count():
        w = w + learning_rate * (-0.9 * np.sign(gradient(w, t)) - w)
        yield w


LASSO = {"learning_rate": 0.05, "l1": 0.3}
SMALL = {"learning_rate": 0.05}
IN_BOX = {"hidden": ("onto",), "still": False}

ROWS = [
    Row("proximal_gradient", ista, LASSO, still=False, rough=("l1",)),
    Row("fista", fista, LASSO, still=False, rough=("l1",)),
    Row("fista", fista_restarted, LASSO, {"restart": True}, whole=True, entrywise=False, still=False, rough=("l1",)),
    Row("ftrl", ftrl, {"learning_rate": 0.5, "beta": 0.7, "l1": 0.1, "l2": 0.2}, still=False, rough=("l1",)),
    Row("exponentiated_gradient", exponentiated, SMALL),
    Row(
        "exponentiated_gradient", exponentiated, SMALL, {"normalize": True}, entrywise=False, downhill=False, rtol=1e-10
    ),
    Row("frank_wolfe", frank_wolfe, SMALL, {"onto": LInfBall(0.9)}, **IN_BOX),
]
