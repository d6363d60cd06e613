"""Adam's family, from the papers: other means, other second moments, other orders of the same few lines."""

from functools import partial
from itertools import count

import numpy as np

from rules.row import Row


def adam(w, gradient, *, learning_rate, b1, b2, eps, eps_root=0.0, nesterov=False, weight_decay=0.0):
    m, v = np.zeros_like(w), np.zeros_like(w)
    for t in count(1):
        g = gradient(w, t - 1)
        m = b1 * m + (1 - b1) * g
        v = b2 * v + (1 - b2) * g**2
        m_hat = m / (1 - b1**t)
        if nesterov:
            m_hat = b1 * m / (1 - b1 ** (t + 1)) + (1 - b1) * g / (1 - b1**t)
        w = w - learning_rate * (m_hat / (np.sqrt(v / (1 - b2**t) + eps_root) + eps) + weight_decay * w)
        yield w


def adamax(w, gradient, *, learning_rate, b1, b2, eps, weight_decay=0.0):
    m, u = np.zeros_like(w), np.zeros_like(w)
    for t in count(1):
        g = gradient(w, t - 1)
        m = b1 * m + (1 - b1) * g
        u = np.maximum(b2 * u, np.abs(g) + eps)
        w = w - learning_rate * (m / (1 - b1**t) / u + weight_decay * w)
        yield w


def nadam(w, gradient, *, learning_rate, b1, b2, eps, momentum_decay, weight_decay=0.0, mean_follows_schedule=False):
    mu = lambda t: b1 * (1 - 0.5 * 0.96 ** (t * momentum_decay))
    m, v = np.zeros_like(w), np.zeros_like(w)
    for t in count(1):
        g = gradient(w, t - 1)
        decay = mu(t) if mean_follows_schedule else b1
        m = decay * m + (1 - decay) * g
        v = b2 * v + (1 - b2) * g**2
        product = np.prod([mu(i) for i in range(1, t + 1)])
        m_hat = mu(t + 1) * m / (1 - product * mu(t + 1)) + (1 - mu(t)) * g / (1 - product)
        w = w - learning_rate * (m_hat / (np.sqrt(v / (1 - b2**t)) + eps) + weight_decay * w)
        yield w


def amsgrad(w, gradient, *, learning_rate, b1, b2, eps, bias_correction="after"):
    m, v, largest = np.zeros_like(w), np.zeros_like(w), np.zeros_like(w)
    for t in count(1):
        g = gradient(w, t - 1)
        m = b1 * m + (1 - b1) * g
        v = b2 * v + (1 - b2) * g**2
        if bias_correction == "none":
            largest = np.maximum(largest, v)
            u = m / (np.sqrt(largest) + eps)
        elif bias_correction == "before":
            largest = np.maximum(largest, v / (1 - b2**t))
            u = m / (1 - b1**t) / (np.sqrt(largest) + eps)
        else:
            largest = np.maximum(largest, v)
            u = m / (1 - b1**t) / (np.sqrt(largest) / np.sqrt(1 - b2**t) + eps)
        w = w - learning_rate * u
        yield w


def radam(w, gradient, *, learning_rate, b1, b2, eps, threshold, eps_after_correction=False):
    m, v = np.zeros_like(w), np.zeros_like(w)
    rho_inf = 2 / (1 - b2) - 1
    for t in count(1):
        g = gradient(w, t - 1)
        v = b2 * v + (1 - b2) * g**2
        m = b1 * m + (1 - b1) * g
        m_hat = m / (1 - b1**t)
        rho = rho_inf - 2 * t * b2**t / (1 - b2**t)
        if rho > threshold:
            r = np.sqrt((rho - 4) * (rho - 2) * rho_inf / ((rho_inf - 4) * (rho_inf - 2) * rho))
            if eps_after_correction:
                m_hat = r * m_hat / (np.sqrt(v / (1 - b2**t)) + eps)
            else:
                m_hat = r * m_hat * np.sqrt(1 - b2**t) / (np.sqrt(v) + eps)
        w = w - learning_rate * m_hat
        yield w


def adabelief(w, gradient, *, learning_rate, b1, b2, eps, eps_root):
    m, s = np.zeros_like(w), np.zeros_like(w)
    for t in count(1):
        g = gradient(w, t - 1)
        m = b1 * m + (1 - b1) * g
        s = b2 * s + (1 - b2) * (g - m) ** 2 + eps_root
        w = w - learning_rate * m / (1 - b1**t) / (np.sqrt(s / (1 - b2**t)) + eps)
        yield w


def acprop(w, gradient, *, learning_rate, b1, b2, eps, eps_root, centered_on_previous=False):
    m, s, denominator = np.zeros_like(w), np.zeros_like(w), 1 + eps
    for t in count(1):
        g = gradient(w, t - 1)
        w = w - learning_rate * g / denominator
        before, m = m, b1 * m + (1 - b1) * g
        s = b2 * s + (1 - b2) * (g - (before if centered_on_previous else m)) ** 2 + eps_root
        denominator = np.sqrt(s / (1 - b2**t)) + eps
        yield w


