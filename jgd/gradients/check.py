"""Check a gradient against numbers, leaf by leaf, and name the fault.

screen: random directions in each leaf ─ fits ─► ok
    └ doesn't ─► the same, carefully ─► entries of the failing leaf only ─► diagnosis ─► LeafCheck
"""

import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jgd.core import checks, seeds
from jgd.core.forked import refuse_fork
from jgd.core.functions import UNTRACEABLE, name_of, untraceable
from jgd.core.spellings import builder
from jgd.core.types import Batch, Loss, Params
from jgd.gradients import preconditions
from jgd.gradients.analytic import AnalyticGradient, analytic_gradient
from jgd.gradients.arguments import check_loss_and_data
from jgd.gradients.check_leaf import check_leaf, unmeasured
from jgd.gradients.consistency import check_consistency, comparisons, gradient_of
from jgd.gradients.float64_loss import Float64Loss, build_float64_loss
from jgd.gradients.layout import LeafLayout
from jgd.gradients.locate_errors import LeafProbe, random_directions
from jgd.gradients.precision import FLOAT64_LIMIT
from jgd.gradients.report import GradientCheck, LeafCheck

TOLERANCE = 1e-7  # relative, where all is float64: far above rounding, far below any fault worth the name
ROUGH = 1e-4  # a tolerance from which one direction too easily looks right
STEPS = "not differentiable, read through comparisons, rounding or whole numbers only: every slope is 0, or a jump"
COARSE = 1e3  # units of eps that a gradient of lower precision may be off; 0.3 at most


@builder
def check_gradients(
    loss: Loss,
    params: Params,
    batch: Batch,
    *,
    gradient: Callable[[Params, Batch], Params] | None = None,
    seed: int | None = None,
    tolerance: float | None = None,
    directions: int = 2,
    every_entry: bool = False,
    order: int = 1,
    compare: str | Sequence[str] = (),
) -> GradientCheck:
    """Compare the gradient of a loss with differences of the loss, leaf by leaf.

    Losses are evaluated in float64 whatever the program's precision, their own casts taken away (promote_jaxpr.py).
    A wrong gradient raises nothing: it is in the result, see `GradientCheck.ok` and `raise_if_failed`.

    Args:
        loss: A function (params, batch) -> one real floating number.
        params: Tree of arrays; leaves that are not real floating are passed on and skipped.
        batch: Tree of arrays and numbers, or None.
        gradient: A function (params, batch) -> a tree like params, checked in place of `jax.grad(loss)`. It may be
            NumPy code. None also checks a `custom_vjp` inside the loss.
        seed: Of the random directions. None: new ones for every check, so that no fault can hide from them; the
            result's `seed` repeats them.
        tolerance: Relative error allowed beside the number's own error bar, > 0. None: 1e-7, or eps of the coarsest
            dtype inside, and 1000 eps (0.3 at most) in a gradient that can't be evaluated in float64. Each leaf's
            `resolution` says what came of it.
        directions: Random directions a leaf in the screen, ≥ 1.
        every_entry: Measure each entry of every leaf, 3 evaluations each.
        order: 2 checks Hessian-vector products too: the gradient's own derivative against differences of it.
        compare: Any of "jit" (compiled = not compiled), "looped_mean" and "looped_sum" (the batch's gradient = that
            mean or sum of its rows').

    Returns:
        The verdicts; print it.

    Raises:
        JgdTypeError: The loss or gradient is no function of (params, batch) or returns something else, or a leaf
            holds no numbers.
        JgdValueError: An option is outside its rule, or the gradient's tree or shapes are not those of params.

    Example:
        >>> loss = lambda params, batch: jnp.mean((batch[0] @ params["w"] - batch[1]) ** 2)
        >>> params, batch = {"w": jnp.array([1.0, -2.0, 3.0])}, (jnp.eye(3), jnp.ones(3))
        >>> check_gradients(loss, params, batch).ok
        True
        >>> doubled = lambda params, batch: jax.tree.map(lambda g: 2 * g, jax.grad(loss)(params, batch))
        >>> check_gradients(loss, params, batch, gradient=doubled).leaves[0].cause
        '2 times too large: a factor 2 too much'
    """
    refuse_fork("a check")
    check_loss_and_data(loss, params, batch)
    compare = (compare,) if isinstance(compare, str) else tuple(compare)
    _check_options(gradient, directions, order, compare, tolerance)
    seed = secrets.randbits(32) if seed is None else seeds.check(seed)
    rng = np.random.default_rng(seed)
    try:
        loss64 = build_float64_loss(loss, params, batch)
        layout = loss64.layout
        grads = analytic_gradient(loss, gradient, params, batch, loss64)
        value, value64 = grads.value, loss64.value()
        if value is None:
            value = preconditions.value_of(loss, params, batch)
        problem = preconditions.why_uncheckable(loss, params, batch, value, value64)
        if problem:
            leaves = tuple(unmeasured(layout, at, "inconclusive", cause=problem) for at in range(len(layout.paths)))
            return GradientCheck(leaves, value, seed, loss64.counts["evaluations"], problem)
    except jax.errors.ConcretizationTypeError as error:
        raise untraceable(loss) from error
    allowed = _default_tolerance(loss64, grads) if tolerance is None else tolerance
    tried = directions if allowed < ROUGH else 4 * directions
    rows = common_rows(batch)
    measured: list[LeafCheck] = []
    for at, span in enumerate(layout.spans):
        if span is None or span[0] == span[1]:
            cause = "empty" if span else f"{layout.dtypes[at]} is not real floating"
            measured.append(unmeasured(layout, at, "skipped", cause=cause))
            continue
        probe = LeafProbe(loss64, value64, grads.promoted, span, allowed)
        leaf = check_leaf(probe, grads, at, rows, rng, tried, every_entry)
        measured.append(leaf)
    leaves, problem = _staircase(measured, loss, params, batch, grads, layout)
    second = None
    if order == 2 and any(span and span[0] < span[1] for span in layout.spans):
        options = {"seed": seed, "tolerance": tolerance, "directions": directions, "every_entry": every_entry}
        with _traceable(gradient, "order=2"):
            second = check_gradients(_projected(loss, gradient, layout, rng), params, batch, **options)
    found = []
    for name in compare:
        with _traceable(gradient, f"compare={name!r}"):
            found.append(check_consistency(name, loss, gradient, params, batch))
    return GradientCheck(tuple(leaves), value, seed, loss64.counts["evaluations"], problem, second, tuple(found))


