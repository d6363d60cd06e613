"""Four ways to a derivative, two checks of a gradient, what derivatives cost, and why the gradient points where it does."""

import importlib.util
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jgd import gradients, landscapes, optimizers, plots, teaching
from jgd.core import checks
from jgd.data import datasets
from jgd.lectures import hours
from jgd.lectures.demonstration import Part, Pictures, Table
from jgd.training import train

EXACT = -28 / 3  # dL/dw of the hours at w = 1


def four_ways() -> tuple[list[Part], Pictures]:
    """dL/dw of the hours at w = 1 by hand, by symbols, by differences and automatically."""
    x, y = np.array([1.0, 2.0, 3.0]), np.array([2.0, 4.0, 6.0])
    point = hours.PARABOLA.start
    numeric = {
        "forward difference": gradients.forward_difference(hours.cost, point),
        "central difference": gradients.central_difference(hours.cost, point),
        "central difference, ε = 1e-5": gradients.central_difference(hours.cost, point, step=1e-5),
    }
    ways = {"by hand, 2/3 Σ (x w − y) x": float(np.mean(2 * (x - y) * x))}
    formula = "sympy isn't installed: pip install 'jgd[symbolic]'"
    if importlib.util.find_spec("sympy"):
        form = teaching.symbolic.differentiate("(y - w*x)**2", by=["w"])
        formula = str(form)
        ways["symbolic, sympy"] = float(form.derivatives(w=1.0, x=x, y=y)["w"].mean())
    ways |= {name: float(slope[0]) for name, slope in numeric.items()}
    ways["automatic, jax.grad"] = float(jax.grad(hours.cost)(point)[0])
    curve = teaching.error_curve(jnp.sin, 1.0, exact=float(np.cos(1.0)), steps=10.0 ** np.arange(-12.0, 0.0))
    errors = {method: curve.errors[method, "float64"][::-1] for method in ("forward", "central")}
    parts: list[Part] = [
        "L(w) = 1/3 Σ (x w − y)². A sum's derivative is the sum of derivatives, and the chain rule goes through the square.",
        Table(
            {
                "way": list(ways),
                "dL/dw at w = 1": list(ways.values()),
                "error": [abs(each - EXACT) for each in ways.values()],
            },
            {"dL/dw at w = 1": ".16g", "error": ".1e"},
        ),
        formula,
        "The slope is negative, so descent moves to the right; at w = 3 it is positive, and at w = 2 it is 0. Numerical\n"
        "derivatives take any function, at 2 evaluations for each of d weights, and too small a step is rounded away:",
        Table({"h": curve.steps[::-1], **errors}, {"h": ".0e", "forward": ".1e", "central": ".1e"}, "sin at 1"),
        "Automatic differentiation is what everything else in jgd uses.",
        f"A loss that has no derivative is refused. For the number of rows that are told wrong: {_no_derivative()}",
    ]
    fine = lambda: teaching.error_curve(jnp.sin, 1.0, exact=float(np.cos(1.0)))
    return parts, {"step": lambda: plots.plot_error_curve(fine())}


def _no_derivative() -> str:
    wrong = lambda w, _: jnp.sum(w > 1.5)  # a whole number
    try:
        train(wrong, optimizers.sgd(0.01), jnp.ones(1), steps=1)
    except checks.JgdError as error:
        return str(error)
    return ""


def two_checks() -> tuple[list[Part], Pictures]:
    """Method 1, the gradient read back from a step; method 2, the central difference; and what method 1 loses."""
    rows = jax.tree.map(jnp.asarray, datasets.hours_points().rows)
    both = teaching.two_checks(hours.LOSS, hours.start(), rows, 0.01, step=1e-5)
    columns: dict[str, list] = {"dtype": [], "α": [], "method 1": [], "error": [], "expected of rounding": []}
    for dtype in (np.float32, np.float64):
        for rate in (1e-2, 1e-4, 1e-6, 1e-8):
            before = {"weights": np.ones(1, dtype)}
            after = {"weights": before["weights"] - dtype(rate) * dtype(EXACT)}
            read = teaching.method_one(before, after, rate)
            slope = float(read.gradient["weights"][0])
            values = (np.dtype(dtype).name, rate, slope, abs(slope / EXACT - 1), read.relative_tolerance)
            for column, value in zip(columns.values(), values, strict=True):
                column.append(value)
    parts: list[Part] = [
        "Method 1 is (w_before − w_after)/α of one plain step, method 2 is (L(w + ε) − L(w − ε))/2ε.",
        str(both),
        Table(
            {
                "": ["method 1, α = 0.01", "method 2, ε = 1e-5", "automatic"],
                "dL/dw at w = 1": [
                    float(each["weights"][0]) for each in (both.method_one, both.method_two, both.automatic)
                ],
            },
            {"dL/dw at w = 1": ".16g"},
        ),
        "Method 1 loses digits as α falls, since the step rounds w:",
        Table(columns, {"α": ".0e", "error": ".1e", "expected of rounding": ".1e"}),
        "It holds for plain descent only. Any other optimizer is refused: " + _refusal(),
    ]
    return parts, {}