def yogi(
    w,
    gradient,
    *,
    learning_rate,
    b1,
    b2,
    eps,
    initial_accumulator_value,
    initial_mean=0.0,
    bias_correction=True,
):
    m, v = np.full_like(w, initial_mean), np.full_like(w, initial_accumulator_value)
    for t in count(1):
        g = gradient(w, t - 1)
        m = b1 * m + (1 - b1) * g
        v = v - (1 - b2) * np.sign(v - g**2) * g**2
        one, two = (1 - b1**t, 1 - b2**t) if bias_correction else (1, 1)
        w = w - learning_rate * (m / one) / (np.sqrt(v / two) + eps)
        yield w


def laprop(w, gradient, *, learning_rate, b1, b2, eps):
    m, n = np.zeros_like(w), np.zeros_like(w)
    for t in count(1):
        g = gradient(w, t - 1)
        n = b2 * n + (1 - b2) * g**2
        m = b1 * m + (1 - b1) * g / (np.sqrt(n / (1 - b2**t)) + eps)
        w = w - learning_rate * m / (1 - b1**t)
        yield w


def adan(w, gradient, *, learning_rate, b1, b2, b3, eps, weight_decay, proximal=True):
    one, two, three = 1 - b1, 1 - b2, 1 - b3  # the paper's β
    m, v, n, before = np.zeros_like(w), np.zeros_like(w), np.zeros_like(w), None
    for t in count(1):
        g = gradient(w, t - 1)
        d = 0 * g if before is None else g - before
        m = (1 - one) * m + one * g
        v = (1 - two) * v + two * d
        n = (1 - three) * n + three * (g + (1 - two) * d) ** 2
        eta = learning_rate / (np.sqrt(n / (1 - b3**t)) + eps)
        step = eta * (m / (1 - b1**t) + (1 - two) * v / (1 - b2**t))
        decay = weight_decay * learning_rate
        w = (w - step) / (1 + decay) if proximal else (1 - decay) * w - step
        before = g
        yield w


def adopt(w, gradient, *, learning_rate, b1, b2, eps, use_clipping=True):
    m = np.zeros_like(w)
    v = gradient(w, 0) ** 2
    yield w
    for t in count(1):
        g = gradient(w, t)
        ratio = g / np.maximum(np.sqrt(v), eps)
        if use_clipping:
            ratio = np.clip(ratio, -(t**0.25), t**0.25)
        m = b1 * m + (1 - b1) * ratio
        w = w - learning_rate * m
        v = b2 * v + (1 - b2) * g**2
        yield w


def ademamix(w, gradient, *, learning_rate, b1, b2, b3, alpha, eps, weight_decay, warmup=None):
    m1, m2, v = np.zeros_like(w), np.zeros_like(w), np.zeros_like(w)
    for t in count(1):
        alpha_t, b3_t = alpha, b3
        if warmup is not None and t < warmup:
            alpha_t = t * alpha / warmup
            b3_t = np.exp(np.log(b1) * np.log(b3) / ((1 - t / warmup) * np.log(b3) + t / warmup * np.log(b1)))
        g = gradient(w, t - 1)
        m1 = b1 * m1 + (1 - b1) * g
        m2 = b3_t * m2 + (1 - b3_t) * g
        v = b2 * v + (1 - b2) * g**2
        u = (m1 / (1 - b1**t) + alpha_t * m2) / (np.sqrt(v / (1 - b2**t)) + eps)
        w = w - learning_rate * (u + weight_decay * w)
        yield w


def simplified_ademamix(w, gradient, *, learning_rate, b1, b2, alpha, eps, weight_decay):
    m, v = np.zeros_like(w), np.zeros_like(w)
    for t in count(1):
        g = gradient(w, t - 1)
        m = b1 * m + g
        v = b2 * v + (1 - b2) * g**2
        w = w - learning_rate * ((m + alpha * g) / (np.sqrt(v / (1 - b2**t)) + eps) + weight_decay * w)
        yield w


def adam_atan2(w, gradient, *, learning_rate, b1, b2, a, b):
    m, v = np.zeros_like(w), np.zeros_like(w)
    for t in count(1):
        g = gradient(w, t - 1)
        m = b1 * m + (1 - b1) * g
        v = b2 * v + (1 - b2) * g**2
        w = w - learning_rate * a * np.arctan2(m / (1 - b1**t), b * np.sqrt(v / (1 - b2**t)))
        yield w


def stable_adamw(w, gradient, *, learning_rate, b1, b2, eps, weight_decay, clip_threshold=1.0, clip_decay=True):
    m, v = np.zeros_like(w), np.zeros_like(w)
    for t in count(1):
        g = gradient(w, t - 1)
        one, two = (b * (1 - b ** (t - 1)) / (1 - b**t) for b in (b1, b2))
        m = one * m + (1 - one) * g
        v = two * v + (1 - two) * g**2
        rms = np.sqrt(np.mean(g**2 / np.maximum(v, eps**2)))
        rate = learning_rate / max(1, rms / clip_threshold)
        w = w - (rate if clip_decay else learning_rate) * weight_decay * w - rate * m / (np.sqrt(v) + eps)
        yield w


