"""Pictures of configs that answer to the mouse. Enters: a `Sweep`. Leaves: plotly figures as plain data, for its script.

All marks are SVG: WebGL is missing in many browsers without a screen, and compiles programs, which a page's policy may
forbid. Text that plotly draws is its own small HTML, so every name in it is escaped.
"""

import html
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from jgd.analysis import numeric_parameters
from jgd.core.format import format_value
from jgd.lane import NOT_DIVERGED
from jgd.reports.page.configs import config_order, parameter_names
from jgd.sweeps import Sweep

Figure = dict[str, Any]

# Okabe and Ito's colors, which the color-blind tell apart; black and yellow are left out
COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
SYMBOLS = ("circle", "square", "diamond", "triangle-up", "pentagon", "star")
MOST_POINTS = 4000  # marks that a browser moves without a pause
MOST_LINES = 150  # of parallel coordinates
LONGEST = 28  # characters of a name beside a picture
WIDE = 20.0  # largest over smallest value, from where an axis is logarithmic
LOG = {"type": "log", "exponentformat": "power", "nticks": 5}  # a vertical axis with 1, 2 and 5 at most between decades


def score_figure(sweep: Sweep) -> Figure | None:
    """Every run's last score against a hyperparameter, to be chosen from a list; None without one that is a number."""
    names = sorted(numeric_parameters(sweep), key="learning_rate".__ne__)
    if not names:
        return None
    configs = config_order(sweep)[: max(1, MOST_POINTS // len(sweep.seeds))]
    floor, scale = _floor(sweep)
    traces, places = [], []  # places: of each trace (config, index of its seed)
    for each, recipe in enumerate(sweep.recipes):
        mine = [config for config in configs if sweep.configs[config][0] == recipe]
        runs = [(config, seed) for config in mine for seed in range(len(sweep.seeds))]
        ran = [run for run in runs if np.isfinite(sweep.last_scores[run])]
        lost = [run for run in runs if sweep.diverged_at[run] != NOT_DIVERGED]
        color = COLORS[each % len(COLORS)]
        for some, marker, also, y in (
            (
                ran,
                {"symbol": SYMBOLS[each % len(SYMBOLS)], "opacity": 0.7},
                "",
                [sweep.last_scores[r] for r in ran],
            ),
            (lost, {"symbol": "x-thin-open", "line": {"width": 2}}, ", diverged", [floor] * len(lost)),
        ):
            if some:
                places.append(some)
                traces.append(
                    _marks(sweep, some, names[0], short(recipe) + also, y, {"color": color, "size": 7, **marker})
                )
    layout = layout_of(_axis(names[0], _values(sweep, configs, names[0])), score_axis(sweep, scale))
    if len(names) > 1:
        layout["updatemenus"] = [_menu(sweep, configs, names, places)]
        layout["margin"] |= {"t": 48}
    return {"data": traces, "layout": layout}


def parallel_figure(sweep: Sweep) -> Figure | None:
    """A line for each of the best configs through its hyperparameters and its score; None for fewer than two of these."""
    varied = [name for name in parameter_names(sweep) if len({str(v.get(name)) for _, v in sweep.configs}) > 1]
    several = len(sweep.recipes) > 1
    if len(varied) + several < 2:
        return None
    configs = config_order(sweep)[:MOST_LINES]
    with np.errstate(invalid="ignore"):
        scores = np.array([np.mean(sweep.last_scores[config]) for config in configs], np.float64)
    axes = [
        *([("recipe", [sweep.configs[config][0] for config in configs])] if several else []),
        *((name, [sweep.configs[config][1].get(name) for config in configs]) for name in varied),
        (f"validation {sweep.metric}", [float(score) if np.isfinite(score) else None for score in scores]),
    ]
    placed = [axis_places(values) for _, values in axes]
    heights, ticks = [each for each, _ in placed], [each for _, each in placed]
    shades = heights[-1] if sweep.larger_is_better else [None if h is None else 1 - h for h in heights[-1]]
    data = [
        _line(sweep, config, [height[row] for height in heights], shades[row])
        for row, config in reversed(list(enumerate(configs)))  # the best on top
    ]
    words = [short(name).replace(" ", "<br>") for name, _ in axes]  # narrow enough for a phone
    layout = layout_of({"tickvals": list(range(len(axes))), "ticktext": words, "tickangle": 0}, {})
    layout["xaxis"] |= {"range": [-0.3, len(axes) - 0.7], "showgrid": True, "gridcolor": "#888", "type": "linear"}
    layout["yaxis"] |= {"visible": False, "range": [-0.06, 1.06]}
    marked = {"xanchor": "left", "xshift": 6, "font": {"size": 11}, "bgcolor": "rgba(255,255,255,0.85)"}
    layout["annotations"] = [
        {"x": x, "y": y, "text": short(text), "showarrow": False, **marked}
        for x, ends in enumerate(ticks)
        for y, text in ends
    ]
    layout["margin"] |= {"r": 70}  # for the last axis's words
    return {"data": data, "layout": {**layout, "showlegend": False}}


def layout_of(x: Mapping[str, Any], y: Mapping[str, Any]) -> dict[str, Any]:
    """What all pictures share: the legend below, one mark told at a time, room for labels of any length."""
    axis = {"gridcolor": "#e3e3e3", "zeroline": False, "automargin": True, "linecolor": "#888", "ticks": "outside"}
    return {
        "xaxis": {**axis, **x},
        "yaxis": {**axis, **y},
        "hovermode": "closest",
        "hoverlabel": {"align": "left"},
        "legend": {"orientation": "h", "y": 0, "yref": "container", "yanchor": "bottom"},
        "margin": {"l": 50, "r": 16, "t": 24, "b": 40},
        "font": {"size": 13, "color": "#222", "family": "system-ui, sans-serif"},
        "paper_bgcolor": "white",
        "plot_bgcolor": "white",
    }


def run_text(sweep: Sweep, config: int, seed: int | None = None) -> str:
    """What a mark says of its run: recipe, config, seed and hyperparameters."""
    recipe, values = sweep.configs[config]
    of = "" if seed is None else f" · seed {_seed_words(sweep, seed)}"
    lines = [f"<b>{escaped(recipe)}</b> · config {config}{of}"]
    return "<br>".join([*lines, *(f"{escaped(name)} {escaped(format_value(value))}" for name, value in values.items())])


def _seed_words(sweep: Sweep, seed: int) -> str:
    splits, label = sweep.facts.splits, sweep.seeds[seed]
    return f"{splits.seed_of(label)}, fold {splits.fold_of(label)}" if splits.folds > 1 else str(label)


def escaped(text: object) -> str:
    """Text that plotly draws as it is; quotes need no escape in it, and get none back."""
    return html.escape(str(text), quote=False)


def short(name: str) -> str:
    """A name for a legend or an axis, escaped; a long one is cut, and told in full under the mouse."""
    return escaped(name if len(name) <= LONGEST else f"{name[: LONGEST - 1]}…")


def rounded(values: Iterable[float]) -> list[float | None]:
    """Six digits of each, None for what is not finite: what a picture shows, in a fraction of the bytes."""
    return [float(f"{value:.6g}") if math.isfinite(value) else None for value in map(float, values)]


def axis_places(values: Sequence[Any]) -> tuple[list[float | None], list[tuple[float, str]]]:
    """Where values lie along an axis from 0 to 1, None for those that are missing, and the words at its ticks.

    >>> axis_places([0.01, 1.0, None]), axis_places(["a", "b"])
    (([0.0, 1.0, None], [(0.0, '0.01'), (1.0, '1')]), ([0.0, 1.0], [(0.0, 'a'), (1.0, 'b')]))
    """
    there = [value for value in values if value is not None]
    if all(isinstance(value, int | float) and not isinstance(value, bool) for value in there) and there:
        scale = math.log if is_log(there) else float
        low, high = scale(min(there)), scale(max(there))
        place = lambda value: (scale(value) - low) / ((high - low) or 1)
        ends = dict.fromkeys((min(there), max(there)))
        heights = [None if value is None else round(place(value), 4) for value in values]
        return heights, [(place(value), format_value(value)) for value in ends]
    kinds = list(dict.fromkeys(map(str, there)))
    at = {kind: index / max(len(kinds) - 1, 1) for index, kind in enumerate(kinds)}
    return [None if value is None else at[str(value)] for value in values], [(y, kind) for kind, y in at.items()]


def is_log(values: Sequence[float]) -> bool:
    """Whether values want a logarithmic axis."""
    return bool(values) and min(values) > 0 and max(values) / min(values) > WIDE


def _marks(
    sweep: Sweep, runs: Sequence[tuple[int, int]], parameter: str, name: str, y: Sequence[float], marker: dict[str, Any]
) -> dict[str, Any]:
    def text(config: int, seed: int) -> str:
        broke = int(sweep.diverged_at[config, seed])
        score = sweep.last_scores[config, seed]
        end = f"{escaped(sweep.metric)} {score:.4g}" if broke == NOT_DIVERGED else f"diverged at step {broke}"
        return f"{run_text(sweep, config, seed)}<br>{end}"

    return {
        "type": "scatter",
        "mode": "markers",
        "name": name,
        "x": _values(sweep, [config for config, _ in runs], parameter),
        "y": rounded(y),
        "text": [text(*run) for run in runs],
        "hoverinfo": "text",
        "marker": marker,
    }


def _values(sweep: Sweep, configs: Sequence[int], parameter: str) -> list[float | None]:
    return [sweep.configs[config][1].get(parameter) for config in configs]


def _axis(name: str, values: Sequence[float | None]) -> dict[str, Any]:
    scale = "log" if is_log([value for value in values if value is not None]) else "linear"
    return {"title": {"text": escaped(name)}, "type": scale, "exponentformat": "power"}


def _menu(sweep: Sweep, configs: list[int], names: list[str], places: list[list[tuple[int, int]]]) -> dict[str, Any]:
    """A list of hyperparameters, each of which becomes the horizontal axis."""

    def button(name: str) -> dict[str, Any]:
        x = [_values(sweep, [config for config, _ in runs], name) for runs in places]
        axis = _axis(name, _values(sweep, configs, name))
        moved = {"xaxis.title.text": axis["title"]["text"], "xaxis.type": axis["type"], "xaxis.autorange": True}
        return {"label": escaped(name), "method": "update", "args": [{"x": x}, moved]}

    return {"buttons": [button(name) for name in names], "x": 0, "xanchor": "left", "y": 1.02, "yanchor": "bottom"}


def _floor(sweep: Sweep) -> tuple[float, bool]:
    """Where runs that diverged are drawn, beyond the worst score; and whether the scores' axis is logarithmic."""
    scores = sweep.last_scores[np.isfinite(sweep.last_scores)]
    log = log_scores(sweep, scores)
    low, high = (float(scores.min()), float(scores.max())) if scores.size else (0.0, 1.0)
    if log:
        return high * (high / low) ** 0.08, log
    beyond = 0.08 * ((high - low) or 1.0)
    return low - beyond if sweep.larger_is_better else high + beyond, log


def log_scores(sweep: Sweep, scores: Iterable[float]) -> bool:
    """Whether scores want a logarithmic axis: errors over decades, and never shares, which are told apart near 1."""
    return not sweep.larger_is_better and is_log(list(scores))


def score_axis(sweep: Sweep, log: bool) -> dict[str, Any]:
    """The axis of the metric that chooses."""
    return {"title": {"text": f"validation {escaped(sweep.metric)}"}, **(LOG if log else {})}


def _line(sweep: Sweep, config: int, heights: Sequence[float | None], shade: float | None) -> dict[str, Any]:
    """A config's line, the darker the better; grey where a seed of it diverged."""
    color = "#bbbbbb" if shade is None else f"hsl(205,{30 + 60 * shade:.0f}%,{82 - 55 * shade:.0f}%)"
    score = sweep.last_scores[config]
    said = f"mean {escaped(sweep.metric)} {np.mean(score):.4g}" if np.isfinite(score).all() else "a seed is missing"
    return {
        "type": "scatter",
        "mode": "lines+markers",
        "x": list(range(len(heights))),
        "y": list(heights),
        "connectgaps": True,
        "text": f"{run_text(sweep, config)}<br>{said}",
        "hoverinfo": "text",
        "line": {"color": color, "width": 1.5},
        "marker": {"size": 6},
    }
