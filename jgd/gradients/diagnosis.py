"""From wrong entries to the fault behind them: each hypothesis predicts the true gradient from the analytic one.

A hypothesis stands if its prediction fits *every* measured entry within its error bar. When none does, or faults
overlap, the answer is which entries are wrong, and no guess.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from jgd.gradients.slopes import SAFETY

FIT = 1e-6  # relative error that a hypothesis may leave beside the error bars
SHOWN = 20  # indices that are listed


@dataclass(frozen=True)
class Evidence:
    """m measured entries of a leaf: (m,) each; entries at a kink or without a number are not among them.

    transposed: the analytic gradient at the mirrored index, None unless the leaf is square. rows: of the batch, None
    if it has no common leading axis. tolerance: relative, of the check.
    """

    analytic: np.ndarray
    numeric: np.ndarray
    error: np.ndarray
    params: np.ndarray
    wrong: np.ndarray
    indices: list[tuple[int, ...]]
    transposed: np.ndarray | None
    rows: int | None
    tolerance: float

    def fits(self, prediction: np.ndarray, blur: float = 1.0) -> bool:
        """Whether `prediction` is the numeric gradient, entry by entry; `blur` widens the error bars."""
        scale = np.sqrt(np.mean(np.square(self.numeric)))
        limit = SAFETY * blur * self.error + max(FIT, self.tolerance) * np.maximum(scale, np.abs(self.numeric))
        return bool((np.abs(prediction - self.numeric) <= limit).all())

    def clear(self) -> int:
        """Entries whose number stands far above its error bar."""
        return int((np.abs(self.numeric) > 100 * self.error).sum())


@dataclass(frozen=True)
class Cause:
    """A fault: its kind, the words for it, its number where it has one, and what would undo it.

    repair: (the leaf's gradient, its parameters), in the leaf's shape -> the true gradient; None where none is known.
    It lets a cause that was found in a sample be tried on the whole leaf.
    """

    kind: str
    text: str
    coefficient: float | None = None
    repair: Callable[[np.ndarray, np.ndarray], np.ndarray] | None = None


def factors(rows: int | None) -> Iterator[tuple[float, str, str]]:
    """The constants c of "gradient = c · truth" that have a name: (c, kind, words)."""
    yield -1.0, "sign", "the sign is flipped"
    yield 2.0, "factor", "2 times too large: a factor 2 too much"
    yield 0.5, "factor", "half of what it should be: a factor 2 is missing"
    if rows is not None and rows > 1:
        yield float(rows), "rows", f"{rows} times too large: the mean's 1/n is missing (n = {rows} rows)"
        yield 1 / rows, "rows", f"{rows} times too small: an extra 1/n (n = {rows} rows)"
        yield 2.0 * rows, "rows", f"{2 * rows} times too large: 1/(2n) is missing (n = {rows} rows)"
        yield 0.5 / rows, "rows", f"{2 * rows} times too small: an extra 1/(2n) (n = {rows} rows)"


def diagnose(evidence: Evidence) -> Cause:
    """The cause of the wrong entries, of kind "unknown" where no single one explains all of them."""
    e = evidence
    if not e.analytic.any() and e.numeric.any():
        return Cause("missing", "the gradient is 0, the loss depends on the leaf: left out, or behind stop_gradient")
    named = [(c, kind, text) for c, kind, text in factors(e.rows) if e.fits(e.analytic / c, max(1.0, 1 / abs(c)))]
    if named and e.clear():
        c = named[0][0]
        return Cause(named[0][1], " or ".join(text for _, _, text in named), c, lambda grad, params: grad / c)
    return _penalty(e) or _transposed(e) or _constant(e) or _few(e) or unknown(e)


def _penalty(e: Evidence) -> Cause | None:
    missing = e.numeric - e.analytic
    for kind, shape in (("L2", e.params), ("L1", np.sign(e.params))):
        visible = np.abs(missing) > 10 * e.error
        if (shape != 0).sum() < 3 or visible.sum() < 3 or np.ptp(np.abs(e.params)) == 0:
            continue  # too little to tell a penalty from a constant
        weight = float(missing @ shape / (shape @ shape))
        # the fit is judged on the missing part itself, or a small term would drown in a large gradient
        limit = SAFETY * e.error + 1e-3 * abs(weight) * np.abs(shape) + 1e-9 * np.abs(e.numeric)
        if weight == 0 or not (np.abs(missing - weight * shape) <= limit).all():
            continue
        size = abs(weight)
        form = (
            f"λ/2 ‖w‖² with λ = {size:.4g} (λ ‖w‖² with {size / 2:.4g})" if kind == "L2" else f"λ Σ|w|, λ = {size:.4g}"
        )
        text = f"a penalty term {'is missing' if weight > 0 else 'too much'}: {form}"
        slope = (lambda params: params) if kind == "L2" else np.sign
        return Cause(
            "penalty",
            text,
            weight,
            lambda grad, params, slope=slope, weight=weight: grad + weight * slope(params),
        )
    return None


def _transposed(e: Evidence) -> Cause | None:
    if e.transposed is not None and e.clear() >= 2 and e.fits(e.transposed):
        return Cause("transposed", "the gradient of this square leaf is transposed", None, lambda grad, params: grad.T)
    return None


def _constant(e: Evidence) -> Cause | None:
    if e.clear() < 3:
        return None  # any number is some constant times another
    c = float(e.analytic @ e.numeric / (e.numeric @ e.numeric))
    if c != 0 and e.fits(e.analytic / c, max(1.0, 1 / abs(c))):
        return Cause("constant", f"{c:.6g} times what it should be", c, lambda grad, params: grad / c)
    return None


def _few(e: Evidence) -> Cause | None:
    count, total = int(e.wrong.sum()), e.wrong.size
    if total < 2 or count > max(1, total // 4):
        return None
    return Cause("entries", f"{count} wrong {'entry' if count == 1 else 'entries'}: {_listed(e)}")


def unknown(e: Evidence) -> Cause:
    """No guess: which entries are wrong."""
    return Cause("unknown", f"no single cause fits; {int(e.wrong.sum())} of {e.wrong.size} entries wrong: {_listed(e)}")


def _listed(e: Evidence) -> str:
    places = [list(index) for index, wrong in zip(e.indices, e.wrong, strict=True) if wrong]
    return ", ".join(str(place) for place in places[:SHOWN]) + (", …" if len(places) > SHOWN else "")
