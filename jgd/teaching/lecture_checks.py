"""The lectures' two checks of a gradient, beside the automatic one.

    method 1   (w_before − w_after) / α, from the weights around one plain step
    method 2   (L(w + ε) − L(w − ε)) / 2ε, central differences, entry by entry

Method 2 knows nothing of the program's own gradient. Method 1 reads it back from the step that used it. Only the two
together say that the gradient is right *and* is what moved the weights.
"""

import math
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np

from jgd.core import checks
from jgd.core.functions import untraceable
from jgd.core.text import align_columns
from jgd.core.types import Batch, Loss, Params
from jgd.core.updates import apply_updates
from jgd.gradients import preconditions
from jgd.gradients.arguments import check_loss_and_data
from jgd.gradients.difference_formulas import CENTRAL
from jgd.gradients.float64_loss import Float64Loss, build_float64_loss
from jgd.gradients.locate_errors import random_directions
from jgd.gradients.numerical import central_difference, richardson
from jgd.gradients.slopes import careful_slopes, norm
from jgd.teaching.step_gradient import method_one, tree_norm

PAIRS = (("automatic", "method 1"), ("automatic", "method 2"), ("method 1", "method 2"))
BENT = 1e-3  # one-sided slopes of a smooth function differ by less than this, relative
COARSE = 1e-2  # above this relative tolerance a method has too few digits left to confirm anything

_ALONE = {
    "automatic": "neither the step nor the differences are what it says",
    "method 1": "the step moved the weights by something else than α g",
    "method 2": "the program's gradient is not the loss's slope (jgd.gradients.check_gradients names the fault)",
}

_HINTS = {
    "automatic": "the program computes in a narrow dtype",
    "method 1": "raise learning_rate, or use float64",
    "method 2": "the loss bends within the step of the difference; give a smaller step",
}


@dataclass(frozen=True)
class TwoChecks:
    """Both methods beside the automatic gradient; print it.

    Attributes:
        automatic: Of `jax.grad`, a tree of NumPy float64 arrays.
        method_one: Read back from a step, a tree likewise.
        method_two: Central differences, a tree likewise.
        errors: pair -> ‖a − b‖/max(‖a‖, ‖b‖) over all leaves.
        tolerances: pair -> what rounding and the difference formula allow.
        verdict: "ok" (all three agree), "wrong" (`detail` says which pairs don't), or "inconclusive" (a tolerance above
            1e-2, a kink, a gradient of 0, a loss that is not finite or another function in float64).
        detail: The verdict's reason in words, "" where it is ok.
    """

    automatic: Params
    method_one: Params
    method_two: Params
    errors: dict[str, float]
    tolerances: dict[str, float]
    verdict: str
    detail: str

    def __str__(self) -> str:
        rows: list[tuple[str, ...]] = [
            ("leaf", "entries", "automatic", "method 1", "method 2", "(entry of largest size)")
        ]
        found = jax.tree_util.tree_leaves_with_path(self.automatic)
        others = zip(jax.tree.leaves(self.method_one), jax.tree.leaves(self.method_two), strict=True)
        for (path, leaf), (one, two) in zip(found, others, strict=True):
            at = np.unravel_index(np.argmax(np.abs(leaf)), leaf.shape) if leaf.size else None
            values = ("", "", "") if at is None else tuple(f"{x[at]:.9g}" for x in (leaf, one, two))
            rows.append((checks.path_of(path), str(leaf.size), *values, ""))
        table = align_columns(rows, right={1, 2, 3, 4})
        pairs = [
            (pair, f"relative difference {error:.3g}", f"allowed {self.tolerances[pair]:.3g}")
            for pair, error in self.errors.items()
        ]
        lines = [table[0], "-" * len(table[0]), *table[1:], "", *align_columns(pairs)]
        return "\n".join([*lines, f"verdict: {self.verdict}" + (f", {self.detail}" if self.detail else "")])


