"""The verdict on one leaf: from directions where they suffice, else from entries, with the cause."""

from dataclasses import replace

import jax.numpy as jnp
import numpy as np

from jgd.gradients.analytic import AnalyticGradient
from jgd.gradients.diagnosis import Cause, Evidence, diagnose, unknown
from jgd.gradients.layout import LeafLayout
from jgd.gradients.locate_errors import LeafProbe, entries_to_measure, random_directions
from jgd.gradients.precision import FLOAT64_LIMIT
from jgd.gradients.report import LeafCheck
from jgd.gradients.slopes import FITS, KINK, SAFETY, UNCERTAIN, UNDEFINED, WRONG, Slopes, norm

REPAIRED = 1e-5  # relative error that undoing a fault may leave: its coefficient is measured
MAX_ROUNDING = 0.1  # relative error by rounding at which the program's own gradient is not worth checking
REPORTED = 1e-3  # relative size of what precision hides from which the result says so
DTYPES = ("float32", "float16", "bfloat16")  # finest first


def check_leaf(
    probe: LeafProbe,
    grads: AnalyticGradient,
    at: int,
    rows: int | None,
    rng: np.random.Generator,
    directions: int,
    every_entry: bool,
) -> LeafCheck:
    """The verdict on the leaf of `probe`, the `at`-th of the parameters; `rows` of the batch, for the diagnosis."""
    part = slice(*probe.span)
    layout = probe.loss64.layout
    native, promoted = grads.native[part], grads.promoted[part]
    empty = replace(unmeasured(layout, at, "ok"), directions=directions)
    if not np.isfinite(native).all() or not np.isfinite(promoted).all():
        return _nonfinite(empty, native, promoted)
    v = random_directions(rng, directions, probe.span, probe.loss64.x.size)
    slopes_of_gradient, slopes, verdicts = probe.directions(v)
    result = replace(_summed(empty, slopes_of_gradient, slopes, verdicts), resolution=probe.resolution(slopes))
    if every_entry or np.isin(verdicts, (WRONG, KINK, UNDEFINED)).any():
        failed, bent = (verdicts == WRONG).any(), (verdicts == KINK).any()
        return _by_entries(probe, result, failed, bent, rows, rng, every_entry)
    if not promoted.any() and (np.abs(slopes.slope) <= SAFETY * slopes.error).all():
        return replace(result, kind="unused", cause="unused: gradient and differences are 0")
    if (verdicts == UNCERTAIN).any():
        bar = float(slopes.error.max())
        cause = f"too small to check: slopes of {probe.scale:.1e} against an error bar of {bar:.1e}"
        return replace(result, verdict="inconclusive", kind="too small", cause=cause)
    return _within_precision(result, probe, grads, native, promoted)


def _within_precision(
    result: LeafCheck, probe: LeafProbe, grads: AnalyticGradient, native: np.ndarray, promoted: np.ndarray
) -> LeafCheck:
    """A leaf that fits, and what its precision hides: said above 0.1%, not conclusive any more above 10%."""
    lost = norm(native - promoted) / norm(promoted) if promoted.any() else 0.0
    result = replace(result, rounding=lost)
    dtype = next(
        (d for d in DTYPES if float(jnp.finfo(d).eps) >= max(probe.loss64.program_eps, grads.program_eps)), "bfloat16"
    )
    dtype = dtype if max(probe.loss64.program_eps, grads.program_eps) > FLOAT64_LIMIT else result.dtype
    seen = result.resolution or 0.0
    if lost > MAX_ROUNDING:
        cause = f"right in float64, but {dtype} rounding changes it by {100 * lost:.0f}%"
        return replace(result, verdict="inconclusive", kind="precision", cause=cause)
    if seen > MAX_ROUNDING:
        cause = f"{dtype} inside: it fits, but a fault of {100 * seen:.0f}% would fit as well"
        return replace(result, verdict="inconclusive", kind="precision", cause=cause)
    said = [f"{dtype} rounding changes it by {100 * lost:.2g}%"] if lost > REPORTED else []
    said += [f"{dtype} inside hides faults below {100 * seen:.2g}%"] if seen > REPORTED else []
    return replace(result, cause="; ".join(said))


def _nonfinite(blank: LeafCheck, native: np.ndarray, promoted: np.ndarray) -> LeafCheck:
    both = np.isfinite(native) & np.isfinite(promoted)
    bad = np.flatnonzero(~both)
    places = tuple(_index(int(i), blank.shape) for i in bad[:20])
    value = native[bad[0]] if not np.isfinite(native[bad[0]]) else promoted[bad[0]]
    only = f" in {blank.dtype} (finite in float64)" if np.isfinite(promoted).all() else ""
    cause = f"{value} at {list(places[0])}{only}" + (f" and {bad.size - 1} more" if bad.size > 1 else "")
    found = {
        "worst": places[0],
        "analytic": float(value),
        "kind": "nonfinite",
        "cause": cause,
        "entries": places,
    }
    return replace(blank, verdict="wrong", **found)


