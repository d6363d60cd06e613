"""The lectures' two checks of a gradient, by name.

    method 1   (w_before − w_after) / α, from the weights around one plain step
    method 2   (L(w + ε) − L(w − ε)) / 2ε, central differences, entry by entry

Method 2 knows nothing of the program's own gradient. Method 1 reads it back from the step that used it: it shows what
the training loop really applied, a forgotten zeroing or a doubled rate included, but a wrong formula comes back as
the same wrong numbers. Only the two together say that the gradient is right *and* is what moved the weights.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jgd.core import checks
from jgd.core.functions import untraceable
from jgd.core.optimizer import Chain, Optimizer, apply_updates
from jgd.core.types import Batch, Loss, Params
from jgd.gradients import checkable
from jgd.gradients.float64_loss import Wide, around, usable
from jgd.gradients.locate_errors import random_directions
from jgd.gradients.numerical import CENTRAL, central_difference, richardson
from jgd.gradients.slopes import careful, length
from jgd.transforms import ScaleByLearningRate

PAIRS = (("automatic", "method 1"), ("automatic", "method 2"), ("method 1", "method 2"))
BENT = 1e-3  # one-sided slopes of a smooth function differ by less than this, relative
COARSE = 1e-2  # above this relative tolerance a method has too few digits left to confirm anything

_alone = {
    "automatic": "neither the step nor the differences are what it says",
    "method 1": "the step moved the weights by something else than α g",
    "method 2": "the program's gradient is not the loss's slope (jgd.gradients.check_gradients names the fault)",
}

_hints = {
    "automatic": "the program computes in a narrow dtype",
    "method 1": "raise learning_rate, or use float64",
    "method 2": "the loss bends within the step of the difference; give a smaller step",
}

# what a transform's name says of it, and what it does to the update
_reasons = {
    "Trace": "momentum: the step is a sum of past gradients, not this one",
    "LookAhead": "momentum, and a gradient taken at other weights",
    "ScaleBy": "an adaptive method: every entry has a rate of its own",
    "Decay": "weight decay: the weights shrink by more than the gradient",
    "Clip": "clipping: a large gradient is cut before the step",
}


@dataclass(frozen=True)
class MethodOne:
    """A gradient read off a plain step. gradient: a tree of NumPy float64 arrays.

    relative_tolerance: how far rounding of the weights may have moved it, ‖error‖/‖g‖ ≤ eps·‖w‖/(α·‖g‖), with eps of
    the coarsest leaf: a small α or float32 leaves few digits, or none (infinite for a gradient of 0).
    """

    gradient: Params
    relative_tolerance: float


def method_one(before: Params, after: Params, learning_rate: float, optimizer: Optimizer | None = None) -> MethodOne:
    """(w_before − w_after) / α: the gradient that a plain step θ ← θ − α g used. Lectures' deck, "gradient check".

    before, after: the parameters around one step, trees of floating arrays. learning_rate: α > 0 of that step.
    optimizer: the one that made the step, to be refused unless it is plain descent: momentum, adaptive scaling,
    clipping and weight decay all move the weights by something else than α g, and a schedule is fine as long as
    `learning_rate` is its value there. Without it nothing can be refused. The division is done in float64; what is
    lost was lost when the step rounded `after`. Raises `JgdValueError` naming the transform at fault.

    >>> before, after = {"w": np.array([1.0])}, {"w": np.array([1.0933333333333333])}
    >>> method_one(before, after, 0.01).gradient["w"].tolist()
    [-9.33333333]
    >>> import jgd
    >>> method_one(before, after, 0.01, jgd.optimizers.adam(0.01))
    Traceback (most recent call last):
        ...
    jgd.core.checks.errors.JgdValueError: method 1 needs a plain step, but optimizer has ScaleByAdam, an adaptive method: ...
    """
    rate = checks.number("learning_rate", learning_rate, "> 0")
    checks.parameters(before)
    checks.same_structure(after, before, "after", "before")
    if optimizer is not None:
        _plain(optimizer, rate)
    wide = lambda leaf: np.asarray(leaf).astype(np.float64)
    gradient = jax.tree.map(lambda b, a: (wide(b) - wide(a)) / rate, before, after)
    eps = max([float(jnp.finfo(np.asarray(leaf).dtype).eps) for leaf in jax.tree.leaves(after)], default=0.0)
    size = _norm(gradient)
    return MethodOne(gradient, eps * max(_norm(before), _norm(after)) / (rate * size) if size > 0 else math.inf)


def _plain(optimizer: Optimizer, rate: float) -> None:
    """Refuse every transform but `ScaleByLearningRate`, by its name and what it does."""
    if not isinstance(optimizer, Optimizer):
        raise checks.JgdTypeError(f"optimizer must be a jgd.Optimizer, got {optimizer!r}")
    descents = 0
    for transform in _links(optimizer.transform):
        name = type(transform).__name__
        if not isinstance(transform, ScaleByLearningRate):
            why = next((why for word, why in _reasons.items() if word in name), "which is not plain descent")
            raise checks.JgdValueError(
                f"method 1 needs a plain step, but optimizer has {name}, {why}; (w_before − w_after)/α is then not "
                "the gradient: take one step of jgd.optimizers.sgd for the check"
            )
        descents += 1
        used = transform.learning_rate
        if not callable(used) and np.shape(used) == () and not math.isclose(float(used), rate, rel_tol=1e-6):
            raise checks.JgdValueError(f"learning_rate must be the optimizer's, {float(used):g}, got {rate:g}")
    if descents != 1:
        raise checks.JgdValueError(f"method 1 needs one ScaleByLearningRate transform in optimizer, got {descents}")


def _links(transform: Any) -> Iterator[Any]:
    """The transforms of a chain; one that holds others comes first, under its own name."""
    if isinstance(transform, Chain):
        for inner in transform.transforms:
            yield from _links(inner)
        return
    yield transform
    for each in fields(transform) if hasattr(transform, "__dataclass_fields__") else ():
        held = getattr(transform, each.name)
        if hasattr(held, "init") and hasattr(held, "update"):
            yield from _links(held)


@dataclass(frozen=True)
class TwoChecks:
    """Both methods beside the automatic gradient, printed as a table.

    automatic, method_one, method_two: trees of NumPy float64 arrays. errors: the relative difference
    ‖a − b‖/max(‖a‖, ‖b‖) of each pair, over all leaves. tolerances: what rounding and the difference formula allow
    that pair. verdict: "ok" (all three agree), "wrong" (`detail` says which pairs don't), or "inconclusive" (a
    tolerance above 1e-2, a kink, a gradient of 0, a loss that is not finite or another function in float64).
    """

    automatic: Params
    method_one: Params
    method_two: Params
    errors: dict[str, float]
    tolerances: dict[str, float]
    verdict: str
    detail: str

    def __str__(self) -> str:
        head = (
            f"{'leaf':<20} {'entries':>8}  {'automatic':>16} {'method 1':>16} {'method 2':>16}  (entry of largest size)"
        )
        lines = [head, "-" * len(head)]
        found = jax.tree_util.tree_leaves_with_path(self.automatic)
        others = zip(jax.tree.leaves(self.method_one), jax.tree.leaves(self.method_two), strict=True)
        for (path, leaf), (one, two) in zip(found, others, strict=True):
            numbers = ""
            if leaf.size:
                at = np.unravel_index(np.argmax(np.abs(leaf)), leaf.shape)
                numbers = " ".join(f"{x[at]:>16.9g}" for x in (leaf, one, two))
            lines.append(f"{checks.path_of(path):<20} {leaf.size:>8}  {numbers}")
        lines += [""] + [
            f"{pair:<24} relative difference {error:9.3g}   allowed {self.tolerances[pair]:9.3g}"
            for pair, error in self.errors.items()
        ]
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
    """Both of the lectures' checks beside `jax.grad`: -> `TwoChecks`.

    loss: (params, batch) -> () floating. learning_rate: α > 0 of the plain step for method 1, which is taken here;
    or give `after`, the weights that your own training loop made of `params` and `batch` with that α. step: ε of
    method 2, by default eps^(1/3)·max(1, |w|), in float64 whatever the precision of the parameters; 2d evaluations.

    >>> import jgd
    >>> loss = jgd.SupervisedLoss(jgd.models.Linear(1, bias=False), "squared_error")
    >>> rows = jax.tree.map(jnp.asarray, jgd.datasets.hours_points().rows)
    >>> result = two_checks(loss, {"weights": jnp.ones(1)}, rows, learning_rate=0.01)
    >>> result.verdict, result.method_two["weights"].tolist()
    ('ok', [-9.33333])
    """
    rate = checks.number("learning_rate", learning_rate, "> 0")
    usable(loss, params, batch)
    params = jax.tree.map(jnp.asarray, params)
    checks.parameters(params)
    value = checkable.value_of(loss, params, batch)
    try:
        wide = around(loss, params, batch)
        grads = jax.grad(loss)(params, batch)
    except jax.errors.ConcretizationTypeError as error:
        raise untraceable(loss) from error
    here = wide.here()
    problem = checkable.problem(loss, params, batch, value, here)
    if after is None:
        after = apply_updates(params, jax.tree.map(lambda g: -jnp.asarray(rate, g.dtype) * g, grads))
    automatic = jax.tree.map(lambda leaf: np.asarray(leaf).astype(np.float64), grads)
    first = method_one(params, after, rate)
    second = central_difference(loss, params, batch, step=step)
    names = {"automatic": automatic, "method 1": first.gradient, "method 2": second}
    # a float32 gradient has float32 digits, and a sum of n terms loses some more; differences in float64 keep eight
    own = max([1e-12, 100 * wide.grain, *(100 * float(jnp.finfo(leaf.dtype).eps) for leaf in jax.tree.leaves(params))])
    allowed = {"automatic": own, "method 1": first.relative_tolerance + own, "method 2": 1e-6 + own}
    if not problem and _relative(automatic, second) > allowed["method 2"]:  # is it the difference that is off?
        allowed["method 2"] += 3 * _relative(second, richardson(loss, params, batch, step=step))
        if _bent(wide, here):
            problem = "the loss has a kink here: its slopes to the two sides differ"
    errors = {f"{a} – {b}": _relative(names[a], names[b]) for a, b in PAIRS}
    tolerances = {f"{a} – {b}": max(allowed[a], allowed[b]) for a, b in PAIRS}
    verdict, detail = ("inconclusive", problem) if problem else _verdict(errors, tolerances, names, allowed)
    return TwoChecks(automatic, first.gradient, second, errors, tolerances, verdict, detail)


def _bent(wide: Wide, here: float) -> bool:
    """Whether the loss has a kink at its point: one that stays as steps shrink, along directions over all entries."""
    v = random_directions(np.random.default_rng(0), 3, (0, wide.x.size), wide.x.size)
    h = np.full(len(v), CENTRAL.step(wide.eps, length(wide.x) / math.sqrt(wide.x.size)))
    found = careful(lambda steps: wide.along(v, steps), here, h, wide.eps)
    return bool((found.jump > BENT * np.abs(found.slope)).any())


def _verdict(
    errors: dict[str, float], tolerances: dict[str, float], names: dict[str, Params], allowed: dict[str, float]
) -> tuple[str, str]:
    for name, tree in names.items():
        if not all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(tree)):
            return "inconclusive", f"{name} is not finite"
    if not any(_norm(tree) for tree in names.values()):
        return "inconclusive", "all three are 0"
    off = [pair for pair, error in errors.items() if tolerances[pair] <= COARSE and error > tolerances[pair]]
    if off:
        alone = [name for name in names if all((name in pair) == (pair in off) for pair in errors)]
        why = f"{alone[0]} stands alone: {_alone[alone[0]]}" if len(alone) == 1 else f"disagree: {'; '.join(off)}"
        return "wrong", why
    coarse = [pair for pair, tolerance in tolerances.items() if tolerance > COARSE]
    if coarse:
        least = "automatic" if allowed["automatic"] > COARSE else max(allowed, key=lambda name: allowed[name])
        return "inconclusive", f"too few digits left in {'; '.join(coarse)}: {_hints[least]}"
    return "ok", ""


def _norm(tree: Params) -> float:
    parts = [np.linalg.norm(np.asarray(leaf).astype(np.float64).ravel()) for leaf in jax.tree.leaves(tree)]
    return float(np.linalg.norm(parts)) if parts else 0.0


def _relative(a: Params, b: Params) -> float:
    largest = max(_norm(a), _norm(b))
    with np.errstate(invalid="ignore"):  # ∞ − ∞ is NaN, and the verdict says so
        return _norm(jax.tree.map(lambda x, y: x - y, a, b)) / largest if largest else 0.0
