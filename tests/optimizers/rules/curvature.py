"""Quasi-Newton and Newton methods, gradients taken elsewhere, and private ones."""

from functools import partial
from itertools import count

import numpy as np

import jgd
from rules.row import Row

NAMES = ("bias", "weights")


def flat(tree):
    return np.concatenate([np.ravel(tree[name]) for name in NAMES])


def like(vector, tree):
    out, place = {}, 0
    for name in NAMES:
        size = np.size(tree[name])
        out[name] = vector[place : place + size].reshape(np.shape(tree[name]))
        place += size
    return out


def armijo(phi, rate, c1=1e-4, factor=0.5, most=30):
    """Nocedal & Wright, algorithm 3.1."""
    f0, d0 = phi(0.0)
    tried = []
    while len(tried) <= most and d0 < 0:
        f, _ = phi(rate)
        if f <= f0 + c1 * rate * d0:
            return rate
        tried.append((f, rate))
        rate *= factor
    return min([(f0, 0.0), *tried])[1]


def strong_wolfe(phi, rate, c1=1e-4, c2=0.9, most=20):
    """Nocedal & Wright, algorithm 3.5, with Hager & Zhang's condition where rounding hides the decrease."""
    f0, d0 = phi(0.0)
    hidden = lambda f, d: f <= f0 + 4 * np.finfo(float).eps * abs(f0) and (2 * c1 - 1) * d0 >= d
    flat_enough = lambda d: abs(d) <= -c2 * d0

    def zoom(low, high, left):
        """Algorithm 3.6."""
        for _ in range(left):
            (a, fa, da), (b, fb, db) = low, high
            d1 = da + db - 3 * (fa - fb) / (a - b)
            middle = (a + b) / 2
            if d1**2 >= da * db:
                d2 = np.sign(b - a) * np.sqrt(d1**2 - da * db)
                cubic = b - (b - a) * (db + d2 - d1) / (db - da + 2 * d2)
                if 0.1 <= (cubic - a) / (b - a) <= 0.9:
                    middle = cubic
            f, d = phi(middle)
            if f > f0 + c1 * middle * d0 or f >= fa:
                if hidden(f, d) and flat_enough(d):
                    return middle
                high = (middle, f, d)
                continue
            if flat_enough(d):
                return middle
            if d * (b - a) >= 0:
                high = low
            low = (middle, f, d)
        return low[0]

    before = (0.0, f0, d0)
    for i in range(most if d0 < 0 else 0):
        f, d = phi(rate)
        if f > f0 + c1 * rate * d0 or (i > 0 and f >= before[1]):
            if hidden(f, d) and flat_enough(d):
                return rate
            return zoom(before, (rate, f, d), most - i - 1)
        if flat_enough(d):
            return rate
        if d >= 0:
            return zoom((rate, f, d), before, most - i - 1)
        before = (rate, f, d)
        rate *= 2
    return before[0]


SEARCHES = {"zoom": strong_wolfe, "backtracking": armijo, None: lambda phi, rate: rate}


def lbfgs(w, gradient, *, learning_rate, memory_size=10, scale_init_precond=True, linesearch="zoom"):
    pairs, before = [], None
    for t in count():
        x, g = flat(w), flat(gradient(w, t))
        if before is not None:
            s, y = x - before[0], g - before[1]
            if s @ y > np.finfo(float).eps * np.linalg.norm(s) * np.linalg.norm(y):
                pairs = [*pairs, (s, y)][-memory_size:]
        before = x, g
        # the inverse Hessian as a matrix: H ← (I − ρ s yᵀ) H (I − ρ y sᵀ) + ρ s sᵀ, N & W equation 7.16
        gamma = 1.0
        if scale_init_precond:
            gamma = min(1.0, 1 / np.linalg.norm(g))
            if pairs:
                s, y = pairs[-1]
                gamma = (s @ y) / (y @ y)
        H = gamma * np.eye(x.size)
        for s, y in pairs:
            V = np.eye(x.size) - np.outer(y, s) / (s @ y)
            H = V.T @ H @ V + np.outer(s, s) / (s @ y)
        p = -H @ g

        def phi(a, w=w, x=x, p=p, t=t):
            there = like(x + a * p, w)
            return gradient.value(there, t), flat(gradient(there, t)) @ p

        w = like(x + SEARCHES[linesearch](phi, learning_rate) * p, w)
        yield w


