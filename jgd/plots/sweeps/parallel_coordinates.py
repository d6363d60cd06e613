"""All configs at once: a line for each, across an axis for each hyperparameter."""

import textwrap
from typing import Any

import numpy as np

from jgd.analysis import final_scores, unit_cube
from jgd.analysis.final_scores import worst_first_ranks
from jgd.core import checks
from jgd.plots import _figure
from jgd.plots._values import is_number
from jgd.sweeps import Sweep

TICKED = 6  # values of a hyperparameter at most that are all written beside its axis


def plot_parallel_coordinates(sweep: Sweep, recipe: str | None = None, *, ax: Any = None) -> Any:
    """Plots each config as a line across its hyperparameters to its score: yellow and thick are good, dark and thin bad.

    Places on an axis are even on its scale, as the space says it. The last axis is the rank by mean over seeds, the best
    at the top. Dashed gray lines diverged; those that were stopped early are left out.

    Numbers: `jgd.analysis.unit_cube(configs, space)` for the places, `jgd.analysis.final_scores(sweep, recipe)`.

    Args:
        sweep: The result of `jgd.sweep`.
        recipe: One of its recipes; default the only one.
        ax: The Axes to draw into; default those of a new figure.

    Returns:
        The Axes; a line for each config in the order of their scores, the worst first.

    Raises:
        JgdValueError: For several recipes and none named, and where no hyperparameter takes two values.

    Example:
        >>> import jgd
        >>> found = jgd.sweep("hours_points", "sgd", {"learning_rate": [0.01, 0.1, 9.0]}, seeds=2, steps=30)
        >>> [label.get_text() for label in plot_parallel_coordinates(found).get_xticklabels()]
        ['learning_rate', 'rank by validation loss']
    """
    checks.instance("sweep", sweep, Sweep, "jgd.sweep(…) returns")
    if recipe is None and len(sweep.recipes) > 1:
        raise checks.JgdValueError(f"recipe must be one of {', '.join(sweep.recipes)}, got None", argument="recipe")
    ends = final_scores(sweep, recipe)
    rows = np.flatnonzero(~ends.stopped)
    configs = [sweep.configs[i] for i in ends.rows[rows]]
    cube = unit_cube(configs, sweep.space_of(recipe))
    if not cube.names:
        raise checks.JgdValueError("the sweep has no hyperparameter that takes two values or more")
    ax = _figure.given_ax(ax)
    means = ends.scores[rows].mean(axis=1)
    ranks = worst_first_ranks(means, ends.larger_is_better)
    heights = (ranks - 1) / max(len(ranks) - 1, 1)
    from matplotlib import colormaps

    tones = colormaps[_figure.SEQUENTIAL](heights)
    x = np.arange(len(cube.names) + 1)
    for config in np.argsort(ranks, kind="stable"):  # the best on top
        alive = np.isfinite(means[config])
        style = (
            {"color": tones[config], "lw": 0.6 + 1.6 * heights[config]}
            if alive
            else {"color": "0.7", "lw": 0.7, "ls": "--"}
        )
        ax.plot(x, [*cube.units[config], heights[config]], alpha=0.9, **style)
    for place, name in enumerate(cube.names):
        _axis(ax, place, [config.get(name) for _, config in configs], cube.column(name))
    ax.vlines(x, 0, 1, color="0.2", lw=0.9, zorder=3)
    finite = np.isfinite(means)
    for pick in (np.argmin, np.argmax) if finite.any() else ():
        one = int(pick(np.where(finite, ranks, np.inf if pick is np.argmin else -np.inf)))
        _tick(ax, x[-1], heights[one], f"{means[one]:.3g}")
    fits = max(8, int(72 * ax.figure.get_size_inches()[0] * ax.get_position().width / (len(x) * _figure.TICK * 0.6)))
    names = [*cube.names, f"rank by validation {ends.metric}"]
    ax.set_xticks(x, [textwrap.fill(name, fits, break_long_words=False) for name in names])
    ax.set_xlim(-0.15, x[-1] + 0.35)
    ax.set_ylim(-0.03, 1.03)
    ax.set_yticks([])
    ax.set_title(f"{sweep.task}: {len(rows)} configs, yellow is best", **_figure.TITLE)
    ax.spines[["left", "bottom"]].set_visible(False)
    ax.tick_params(axis="x", length=0)
    return _figure.finish(ax, grid=False)


def _axis(ax: Any, x: int, values: list[Any], places: np.ndarray) -> None:
    """Values beside their axis: all of a few, or the lowest, the middle and the highest of many."""
    known = {float(place): value for place, value in zip(places, values, strict=True) if np.isfinite(place)}
    shown = sorted(known)
    if len(shown) > TICKED:
        shown = [shown[0], shown[len(shown) // 2], shown[-1]]
    for place in shown:
        _tick(ax, x, place, f"{known[place]:.3g}" if is_number(known[place]) else str(known[place]))


def _tick(ax: Any, x: float, y: float, words: str) -> None:
    box = {
        "facecolor": "white",
        "edgecolor": "none",
        "pad": 2.0,
    }  # up to the axis: a line seen before it would be a minus
    style = {"textcoords": "offset points", "va": "center", "fontsize": _figure.TICK, "bbox": box, "zorder": 4}
    ax.annotate(words, (x, y), (3, 0), **style)
