"""Methods that treat a weight as a matrix: Muon and its kin."""

from itertools import count

import numpy as np

from rules.row import Row


def adamw(w, gradient, *, learning_rate, b1, b2, eps, weight_decay=0.0):
    m, v = np.zeros_like(w), np.zeros_like(w)
    for t in count(1):
        g = gradient(w, t - 1)
        m = b1 * m + (1 - b1) * g
        v = b2 * v + (1 - b2) * g * g
        w = w - learning_rate * (m / (1 - b1**t) / (np.sqrt(v / (1 - b2**t)) + eps) + weight_decay * w)
        yield w


def orthogonal(G, eps, steps=5):
    """The five steps of the quintic, row by row as in the blog post (whose matrices are wide)."""
    X = G / (np.sqrt((G * G).sum()) + eps)
    for _ in range(steps):
        X = 3.4445 * X - 4.7750 * X @ X.T @ X + 2.0315 * X @ X.T @ X @ X.T @ X
    return X


def muon(
    w,
    gradient,
    *,
    learning_rate,
    beta,
    eps,
    weight_decay,
    adam_learning_rate,
    adam_b1,
    adam_b2,
    adam_eps,
    adam_weight_decay,
    nesterov=True,
    bias_correction=False,
    scale="original",
):
    if w.ndim < 2:
        yield from adamw(
            w,
            gradient,
            learning_rate=adam_learning_rate,
            b1=adam_b1,
            b2=adam_b2,
            eps=adam_eps,
            weight_decay=adam_weight_decay,
        )
    rows, columns = w.shape  # inputs, outputs
    s = {"original": max(1, columns / rows) ** 0.5, "match_rms_adamw": 0.2 * max(rows, columns) ** 0.5}.get(
        scale, scale if isinstance(scale, str) else scale * max(rows, columns) ** 0.5
    )
    m = np.zeros_like(w)
    for t in count(1):
        g = gradient(w, t - 1)
        m = beta * m + (1 - beta) * g
        c, c_next = (1 - beta**t, 1 - beta ** (t + 1)) if bias_correction else (1, 1)
        d = beta * m / c_next + (1 - beta) * g / c if nesterov else m / c
        w = w - learning_rate * (s * orthogonal(d, eps) + weight_decay * w)
        yield w


def beside_adamw(rule):
    """A rule of matrices with AdamW for what is none, as `muon` has it."""

    def both(w, gradient, *, learning_rate, **numbers):
        own = {name[5:]: numbers.pop(name) for name in list(numbers) if name.startswith("adam_")}
        yield from (
            rule(w, gradient, learning_rate=learning_rate, **numbers) if w.ndim > 1 else adamw(w, gradient, **own)
        )

    return both


@beside_adamw
def normuon(w, gradient, *, learning_rate, beta, b2, eps, ns_eps, weight_decay, nesterov=True, scale="original"):
    rows, columns = w.shape
    m, v = np.zeros_like(w), np.zeros(columns)
    for t in count():
        g = gradient(w, t)
        m = beta * m + (1 - beta) * g
        o = orthogonal(beta * m + (1 - beta) * g if nesterov else m, ns_eps)
        v = b2 * v + (1 - b2) * (o * o).mean(axis=0)
        even = o / (np.sqrt(v) + eps)
        length = np.linalg.norm(o) * max(1, columns / rows) ** 0.5 if scale == "original" else 0.2 * w.size**0.5
        w = w - learning_rate * (length / (np.linalg.norm(even) + eps) * even + weight_decay * w)
        yield w


@beside_adamw
def adamuon(w, gradient, *, learning_rate, beta, eps, ns_eps, weight_decay, nesterov=True):
    m, v = np.zeros_like(w), np.zeros_like(w)
    for t in count():
        g = gradient(w, t)
        m = beta * m + (1 - beta) * g
        o = orthogonal(np.sign(beta * m + (1 - beta) * g if nesterov else m), ns_eps)
        v = beta * v + (1 - beta) * o**2
        even = o / (np.sqrt(v) + eps)
        w = w - learning_rate * (0.2 * w.size**0.5 / (np.linalg.norm(even) + eps) * even + weight_decay * w)
        yield w


def scion(
    w, gradient, *, learning_rate, momentum, radius, eps, unconstrained=False, last_radius=None, first_radius=None
):
    d = np.zeros_like(w)
    for t in count():
        d = momentum * d + (1 - momentum) * gradient(w, t)
        if w.ndim < 2:
            lmo = -radius * d / (np.sqrt(np.mean(d**2)) + eps)
        elif last_radius is not None:
            lmo = -last_radius * np.sign(d) / w.shape[0]
        elif first_radius is not None:
            lmo = -first_radius * np.sign(d)
        else:
            lmo = -radius * np.sqrt(w.shape[1] / w.shape[0]) * orthogonal(d, eps)
        w = (1 if unconstrained else 1 - learning_rate) * w + learning_rate * lmo
        yield w


def power(A, exponent):
    """A^exponent of a positive definite A, by its eigenvalues."""
    values, vectors = np.linalg.eigh(A)
    return vectors @ np.diag(values**exponent) @ vectors.T