def adam_mini(w, gradient, *, learning_rate, b1, b2, eps, weight_decay, of_rows=False):
    spanned = 1 if of_rows and np.ndim(w) == 2 else None
    m, v = np.zeros_like(w), 0.0
    for t in count(1):
        g = gradient(w, t - 1)
        m = b1 * m + (1 - b1) * g
        v = b2 * v + (1 - b2) * np.mean(g**2, axis=spanned, keepdims=True)
        w = w - learning_rate * (m / (1 - b1**t) / (np.sqrt(v / (1 - b2**t)) + eps) + weight_decay * w)
        yield w


CROSSING = 1e-11  # a weight comes within 1e-5 of 0, where its last digits are the sum's
MOMENTS = {"learning_rate": 0.05, "b1": 0.8, "b2": 0.95, "eps": 1e-3}
DECAYED = {**MOMENTS, "weight_decay": 0.1}
ROOTED = {**MOMENTS, "eps_root": 1e-3}
BETAS = {"learning_rate": 0.05, "b1": 0.8, "b2": 0.95}
BLOCKED = {"hidden": ("blocks",), "still": False}
simplified = partial(adam, nesterov=True)
by_rows = partial(adam_mini, of_rows=True)

ROWS = [
    Row("adam", adam, ROOTED),
    Row("adam", adam, ROOTED, {"nesterov": True}),
    Row("adamw", adam, {**ROOTED, "weight_decay": 0.1}, {"nesterov": True}, still=False),
    Row("adamax", adamax, MOMENTS),
    Row("adamaxw", adamax, DECAYED, still=False, rtol=CROSSING),
    Row("nadam", nadam, {**MOMENTS, "momentum_decay": 0.2}),
    Row("nadam", nadam, {**MOMENTS, "momentum_decay": 0.2}, {"mean_follows_schedule": True}),
    Row("nadamw", nadam, {**DECAYED, "momentum_decay": 0.2}, still=False),
    Row("nadam_simplified", simplified, ROOTED),
    Row("nadamw_simplified", simplified, {**ROOTED, "weight_decay": 0.1}, still=False),
    Row("amsgrad", amsgrad, MOMENTS),
    Row("amsgrad", amsgrad, MOMENTS, {"bias_correction": "before"}),
    Row("amsgrad", amsgrad, MOMENTS, {"bias_correction": "none"}, rtol=CROSSING),
    Row("radam", radam, MOMENTS, {"threshold": 4.5}),  # passed at the fifth step, so that short tests see both sides
    Row("radam", radam, MOMENTS, {"threshold": 5.0, "eps_after_correction": True}),
    Row("adabelief", adabelief, ROOTED),
    Row("acprop", acprop, ROOTED),
    Row("acprop", acprop, ROOTED, {"centered_on_previous": True}),
    Row("yogi", yogi, {**MOMENTS, "initial_accumulator_value": 1e-2}, fixed=("initial_accumulator_value",)),
    Row("yogi", yogi, MOMENTS, {"initial_accumulator_value": 0.1, "initial_mean": 0.1, "bias_correction": False}),
    Row("laprop", laprop, MOMENTS),
    Row("adan", adan, {**DECAYED, "b3": 0.9}, still=False),
    Row("adan", adan, {**DECAYED, "b3": 0.9}, {"proximal": False}, still=False),
    Row("adopt", adopt, {**MOMENTS, "eps": 1.0}, downhill=False),  # an eps that many a denominator falls below
    Row("adopt", adopt, {**MOMENTS, "eps": 0.1}, {"use_clipping": False}, downhill=False),
    Row("ademamix", ademamix, {**DECAYED, "b3": 0.9, "alpha": 2.0}, still=False),
    Row("ademamix", ademamix, {**DECAYED, "b3": 0.99, "alpha": 4.0}, {"warmup": 10}, still=False),
    Row("simplified_ademamix", simplified_ademamix, {**DECAYED, "learning_rate": 0.01, "alpha": 2.0}, still=False),
    Row("adam_atan2", adam_atan2, {**BETAS, "a": 1.2, "b": 0.9}),
    Row("stable_adamw", stable_adamw, {**DECAYED, "clip_threshold": 0.8}, entrywise=False, still=False),
    Row("stable_adamw", stable_adamw, DECAYED, {"clip_decay": False}, entrywise=False, still=False),
    Row("adam_mini", adam_mini, DECAYED, entrywise=False, still=False),
    Row("adam_mini", by_rows, DECAYED, {"blocks": {"weights": (0,), "*": ()}}, entrywise=False, **BLOCKED),
    Row("adam_mini", adam, DECAYED, {"blocks": {"*": "entry"}}, **BLOCKED),
]