def bfgs(w, gradient, *, learning_rate, scale_init_precond=True, linesearch="zoom"):
    H = before = None
    for t in count():
        x, g = flat(w), flat(gradient(w, t))
        if before is not None:
            s, y = x - before[0], g - before[1]
            if s @ y > np.finfo(float).eps * np.linalg.norm(s) * np.linalg.norm(y):
                H = (s @ y / (y @ y) if scale_init_precond else 1.0) * np.eye(x.size) if H is None else H
                V = np.eye(x.size) - np.outer(y, s) / (s @ y)
                H = V.T @ H @ V + np.outer(s, s) / (s @ y)
        before = x, g
        first = min(1.0, 1 / np.linalg.norm(g)) if scale_init_precond else 1.0
        p = -first * g if H is None else -H @ g

        def phi(a, w=w, x=x, p=p, t=t):
            there = like(x + a * p, w)
            return gradient.value(there, t), flat(gradient(there, t)) @ p

        w = like(x + SEARCHES[linesearch](phi, learning_rate) * p, w)
        yield w


def nonlinear_cg(w, gradient, *, learning_rate, formula="polak_ribiere", linesearch="zoom"):
    before = p = None
    for t in count():
        x, g = flat(w), flat(gradient(w, t))
        beta = 0.0
        if before is not None:
            top = g @ g if formula == "fletcher_reeves" else max(0.0, g @ (g - before))
            beta = top / (before @ before)
        p = -g if p is None or g @ (beta * p - g) >= 0 else beta * p - g
        before = g

        def phi(a, w=w, x=x, p=p, t=t):
            there = like(x + a * p, w)
            return gradient.value(there, t), flat(gradient(there, t)) @ p

        search = partial(strong_wolfe, c2=0.1) if linesearch == "zoom" else SEARCHES[linesearch]
        w = like(x + search(phi, learning_rate) * p, w)
        yield w


def newton(w, gradient, *, learning_rate, damping):
    """The table's Hessian is diagonal, so the solution of Newton's system can be written down."""
    for t in count():
        w = w - learning_rate * gradient(w, t) / (gradient.curvature(w, t) + damping)
        yield w


def sophia(
    w, gradient, *, learning_rate, b1, b2, eps, gamma, clip_threshold, weight_decay, update_every=10, bias_correction
):
    """The Hessian is diagonal, and random signs find a diagonal exactly."""
    m, h = np.zeros_like(w), np.zeros_like(w)
    for t in count():
        m = b1 * m + (1 - b1) * gradient(w, t)
        if t % update_every == 0:
            h = b2 * h + (1 - b2) * gradient.curvature(w, t)
        corrected = m / (1 - b1 ** (t + 1)) if bias_correction else m
        u = np.clip(corrected / np.maximum(gamma * h, eps), -clip_threshold, clip_threshold)
        w = (w - learning_rate * weight_decay * w) - learning_rate * u
        yield w


def sam(w, gradient, *, rho):
    for t in count():
        g = flat(gradient(w, t))
        w = like(flat(w) - 0.1 * flat(gradient(like(flat(w) + rho * g / np.linalg.norm(g), w), t)), w)
        yield w


def asam(w, gradient, *, rho, eta, unscaled=()):
    for t in count():
        T = flat({name: np.ones_like(leaf) if name in unscaled else np.abs(leaf) + eta for name, leaf in w.items()})
        g = flat(gradient(w, t))
        e = rho * T**2 * g / np.linalg.norm(T * g)
        w = like(flat(w) - 0.1 * flat(gradient(like(flat(w) + e, w), t)), w)
        yield w


