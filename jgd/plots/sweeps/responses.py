"""The score against each hyperparameter, a panel each."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from jgd.analysis import FinalScores, ResponseCurve, final_scores, response_of
from jgd.core import checks
from jgd.plots import _figure
from jgd.plots._values import is_number, log_scores, over_seeds, spans_decades
from jgd.sweeps import Sweep

COLUMNS = 3  # of panels


def plot_responses(
    sweep: Sweep, parameters: Sequence[str] | None = None, recipe: str | None = None, *, axes: Any = None
) -> np.ndarray:
    """Plots the validation metric against each hyperparameter, a panel each, all on one scale.

    The thick line is the best over the other hyperparameters, the thin one their mean, both averaged over the seeds that
    survived; dots are single configs. Configs drawn at random share no value, and are dots only: slices of the space.

    Numbers: `jgd.analysis.response_of(sweep, parameter, recipe, over_others)` with "best" and "mean".

    Args:
        sweep: The result of `jgd.sweep`.
        parameters: Names of hyperparameters; default all that take two values or more.
        recipe: One of the sweep's; default the only one.
        axes: An array of Axes, one a parameter, to draw into; default those of a new figure, three in a row.

    Returns:
        (parameters,) the Axes.

    Raises:
        JgdValueError: For several recipes and none named, an unknown recipe or parameter, and a sweep in which no
            hyperparameter takes two values.

    Example:
        >>> import jgd
        >>> found = jgd.sweep("hours_points", "sgd", {"learning_rate": [0.01, 0.1, 9.0]}, seeds=2, steps=30)
        >>> [ax.get_xlabel() for ax in plot_responses(found)]
        ['learning_rate']
    """
    checks.instance("sweep", sweep, Sweep, "jgd.sweep(…) returns")
    recipe = checks.choice("recipe", _only(sweep.recipes) if recipe is None else recipe, sweep.recipes)
    ends = final_scores(sweep, recipe)
    chosen = _chosen([sweep.configs[i][1] for i in ends.rows], parameters)
    columns = min(COLUMNS, len(chosen))
    size = (_figure.WIDTHS[2], 0.5 + 2.5 * -(-len(chosen) // columns))
    panels = _figure.given_axes(axes, len(chosen), columns, size, sharey=True)
    logarithmic = log_scores(ends.scores, ends.larger_is_better)
    for index, (ax, name) in enumerate(zip(panels, chosen, strict=True)):
        best, mean = (response_of(sweep, name, recipe, over) for over in ("best", "mean"))
        _draw(ax, sweep, ends, best, mean)
        if logarithmic:
            ax.set_yscale("log")
        if index % columns == 0:
            ax.set_ylabel(f"validation {sweep.metric}")
        ax.set_xlabel(name)
        ax.set_title(f"{sweep.task}, {recipe}" if index == 0 else "", **_figure.TITLE)
        _figure.finish(ax)
        if ax.get_legend() is not None and index:
            ax.get_legend().remove()  # one legend says it for all panels
    return panels


def _only(recipes: Sequence[str]) -> str:
    if len(recipes) > 1:
        raise checks.JgdValueError(f"recipe must be one of {', '.join(recipes)}, got None", argument="recipe")
    return recipes[0]


def _chosen(configs: list[dict[str, Any]], parameters: Sequence[str] | None) -> list[str]:
    swept = {name: {c[name] for c in configs if name in c} for name in dict.fromkeys(n for c in configs for n in c)}
    varied = [name for name, values in swept.items() if len(values) > 1]
    if not varied:
        raise checks.JgdValueError("the sweep has no hyperparameter that takes two values or more")
    return varied if parameters is None else [checks.choice("swept parameter", p, varied) for p in parameters]


def _draw(ax: Any, sweep: Sweep, ends: FinalScores, best: ResponseCurve, mean: ResponseCurve) -> None:
    numeric = all(map(is_number, best.values))
    x = dict(zip(best.values, best.values if numeric else range(len(best.values)), strict=True))
    values = [sweep.configs[i][1].get(best.parameter) for i in ends.rows]
    known = [k for k, value in enumerate(values) if value in x]
    means = over_seeds(np.mean, ends.scores)
    ax.plot([x[values[k]] for k in known], means[known], "o", ms=3.5, color="0.5", mew=0, alpha=0.7, zorder=1)
    at, color = list(x.values()), _figure.color(0)
    if max(best.configs) > 1 or len(sweep.configs[ends.rows[0]][1]) == 1:  # else a line would join what differs in all
        ax.plot(at, over_seeds(np.mean, mean.scores), "-", lw=1, color=color, alpha=0.6, label="mean of others")
        ax.plot(at, over_seeds(np.mean, best.scores), "o-", ms=3.5, lw=1.8, color=color, label="best of others")
    if not numeric:
        ax.set_xticks(at, [str(value) for value in best.values])
    elif spans_decades(np.array(best.values, float)):
        ax.set_xscale("log")