def _by_entries(
    probe: LeafProbe,
    result: LeafCheck,
    failed: bool,
    bent: bool,
    rows: int | None,
    rng: np.random.Generator,
    every_entry: bool,
) -> LeafCheck:
    """The verdict from single entries, where directions could not give it."""
    start, stop = probe.span
    indices, complete = (np.arange(start, stop), True) if every_entry else entries_to_measure(probe, rng)
    slopes, verdicts = probe.entries(indices)
    analytic_part = probe.gradient[indices]
    result = _summed(result, analytic_part, slopes, verdicts)
    worst = _index(int(indices[_worst(analytic_part, slopes, verdicts)] - start), result.shape)
    result = replace(result, checked=indices.size, worst=worst)
    place = lambda chosen: [_index(int(i - start), result.shape) for i in indices[chosen]]
    if (verdicts == WRONG).any():
        told = np.isin(verdicts, (FITS, WRONG, UNCERTAIN))
        evidence = Evidence(
            analytic_part[told],
            slopes.slope[told],
            slopes.error[told],
            probe.loss64.x[indices[told]],
            verdicts[told] == WRONG,
            place(told),
            _mirrored(probe, indices[told], result.shape),
            rows,
            probe.tolerance,
        )
        cause = diagnose(evidence)
        if indices.size < stop - start and not _explains(probe, cause, result.shape, rng):
            cause = unknown(evidence)  # another fault hides among the entries that were not sampled
        text = cause.text if complete else f"{cause.text} (from {indices.size} sampled entries)"
        if probe.loss64.eps > FLOAT64_LIMIT and cause.kind in ("entries", "unknown"):  # a staircase can look like that
            text = f"off, or too coarse: the loss rounds to eps = {probe.loss64.eps:.1e} inside ({text})"
            return replace(result, verdict="inconclusive", kind="precision", cause=text)
        found = {"kind": cause.kind, "cause": text, "coefficient": cause.coefficient}
        return replace(result, verdict="wrong", entries=tuple(place(verdicts == WRONG)[:20]), **found)
    if (verdicts == KINK).any():
        where, jump = place(verdicts == KINK), float(slopes.jump.max())
        cause = f"a kink at {list(where[0])}: the one-sided slopes differ by {jump:.3g}"
        cause += f"; {len(where) - 1} more like it" if len(where) > 1 else ""
        return replace(result, verdict="inconclusive", kind="kink", cause=cause, entries=tuple(where[:20]))
    if (verdicts == UNDEFINED).any():
        where = place(verdicts == UNDEFINED)
        cause = f"the loss is not finite beside params, first along {list(where[0])}"
        return replace(result, verdict="inconclusive", kind="undefined", cause=cause, entries=tuple(where[:20]))
    if failed and not complete:
        cause = f"wrong along random directions, but in none of {indices.size} sampled entries"
        return replace(result, verdict="wrong", kind="unknown", cause=cause)
    if failed:
        return replace(result, verdict="inconclusive", kind="unknown", cause="off along directions, in no single entry")
    if bent and indices.size < stop - start:
        cause = f"a kink beside params, along random directions, but at none of {indices.size} sampled entries"
        return replace(result, verdict="inconclusive", kind="kink", cause=cause)
    return replace(result, verdict="ok")


def _explains(probe: LeafProbe, cause: Cause, shape: tuple[int, ...], rng: np.random.Generator) -> bool:
    """Whether a cause found in a sample holds for the whole leaf: undoing it makes the leaf fit."""
    if cause.repair is None:
        return cause.kind != "missing" or not probe.gradient[slice(*probe.span)].any()
    part, gradient = slice(*probe.span), probe.gradient.copy()
    gradient[part] = cause.repair(gradient[part].reshape(shape), probe.loss64.x[part].reshape(shape)).ravel()
    _, _, verdicts = replace(probe, gradient=gradient, tolerance=max(REPAIRED, probe.tolerance)).directions(
        random_directions(rng, 2, probe.span, probe.loss64.x.size)
    )
    return bool((verdicts != WRONG).all())


def _summed(result: LeafCheck, analytic_values: np.ndarray, slopes: Slopes, verdicts: np.ndarray) -> LeafCheck:
    """The result with the worst value, its number and the cosine between all of them."""
    at = _worst(analytic_values, slopes, verdicts)
    a, n = float(analytic_values[at]), float(slopes.slope[at])
    seen = np.isfinite(slopes.slope)
    left, right = analytic_values[seen], slopes.slope[seen]
    lengths = float(np.linalg.norm(left) * np.linalg.norm(right))
    largest = max(abs(a), abs(n))
    return replace(
        result,
        analytic=a,
        numeric=n,
        error_bar=float(slopes.error[at]),
        relative_error=abs(a - n) / largest if largest > 0 else 0.0,
        cosine=float(left @ right) / lengths if lengths > 0 else None,
    )


def _worst(analytic_values: np.ndarray, slopes: Slopes, verdicts: np.ndarray) -> int:
    off = np.nan_to_num(np.abs(analytic_values - slopes.slope))
    return int(np.argmax(np.where(verdicts == WRONG, 1 + off / (off.max() or 1.0), off / (2 * off.max() or 1.0))))


def _mirrored(probe: LeafProbe, indices: np.ndarray, shape: tuple[int, ...]) -> np.ndarray | None:
    if len(shape) != 2 or shape[0] != shape[1] or shape[0] < 2:
        return None
    return probe.gradient[slice(*probe.span)].reshape(shape).T.ravel()[indices - probe.span[0]]


def _index(flat: int, shape: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(int(i) for i in np.unravel_index(flat, shape)) if shape else ()


def unmeasured(layout: LeafLayout, at: int, verdict: str, cause: str = "") -> LeafCheck:
    """A leaf before anything is measured."""
    shape = layout.shapes[at]
    total = int(np.prod(shape, dtype=int))
    return LeafCheck(layout.paths[at], shape, layout.dtypes[at], verdict, total=total, cause=cause)