def _refusal() -> str:
    try:
        teaching.method_one(hours.start(), hours.start(), 0.01, optimizers.adam(0.01))
    except checks.JgdError as error:
        return str(error)
    return ""


def costs() -> tuple[list[Part], Pictures]:
    """What a gradient, a Hessian-vector product and a Hessian cost, counted by the compiler."""
    table = teaching.cost_table((8, 32, 128))
    point, newton = hours.start(), optimizers.newton(linesearch=None)
    after = hours.run(newton, 1).observations[0]
    parts: list[Part] = [
        "Operations of the compiled programs, linear regression with d weights on 64 rows:",
        str(table),
        "A gradient costs two or three forward passes whatever d is, a Hessian d gradients. Newton's method needs one step\n"
        f"on a parabola, from w = {float(point['weights'][0]):g} to {after:.6g}, and for a million weights a matrix of 7.28 TiB.",
    ]
    return parts, {"costs": lambda: plots.plot_cost(table)}


def steepest() -> tuple[list[Part], Pictures]:
    """No direction falls faster than the negative gradient, which crosses contours at right angles."""
    long, round_bowl = landscapes.quadratic([1.0, 10.0]), landscapes.quadratic([1.0, 1.0])
    g = np.asarray(jax.grad(long)(long.start))
    directions = np.random.default_rng(0).standard_normal((1000, 2))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    along = directions @ g
    across = np.array([-g[1], g[0]]) / np.linalg.norm(g)
    found = teaching.descents(long, {"η = 0.19": optimizers.sgd(0.19)}, 30)
    straight = teaching.descents(round_bowl, {"η = 0.5": optimizers.sgd(0.5)}, 10)
    ends = teaching.many_starts(long, optimizers.sgd(0.1), 10, steps=400).ends
    eigenvalues = np.linalg.eigvalsh(np.asarray(jax.hessian(long)(long.start)))
    parts: list[Part] = [
        Table(
            {
                "direction": ["−gradient", "steepest of 1000 drawn ones", "along the contour"],
                "slope": [-float(np.linalg.norm(g)), float(along.min()), float(across @ g)],
            },
            {"slope": ".6f"},
        ),
        "On round contours the negative gradient points at the minimum, on long ones across the valley: descent zigzags.",
        f"The bowl is convex, with curvatures {', '.join(f'{each:g}' for each in eigenvalues)}: from 10 starts descent ends within "
        f"{np.abs(ends).max():.0e} of its one minimum.",
    ]
    return parts, {
        "long": lambda: plots.plot_paths(long, found.paths),
        "round": lambda: plots.plot_paths(round_bowl, straight.paths),
        "surface": lambda: plots.plot_surface(long, found.paths),
    }


def logistic() -> tuple[list[Part], Pictures]:
    """Logistic regression as three blocks in a row: every value and every derivative by name."""
    graphs = teaching.graphs
    graph = graphs.Graph(u=graphs.dot("w", "x"), p=graphs.sigmoid("u"), L=graphs.negative_log("p"))
    trace = graph.run(w=[0.5, -0.25, 1.0], x=[2.0, 4.0, -1.0])
    slopes: Any = trace.derivatives
    local = Table(
        {
            "derivative": ["∂L/∂p = −1/p", "∂p/∂u = p (1 − p)", "∂L/∂u = p − 1"],
            "value": [float(slopes["p"]), float(trace.local("p", "u")), float(slopes["u"])],
        },
        {"value": ".16g"},
    )
    stable = graphs.Graph(L=graphs.node(lambda u: jax.nn.softplus(-u), "u", label="softplus")).run(u=np.float32(-200))
    naive = lambda u: -jnp.log(jax.nn.sigmoid(u))
    value, slope = jax.value_and_grad(naive)(jnp.float32(-200))
    stable_slopes: Any = stable.derivatives
    far = Table(
        {
            "−log σ(−200) in float32": ["in two blocks", "in one, softplus(200)"],
            "loss": [float(value), float(stable.values["L"])],
            "derivative": [float(slope), float(stable_slopes["u"])],
        }
    )
    parts: list[Part] = [
        "u = w·x, p = σ(u), L = −log p. Each block knows its own derivative; one pass backwards multiplies them.",
        str(trace),
        local,
        far,
    ]
    return parts, {"graph": lambda: plots.plot_graph(trace)}
