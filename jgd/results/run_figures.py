"""The pictures of single runs: training curves, the learning-rate range test, and paths over a landscape."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jgd.core import checks
from jgd.landscapes import Landscape
from jgd.results.canvas import figure_and_axes, finish
from jgd.training import Run, smooth
from jgd.training.lr_range_test import LrRangeTest

COLORS = ("C3", "C1", "C2", "C4", "k", "C5")  # of paths: none of them is the contours' blue
LABELS = ("first weight", "second weight")


def training_curves(runs: Run | Mapping[str, Run], path: str | Path, smoothing: float | None = None) -> None:
    """Training loss (thin, and smoothed thick) and validation loss (dashed, its best marked) against the step.

    runs: one, or several by name. smoothing: b of `jgd.smooth`, 1 draws the loss as it is; default 0.1 for a loss that
    zigzags, and 1 for one that falls smoothly, which a mean of the past would only lag behind.
    """
    named = {"": runs} if isinstance(runs, Run) else dict(runs)
    if not named:
        raise checks.JgdValueError("runs must hold at least one run, got none")
    figure, axes = figure_and_axes()
    values = []
    for place, (name, run) in enumerate(named.items()):
        steps, losses = run.history["step"], run.history["loss"]
        color, of = f"C{place}", f"{name}: " if name else ""
        b = (0.1 if _zigzags(losses) else 1.0) if smoothing is None else smoothing
        if b < 1:
            axes.plot(steps, losses, color=color, lw=0.5, alpha=0.35)
        smoothed = smooth(losses, b, "corrected")
        axes.plot(steps, smoothed, color=color, lw=1.8, label=name or "training")
        values.append(smoothed)
        if "loss" in run.evaluations:
            seen = run.evaluations["loss"]
            axes.plot(run.evaluations["step"], seen, "--", color=color, lw=1.4, label="" if name else "validation")
            values.append(seen)
            best = int(np.nanargmin(seen)) if np.isfinite(seen).any() else None
            if best is not None:
                at = run.evaluations["step"][best]
                said = None if name else f"lowest: {seen[best]:.3g} after {at} steps"
                axes.plot(at, seen[best], "o", color=color, ms=5, label=said)
        if run.status.broken:
            axes.axvline(run.end.step, color=color, ls=":", lw=1.4, label=f"{of}{run.status}")
    if any(named) and any("loss" in run.evaluations for run in named.values()):
        axes.plot([], [], "--", color="0.4", lw=1.4, label="validation")  # one entry for all
    finite = np.concatenate([part[np.isfinite(part)] for part in values])
    if len(finite) and finite.min() > 0 and finite.max() > 10 * finite.min():
        axes.set_yscale("log")
    axes.set_xlabel("step")
    axes.set_ylabel("loss")
    finish(figure, axes, path)


def _zigzags(losses: np.ndarray) -> bool:
    """Whether more than a tenth of the steps raised the loss."""
    finite = losses[np.isfinite(losses)]
    return bool(len(finite) > 1 and np.mean(np.diff(finite) > 0) > 0.1)


def lr_range_curve(seen: LrRangeTest, path: str | Path) -> None:
    """The range test: loss against the rising learning rate, with where it falls fastest and where it is lowest."""
    figure, axes = figure_and_axes()
    axes.plot(seen.rates, seen.losses, color="C0", lw=0.6, alpha=0.4)
    axes.plot(seen.rates, seen.smoothed, color="C0", lw=1.8, label="loss, smoothed")
    for rate, words, style in ((seen.steepest, "falls fastest", "--"), (seen.lowest, "lowest", ":")):
        if np.isfinite(rate):
            axes.axvline(rate, color="C1", ls=style, lw=1.4, label=f"{words}: {rate:.2g}")
    axes.set_xscale("log")
    if len(seen.smoothed) and np.ptp(seen.smoothed) > 0:  # single batches after the break would flatten what matters
        low, high = seen.smoothed.min(), seen.smoothed.max()
        axes.set_ylim(low - 0.3 * (high - low), high + 0.1 * (high - low))
    axes.set_xlabel("learning rate of the step")
    axes.set_ylabel("loss on the step's batch, before its update")
    finish(figure, axes, path)


def paths_over(
    landscape: Landscape, paths: Mapping[str, np.ndarray], path: str | Path, labels: tuple[str, str] = LABELS
) -> None:
    """Contours of a landscape of two dimensions, its minima, and the paths of descents, name -> (steps, 2)."""
    figure, axes = figure_and_axes()
    _draw(axes, landscape, paths, labels)
    axes.set_title(landscape.name.replace("_", " "), fontsize=10)
    finish(figure, axes, path, grid=False)


def paths_beside(
    panels: Mapping[str, tuple[Landscape, Mapping[str, np.ndarray]]],
    path: str | Path,
    labels: tuple[str, str] = LABELS,
) -> None:
    """`paths_over` for several landscapes side by side, title -> (landscape, paths), with one legend."""
    if not panels:
        raise checks.JgdValueError("panels must hold at least one landscape, got none")
    figure, all_axes = figure_and_axes(columns=len(panels), size=(7.2, 4.0))
    names = {}
    for axes, (title, (landscape, paths)) in zip(np.atleast_1d(all_axes), panels.items(), strict=True):
        _draw(axes, landscape, paths, labels)
        axes.set_title(title, fontsize=10)
        lines, words = axes.get_legend_handles_labels()
        names |= dict(zip(words, lines, strict=True))
    figure.legend(names.values(), names, loc="outside lower center", ncols=len(names), frameon=False, fontsize=9)
    finish(figure, all_axes, path, grid=False, legend=False)


def _draw(axes: Any, landscape: Landscape, paths: Mapping[str, np.ndarray], labels: tuple[str, str]) -> None:
    """Contours, minima as stars, the paths with a ring at their start; one unit is as long on both axes."""
    if len(landscape.low) != 2:
        raise checks.JgdValueError(f"landscape must have two dimensions to be drawn, got {len(landscape.low)}")
    (x0, y0), (x1, y1) = landscape.low, landscape.high
    x, y = np.linspace(x0, x1, 241), np.linspace(y0, y1, 241)
    points = jnp.asarray(np.stack(np.meshgrid(x, y), axis=-1), jnp.result_type(float))
    heights = np.asarray(jax.jit(jax.vmap(jax.vmap(landscape)))(points))
    above = heights - heights.min()
    levels = np.unique(np.quantile(above, np.linspace(0, 1, 18) ** 2))
    axes.contourf(x, y, above, levels=levels, cmap="Blues", alpha=0.4, norm="asinh", zorder=0)
    axes.contour(x, y, above, levels=levels, colors="0.45", linewidths=0.4, zorder=1)
    for place, (name, steps) in enumerate(paths.items()):
        steps = np.asarray(steps)
        if steps.ndim != 2 or steps.shape[1] != 2:
            raise checks.JgdValueError(f"paths[{name!r}] must have shape (steps, 2), got {steps.shape}")
        color = COLORS[place % len(COLORS)]
        axes.plot(steps[:, 0], steps[:, 1], ".-", color=color, lw=1.3, ms=4, label=name, zorder=3)
        axes.plot(*steps[:1].T, "o", ms=7, mec=color, mfc="white", zorder=4)
    for minimum in landscape.minima:
        axes.plot(*minimum, "*", ms=12, color="k", mec="white", mew=0.6, zorder=5)
    axes.set_xlim(x0, x1)
    axes.set_ylim(y0, y1)
    axes.set_aspect("equal")
    axes.set_xlabel(labels[0])
    axes.set_ylabel(labels[1])
