"""Training and validation loss of single runs."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from jgd.core import checks
from jgd.plots import _figure
from jgd.training import Run, Runs, smooth

SCALES = ("auto", "linear", "log")
FACTOR = 10.0  # largest / smallest loss from which on the axis is logarithmic
ZIGZAG = 0.1  # share of the steps at which the loss turns, from which on it is smoothed


def plot_training_curves(
    runs: Run | Runs | Mapping[str, Run],
    *,
    smoothing: float | None = None,
    form: str = "corrected",
    scale: str = "auto",
    ax: Any = None,
) -> Any:
    """Plots training loss (thin, and smoothed thick) and validation loss (dashed) against the step.

    The dot is the evaluation whose parameters are kept as `run.best`, the best by the metric that chooses. A dotted line
    says where a run broke.

    Numbers: `run.history`, `run.evaluations`, `run.best`, and `jgd.smooth(run.history["loss"], smoothing, form)`.

    Args:
        runs: One run, several by name, or those of `jgd.train_seeds`.
        smoothing: b of `jgd.smooth` in (0, 1]; 1 draws the loss as it is. Default 0.1 for a loss that zigzags, and 1
            for one that falls or rises smoothly, which a mean of the past would only lag behind.
        form: Of `jgd.smooth`: "corrected", "recursive" or "literal".
        scale: Of the loss: "linear", "log", or "auto", which is "log" for positive losses over more than a factor of 10.
        ax: The Axes to draw into; default those of a new figure.

    Returns:
        The Axes.

    Raises:
        JgdValueError: For no run, and for a smoothing, form or scale that there isn't.
        JgdTypeError: For what is no run.

    Example:
        >>> import jax.numpy as jnp, jgd
        >>> run = jgd.train(lambda w, batch: jnp.sum(w**2), jgd.optimizers.sgd(0.1), jnp.ones(1), steps=20)
        >>> ax = jgd.plots.plot_training_curves(run)
        >>> bool((ax.get_lines()[0].get_ydata() == run.history["loss"]).all())
        True
    """
    named = _by_name(runs)
    checks.choice("scale", scale, SCALES)
    ax = _figure.given_ax(ax)
    drawn = [_draw(ax, name, run, _figure.color(i), smoothing, form) for i, (name, run) in enumerate(named.items())]
    if any(named) and any("loss" in run.evaluations for run in named.values()):
        ax.plot([], [], "--", color="0.4", lw=1.4, label="validation")  # one entry for all
    losses = np.concatenate(drawn)
    losses = losses[np.isfinite(losses)]
    wide = len(losses) and losses.min() > 0 and losses.max() > FACTOR * losses.min()
    if scale == "log" or (scale == "auto" and wide):
        ax.set_yscale("log")
    ax.set_xlabel("step")
    ax.set_ylabel("loss")
    return _figure.finish(ax)


def _by_name(runs: Any) -> dict[str, Run]:
    if isinstance(runs, Run):
        return {"": runs}
    if isinstance(runs, Runs):
        return {f"seed {seed}": run for seed, run in zip(runs.seeds, runs, strict=True)}
    if not isinstance(runs, Mapping):
        raise checks.JgdTypeError(
            f"runs must be a jgd.Run, jgd.Runs or {{name: jgd.Run}}, got {checks.shown(runs)}", argument="runs"
        )
    for name, run in runs.items():
        if not isinstance(run, Run):
            raise checks.JgdTypeError(f"runs[{name!r}] must be a jgd.Run, got {checks.shown(run)}", argument="runs")
    if not runs:
        raise checks.JgdValueError("runs must hold at least one run, got none", argument="runs")
    return dict(runs)


def _draw(ax: Any, name: str, run: Run, color: str, smoothing: float | None, form: str) -> np.ndarray:
    """Draws one run; -> the losses drawn, training and validation."""
    steps, losses = run.history["step"], run.history["loss"]
    b = (0.1 if zigzags(losses) else 1.0) if smoothing is None else smoothing
    smoothed = smooth(losses, b, form)
    if b < 1:
        ax.plot(steps, losses, color=color, lw=0.5, alpha=0.35)
    ax.plot(steps, smoothed, color=color, lw=1.8, label=name or "training")
    if run.status.broken:
        label = f"{name}: {run.status}" if name else run.status
        ax.axvline(run.end.step, color=color, ls=":", lw=1.4, label=label)
    seen = run.evaluations.get("loss")
    if seen is None:
        return smoothed
    at = run.evaluations["step"]
    ax.plot(at, seen, "--", color=color, lw=1.4, label="" if name else "validation")
    if run.best is not None and run.best.step in at:
        kept = seen[list(at).index(run.best.step)]
        label = "" if name else f"kept: after {run.best.step} steps"
        ax.plot(run.best.step, kept, "o", color=color, ms=6, mec="white", label=label)
    return np.concatenate([smoothed, seen])


def zigzags(losses: np.ndarray) -> bool:
    """Whether the loss turns, from falling to rising or back, at more than a tenth of the steps.

    Example:
        >>> zigzags(np.array([4.0, 2.0, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 99.0, 120.0, 150.0, 160.0]))
        False
        >>> zigzags(np.array([4.0, 2.0, 3.0, 1.0, 2.0, 0.5]))
        True
    """
    ways = np.sign(np.diff(losses[np.isfinite(losses)]))
    return bool(len(ways) > 1 and np.mean(ways[1:] * ways[:-1] < 0) > ZIGZAG)
