"""What is minimized: squared errors and their scalings, likelihood, and labels as numbers."""

import jax
import jax.numpy as jnp
import numpy as np

from jgd import optimizers, plots
from jgd.landscapes import Landscape
from jgd.lectures.demonstration import Part, Pictures, Table
from jgd.losses import SupervisedLoss, gaussian_nll, logistic_nll, squared_error
from jgd.models import Adaline, Linear
from jgd.teaching import closed_forms
from jgd.training import train

ROWS = (np.array([[1.0, 2.0], [3.0, -1.0], [0.5, 0.5]]), np.array([1.0, 0.0, 1.0]))
WEIGHTS = (0.1, -0.2)


def losses() -> tuple[list[Part], Pictures]:
    """Three scalings of squared error and the sigmoid's, by hand and automatically; outliers; duplicated rows."""
    names = {
        "Σ (ŷ − y)²": ("linear_sse", Linear(2, bias=False)),
        "1/n Σ (ŷ − y)²": ("linear_mse", Linear(2, bias=False)),
        "1/(2n) Σ (ŷ − y)²": ("linear_half_mse", Linear(2, bias=False)),
        "Σ (σ(u) − y)²": ("sigmoid_sse", closed_forms.SigmoidUnit(2, bias=False)),
    }
    params, rows = {"weights": jnp.array(WEIGHTS)}, jax.tree.map(jnp.asarray, ROWS)
    doubled = jax.tree.map(lambda leaf: jnp.concatenate([leaf, leaf]), rows)
    columns: dict[str, list] = {
        "loss": [],
        "value": [],
        "dL/dw₁": [],
        "dL/dw₂": [],
        "by hand − automatic": [],
        "rows twice": [],
    }
    for name, (form, model) in names.items():
        loss, gradient = closed_forms.get(form, model)
        slope, derived = jax.grad(loss)(params, rows)["weights"], gradient(params, rows)["weights"]
        twice = jax.grad(loss)(params, doubled)["weights"]
        gap = float(jnp.abs(slope - derived).max())
        values = (name, float(loss(params, rows)), float(slope[0]), float(slope[1]), gap, float(twice[0] / slope[0]))
        for column, value in zip(columns.values(), values, strict=True):
            column.append(value)
    parts: list[Part] = [
        "Three rows, w = (0.1, −0.2). The scalings differ by 2n : 2 : 1. Dividing by n keeps the gradient, and so the learning\n"
        "rate, the same when every row comes twice:",
        Table(columns, {"by hand − automatic": ".0e", "rows twice": ".3g"}),
        "Squares count outliers more: a residual r adds r² to the loss and 2 r to the gradient.",
        _outliers(),
    ]
    return parts, {}


def _outliers() -> Table:
    """What a row adds to the loss and to its gradient by ŷ, by how far it is off."""
    residuals, at = jnp.array([1.0, 2.0, 10.0]), jnp.zeros(3)
    slopes = jax.grad(lambda outputs: squared_error(outputs, at).sum())(residuals)
    return Table({"r": residuals, "adds": squared_error(residuals, at), "gradient": slopes})


def likelihood() -> tuple[list[Part], Pictures]:
    """The product of probabilities, the sum of their logarithms, and squared error as Gaussian noise."""
    chances = np.array([0.9, 0.8, 0.3])
    logits = jnp.asarray(np.log(chances / (1 - chances)))
    nll = float(logistic_nll(logits, jnp.ones(3)).sum())
    x, y = np.array([1.0, 2.0, 3.0]), np.array([2.1, 3.8, 6.3])
    grid = np.linspace(1.0, 3.0, 2001)
    square = ((grid[:, None] * x - y) ** 2).mean(axis=1)
    columns: dict[str, list] = {"": ["mean squared error"], "best w": [float(grid[square.argmin()])]}
    for std in (0.5, 1.0, 2.0):
        of = jax.vmap(lambda w, std=std: jnp.sum(gaussian_nll(w * x, jnp.asarray(y), std)))
        columns[""].append(f"Gaussian likelihood, σ = {std:g}")
        columns["best w"].append(float(grid[np.asarray(of(jnp.asarray(grid))).argmin()]))
    columns[""].append("least squares, Σ x y / Σ x²")
    columns["best w"].append(float(x @ y / (x @ x)))
    parts: list[Part] = [
        "Rows are independent, so the likelihood of all is a product; its logarithm is a sum, and a minimum of −log p is a\n"
        "maximum of p.",
        Table(
            {
                "three rows of class 1, p = 0.9, 0.8, 0.3": ["−log Π p", "Σ −log p", "logistic_nll of the logits"],
                "value": [float(-np.log(chances.prod())), float(-np.log(chances).sum()), nll],
            },
            {"value": ".15f"},
        ),
        "With y = x w + noise of the deviation σ, −log p(y) = (y − x w)²/(2σ²) + log σ + ½ log 2π: but for constants the\n"
        "squared error. So the w of the largest likelihood is the w of least squares, whatever σ is:",
        Table(columns, {"best w": ".6g"}),
    ]
    curve = Landscape(
        "−log likelihood, σ = 1", _negative_log_likelihood, (1.0,), (0.5,), (3.5,), ((float(x @ y / (x @ x)),),)
    )
    return parts, {"likelihood": lambda: plots.plot_paths(curve, {})}


def _negative_log_likelihood(w: jax.Array) -> jax.Array:
    return jnp.sum(gaussian_nll(w * jnp.array([1.0, 2.0, 3.0], w.dtype), jnp.array([2.1, 3.8, 6.3], w.dtype)))


def adaline() -> tuple[list[Part], Pictures]:
    """Labels learned as numbers, 0 and 1 or −1 and 1; the threshold is read only to predict."""
    rng = np.random.default_rng(0)
    inputs = np.concatenate([rng.normal(-1.0, 0.7, (40, 2)), rng.normal(1.0, 0.7, (40, 2))])
    columns: dict[str, list] = {"labels": [], "threshold": [], "accuracy": [], "differs from linear regression by": []}
    for labels in ((0, 1), (-1, 1)):
        targets = np.repeat(np.array(labels, float), 40)
        model, plain = Adaline(2, labels=labels), Linear(2)
        params = {"weights": jnp.zeros(2), "bias": jnp.zeros(())}
        ends = [
            train(
                SupervisedLoss(each, "squared_error"), optimizers.sgd(0.1), params, (inputs, targets), steps=100
            ).params
            for each in (model, plain)
        ]
        gap = max(float(jnp.abs(a - b).max()) for a, b in zip(*map(jax.tree.leaves, ends), strict=True))
        right = float(np.mean(np.asarray(model.classify(ends[0], jnp.asarray(inputs))) == targets))
        for column, value in zip(columns.values(), (str(labels), np.mean(labels), right, gap), strict=True):
            column.append(value)
    parts: list[Part] = [
        "Adaline is linear regression on labels: the loss is squared error before the threshold, whose derivative would be 0.",
        Table(columns),
    ]
    return parts, {}
