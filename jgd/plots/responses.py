"""The pictures of what a sweep tells: what a budget buys, which names mattered, how each responds, who wins where."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from jgd.analysis import PerformanceProfile, best_of, response_of, final_scores, importance_of
from jgd.core import checks
from jgd.results.canvas import figure_and_axes, finish
from jgd.sweeps import Sweep

COLUMNS = 3  # of panels, one a hyperparameter


def best_of_curves(sweep: Sweep, path: str | Path) -> None:
    """Expected best validation score against the number of random configs tried, a curve for each recipe.

    The band is one standard deviation of the outcome from one search to the next (`best_of`, exact, without
    replacement). Where curves cross, the better recipe depends on the budget. Configs stopped early are left out.
    """
    figure, axes = figure_and_axes()
    for place, recipe in enumerate(dict.fromkeys(name for name, _ in sweep.configs)):
        ends = final_scores(sweep, recipe)
        means = ends.scores[~ends.stopped].mean(axis=1)
        if not np.isfinite(means).any():
            continue
        trials = np.unique(np.geomspace(1, len(means), 64).astype(int))
        curve = best_of(means, ends.larger_is_better, trials)
        color, low, high = f"C{place}", curve.expected - curve.deviation, curve.expected + curve.deviation
        axes.plot(curve.trials, curve.expected, "o-", ms=3.5, lw=1.6, color=color, label=recipe)
        axes.fill_between(curve.trials, low, high, color=color, alpha=0.18, lw=0)
    axes.set_xscale("log", base=2)
    axes.xaxis.set_major_formatter("{x:g}")
    axes.set_xlabel("configs tried")
    axes.set_ylabel(f"best validation {sweep.metric}, expected")
    axes.set_title(f"{sweep.task}: what a search of k random configs finds, ± one standard deviation", fontsize=10)
    finish(figure, axes, path)


def importance_bars(sweep: Sweep, path: str | Path, recipe: str | None = None) -> None:
    """The share of the variance of ranks that each hyperparameter explains by itself, a bar each (`importance`).

    The whisker is one standard deviation over the trees of the forest; a grid is exact and has none.
    """
    found = [each for each in importance_of(sweep, recipe) if np.isfinite(each.share)][::-1]
    figure, axes = figure_and_axes(size=(7.2, max(2.2, 1.2 + 0.42 * len(found))))
    heights = np.arange(len(found))
    axes.barh(heights, [each.share for each in found], color="C0", alpha=0.85, height=0.62)
    for height, each in zip(heights, found, strict=True):
        if each.method == "forest":
            ends = np.clip([each.share - each.deviation, each.share + each.deviation], 0, 1)
            axes.plot(ends, [height, height], color="0.25", lw=1.2)
    axes.set_yticks(heights, [each.name for each in found])
    axes.set_xlim(0, 1)
    axes.set_xlabel("share of the variance of ranks, by itself")
    methods = ", ".join(dict.fromkeys(_how(each.method, each.fit, each.configs) for each in reversed(found)))
    axes.set_title(f"{sweep.task}: importance ({methods})", fontsize=10)
    finish(figure, axes, path)


def profile_curves(profile: PerformanceProfile, path: str | Path) -> None:
    """The share of tasks that each method solves within a factor τ of the best (`performance_profile`)."""
    figure, axes = figure_and_axes()
    last = max(2.0, float(profile.factors.max(initial=1.0)) * 1.15)
    styles = ("-", "--", "-.", ":")
    for place, (method, shares) in enumerate(zip(profile.methods, profile.shares, strict=True)):
        x = np.concatenate([profile.factors, [last]])
        y = np.concatenate([shares, shares[-1:] if len(shares) else [0.0]])
        style = styles[place // 10 % len(styles)]  # past ten methods the colours come again
        axes.step(x, y, where="post", lw=1.8, color=f"C{place % 10}", ls=style, label=method)
    axes.set_xscale("log", base=2)
    axes.xaxis.set_major_formatter("{x:g}")
    axes.set_xlim(1, last)
    axes.set_ylim(0, 1.03)
    axes.set_xlabel("cost, in multiples of the best method's on the task (τ)")
    axes.set_ylabel("share of tasks within τ")
    axes.set_title(f"performance profile over {profile.ratios.shape[1]} tasks", fontsize=10)
    finish(figure, axes, path, loc="lower right")


def responses(
    sweep: Sweep, path: str | Path, parameters: Sequence[str] | None = None, recipe: str | None = None
) -> None:
    """The validation metric against each hyperparameter, a panel each, all on one scale.

    The thick line is the best over the other hyperparameters, the thin one their mean (`response_of`), both averaged over
    the seeds that survived; dots are single configs. parameters: default all that take two values or more. recipe:
    default the only one.
    """
    recipes = list(dict.fromkeys(name for name, _ in sweep.configs))
    if recipe is None and len(recipes) > 1:
        raise checks.JgdValueError(f"recipe must be one of {', '.join(recipes)}, got None")
    recipe = checks.choice("recipe", recipe or recipes[0], recipes)
    ends = final_scores(sweep, recipe)
    configs = [sweep.configs[i][1] for i in ends.rows]
    swept = {name: {c[name] for c in configs if name in c} for name in dict.fromkeys(n for c in configs for n in c)}
    varied = [name for name, values in swept.items() if len(values) > 1]
    if not varied:
        raise checks.JgdValueError("the sweep has no hyperparameter that takes two values or more")
    chosen = varied if parameters is None else [checks.choice("swept parameter", p, varied) for p in parameters]
    columns = min(COLUMNS, len(chosen))
    rows = -(-len(chosen) // columns)
    figure, all_axes = figure_and_axes(rows, columns, (max(4.2, 3.0 * columns), 0.5 + 2.7 * rows))
    panels = list(np.atleast_1d(all_axes).flat)
    for axes, name in zip(panels, chosen, strict=False):
        best, mean = (response_of(sweep, name, recipe, over) for over in ("best", "mean"))
        numeric = all(isinstance(value, int | float) and not isinstance(value, bool) for value in best.values)
        x = dict(zip(best.values, best.values if numeric else range(len(best.values)), strict=True))
        dots = [
            (x[c[name]], _mean(row)) for c, row in zip(configs, ends.scores, strict=True) if name in c and c[name] in x
        ]
        axes.plot(*zip(*dots, strict=True), ".", ms=3, color="0.6", zorder=1)
        places = list(x.values())
        axes.plot(places, [_mean(row) for row in mean.scores], "-", lw=1, color="C0", alpha=0.6, label="mean of others")
        axes.plot(places, [_mean(row) for row in best.scores], "o-", ms=3.5, lw=1.8, color="C0", label="best of others")
        if not numeric:
            axes.set_xticks(places, [str(value) for value in best.values])
        elif _spans_decades(np.array(best.values)):
            axes.set_xscale("log")
        if _spans_decades(ends.scores[np.isfinite(ends.scores)]):
            axes.set_yscale("log")
        axes.set_xlabel(name)
        axes.sharey(panels[0])
    for axes in panels[len(chosen) :]:
        axes.set_axis_off()
    for axes in panels[0 : len(chosen) : columns]:
        axes.set_ylabel(f"validation {sweep.metric}")
    figure.suptitle(f"{sweep.task}, {recipe}: response to each hyperparameter", fontsize=10)
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=2, frameon=False, fontsize=9)
    finish(figure, panels, path, legend=False)


def _spans_decades(values: np.ndarray) -> bool:
    return values.size > 0 and values.min() > 0 and values.max() / values.min() > 20


def _how(method: str, fit: float, configs: int) -> str:
    return f"forest on {configs} configs, R² {fit:.2f}" if method == "forest" else f"{method} of {configs} configs"


def _mean(row: np.ndarray) -> float:
    """Over the seeds that survived; NaN where none did."""
    alive = row[np.isfinite(row)]
    return float(alive.mean()) if alive.size else np.nan