def gsam(w, gradient, *, rho, alpha):
    """The authors' gradient_decompose."""
    for t in count():
        g = flat(gradient(w, t))
        worst = flat(gradient(like(flat(w) + rho * g / np.linalg.norm(g), w), t))
        cosine = g @ worst / (np.linalg.norm(g) * np.linalg.norm(worst))
        vertical = g - cosine * np.linalg.norm(g) * worst / np.linalg.norm(worst)
        w = like(flat(w) - 0.1 * (worst - alpha * vertical), w)
        yield w


WHOLE = {"whole": True, "entrywise": False}
SOPHIA = {
    "learning_rate": 0.05,
    "b1": 0.8,
    "b2": 0.9,
    "eps": 0.4,
    "gamma": 1.5,
    "clip_threshold": 1.5,
    "weight_decay": 0.1,
}
SIGNS = {"hidden": ("distribution",), "entrywise": False, "still": False, "needs": "loss"}
BASE = {"base_optimizer": jgd.optimizers.sgd(0.1)}
AROUND = {**WHOLE, "hidden": ("base_optimizer",), "needs": "loss"}
SOLVED = {"tolerance": 1e-12, "max_cg_steps": 10, "linesearch": None}

# low_precision: what a line search accepts hangs on the loss, which bfloat16 rounds

ROWS = [
    Row(
        "lbfgs",
        lbfgs,
        {"learning_rate": 0.9},
        {"memory_size": 3},
        needs="loss",
        low_precision=0.2,
        rtol=1e-9,
        creeps=True,
        **WHOLE,
    ),
    Row("lbfgs", lbfgs, {"learning_rate": 0.9}, {"linesearch": "backtracking"}, needs="loss", rtol=1e-9, **WHOLE),
    Row("lbfgs", lbfgs, {"learning_rate": 0.1}, {"memory_size": 3, "linesearch": None}, rtol=1e-9, **WHOLE),
    Row(
        "lbfgs",
        lbfgs,
        {"learning_rate": 0.1},
        {"scale_init_precond": False, "linesearch": None},
        rtol=1e-9,
        **WHOLE,
    ),
    Row("bfgs", bfgs, {"learning_rate": 0.9}, needs="loss", low_precision=0.2, rtol=1e-9, creeps=True, **WHOLE),
    Row("bfgs", bfgs, {"learning_rate": 0.1}, {"scale_init_precond": False, "linesearch": None}, rtol=1e-9, **WHOLE),
    Row("nonlinear_cg", nonlinear_cg, {"learning_rate": 0.3}, needs="loss", low_precision=0.2, rtol=1e-9, **WHOLE),
    Row(
        "nonlinear_cg",
        nonlinear_cg,
        {"learning_rate": 0.03},
        {"formula": "fletcher_reeves", "linesearch": None},
        rtol=1e-9,
        **WHOLE,
    ),
    Row(
        "newton",
        newton,
        {"learning_rate": 0.5, "damping": 0.3},
        SOLVED,
        hidden=tuple(SOLVED),
        entrywise=False,
        needs="loss",
        rtol=1e-9,
    ),
    Row("levenberg_marquardt", None, {"damping": 0.3, "tolerance": 1e-3}, apart=True),
    Row("gauss_newton_cg", None, {"learning_rate": 0.5, "damping": 0.3}, apart=True),
    Row(
        "sophia",
        sophia,
        SOPHIA,
        {"update_every": 2, "bias_correction": True, "distribution": "rademacher"},
        **SIGNS,
    ),
    Row("sophia", sophia, SOPHIA, {"bias_correction": False, "distribution": "rademacher"}, **SIGNS),
    Row("sam", sam, {"rho": 0.3}, BASE, **AROUND),
    Row("asam", asam, {"rho": 0.4, "eta": 0.1}, BASE, **AROUND),
    Row("asam", asam, {"rho": 0.4, "eta": 0.1}, {**BASE, "unscaled": ("bias",)}, **AROUND),
    Row("gsam", gsam, {"rho": 0.3, "alpha": 0.6}, BASE, **AROUND),
    Row("dp_sgd", None, {"learning_rate": 0.1, "l2_norm_clip": 1.0, "noise_multiplier": 0.5}, apart=True),
]
