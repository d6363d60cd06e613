"""Slopes with error bars, and the kinks that no error bar can hold.

From f(x), f(x ± h), f(x ± 2h), D the central difference and S(t) = (f(x+t) − 2 f(x) + f(x−t)) / t:

    slope = (4 D(h) − D(2h)) / 3      error = |D(h) − D(2h)| / 3 + rounding / h      jump = |2 S(h) − S(2h)|

The jump is O(h³) where f is smooth and the difference of the two one-sided slopes where f has a kink at x. A kink
stays when h shrinks, rounding grows as 1/h: that tells them apart.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

OFFSETS = np.array([1.0, -1.0, 2.0, -2.0])
QUICK = OFFSETS[:3]
SCALES = 10.0 ** np.arange(-3, 2.25, 0.5)  # of the first step: what the careful look tries
ROUNDING = 4.0  # a loss is taken to be rounded by this many units of eps · |f|
SAFETY = 3.0  # error bars that a gradient may be off


@dataclass(frozen=True)
class Slopes:
    """Derivatives along k lines, (k,) each: slope (NaN where f is), its error bar, the jump of a kink (0 without)."""

    slope: np.ndarray
    error: np.ndarray
    jump: np.ndarray

    def replaced(self, where: np.ndarray, other: "Slopes") -> "Slopes":
        """These, with those at the indices `where` from `other`."""
        both = [(self.slope, other.slope), (self.error, other.error), (self.jump, other.jump)]
        merged = [mine.copy() for mine, _ in both]
        for mine, (_, new) in zip(merged, both, strict=True):
            mine[where] = new
        return Slopes(*merged)


def _formulas(here: float, values: np.ndarray, h: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """slope, |D(h) − D(2h)| / 3 and jump from values (…, 4) at OFFSETS · h."""
    up, down, far_up, far_down = np.moveaxis(values, -1, 0)
    near, far = (up - down) / (2 * h), (far_up - far_down) / (4 * h)
    bend, far_bend = (up - 2 * here + down) / h, (far_up - 2 * here + far_down) / (2 * h)
    return near + (near - far) / 3, np.abs(near - far) / 3, np.abs(2 * bend - far_bend)


def quick_slopes(here: float, values: np.ndarray, h: np.ndarray, eps: float, blur: np.ndarray | float = 0.0) -> Slopes:
    """Slopes from one step, D(h): values (k, 3) of f at QUICK · h, h (k,). What looks strange deserves `careful_slopes`.

    Its error bar is half of |f(x+2h) − 3 f(x+h) + 3 f(x) − f(x−h)| / h, which is h² f‴ where f is smooth (three times
    the error of D) and the jump where it has a kink. blur: |x| · |slope|, (k,) or (): x + h is rounded too.
    """
    with np.errstate(all="ignore"):
        up, down, far = values.T
        bend = np.abs(far - 3 * up + 3 * here - down) / (2 * h)
        error = bend + eps * (np.maximum(np.abs(values).max(axis=1), abs(here)) + blur) / h
        slope = (up - down) / (2 * h)
    return Slopes(slope, error, np.zeros_like(slope))


def careful_slopes(
    evaluate: Callable[[np.ndarray], np.ndarray],
    here: float,
    h: np.ndarray,
    eps: float,
    blur: np.ndarray | float = 0.0,
) -> Slopes:
    """Slopes from steps over five decades, each line's best: evaluate(steps (k, m)) -> values (k, m).

    The rounding is measured, not only assumed: at the smallest steps the jump of a smooth f is nothing else.
    """
    steps = h[:, None] * SCALES  # (k, scales)
    values = evaluate((steps[..., None] * OFFSETS).reshape(h.size, -1)).reshape(*steps.shape, 4)
    with np.errstate(all="ignore"):
        slope, error, jump = _formulas(here, values, steps)
        size = np.maximum(np.abs(np.where(np.isfinite(values), values, 0)).max(axis=(1, 2)), abs(here))
        assumed = ROUNDING * eps * (size + blur)  # (k,)
        small, middle = slice(0, 4), slice(4, 8)
        jump = np.where(np.isfinite(jump), jump, np.inf)
        low, mid = np.median(jump[:, small], axis=1), np.median(jump[:, middle], axis=1)
        visible = 10 * np.sqrt(14) * assumed / np.median(steps[:, middle], axis=1)
        kink = np.isfinite(mid) & (mid > visible) & (low < 10 * mid) & (low > mid / 10)
        measured = 2 * (jump[:, :2] * steps[:, :2]).max(axis=1)  # not more: f may bend within the next ones
        # steps too small to change f at all: the first change seen is one unit of what f was rounded to on its way
        moved = np.abs(values - here).reshape(h.size, -1)
        unit = np.where(moved > 0, moved, np.inf).min(axis=1)
        measured = np.maximum(measured, np.where((moved == 0).any(axis=1) & np.isfinite(unit), unit, 0))
        rounding = np.where(kink | ~np.isfinite(measured), assumed, np.maximum(assumed, measured))
        error = error + rounding[:, None] / steps
        error = np.where(np.isfinite(error) & np.isfinite(slope), error, np.inf)
        # a step so large that it jumps over what f does looks exact: a smaller one that contradicts it is believed
        apart = np.abs(slope[:, :, None] - slope[:, None, :]) > SAFETY * (error[:, :, None] + error[:, None, :])
        smaller = np.tri(slope.shape[1], k=-1, dtype=bool)
        error = np.where((apart & smaller).any(axis=2), np.inf, error)
    best = error.argmin(axis=1)[:, None]
    pick = lambda table: np.take_along_axis(table, best, axis=1)[:, 0]
    found = np.isfinite(pick(error))
    return Slopes(np.where(found, pick(slope), np.nan), pick(error), np.where(kink, mid, 0.0))


# what a comparison of one slope says
FITS, WRONG, KINK, UNCERTAIN, UNDEFINED = range(5)


def norm(x: np.ndarray) -> float:
    """√Σ x² of (d,), without BLAS: its pool of threads, spinning beside XLA's, costs more than the whole screen."""
    return float(np.sqrt(np.einsum("i,i->", x, x)))


def compare_slopes(
    analytic: np.ndarray, slopes: Slopes, tolerance: float, scale: np.ndarray | float, per_entry: bool = False
) -> np.ndarray:
    """One of FITS, WRONG, KINK, UNCERTAIN (the error bar hides it), UNDEFINED (f is not finite nearby) a line, (k,).

    per_entry: each line is an entry that answers for itself, however large the leaf's others (`scale`) are.
    """
    # a gradient in float32 (a tolerance as large says so) is rounded by its largest entries all the same
    relative = np.maximum(np.abs(analytic), 0.01 * scale if tolerance > 1e-6 else 0.0) if per_entry else scale
    limit = SAFETY * slopes.error + tolerance * np.maximum(relative, np.abs(slopes.slope))
    size = np.maximum(np.maximum(np.abs(analytic), np.abs(slopes.slope)), scale)
    with np.errstate(invalid="ignore"):
        out = np.where(np.abs(analytic - slopes.slope) <= limit, FITS, WRONG)  # so that a NaN never fits
        # a slope that the bar hides can't confirm anything, unless both are 0 and nothing was there to see
        out = np.where((out == FITS) & (slopes.error > 0.03 * size) & (size > 0), UNCERTAIN, out)
        out = np.where((slopes.jump > 2 * limit), KINK, out)
    return np.where(np.isfinite(slopes.slope), out, UNDEFINED)
