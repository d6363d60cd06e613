"""Variants of SGD and RMSProp; layerwise, sign-based, loss-driven and low-state methods."""

from itertools import count

import numpy as np
from helpers import problem

from rules.row import Row


def dampened(w, gradient, *, learning_rate, momentum, dampening):
    v = None
    for t in count():
        g = gradient(w, t)
        v = g if v is None else momentum * v + (1 - dampening) * g
        w = w - learning_rate * v
        yield w


def rmsprop(
    w, gradient, *, learning_rate, decay, eps, initial_scale=0.0, centered=False, momentum=0.0, nesterov=False,
    eps_in_sqrt=True, bias_correction=False,
):  # fmt: skip
    E, m, v = np.full_like(w, initial_scale), np.zeros_like(w), np.zeros_like(w)
    for t in count():
        g = gradient(w, t)
        E = decay * E + (1 - decay) * g**2
        m = decay * m + (1 - decay) * g
        weight = 1 - decay ** (t + 1) if bias_correction else 1
        variance = E / weight - (m / weight) ** 2 if centered else E / weight
        u = g / np.sqrt(variance + eps) if eps_in_sqrt else g / (np.sqrt(variance) + eps)
        v = momentum * v + u
        w = w - learning_rate * (u + momentum * v if nesterov else v)
        yield w


def each(rule, but):
    """`rule` for the whole tree, a leaf at a time; the leaf `but` with layerwise=False."""

    def whole(w, _, *, skip, **numbers):
        paths = {n: rule(x, problem.Slope(n), layerwise=n != but, **numbers) for n, x in w.items()}
        while True:
            yield {name: next(path) for name, path in paths.items()}

    return whole


def lamb(
    w, gradient, *, learning_rate, b1, b2, eps, weight_decay, min_norm=0.0, max_norm=np.inf, max_ratio=np.inf,
    layerwise=True,
):  # fmt: skip
    m, v = np.zeros_like(w), np.zeros_like(w)
    for t in count(1):
        g = gradient(w, t - 1)
        m = b1 * m + (1 - b1) * g
        v = b2 * v + (1 - b2) * g**2
        r = (m / (1 - b1**t)) / (np.sqrt(v / (1 - b2**t)) + eps)
        if layerwise:
            r = r + weight_decay * w
            phi = min(max(np.linalg.norm(w), min_norm), max_norm)
            r = min(phi / np.linalg.norm(r), max_ratio) * r
        w = w - learning_rate * r
        yield w


def lars(
    w, gradient, *, learning_rate, weight_decay, trust_coefficient, eps, momentum, nesterov=False, joint_norm=False,
    layerwise=True,
):  # fmt: skip
    v = np.zeros_like(w)
    for t in count():
        g, d, ratio = gradient(w, t), 0, 1
        if layerwise:
            norm = np.linalg.norm(w)
            d = g + weight_decay * w
            divisor = np.linalg.norm(d) if joint_norm else np.linalg.norm(g) + weight_decay * norm
            ratio, g = trust_coefficient * norm / (divisor + eps), d
        v = momentum * v + learning_rate * ratio * g
        w = w - (learning_rate * ratio * g + momentum * v if nesterov else v)
        yield w


def lion(w, gradient, *, learning_rate, b1, b2, weight_decay):
    m = np.zeros_like(w)
    for t in count():
        g = gradient(w, t)
        c = b1 * m + (1 - b1) * g
        w = w - learning_rate * (np.sign(c) + weight_decay * w)
        m = b2 * m + (1 - b2) * g
        yield w


def adafactor(
    w, gradient, *, learning_rate, decay_rate, eps, min_scale, clip_threshold, momentum=0.0, weight_decay=0.0,
    min_dim_size_to_factor=1, relative_step=True, multiply_by_parameter_scale=True, last_axes=False,
):  # fmt: skip
    rms = lambda x: np.sqrt(np.mean(np.square(x)))
    R = C = V = m = 0
    for t in count(1):
        G, b = gradient(w, t - 1), 1 - t**-decay_rate
        squares = G**2 + eps
        if min(w.shape, default=0) >= min_dim_size_to_factor:
            R = b * R + (1 - b) * squares.mean(axis=1)
            C = b * C + (1 - b) * squares.mean(axis=0)
            V = np.outer(R, C) / R.mean()
        else:
            V = b * V + (1 - b) * squares
        U = G / np.sqrt(V)
        U = U / max(1, rms(U) / clip_threshold)
        rho = min(learning_rate, 1 / np.sqrt(t)) if relative_step else learning_rate
        step = rho * (max(min_scale, rms(w)) if multiply_by_parameter_scale else 1) * U
        m = momentum * m + (1 - momentum) * step
        w = w - m - rho * weight_decay * w
        yield w


