"""Mixtures: of gradients and means, of Adam and momentum, with the weights' direction left out."""

from itertools import count

import numpy as np

from rules.row import Row


def qhm(w, gradient, *, learning_rate, momentum, nu):
    m = np.zeros_like(w)
    for t in count():
        g = gradient(w, t)
        m = momentum * m + (1 - momentum) * g
        w = w - learning_rate * ((1 - nu) * g + nu * m)
        yield w


def qhadam(w, gradient, *, learning_rate, b1, b2, eps, nu1, nu2):
    m, v = np.zeros_like(w), np.zeros_like(w)
    for t in count(1):
        g = gradient(w, t - 1)
        m = b1 * m + (1 - b1) * g
        v = b2 * v + (1 - b2) * g**2
        above = (1 - nu1) * g + nu1 * m / (1 - b1**t)
        below = np.sqrt((1 - nu2) * g**2 + nu2 * v / (1 - b2**t)) + eps
        w = w - learning_rate * above / below
        yield w


def optimistic_adam(w, gradient, *, learning_rate, b1, b2, eps, alpha, beta, eps_root=0.0, nesterov=False):
    m, v, before = np.zeros_like(w), np.zeros_like(w), None
    for t in count(1):
        g = gradient(w, t - 1)
        m = b1 * m + (1 - b1) * g
        v = b2 * v + (1 - b2) * g**2
        mean = b1 * m / (1 - b1 ** (t + 1)) + (1 - b1) * g / (1 - b1**t) if nesterov else m / (1 - b1**t)
        u = mean / (np.sqrt(v / (1 - b2**t) + eps_root) + eps)
        w = w - learning_rate * (alpha * u + beta * (u - (u if before is None else before)))
        before = u
        yield w


def aggmo(w, gradient, *, learning_rate, betas=(0.0, 0.9, 0.99)):
    v = [np.zeros_like(w) for _ in betas]
    for t in count():
        g = gradient(w, t)
        v = [beta * each + g for beta, each in zip(betas, v, strict=True)]
        w = w - learning_rate * sum(v) / len(v)
        yield w


def sgdw(w, gradient, *, learning_rate, momentum, weight_decay, nesterov=False):
    v = np.zeros_like(w)
    for t in count():
        g = gradient(w, t)
        v = momentum * v + g
        w = w - learning_rate * ((g + momentum * v if nesterov else v) + weight_decay * w)
        yield w


def adabound(w, gradient, *, learning_rate, b1, b2, eps, final_learning_rate, gamma):
    m, v = np.zeros_like(w), np.zeros_like(w)
    for t in count(1):
        g = gradient(w, t - 1)
        m = b1 * m + (1 - b1) * g
        v = b2 * v + (1 - b2) * g**2
        size = learning_rate * np.sqrt(1 - b2**t) / (1 - b1**t) / (np.sqrt(v) + eps)
        low = final_learning_rate * (1 - 1 / (gamma * t + 1))
        high = final_learning_rate * (1 + 1 / (gamma * t))
        w = w - np.clip(size, low, high) * m
        yield w


def tangent(w, g, u, delta, wd_ratio, eps):
    """The authors' `projection`, with channels in the last axis."""
    for view in (w.shape[-1], 1):
        rows = lambda x, n=view: x.reshape(-1, n).T if n > 1 else x.reshape(1, -1)
        dots = np.sum(rows(g) * rows(w), axis=1)
        norms = np.linalg.norm(rows(g), axis=1) * np.linalg.norm(rows(w), axis=1)
        if np.max(np.abs(dots) / np.maximum(norms, eps)) < delta / np.sqrt(rows(w).shape[1]):
            unit = rows(w) / (np.linalg.norm(rows(w), axis=1, keepdims=True) + eps)
            flat = rows(u) - unit * np.sum(unit * rows(u), axis=1, keepdims=True)
            return (flat.T if view > 1 else flat).reshape(w.shape), wd_ratio
    return u, 1.0


def adamp(w, gradient, *, learning_rate, b1, b2, eps, weight_decay, delta, wd_ratio):
    m, v = np.zeros_like(w), np.zeros_like(w)
    for t in count(1):
        g = gradient(w, t - 1)
        m = b1 * m + (1 - b1) * g
        v = b2 * v + (1 - b2) * g**2
        u, ratio = m / (1 - b1**t) / (np.sqrt(v / (1 - b2**t)) + eps), 1.0
        if w.ndim > 1:
            u, ratio = tangent(w, g, u, delta, wd_ratio, eps)
        w = w * (1 - learning_rate * weight_decay * ratio) - learning_rate * u
        yield w


def sgdp(w, gradient, *, learning_rate, momentum, eps, weight_decay, delta, wd_ratio, nesterov=False):
    v = np.zeros_like(w)
    for t in count():
        g = gradient(w, t)
        v = momentum * v + g
        u, ratio = (g + momentum * v if nesterov else v), 1.0
        if w.ndim > 1:
            u, ratio = tangent(w, g, u, delta, wd_ratio, eps)
        w = w * (1 - learning_rate * weight_decay * ratio / (1 - momentum)) - learning_rate * u
        yield w