def two_checks(
    loss: Loss,
    params: Params,
    batch: Batch,
    learning_rate: float,
    *,
    after: Params | None = None,
    step: float | None = None,
) -> TwoChecks:
    """Both of the lectures' checks beside `jax.grad`.

    Args:
        loss: A function (params, batch) -> one real floating number.
        params: Tree of floating arrays.
        batch: Tree of arrays, or None.
        learning_rate: α > 0 of the plain step for method 1, which is taken here unless `after` is given.
        after: The weights that your own training loop made of `params` and `batch` with that α.
        step: ε of method 2, > 0. None: eps^(1/3)·max(1, |w|). In float64 whatever the precision of the parameters; 2d
            evaluations.

    Returns:
        The three gradients, how far they differ, and the verdict.

    Raises:
        JgdTypeError: The loss is no function of (params, batch) or returns something else; a leaf is not floating.
        JgdValueError: A number is outside its rule, or `after` is no tree like params.

    Example:
        >>> import jgd
        >>> loss = jgd.SupervisedLoss(jgd.models.Linear(1, bias=False), "squared_error")
        >>> rows = jax.tree.map(jnp.asarray, jgd.datasets.hours_points().rows)
        >>> result = two_checks(loss, {"weights": jnp.ones(1)}, rows, learning_rate=0.01)
        >>> result.verdict, result.method_two["weights"].tolist()
        ('ok', [-9.33333])
    """
    rate = checks.number("learning_rate", learning_rate, "> 0")
    check_loss_and_data(loss, params, batch)
    params = jax.tree.map(jnp.asarray, params)
    checks.parameters(params)
    value = preconditions.value_of(loss, params, batch)
    try:
        loss64 = build_float64_loss(loss, params, batch)
        grads = jax.grad(loss)(params, batch)
    except jax.errors.ConcretizationTypeError as error:
        raise untraceable(loss) from error
    value64 = loss64.value()
    problem = preconditions.why_uncheckable(loss, params, batch, value, value64)
    if after is None:
        after = apply_updates(params, jax.tree.map(lambda g: -jnp.asarray(rate, g.dtype) * g, grads))
    automatic = jax.tree.map(lambda leaf: np.asarray(leaf).astype(np.float64), grads)
    first = method_one(params, after, rate)
    second = central_difference(loss, params, batch, step=step)
    names = {"automatic": automatic, "method 1": first.gradient, "method 2": second}
    # a float32 gradient has float32 digits, and a sum of n terms loses some more; differences in float64 keep eight
    own = max(
        [1e-12, 100 * loss64.program_eps, *(100 * float(jnp.finfo(leaf.dtype).eps) for leaf in jax.tree.leaves(params))]
    )
    allowed = {"automatic": own, "method 1": first.relative_tolerance + own, "method 2": 1e-6 + own}
    if not problem and _relative(automatic, second) > allowed["method 2"]:  # is it the difference that is off?
        allowed["method 2"] += 3 * _relative(second, richardson(loss, params, batch, step=step))
        if _bent(loss64, value64):
            problem = "the loss has a kink here: its slopes to the two sides differ"
    errors = {f"{a} – {b}": _relative(names[a], names[b]) for a, b in PAIRS}
    tolerances = {f"{a} – {b}": max(allowed[a], allowed[b]) for a, b in PAIRS}
    verdict, detail = ("inconclusive", problem) if problem else _verdict(errors, tolerances, names, allowed)
    return TwoChecks(automatic, first.gradient, second, errors, tolerances, verdict, detail)


def _bent(loss64: Float64Loss, value64: float) -> bool:
    """Whether the loss has a kink at its point: one that stays as steps shrink, along directions over all entries."""
    v = random_directions(np.random.default_rng(0), 3, (0, loss64.x.size), loss64.x.size)
    h = np.full(len(v), CENTRAL.step(loss64.eps, norm(loss64.x) / math.sqrt(loss64.x.size)))
    found = careful_slopes(lambda steps: loss64.along(v, steps), value64, h, loss64.eps)
    return bool((found.jump > BENT * np.abs(found.slope)).any())


def _verdict(
    errors: dict[str, float], tolerances: dict[str, float], names: dict[str, Params], allowed: dict[str, float]
) -> tuple[str, str]:
    for name, tree in names.items():
        if not all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(tree)):
            return "inconclusive", f"{name} is not finite"
    if not any(tree_norm(tree) for tree in names.values()):
        return "inconclusive", "all three are 0"
    off = [pair for pair, error in errors.items() if tolerances[pair] <= COARSE and error > tolerances[pair]]
    if off:
        alone = [name for name in names if all((name in pair) == (pair in off) for pair in errors)]
        why = f"{alone[0]} stands alone: {_ALONE[alone[0]]}" if len(alone) == 1 else f"disagree: {'; '.join(off)}"
        return "wrong", why
    coarse = [pair for pair, tolerance in tolerances.items() if tolerance > COARSE]
    if coarse:
        least = "automatic" if allowed["automatic"] > COARSE else max(allowed, key=lambda name: allowed[name])
        return "inconclusive", f"too few digits left in {'; '.join(coarse)}: {_HINTS[least]}"
    return "ok", ""


def _relative(a: Params, b: Params) -> float:
    largest = max(tree_norm(a), tree_norm(b))
    with np.errstate(invalid="ignore"):  # ∞ − ∞ is NaN, and the verdict says so
        return tree_norm(jax.tree.map(lambda x, y: x - y, a, b)) / largest if largest else 0.0
