"""Which entries of a failing leaf are wrong: all of them measured, or found by splitting, or a sample.

leaf fails ─► up to 1,024 entries: each ─┐
           └► more: halves that fail, halved again ─► k entries, or "too many": a sample ─┴► Entries
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from jgd.gradients.difference_formulas import CENTRAL
from jgd.gradients.float64_loss import Float64Loss
from jgd.gradients.slopes import FITS, QUICK, SAFETY, WRONG, Slopes, careful_slopes, compare_slopes, norm, quick_slopes

MAX_MEASURED = 1024  # entries of a leaf that are all measured
SAMPLED = 256  # entries of a larger one that stand for it
GROUP = 16  # segments that are looked at together
MAX_FAILING = 128  # failing segments at which the fault is called dense


@dataclass(frozen=True)
class LeafProbe:
    """A leaf under test: the loss around x, f(x), the analytic gradient (d,), the leaf's slice, the tolerance."""

    loss64: Float64Loss
    value: float
    gradient: np.ndarray
    span: tuple[int, int]
    tolerance: float

    @property
    def scale(self) -> float:
        """The root mean square of the leaf's gradient: the size of its slope along a random direction."""
        part = self.gradient[slice(*self.span)]
        return float(norm(part) / np.sqrt(max(1, part.size)))

    def resolution(self, slopes: Slopes) -> float | None:
        """The relative size of a fault that these slopes along directions would not have shown; None if all are 0."""
        with np.errstate(all="ignore"):
            size = np.maximum(np.abs(slopes.slope), self.scale)
            hidden = float(np.max(SAFETY * slopes.error / size + self.tolerance))
        return hidden if np.isfinite(hidden) else None

    def directions(self, v: np.ndarray, strict: bool = True) -> tuple[np.ndarray, Slopes, np.ndarray]:
        """-> (analytic slopes, slopes, verdicts), (k,) each, along unit directions v (k, d).

        `strict` looks again, carefully, at all of them where one doesn't fit or is blurred.
        """
        x = self.loss64.x[slice(*self.span)]
        size = norm(x) / np.sqrt(max(1, x.size))
        h = np.full(v.shape[0], CENTRAL.step(self.loss64.eps, size))
        blur = size * norm(self.gradient[slice(*self.span)])
        part = slice(*self.span)  # only the leaf's own entries: 0 · NaN of another leaf is NaN
        analytic = np.einsum("ij,j->i", v[:, part], self.gradient[part])  # no second pool of threads beside XLA's
        slopes = quick_slopes(self.value, self.loss64.along(v, h[:, None] * QUICK), h, self.loss64.eps, blur)
        verdicts = compare_slopes(analytic, slopes, self.tolerance, self.scale)
        if strict and ((verdicts != FITS).any() or (slopes.error > 1e-5 * self.scale).any()):
            slopes = careful_slopes(lambda steps: self.loss64.along(v, steps), self.value, h, self.loss64.eps, blur)
            verdicts = compare_slopes(analytic, slopes, self.tolerance, self.scale)
        return analytic, slopes, verdicts

    def entries(self, indices: np.ndarray) -> tuple[Slopes, np.ndarray]:
        """-> (slopes, verdicts), (k,) each, of single entries, those that look strange measured twice."""
        x, eps = np.abs(self.loss64.x[indices]), self.loss64.eps
        h, blur, analytic = CENTRAL.step(eps, x), x * np.abs(self.gradient[indices]), self.gradient[indices]
        slopes = quick_slopes(self.value, self.loss64.at_entries(indices, h[:, None] * QUICK, pad=True), h, eps, blur)
        # what the leaf's slopes are like, also where the analytic gradient is 0 or far too large
        finite = slopes.slope[np.isfinite(slopes.slope)]
        scale = float(np.sqrt(np.mean(np.square(finite)))) if finite.size else 0.0
        scale = min(scale, self.scale) if self.scale > 0 else scale
        blurred = slopes.error > 1e-5 * np.maximum(scale, np.abs(slopes.slope))
        strange = np.flatnonzero(
            (compare_slopes(analytic, slopes, self.tolerance, scale, per_entry=True) != FITS) | blurred
        )[:MAX_MEASURED]
        if strange.size:
            again = careful_slopes(
                lambda steps: self.loss64.at_entries(indices[strange], steps, pad=True),
                self.value,
                h[strange],
                eps,
                blur[strange],
            )
            slopes = slopes.replaced(strange, again)
        return slopes, compare_slopes(analytic, slopes, self.tolerance, scale, per_entry=True)


def random_directions(rng: np.random.Generator, count: int, span: tuple[int, int], d: int) -> np.ndarray:
    """Unit directions (count, d) inside a leaf: no entry is near 0, few are equal: nothing hides or cancels."""
    size = span[1] - span[0]
    bits = np.frombuffer(rng.bytes(2 * count * size), np.int16).reshape(count, size)  # 16 bits are random enough
    sign = bits >> 15
    sign |= np.int16(1)
    sign *= np.int16(16383)
    sign += bits >> 1
    u = sign.astype(np.float64)
    u *= 1 / np.sqrt(np.einsum("ij,ij->i", u, u))[:, None]
    if size == d:
        return u
    v = np.zeros((count, d))
    v[:, slice(*span)] = u
    return v


def entries_to_measure(probe: LeafProbe, rng: np.random.Generator) -> tuple[np.ndarray, bool]:
    """-> (indices into x to measure, whether they hold every wrong entry)."""
    start, stop = probe.span
    if stop - start <= MAX_MEASURED:
        return np.arange(start, stop), True
    found = _bisect(probe, rng)
    sample = start + rng.choice(stop - start, SAMPLED, replace=False)
    if found is None:
        return np.sort(sample), False
    return np.union1d(found, sample), True


def _bisect(probe: LeafProbe, rng: np.random.Generator) -> np.ndarray | None:
    """The entries that fail, by halving segments that fail; None if there are many."""
    edges = np.linspace(*probe.span, GROUP + 1).astype(int)
    segments = [(int(a), int(b)) for a, b in pairwise(edges)]
    single: list[int] = []
    while segments:
        verdicts = _failing(probe, rng, segments)
        failing = [segment for segment, fails in zip(segments, verdicts, strict=True) if fails]
        single += [a for a, b in failing if b - a == 1]
        several = [(a, b) for a, b in failing if b - a > 1]
        if len(several) + len(single) > MAX_FAILING:
            return None
        segments = [half for a, b in several for half in ((a, (a + b) // 2), ((a + b) // 2, b))]
    return np.array(single, dtype=int)


def _failing(probe: LeafProbe, rng: np.random.Generator, segments: list[tuple[int, int]]) -> list[bool]:
    out: list[bool] = []
    d = probe.loss64.x.size
    for first in range(0, len(segments), GROUP):
        group = segments[first : first + GROUP]
        padded = group + group[-1:] * (GROUP - len(group))
        v = np.concatenate([random_directions(rng, 1, segment, d) for segment in padded])
        _, _, verdicts = probe.directions(v, strict=False)
        out += [bool(verdict == WRONG) for verdict in verdicts[: len(group)]]
    return out