def sign_sgd(w, gradient, *, learning_rate):
    for t in count():
        w = w - learning_rate * np.sign(gradient(w, t))
        yield w


def signum(w, gradient, *, learning_rate, beta, weight_decay):
    m = np.zeros_like(w)
    for t in count():
        m = beta * m + (1 - beta) * gradient(w, t)
        w = w - learning_rate * (np.sign(m) + weight_decay * w)
        yield w


def rprop(w, gradient, *, learning_rate, eta_minus, eta_plus, min_step_size, max_step_size, rest=True):
    w, before = w.copy(), np.zeros_like(w)
    delta = np.full_like(w, learning_rate)
    for t in count():
        g = np.array(gradient(w, t))
        for i in np.ndindex(w.shape):
            if g[i] * before[i] > 0:
                delta[i] = min(eta_plus * delta[i], max_step_size)
            elif g[i] * before[i] < 0:
                delta[i] = max(eta_minus * delta[i], min_step_size)
                if rest:
                    g[i] = 0
        w = w - delta * np.sign(g)
        before = g
        yield w


def optimistic(w, gradient, *, learning_rate, alpha, beta):
    before = gradient(w, 0)
    for t in count():
        g = gradient(w, t)
        w = w - learning_rate * ((alpha + beta) * g - beta * before)
        before = g
        yield w


def dot(a, b):
    return sum(np.sum(a[name] * b[name]) for name in a)


def polyak(w, gradient, *, max_learning_rate, scaling, f_min, eps, variant="sps"):
    for t in count():
        g, gap = gradient(w, t), gradient.value(w, t) - f_min
        rate = min(max_learning_rate, scaling * (max(gap, 0) if variant == "sps+" else gap) / (dot(g, g) + eps))
        w = {name: w[name] - rate * g[name] for name in w}
        yield w


def asgd(w, gradient, *, learning_rate, lambd, alpha, t0):
    eta = learning_rate
    for t in count(1):
        g = gradient(w, t - 1)
        w = w * (1 - lambd * eta) - eta * g
        eta = learning_rate / (1 + lambd * learning_rate * t) ** alpha
        yield w


def momo(w, gradient, *, learning_rate, beta, lower_bound, weight_decay, adapt_lower_bound=False):
    d, bound, grow = None, lower_bound, 1 + learning_rate * weight_decay
    for t in count():
        g, f = gradient(w, t), gradient.value(w, t)
        if d is None:
            d, f_mean, gamma = g, f, dot(g, w)
        d = {name: beta * d[name] + (1 - beta) * g[name] for name in w}
        f_mean = beta * f_mean + (1 - beta) * f
        gamma = beta * gamma + (1 - beta) * dot(g, w)
        if adapt_lower_bound:
            cap = grow * f_mean + dot(d, w) - grow * gamma
            if cap < grow * bound:
                bound = max(cap / (2 * grow), lower_bound)
        polyak = max(grow * (f_mean - bound - gamma) + dot(d, w), 0) / dot(d, d)
        tau = min(learning_rate, polyak)
        if adapt_lower_bound:
            bound = max(f_mean + dot(d, w) - gamma - tau * dot(d, d) / 2, lower_bound)
        w = {name: (w[name] - tau * d[name]) / grow for name in w}
        yield w


def momo_adam(
    w, gradient, *, learning_rate, b1, b2, eps, lower_bound, weight_decay, adapt_lower_bound=False
):  # fmt: skip
    zeros = {name: np.zeros_like(leaf) for name, leaf in w.items()}
    d, v, f_mean, gamma, bound = zeros, zeros, 0, 0, lower_bound
    grow = 1 + learning_rate * weight_decay
    for t in count(1):
        g, f, rho = gradient(w, t - 1), gradient.value(w, t - 1), 1 - b1**t
        d = {name: b1 * d[name] + (1 - b1) * g[name] for name in w}
        v = {name: b2 * v[name] + (1 - b2) * g[name] ** 2 for name in w}
        f_mean, gamma = b1 * f_mean + (1 - b1) * f, b1 * gamma + (1 - b1) * dot(g, w)
        scaled = {name: d[name] / (eps + np.sqrt(v[name] / (1 - b2**t))) for name in w}
        if adapt_lower_bound:
            cap = grow * f_mean + dot(d, w) - grow * gamma
            if cap < grow * rho * bound:
                bound = max(cap / (2 * grow * rho), lower_bound)
        polyak = max(grow * (f_mean - rho * bound - gamma) + dot(d, w), 0) / dot(d, scaled)
        tau = min(learning_rate / rho, polyak)
        if adapt_lower_bound:
            bound = max((f_mean + dot(d, w) - gamma - tau * dot(d, scaled) / 2) / rho, lower_bound)
        w = {name: (w[name] - tau * scaled[name]) / grow for name in w}
        yield w