def _staircase(
    leaves: list[LeafCheck], loss: Loss, params: Params, batch: Batch, grads: AnalyticGradient, layout: LeafLayout
) -> tuple[list[LeafCheck], str]:
    """The leaves with those told apart whose gradient is all 0; and a problem where the whole loss is a staircase.

    Such a leaf is not read at all, has no effect nearby, or is read through steps only.
    """
    still = [span is not None and span[0] < span[1] and not grads.promoted[slice(*span)].any() for span in layout.spans]
    if not any(still):
        return leaves, ""
    read = preconditions.leaves_read(loss, params, batch)
    smooth = preconditions.leaves_read(loss, params, batch, smoothly=True)
    steps = [none and seen and not slope for none, seen, slope in zip(still, read, smooth, strict=True)]
    out = list(leaves)
    for at, leaf in enumerate(leaves):
        if steps[at]:
            out[at] = replace(leaf, verdict="inconclusive", kind="steps", cause=STEPS)
        elif leaf.kind == "unused" and read[at]:
            flat = "no effect near these parameters: gradient and differences are 0"
            out[at] = replace(leaf, kind="flat", cause=flat)
    checked = [at for at, seen in enumerate(read) if seen and layout.spans[at]]
    whole = bool(checked) and all(steps[at] for at in checked)
    return out, f"the loss is {STEPS}: take one that is smooth" if whole else ""


def _default_tolerance(loss64: Float64Loss, grads: AnalyticGradient) -> float:
    if grads.eps >= FLOAT64_LIMIT:
        return min(0.3, COARSE * grads.eps)
    # constants that a program rounds to its own dtypes may be other ones in its gradient
    return max(TOLERANCE, loss64.program_eps, grads.program_eps)


@contextmanager
def _traceable(gradient: Any, option: str) -> Iterator[None]:
    """Refuse, by name, a gradient in NumPy where JAX must trace it."""
    try:
        yield
    except (*UNTRACEABLE, checks.JgdTypeError) as error:
        cause = error if isinstance(error, UNTRACEABLE) else error.__cause__
        if gradient is None or not isinstance(cause, UNTRACEABLE):
            raise
        raise checks.JgdTypeError(
            f"{option} needs a gradient that JAX can trace, and {name_of(gradient)} is NumPy code: write it with "
            f"jax.numpy, or leave {option} out"
        ) from error


def common_rows(batch: Batch) -> int | None:
    """The rows of a batch, None where its arrays don't share a leading axis."""
    lengths = {jnp.shape(leaf)[0] if jnp.ndim(leaf) else None for leaf in jax.tree.leaves(batch)}
    return lengths.pop() if len(lengths) == 1 else None


def _projected(loss: Loss, gradient: Any, layout: LeafLayout, rng: np.random.Generator) -> Loss:
    """<gradient(params), w> for a random w over all leaves: its gradient is the Hessian-vector product H w."""
    checked = [(span, shape) for span, shape in zip(layout.spans, layout.shapes, strict=True) if span]
    d = max([0, *(span[1] for span, _ in checked)])
    w = random_directions(rng, 1, (0, d), d)[0]

    def slope(params: Params, batch: Batch):
        grads = gradient_of(loss, gradient, params, batch)
        parts = [
            jnp.sum(grad * w[slice(*span)].reshape(shape).astype(grad.dtype)).astype(jnp.result_type(float))
            for grad, (span, shape) in zip(grads, checked, strict=True)
        ]
        return sum(parts[1:], start=parts[0])

    return slope


def _check_options(gradient: Any, directions: Any, order: Any, compare: Any, tolerance: Any) -> None:
    if gradient is not None and not callable(gradient):
        raise checks.JgdTypeError(
            f"gradient must be a function (params, batch) -> a tree like params, got {type(gradient).__name__}",
            argument="gradient",
        )
    if gradient is not None:
        checks.takes("gradient", gradient, "params", "batch")
    checks.count("directions", directions, 1)
    checks.count("order", order, 1, 2)
    if tolerance is not None:
        checks.number("tolerance", tolerance, "> 0")
    for name in compare:
        checks.choice("comparison", name, comparisons)
