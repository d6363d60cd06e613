"""Methods without a schedule or without a learning rate: schedule-free, D-adaptation, Prodigy, DoG, DoWG, COCOB, Mechanic."""

from itertools import count

import jax.numpy as jnp
import numpy as np

import jgd
from rules.row import Row


def schedule_free(y, gradient, rate, *, direction, b1, weight_decay, weight_lr_power, r):
    """direction(g, t) is the base's, rate(t) its learning rate, from t = 1; yields y, where gradients are taken."""
    z, x, largest, total = y, y, 0.0, 0.0
    for t in count(1):
        z = z - rate(t) * (direction(gradient(y, t - 1), t) + weight_decay * y)
        largest = max(largest, rate(t))
        total += t**r * largest**weight_lr_power
        c = t**r * largest**weight_lr_power / total if total else 0.0
        x = (1 - c) * x + c * z
        y = (1 - b1) * z + b1 * x
        yield y


def warm(learning_rate, warmup_steps):
    return lambda t: learning_rate * (t / warmup_steps if t < warmup_steps else 1.0)


def schedule_free_sgd(y, gradient, *, learning_rate, warmup_steps, **others):
    yield from schedule_free(y, gradient, warm(learning_rate, warmup_steps), direction=lambda g, t: g, **others)


def schedule_free_adamw(y, gradient, *, learning_rate, warmup_steps, b2, eps, **others):
    v = np.zeros_like(y)

    def direction(g, t):
        nonlocal v
        v = b2 * v + (1 - b2) * g**2
        return g / (np.sqrt(v / (1 - b2**t)) + eps)

    yield from schedule_free(y, gradient, warm(learning_rate, warmup_steps), direction=direction, **others)


def schedule_free_radam(y, gradient, *, learning_rate, b2, eps, silent_sgd_phase=True, **others):
    """The authors' RAdamScheduleFree."""
    v, most = np.zeros_like(y), 2 / (1 - b2) - 1

    def length(t):
        return most - 2 * t * b2**t / (1 - b2**t)

    def rate(t):
        rho = length(t)
        if rho <= 4:
            return 0.0 if silent_sgd_phase else learning_rate
        return learning_rate * ((rho - 4) * (rho - 2) * most / ((most - 4) * (most - 2) * rho)) ** 0.5

    def direction(g, t):
        nonlocal v
        v = b2 * v + (1 - b2) * g**2
        return g / (np.sqrt(v / (1 - b2**t)) + eps) if length(t) > 4 else g

    yield from schedule_free(y, gradient, rate, direction=direction, **others)


def schedule_free_around_sgd(y, gradient, **others):
    """The base's rate rises and falls: 0.02, 0.05, 0.02, …"""
    rate = lambda t: 0.05 if t % 3 == 2 else 0.02
    yield from schedule_free(y, gradient, rate, direction=lambda g, t: g, weight_decay=0.0, **others)


def inner(a, b):
    return sum(np.sum(a[name] * b[name]) for name in a)


def l1(a):
    return sum(np.sum(np.abs(leaf)) for leaf in a.values())


def prodigy(
    x,
    gradient,
    *,
    learning_rate,
    b1,
    b2,
    eps,
    d0,
    d_coef,
    weight_decay,
    b3=None,
    growth_rate=np.inf,
    bias_correction=False,
    safeguard_warmup=False,
):
    """Algorithm 4 with d where the authors have their options, and every leaf by name."""
    x0, names, b3 = dict(x), list(x), np.sqrt(b2) if b3 is None else b3
    m, v, s = ({name: np.zeros_like(x[name]) for name in names} for _ in range(3))
    r, d, d_max = 0.0, d0, d0
    for k in count():
        g = gradient(x, k)
        rate = learning_rate * d
        if bias_correction:
            rate *= np.sqrt(1 - b2 ** (k + 1)) / (1 - b1 ** (k + 1))
        m = {n: b1 * m[n] + (1 - b1) * d * g[n] for n in names}
        v = {n: b2 * v[n] + (1 - b2) * d**2 * g[n] ** 2 for n in names}
        r = b3 * r + rate * d * inner(g, {n: x0[n] - x[n] for n in names})
        s = {n: b3 * s[n] + (d if safeguard_warmup else rate) * d * g[n] for n in names}
        d_hat = d_coef * r / l1(s)
        if d == d0:
            d = max(d, d_hat)
        d_max = max(d_max, d_hat)
        d = min(d_max, d * growth_rate)
        x = {n: x[n] - rate * (m[n] / (np.sqrt(v[n]) + d * eps) + weight_decay * x[n]) for n in names}
        yield x


