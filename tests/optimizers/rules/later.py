"""Tiger, SWATS, SPAM and IVON, as their authors' code or pseudocode."""

from itertools import count

import jax
import numpy as np

from jgd.core import seeds
from rules.row import Row


def tiger(w, gradient, *, learning_rate, beta, weight_decay, embeddings=None):
    m = np.zeros_like(w)
    for t in count():
        m = beta * m + (1 - beta) * gradient(w, t)
        if w.ndim < 2:
            w = w - learning_rate * 0.5 * np.sign(m)
        else:
            length = np.sqrt((w**2).mean(axis=-1, keepdims=True) if embeddings else (w**2).mean())
            w = w - learning_rate * length * (np.sign(m) + weight_decay * w)
        yield w


def swats(x, gradient, *, learning_rate, b1, b2, eps, tolerance):
    dot = lambda a, b: sum(np.sum(a[n] * b[n]) for n in a)
    m, a, v = ({n: np.zeros_like(x[n]) for n in x} for _ in range(3))
    lam, big = 0.0, None
    for k in count(1):
        g = gradient(x, k - 1)
        if big is not None:
            v = {n: b1 * v[n] + g[n] for n in x}
            x = {n: x[n] - (1 - b1) * big * v[n] for n in x}
            yield x
            continue
        m = {n: b1 * m[n] + (1 - b1) * g[n] for n in x}
        a = {n: b2 * a[n] + (1 - b2) * g[n] ** 2 for n in x}
        rate = learning_rate * np.sqrt(1 - b2**k) / (1 - b1**k)
        p = {n: -rate * m[n] / (np.sqrt(a[n]) + eps) for n in x}
        x = {n: x[n] + p[n] for n in x}
        gamma = dot(p, p) / -dot(p, g)
        lam = b2 * lam + (1 - b2) * gamma
        if k > 1 and abs(lam / (1 - b2**k) - gamma) < tolerance:
            big = lam / (1 - b2**k)
        yield x


def spam(w, gradient, *, learning_rate, b1, b2, eps, threshold, weight_decay, reset_every, warmup_steps, grace):
    """The code's loop, where current_step is n."""
    m, v, n = np.zeros_like(w), np.zeros_like(w), warmup_steps + 1
    for t in count(1):
        g = gradient(w, t - 1)
        rate = 0.99 * (1 + np.cos(np.pi * n / (warmup_steps + 1))) / 2 if n < warmup_steps else 0.0
        if t % reset_every == 0:
            m, v = np.zeros_like(w), np.zeros_like(w)
        if t >= grace and t % reset_every >= grace:
            g = np.where(g**2 > threshold * v, np.sign(g) * np.sqrt(v * threshold), g)
        m = b1 * m + (1 - b1) * g
        v = b2 * v + (1 - b2) * g**2
        size = np.sqrt(1 - b2**t) / (1 - b1**t) * (1 - rate)
        w = w - learning_rate * (size * m / (np.sqrt(v) + eps) + weight_decay * w)
        n = 0 if (t + 1) % reset_every == 0 else n + 1
        yield w


def ivon(x, gradient, *, learning_rate, ess, b1, b2, prior_precision, hess_init, samples=1, clip_radius=np.inf):
    flat = lambda tree: np.concatenate([np.ravel(tree[n]) for n in sorted(tree)])
    ends = np.cumsum([np.size(x[n]) for n in sorted(x)])

    def tree(vector):
        return {n: part.reshape(np.shape(x[n])) for n, part in zip(sorted(x), np.split(vector, ends[:-1]), strict=True)}

    w, wd = flat(x), prior_precision
    m, h = np.zeros_like(w), np.full_like(w, hess_init)
    for t in count(1):
        avg_grad, avg_nxg = 0.0, 0.0
        for i in range(samples):
            key = jax.random.fold_in(seeds.key(0, seeds.Stream.NOISE), (t - 1) * samples + i)
            noise = np.asarray(jax.random.normal(key, w.shape, "float64")) / np.sqrt(ess * (h + wd))
            grad = flat(gradient(tree(w + noise), t - 1))
            avg_grad, avg_nxg = avg_grad + grad / samples, avg_nxg + noise * grad / samples
        m = b1 * m + (1 - b1) * avg_grad
        f = avg_nxg * (h + wd) * ess
        h = b2 * h + (1 - b2) * f + 0.5 * (1 - b2) ** 2 * (h - f) ** 2 / (h + wd)
        u = np.clip((m / (1 - b1**t) + wd * w) / (h + wd), -clip_radius, clip_radius)
        w = w - learning_rate * (hess_init + wd) * u
        yield tree(w)


MOMENTS = {"learning_rate": 0.05, "b1": 0.8, "b2": 0.9, "eps": 1e-3}
TIGER = {"learning_rate": 0.05, "beta": 0.8, "weight_decay": 0.1}
SPAM = {**MOMENTS, "threshold": 1.5, "weight_decay": 0.1}
IVON = {"learning_rate": 0.1, "ess": 50.0, "b1": 0.8, "b2": 0.9, "prior_precision": 0.1, "hess_init": 0.8}
ALONE = {"entrywise": False, "still": False}

ROWS = [
    Row("tiger", tiger, TIGER, rough=("beta",), **ALONE),
    Row("tiger", tiger, TIGER, {"embeddings": "weights"}, rough=("beta",), **ALONE),
    Row("swats", swats, {**MOMENTS, "tolerance": 0.01}, whole=True, entrywise=False, rough=(*MOMENTS, "tolerance")),
    Row("spam", spam, SPAM, {"reset_every": 12, "warmup_steps": 5, "grace": 4}, still=False, rough=tuple(SPAM)),
    Row("ivon", ivon, IVON, needs="loss", whole=True, fixed=("hess_init",), rtol=1e-9, **ALONE),
    Row(
        "ivon",
        ivon,
        {**IVON, "clip_radius": 0.8},
        {"samples": 2},
        needs="loss",
        whole=True,
        fixed=("hess_init",),
        rtol=1e-9,
        rough=("clip_radius",),
        **ALONE,
    ),
]