def shampoo(w, gradient, *, learning_rate, eps, update_every=1, max_precond_dim=1024):
    G = np.atleast_2d(gradient(w, 0))
    rows, columns = G.shape
    L, R, left, right = eps * np.eye(rows), eps * np.eye(columns), np.eye(rows), np.eye(columns)
    for t in count():
        g = gradient(w, t)
        G = np.atleast_2d(g)
        L, R = L + G @ G.T, R + G.T @ G
        if t % update_every == 0:
            if w.ndim < 2:  # one axis, of one entry
                left = L**-0.5
            elif columns > max_precond_dim:
                left = power(L, -1 / 2)
            else:
                left, right = power(L, -1 / 4), power(R, -1 / 4)
        w = w - learning_rate * (left @ G @ right).reshape(w.shape)
        yield w


def soap(
    w,
    gradient,
    *,
    learning_rate,
    b1,
    b2,
    eps,
    weight_decay,
    shampoo_b=None,
    update_every=10,
    max_precond_dim=10_000,
):
    """The authors' code, with m turned at each refresh, and Adam's own place for eps and the decay."""
    b = b2 if shampoo_b is None else shampoo_b
    G = np.atleast_2d(gradient(w, 0))
    left, right = (w.ndim == 2 and size <= max_precond_dim for size in G.shape)
    L, R = (1 - b) * G @ G.T, (1 - b) * G.T @ G
    QL = np.linalg.eigh(L)[1][:, ::-1] if left else np.eye(len(L))
    QR = np.linalg.eigh(R)[1][:, ::-1] if right else np.eye(len(R))
    m, v = np.zeros_like(G), np.zeros_like(G)  # both in the basis
    yield w
    for t in count(1):
        G = np.atleast_2d(gradient(w, t))
        turned = QL.T @ G @ QR
        m = b1 * m + (1 - b1) * turned
        v = b2 * v + (1 - b2) * turned**2
        direction = QL @ (m / (1 - b1**t) / (np.sqrt(v / (1 - b2**t)) + eps)) @ QR.T
        w = w - learning_rate * (direction.reshape(w.shape) + weight_decay * w)
        L, R = b * L + (1 - b) * G @ G.T, b * R + (1 - b) * G.T @ G
        if t % update_every == 0:
            m = QL @ m @ QR.T
            if left:
                order = np.argsort(-np.diag(QL.T @ L @ QL))
                v = v[order]
                QL = np.linalg.qr(L @ QL[:, order])[0]
            if right:
                order = np.argsort(-np.diag(QR.T @ R @ QR))
                v = v[:, order]
                QR = np.linalg.qr(R @ QR[:, order])[0]
            m = QL.T @ m @ QR
        yield w


def galore(w, gradient, *, learning_rate, scale, b1, b2, eps, weight_decay, rank, update_every=200, side="short"):
    if w.ndim < 2:
        yield from adamw(w, gradient, learning_rate=learning_rate, b1=b1, b2=b2, eps=eps, weight_decay=weight_decay)
    wide = w.shape[0] < w.shape[1] if side == "short" else w.shape[0] >= w.shape[1]
    P = m = v = None
    for t in count():
        G = gradient(w, t)
        G = G if wide else G.T  # the projected side first
        if t % update_every == 0:
            new = np.linalg.svd(G)[0][:, :rank]
            P = new if P is None else new * np.where(np.diag(P.T @ new) < 0, -1, 1)
        R = P.T @ G
        m = (1 - b1) * R + (0 if m is None else b1 * m)
        v = (1 - b2) * R**2 + (0 if v is None else b2 * v)
        u = scale * P @ (m / (1 - b1 ** (t + 1)) / (np.sqrt(v / (1 - b2 ** (t + 1))) + eps))
        w = w - learning_rate * ((u if wide else u.T) + weight_decay * w)
        yield w


def mars(
    w,
    gradient,
    *,
    learning_rate,
    b1,
    b2,
    eps,
    weight_decay,
    gamma,
    max_norm,
    adam_learning_rate,
    adam_b1,
    adam_b2,
    adam_weight_decay,
    form="adamw",
    exact=False,
    optimize_1d=False,
):
    if w.ndim < 2 and not optimize_1d:
        yield from adamw(
            w,
            gradient,
            learning_rate=adam_learning_rate,
            b1=adam_b1,
            b2=adam_b2,
            eps=eps,
            weight_decay=adam_weight_decay,
        )
    m, v, before, last = np.zeros_like(w), np.zeros_like(w), w, np.zeros_like(w)
    for t in count(1):
        g = gradient(w, t - 1)
        c = g + gamma * b1 / (1 - b1) * (g - (gradient(before, t - 1) if exact else last))
        if np.sqrt(np.sum(c**2)) > max_norm:
            c = max_norm * c / np.sqrt(np.sum(c**2))
        m = b1 * m + (1 - b1) * c
        v = b2 * v + (1 - b2) * c**2
        if form == "lion":
            u = np.sign(m)
        elif form == "shampoo" and w.ndim == 2:
            u = max(1, w.shape[1] / w.shape[0]) ** 0.5 * orthogonal(m / (1 - b1), eps)
        else:
            u = m / (1 - b1**t) / (np.sqrt(v / (1 - b2**t)) + eps)
        before, last, w = w, g, w - learning_rate * (u + weight_decay * w)
        yield w