def fromage(w, gradient, *, learning_rate, min_norm):
    for t in count():
        g = gradient(w, t)
        ratio = max(np.linalg.norm(w), min_norm) / np.linalg.norm(g)
        w = (w - learning_rate * ratio * g) / np.sqrt(1 + learning_rate**2)
        yield w


def novograd(w, gradient, *, learning_rate, b1, b2, eps, weight_decay):
    v, m = None, 0
    for t in count():
        g = gradient(w, t)
        square = np.sum(g**2)
        v = square if v is None else b2 * v + (1 - b2) * square
        m = b1 * m + g / (np.sqrt(v) + eps) + weight_decay * w
        w = w - learning_rate * m
        yield w


def sm3(w, gradient, *, learning_rate, momentum, eps):
    """Slice by slice: (axis, number) names a set of entries; a vector's or a scalar's sets are its entries."""
    slices = lambda i: [(axis, i[axis]) for axis in range(w.ndim)] or [()]
    mu = {r: 0.0 for i in np.ndindex(w.shape) for r in slices(i)}
    m = np.zeros_like(w)
    for t in count():
        g = gradient(w, t)
        nu = {i: min(mu[r] for r in slices(i)) + g[i] ** 2 for i in np.ndindex(w.shape)}
        mu = {r: max(nu[i] for i in nu if r in slices(i)) for r in mu}
        u = np.array([g[i] / np.sqrt(nu[i] + eps) for i in np.ndindex(w.shape)]).reshape(w.shape)
        m = momentum * m + (1 - momentum) * u
        w = w - learning_rate * m
        yield w


def madgrad(w, gradient, *, learning_rate, momentum, weight_decay, eps):
    start, s, v = w, np.zeros_like(w), np.zeros_like(w)
    for t in count():
        g = gradient(w, t) + weight_decay * w
        weight = learning_rate * np.sqrt(t + 1)
        s = s + weight * g
        v = v + weight * g**2
        z = start - s / (np.cbrt(v) + eps)
        w = momentum * w + (1 - momentum) * z
        yield w


def cautious(g, u):
    mask = np.where(u * g > 0, 1.0, 0.0)
    return u * mask / max(mask.mean(), 1e-3)


def cautious_adamw(w, gradient, *, learning_rate, b1, b2, eps, weight_decay):
    m, v = np.zeros_like(w), np.zeros_like(w)
    for t in count(1):
        g = gradient(w, t - 1)
        m = b1 * m + (1 - b1) * g
        v = b2 * v + (1 - b2) * g**2
        u = (m / (1 - b1**t)) / (np.sqrt(v / (1 - b2**t)) + eps)
        w = w - learning_rate * (cautious(g, u) + weight_decay * w)
        yield w


def cautious_lion(w, gradient, *, learning_rate, b1, b2, weight_decay):
    m = np.zeros_like(w)
    for t in count():
        g = gradient(w, t)
        u = np.sign(b1 * m + (1 - b1) * g)
        mask = np.where(u * g > 0, 1.0, 0.0)
        w = w - learning_rate * (u * mask * mask.size / (mask.sum() + 1) + weight_decay * w)  # c_lion.py of the authors
        m = b2 * m + (1 - b2) * g
        yield w


RMSPROP = {"learning_rate": 0.02, "decay": 0.8, "eps": 1e-3}
CENTERED = {**RMSPROP, "initial_scale": 0.1, "momentum": 0.7}
LAMB = {"learning_rate": 0.05, "b1": 0.8, "b2": 0.95, "eps": 1e-3, "weight_decay": 0.1}
CLIPPED = {**LAMB, "min_norm": 0.4, "max_norm": 1.0, "max_ratio": 0.6}
LARS = {"learning_rate": 0.3, "weight_decay": 0.1, "trust_coefficient": 0.1, "eps": 1e-3, "momentum": 0.7}
LION = {"learning_rate": 0.02, "b1": 0.8, "b2": 0.9, "weight_decay": 0.1}
ADAFACTOR = {
    "learning_rate": 0.05, "decay_rate": 0.7, "eps": 1e-3, "min_scale": 0.5, "clip_threshold": 0.8
}  # fmt: skip
SMALL = {"min_dim_size_to_factor": 1}
RPROP = {"learning_rate": 0.05, "eta_minus": 0.5, "eta_plus": 2.2, "min_step_size": 0.027, "max_step_size": 0.07}
POLYAK = {"max_learning_rate": 0.07, "scaling": 0.5, "f_min": 0.1, "eps": 0.1}
MOMO = {"learning_rate": 0.15, "beta": 0.7, "lower_bound": 0.2, "weight_decay": 0.1}
MOMO_ADAM = {
    "learning_rate": 0.15, "b1": 0.7, "b2": 0.95, "eps": 1e-3, "lower_bound": 0.2, "weight_decay": 0.1
}  # fmt: skip
VALUED = {"whole": True, "entrywise": False, "still": False, "needs": "value"}

