"""The pictures of a sweep, drawn with matplotlib to a PNG (or what the path's ending says)."""

from pathlib import Path
from typing import Any

import numpy as np

from jgd.core import checks
from jgd.epoch_loop import NOT_DIVERGED
from jgd.results.canvas import figure_and_axes, finish
from jgd.sweeps import Sweep
from jgd.sweeps import format_config as said
from jgd.training import smooth

SMOOTHING = 0.15  # weight of the new value in a drawn training curve


def sensitivity(sweep: Sweep, path: str | Path, parameter: str | None = None) -> None:
    """Validation metric against one hyperparameter: how much the choice matters, and where it breaks.

    For each recipe the mean over seeds, a band from the lowest to the highest seed, a cross at the bottom for each
    diverged lane, a ring for each config that was stopped early, and the pick as a dotted line. Where the space has
    other parameters too, each point is the best over them; configs that were stopped are in no point. `parameter`:
    default learning_rate, or the first swept that is a number (`jgd.results.responses` draws words too).
    """
    if sweep.is_population:
        raise checks.JgdValueError(
            "a population's hyperparameters change on the way: draw jgd.results.member_schedules"
        )
    swept = numeric_names(sweep)
    if not swept:
        raise checks.JgdValueError("the sweep has no numeric hyperparameter to draw its sensitivity to")
    parameter = checks.choice(
        "swept parameter", parameter or ("learning_rate" if "learning_rate" in swept else swept[0]), swept
    )
    figure, axes = figure_and_axes()
    final, stopped = sweep.scores, sweep.reached < sweep.steps
    marks = []
    for place, pick in enumerate(sweep.picks):
        mine = [config for config in sweep.configs_of(pick.recipe) if parameter in sweep.configs[config][1]]
        if not mine:
            continue
        values = np.array([sweep.configs[config][1][parameter] for config in mine], float)
        x, best = _best_of_each(values, final[mine], sweep.larger_is_better)
        color = f"C{place}"
        axes.plot(x, _over_seeds(np.mean, best), "o-", ms=3.5, lw=1.6, color=color, label=pick.recipe)
        axes.fill_between(x, _over_seeds(np.min, best), _over_seeds(np.max, best), color=color, alpha=0.18, lw=0)
        if pick.config in mine:
            axes.axvline(pick.hyperparameters[parameter], color=color, ls=":", lw=1.6)
        broken = (sweep.diverged_at[mine] != NOT_DIVERGED).sum(axis=1)
        marks.append((color, "x", values.repeat(broken), place))
        marks.append((color, "o", values[stopped[mine]], place))
    for color, mark, where, place in marks:  # one row of crosses and rings a recipe, below the curves
        shape = {"marker": mark, "ls": "", "ms": 5, "mfc": "none", "color": color}
        axes.plot(where, np.full(len(where), -0.025 * (place + 1)), clip_on=False, transform=_below(axes), **shape)
    legend = "× = diverged lane" + (", ○ = stopped early" if stopped.any() else "")
    axes.set_xlabel(f"{parameter}    ({legend})", labelpad=12)
    axes.tick_params(axis="x", pad=3 + 7 * len(sweep.picks))
    if _spans_decades(values=[c[parameter] for _, c in sweep.configs if parameter in c]):
        axes.set_xscale("log")
    axes.set_ylabel(f"validation {sweep.metric} after {sweep.evaluation_steps[-1]} steps")
    axes.set_title(
        f"{sweep.task}: mean over {len(sweep.seeds)} seeds, band lowest to highest, dotted = pick",
        fontsize=10,
    )
    finish(figure, axes, path)


def loss_curves(sweep: Sweep, path: str | Path) -> None:
    """Training loss of each recipe's pick against the step: the mean over seeds, smoothed, and the single seeds."""
    figure, axes = figure_and_axes()
    for place, pick in enumerate(sweep.picks):
        if pick.config is None:
            continue
        members = [sweep.best_member(pick.recipe, seed) for seed in sweep.seeds] if sweep.is_population else []
        seeds = np.stack([sweep.run_loss(*m) for m in members if m]) if members else sweep.loss[pick.config]
        steps = np.arange(seeds.shape[1])
        axes.plot(steps, seeds.T, color=f"C{place}", lw=0.4, alpha=0.25)
        axes.plot(
            steps,
            smooth(_over_seeds(np.mean, seeds.T), SMOOTHING, "corrected"),
            color=f"C{place}",
            lw=1.8,
            label=f"{pick.recipe} ({said(pick.hyperparameters)})",
        )
    if np.all(sweep.loss[np.isfinite(sweep.loss)] > 0):
        axes.set_yscale("log")
    axes.set_xlabel("step")
    axes.set_ylabel("loss on the step's batch, before its update")
    axes.set_title(f"{sweep.task}: the picks, {len(sweep.seeds)} seeds thin, their smoothed mean thick", fontsize=10)
    finish(figure, axes, path)


def numeric_names(sweep: Sweep) -> list[str]:
    """The hyperparameters that are numbers wherever a config has them, in the order in which they come."""
    pairs = [pair for _, config in sweep.configs for pair in config.items()]
    words = {name for name, value in pairs if isinstance(value, bool) or not isinstance(value, int | float)}
    return [name for name in dict.fromkeys(name for name, _ in pairs) if name not in words]


def _best_of_each(values: np.ndarray, scores: np.ndarray, larger: bool) -> tuple[np.ndarray, np.ndarray]:
    """For each distinct value, the (seeds,) scores of the config with the best mean; NaN where all have diverged."""
    distinct = np.unique(values)
    rows = []
    for value in distinct:
        candidates = scores[values == value]
        means = np.where(np.isnan(candidates).any(axis=1), np.nan, candidates.mean(axis=1))
        if np.isnan(means).all():
            means = _over_seeds(np.mean, candidates)
        worst = -np.inf if larger else np.inf
        ranked = np.where(np.isnan(means), worst, means)
        rows.append(candidates[np.argmax(ranked) if larger else np.argmin(ranked)])
    return distinct, np.stack(rows)


def _over_seeds(reduce: Any, scores: np.ndarray) -> np.ndarray:
    """reduce over the finite seeds of each row; NaN where none is."""
    return np.array([reduce(row[np.isfinite(row)]) if np.isfinite(row).any() else np.nan for row in scores])


def _spans_decades(values: list[float]) -> bool:
    return min(values) > 0 and max(values) / min(values) > 20


def _below(axes: Any) -> Any:
    """x in data, y in shares of the axes: for marks under the frame."""
    from matplotlib.transforms import blended_transform_factory

    return blended_transform_factory(axes.transData, axes.transAxes)