ADAM_PART = {"adam_learning_rate": 0.04, "adam_b1": 0.8, "adam_b2": 0.9, "adam_eps": 1e-3, "adam_weight_decay": 0.2}
MUON = {"learning_rate": 0.05, "beta": 0.8, "eps": 1e-2, "weight_decay": 0.1, **ADAM_PART}


ADAMUON = {**MUON, "eps": 0.02, "ns_eps": 1e-2}
NORMUON = {**ADAMUON, "b2": 0.7}
DION = {"learning_rate": 0.05, "momentum": 0.8, "eps": 1e-2, "weight_decay": 0.1, **ADAM_PART}
SCION = {"learning_rate": 0.05, "momentum": 0.8, "radius": 1.2, "eps": 1e-2}
FLAGS = {"entrywise": False, "still": False, "rtol": 1e-10}  # still: the rows decay their weights
SHAMPOO = {"learning_rate": 0.1, "eps": 1e-2}
SOAP = {"learning_rate": 0.05, "b1": 0.8, "b2": 0.9, "eps": 1e-3, "weight_decay": 0.1}
LOOKS_FIRST = {**FLAGS, "downhill": False, "rough": tuple(SOAP)}  # rough: derivatives hold its bases fixed
PSGD = {
    "learning_rate": 0.05,
    "b1": 0.8,
    "weight_decay": 0.1,
    "preconditioner_lr": 0.1,
    "preconditioner_init_scale": 1.1,
    "clip_threshold": 0.7,
}
GALORE = {"learning_rate": 0.05, "scale": 0.7, "b1": 0.8, "b2": 0.9, "eps": 1e-3, "weight_decay": 0.1}
MARS = {
    **{"learning_rate": 0.05, "b1": 0.8, "b2": 0.9, "eps": 1e-3, "weight_decay": 0.1, "gamma": 0.2, "max_norm": 1.5},
    **{name: value for name, value in ADAM_PART.items() if name != "adam_eps"},
}

ROWS = [
    Row("muon", muon, MUON, **FLAGS),
    Row("muon", muon, MUON, {"nesterov": False, "scale": "match_rms_adamw"}, **FLAGS),
    Row("muon", muon, MUON, {"bias_correction": True}, **FLAGS),
    Row("muon", muon, MUON, {"scale": 0.3}, **FLAGS),
    Row("normuon", normuon, NORMUON, **FLAGS),
    Row("normuon", normuon, NORMUON, {"scale": "rms", "nesterov": False}, **FLAGS),
    Row("adamuon", adamuon, ADAMUON, rough=("beta",), **FLAGS),
    Row("dion", None, DION, {"rank": 2}, rough=tuple(DION), **FLAGS),
    Row("scion", scion, SCION, **FLAGS),
    Row("scion", scion, SCION, {"unconstrained": True}, **FLAGS),
    Row("scion", scion, {**SCION, "last_radius": 2.0}, {"last_layers": "weights"}, hidden=("last_layers",), **FLAGS),
    Row("scion", scion, {**SCION, "first_radius": 2.0}, {"first_layers": "weights"}, hidden=("first_layers",), **FLAGS),
    Row("shampoo", shampoo, SHAMPOO, entrywise=False, rtol=1e-10),
    Row("shampoo", shampoo, SHAMPOO, {"update_every": 4}, entrywise=False, rtol=1e-10),
    Row("shampoo", shampoo, SHAMPOO, {"max_precond_dim": 2}, entrywise=False, rtol=1e-10),
    Row("soap", soap, SOAP, **LOOKS_FIRST),
    Row("soap", soap, {**SOAP, "shampoo_b": 0.7}, {"update_every": 1}, **LOOKS_FIRST),
    Row("soap", soap, SOAP, {"update_every": 3, "max_precond_dim": 2}, **LOOKS_FIRST),
    Row("psgd_kron", None, PSGD, fixed=("preconditioner_init_scale",), entrywise=False, still=False),
    Row("galore", galore, GALORE, {"rank": 1}, **FLAGS),
    Row("galore", galore, GALORE, {"rank": 2, "update_every": 4}, **FLAGS),
    Row("galore", galore, GALORE, {"rank": 1, "update_every": 7, "side": "long"}, **FLAGS),
    Row("mars", mars, MARS, **FLAGS),
    Row("mars", mars, MARS, {"form": "lion", "optimize_1d": True}, **FLAGS),
    Row("mars", mars, MARS, {"form": "shampoo"}, **FLAGS),
    Row("mars", mars, MARS, {"form": "shampoo", "optimize_1d": True}, **FLAGS),
    Row("mars", mars, MARS, {"exact": True}, needs="loss", **FLAGS),
    Row("mars", mars, MARS, {"exact": True, "form": "lion"}, needs="loss", **FLAGS),
]