ROWS = [
    Row("sgd", dampened, {"learning_rate": 0.02, "momentum": 0.8, "dampening": 0.3}),
    Row("momentum", dampened, {"learning_rate": 0.02, "momentum": 0.8, "dampening": 0.3}),
    Row("rmsprop", rmsprop, CENTERED, {"centered": True}, fixed=("initial_scale",)),
    Row("rmsprop", rmsprop, CENTERED, {"nesterov": True}, fixed=("initial_scale",)),
    # its first variance is g² − g²: rounding, over eps
    Row("rmsprop", rmsprop, {**RMSPROP, "eps": 0.1}, {"centered": True, "bias_correction": True}, rtol=1e-10),
    Row("lamb", lamb, LAMB, entrywise=False, still=False),
    Row("lamb", lamb, CLIPPED, entrywise=False, still=False),
    Row("lamb", each(lamb, "bias"), LAMB, {"skip": "bias"}, whole=True, entrywise=False, still=False),
    Row("lars", lars, LARS, entrywise=False, still=False),
    Row("lars", lars, LARS, {"nesterov": True, "joint_norm": True}, entrywise=False, still=False),
    Row("lars", each(lars, "bias"), LARS, {"skip": "bias"}, whole=True, entrywise=False, still=False),
    Row("lion", lion, LION, still=False, rough=("b1", "b2")),
    Row("adafactor", adafactor, ADAFACTOR, SMALL, entrywise=False),
    Row(
        "adafactor",
        adafactor,
        {**ADAFACTOR, "momentum": 0.7, "weight_decay": 0.1},
        {**SMALL, "relative_step": False, "multiply_by_parameter_scale": False},
        still=False,
    ),
    Row("adafactor", adafactor, {**ADAFACTOR, "learning_rate": 0.4}, {"min_dim_size_to_factor": 3}),
    Row("sign_sgd", sign_sgd, {"learning_rate": 0.02}),
    Row(
        "signum",
        signum,
        {"learning_rate": 0.02, "beta": 0.7, "weight_decay": 0.1},
        still=False,
        rough=("beta",),
    ),
    Row("rprop", rprop, RPROP, fixed=("learning_rate",)),
    Row("rprop", rprop, RPROP, {"rest": False}, fixed=("learning_rate",)),
    Row("noisy_sgd", None, {"learning_rate": 0.05, "eta": 0.02, "gamma": 0.55}, entrywise=False, still=False),
    Row("optimistic_gradient_descent", optimistic, {"learning_rate": 0.05, "alpha": 0.8, "beta": 0.6}),
    Row("polyak_sgd", polyak, POLYAK, whole=True, entrywise=False, needs="value"),
    Row("polyak_sgd", polyak, POLYAK, {"variant": "sps+"}, whole=True, needs="value"),
    Row("asgd", asgd, {"learning_rate": 0.05, "lambd": 0.1, "alpha": 0.75}, {"t0": 5.0}, still=False),
    Row("momo", momo, MOMO, **VALUED),
    Row("momo", momo, MOMO, {"adapt_lower_bound": True}, **VALUED),
    Row("momo_adam", momo_adam, MOMO_ADAM, **VALUED),
    Row("momo_adam", momo_adam, MOMO_ADAM, {"adapt_lower_bound": True}, **VALUED),
    Row("cautious_adamw", cautious_adamw, LAMB, entrywise=False, still=False),
    Row("cautious_lion", cautious_lion, LION, entrywise=False, still=False, rough=("b1", "b2")),
    Row("fromage", fromage, {"learning_rate": 0.1, "min_norm": 0.4}, entrywise=False, still=False),
    Row("novograd", novograd, LAMB, entrywise=False, still=False),
    Row("sm3", sm3, {"learning_rate": 0.1, "momentum": 0.7, "eps": 1e-3}, entrywise=False),
    Row("madgrad", madgrad, {"learning_rate": 0.05, "momentum": 0.7, "weight_decay": 0.1, "eps": 1e-3}, still=False),
]