def adahessian(w, gradient, *, learning_rate, b1, b2, eps, weight_decay, hessian_power, update_every=1):
    """The Hessian is diagonal, so that |H z| is its diagonal whatever the signs are."""
    m, v, seen = np.zeros_like(w), np.zeros_like(w), 0
    for t in count(1):
        m = b1 * m + (1 - b1) * gradient(w, t - 1)
        if (t - 1) % update_every == 0:
            v, seen = b2 * v + (1 - b2) * gradient.curvature(w, t - 1) ** 2, seen + 1
        root = np.sqrt(v / (1 - b2**seen)) ** hessian_power
        w = w - learning_rate * (m / (1 - b1**t) / (root + eps) + weight_decay * w)
        yield w


def came(w, gradient, *, learning_rate, b1, b2, b3, eps, confidence_eps, clip_threshold, weight_decay):
    """The authors' code, with its approximate_sq_grad."""

    def factors(rows, columns):
        return 1 / np.sqrt(rows / rows.mean())[:, None] / np.sqrt(columns)[None, :]

    m, v = np.zeros_like(w), np.zeros_like(w)
    rows, columns, far_rows, far_columns = 0.0, 0.0, 0.0, 0.0
    for t in count():
        g = gradient(w, t)
        square = g**2 + eps
        if w.ndim > 1:
            rows = b2 * rows + (1 - b2) * square.mean(axis=1)
            columns = b2 * columns + (1 - b2) * square.mean(axis=0)
            u = g * factors(rows, columns)
        else:
            v = b2 * v + (1 - b2) * square
            u = g / np.sqrt(v)
        u = u / max(1, np.sqrt(np.mean(u**2)) / clip_threshold)
        m = b1 * m + (1 - b1) * u
        step = m
        if w.ndim > 1:
            far = (u - m) ** 2 + confidence_eps
            far_rows = b3 * far_rows + (1 - b3) * far.mean(axis=1)
            far_columns = b3 * far_columns + (1 - b3) * far.mean(axis=0)
            step = m * factors(far_rows, far_columns)
        w = w - learning_rate * (step + weight_decay * w)
        yield w


CAME = {
    "learning_rate": 0.02,
    "b1": 0.8,
    "b2": 0.9,
    "b3": 0.95,
    "eps": 1e-3,
    "confidence_eps": 1e-2,
    "clip_threshold": 0.8,
}
MOMENTS = {"learning_rate": 0.05, "b1": 0.8, "b2": 0.95, "eps": 1e-3}
VELOCITY = {"learning_rate": 0.02, "momentum": 0.8}
RADIAL = {"weight_decay": 0.2, "delta": 0.9, "wd_ratio": 0.3}
ALONG = {
    "entrywise": False,
    "still": False,
    "downhill": False,
    "rough": ("delta", "learning_rate", "b1", "b2", "momentum"),
}
CURVED = {**MOMENTS, "weight_decay": 0.1, "hessian_power": 0.7}

ROWS = [
    Row("qhm", qhm, {**VELOCITY, "nu": 0.6}),
    Row("qhadam", qhadam, {**MOMENTS, "nu1": 0.6, "nu2": 0.9}),
    Row("optimistic_adam", optimistic_adam, {**MOMENTS, "alpha": 0.8, "beta": 1.2, "eps_root": 1e-4}),
    Row("optimistic_adam", optimistic_adam, {**MOMENTS, "alpha": 0.8, "beta": 1.2}, {"nesterov": True}),
    Row("aggmo", aggmo, {"learning_rate": 0.02}),
    Row("aggmo", aggmo, {"learning_rate": 0.02}, {"betas": (0.5, 0.8)}),
    Row("sgdw", sgdw, {**VELOCITY, "weight_decay": 0.1}, still=False),
    Row("sgdw", sgdw, {**VELOCITY, "weight_decay": 0.1}, {"nesterov": True}, still=False),
    Row("adabound", adabound, {**MOMENTS, "final_learning_rate": 0.06, "gamma": 0.2}),
    Row("adamp", adamp, {**MOMENTS, **RADIAL}, **ALONG),
    Row("sgdp", sgdp, {**VELOCITY, "eps": 1e-3, **RADIAL}, **ALONG),
    Row("sgdp", sgdp, {**VELOCITY, "eps": 1e-3, **RADIAL}, {"nesterov": True}, **ALONG),
    Row("came", came, {**CAME, "weight_decay": 0.1}, entrywise=False, still=False, rough=("clip_threshold",)),
    Row("adahessian", adahessian, CURVED, still=False, needs="loss"),
    Row("adahessian", adahessian, CURVED, {"update_every": 3}, still=False, needs="loss"),
]