def dadapt_adamw(
    x,
    gradient,
    *,
    learning_rate,
    b1,
    b2,
    eps,
    d0,
    weight_decay,
    growth_rate=np.inf,
    bias_correction=False,
):
    names, keep = list(x), np.sqrt(b2)
    m, v, s = ({name: np.zeros_like(x[name]) for name in names} for _ in range(3))
    r, d = 0.0, d0
    for k in count():
        g = gradient(x, k)
        rate = learning_rate * d
        if bias_correction:
            rate *= np.sqrt(1 - b2 ** (k + 1)) / (1 - b1 ** (k + 1))
        r = keep * r + (1 - keep) * rate * inner(g, {n: s[n] / (np.sqrt(v[n]) + eps) for n in names})
        m = {n: b1 * m[n] + (1 - b1) * rate * g[n] for n in names}
        v = {n: b2 * v[n] + (1 - b2) * g[n] ** 2 for n in names}
        s = {n: keep * s[n] + (1 - keep) * rate * g[n] for n in names}
        d = max(d, min(r / ((1 - keep) * l1(s)), d * growth_rate))
        x = {n: x[n] - m[n] / (np.sqrt(v[n]) + eps) - rate * weight_decay * x[n] for n in names}
        yield x


def two(a):
    return np.sqrt(inner(a, a))


def dog(x, gradient, *, learning_rate, init_step, eps, weight_decay, init_step_kind="heuristic"):
    """As the authors define it: r̄ from the first step on, r_ε before; for "learning_rate" a first rate instead."""
    x0, G = dict(x), 0.0
    r = {"heuristic": init_step * (1 + two(x0)), "distance": init_step, "learning_rate": 0.0}[init_step_kind]
    for t in count():
        g = {n: gradient(x, t)[n] + weight_decay * x[n] for n in x}
        r = max(r, two({n: x[n] - x0[n] for n in x}))
        G = G + inner(g, g)
        rate = init_step if t == 0 and init_step_kind == "learning_rate" else r / np.sqrt(G + eps)
        x = {n: x[n] - learning_rate * rate * g[n] for n in x}
        yield x


def layerwise_dog(x, gradient, **numbers):
    """One leaf is all the tree."""
    for tree in dog({"w": x}, lambda w, t: {"w": gradient(w["w"], t)}, **numbers):
        yield tree["w"]


def dowg(x, gradient, *, learning_rate, init_estim_sq_dist, eps, weight_decay):
    x0, r2, v = dict(x), init_estim_sq_dist, 0.0
    for t in count():
        g = {n: gradient(x, t)[n] + weight_decay * x[n] for n in x}
        away = {n: x[n] - x0[n] for n in x}
        r2 = max(r2, inner(away, away))
        v = v + r2 * inner(g, g)
        x = {n: x[n] - learning_rate * r2 / (np.sqrt(v) + eps) * g[n] for n in x}
        yield x


def cocob(w, gradient, *, learning_rate, alpha, eps, weight_decay):
    w1, L, G, reward, theta = w, np.full_like(w, eps), 0.0, 0.0, 0.0
    for t in count():
        g = -learning_rate * (gradient(w, t) + weight_decay * w)
        L = np.maximum(L, np.abs(g))
        G = G + np.abs(g)
        reward = np.maximum(reward + (w - w1) * g, 0)
        theta = theta + g
        w = w1 + theta / (L * np.maximum(G + L, alpha * L)) * (L + reward)
        yield w


def mechanic_around_sgd(x, gradient, *, weight_decay, eps, s_init, num_betas=6, store_delta=False):
    """The base is SGD with momentum 0.5 and rate 0.1."""
    x0, velocity, delta = dict(x), {n: 0.0 * x[n] for n in x}, {n: 0.0 * x[n] for n in x}
    beta = 1 - 10.0 ** -np.arange(1, num_betas + 1)
    r, m, v, s = np.zeros_like(beta), np.zeros_like(beta), np.zeros_like(beta), np.full_like(beta, s_init)
    for t in count():
        g = gradient(x, t)
        velocity = {n: 0.5 * velocity[n] + g[n] for n in x}
        if not store_delta:
            delta = {n: (x[n] - x0[n]) / (s.sum() + eps) for n in x}
        decay = weight_decay * s.sum() * two(g) / (two(x) + eps)
        h = -inner(delta, {n: g[n] + decay * x[n] for n in x})
        clipped = np.clip(h, -m, m)
        m = np.maximum(beta * m, abs(h) + eps)
        v = beta**2 * v + h**2
        r = beta * r + clipped * s
        s = (s_init / num_betas * m + np.maximum(0, r)) / (np.sqrt(v) + eps)
        delta = {n: delta[n] - 0.1 * velocity[n] for n in x}
        x = {n: x0[n] + s.sum() * delta[n] for n in x}
        yield x


@jgd.record
class UpAndDown:
    def __call__(self, step):
        return jnp.where(step % 3 == 1, 0.05, 0.02)


WEIGHTS = {"weight_lr_power": 1.5, "r": 0.5}
DECAYED = {"learning_rate": 0.05, "warmup_steps": 3.5, "b1": 0.8, "weight_decay": 0.1, **WEIGHTS}
RECTIFIED = {"learning_rate": 0.05, "b1": 0.8, "b2": 0.95, "eps": 0.03, "weight_decay": 0.1, **WEIGHTS}
WARM = ("warmup_steps",)
MOMENTS = {"learning_rate": 0.9, "b1": 0.8, "b2": 0.9, "eps": 1e-3, "d0": 0.01, "weight_decay": 0.1}
D_ADAPTED = {"fixed": ("d0",), "whole": True, "entrywise": False, "still": False}
DOG = {"learning_rate": 0.9, "init_step": 0.05, "eps": 1e-3, "weight_decay": 0.1}
DISTANT = {"whole": True, "entrywise": False, "still": False, "rtol": 1e-11}
TUNED = {"weight_decay": 0.1, "eps": 1e-3, "s_init": 0.5}
BASE = {"base_optimizer": jgd.optimizers.momentum(0.1, 0.5)}
MECHANIC = {"hidden": ("base_optimizer",), "fixed": ("s_init",), "whole": True, "entrywise": False, "rtol": 1e-11}

ROWS = [
    Row(
        "schedule_free",
        schedule_free_around_sgd,
        {"b1": 0.8, **WEIGHTS},
        {"base_optimizer": jgd.optimizers.sgd(UpAndDown())},
        hidden=("base_optimizer",),
    ),
    Row("schedule_free_sgd", schedule_free_sgd, DECAYED, fixed=WARM, still=False),
    Row("schedule_free_adamw", schedule_free_adamw, {**DECAYED, "b2": 0.9, "eps": 1e-3}, fixed=WARM, still=False),
    Row(
        "schedule_free_radam", schedule_free_radam, RECTIFIED, {"silent_sgd_phase": False}, still=False, rough=("b2",)
    ),  # steep at ρ = 4
    Row("schedule_free_radam", schedule_free_radam, RECTIFIED, downhill=False, creeps=True, still=False),
    Row("prodigy", prodigy, {**MOMENTS, "d_coef": 3.0}, **D_ADAPTED),
    Row(
        "prodigy",
        prodigy,
        {**MOMENTS, "d_coef": 0.8, "b3": 0.85, "growth_rate": 1.1},
        {"bias_correction": True, "safeguard_warmup": True},
        **D_ADAPTED,
    ),
    Row("dadapt_adamw", dadapt_adamw, MOMENTS, **D_ADAPTED),
    Row("dadapt_adamw", dadapt_adamw, {**MOMENTS, "growth_rate": 1.1}, {"bias_correction": True}, **D_ADAPTED),
    Row("dog", dog, DOG, fixed=("init_step",), **DISTANT),
    Row("dog", dog, DOG, {"init_step_kind": "distance", "averaging": 8.0}, hidden=("averaging",), **DISTANT),
    Row("dog", dog, DOG, {"init_step_kind": "learning_rate"}, **DISTANT),
    Row(
        "dog",
        layerwise_dog,
        DOG,
        {"layerwise": True},
        **{**DISTANT, "whole": False, "rtol": 1e-10},
        hidden=("layerwise",),
    ),
    Row(
        "dowg",
        dowg,
        {"learning_rate": 0.9, "init_estim_sq_dist": 0.01, "eps": 1e-3, "weight_decay": 0.1},
        fixed=("init_estim_sq_dist",),
        creeps=True,
        **DISTANT,
    ),
    Row(
        "cocob",
        cocob,
        {"learning_rate": 0.9, "alpha": 20.0, "eps": 0.5, "weight_decay": 0.1},
        fixed=("eps",),
        still=False,
    ),
    Row("mechanic", mechanic_around_sgd, TUNED, BASE, **MECHANIC),
    Row("mechanic", mechanic_around_sgd, TUNED, {**BASE, "num_betas": 3, "store_delta": True}, **MECHANIC),
]
