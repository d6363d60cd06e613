"""Pictures over steps that answer to the mouse. Enters: a `Sweep`. Leaves: plotly figures as plain data."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from jgd.analysis import pick_losses
from jgd.reports.page.configs import config_order
from jgd.reports.page.figures import (
    COLORS,
    LOG,
    Figure,
    escaped,
    is_log,
    layout_of,
    log_scores,
    rounded,
    run_text,
    score_axis,
    short,
)
from jgd.sweeps import Pick, Sweep

MOST_PICKS = 12  # of recipes whose curves are drawn, the best
MOST_BEST = 6  # configs, where there is one recipe
MOST_PLACES = 300  # points of a curve: a screen shows no more


def validation_figure(sweep: Sweep) -> Figure | None:
    """The metric that chooses over the steps: each seed of the recipes' picks, of a single recipe its best configs."""
    steps = np.asarray(sweep.evaluation_steps)
    if sweep.is_population or len(steps) < 2:
        return None
    if len(sweep.recipes) > 1:
        chosen = [int(pick.config) for pick in _best_picks(sweep) if pick.config is not None]
    else:
        chosen = config_order(sweep)[:MOST_BEST]
    values = sweep.validation[sweep.metric]
    data = [
        _curve(
            (sweep.configs[config][0], config),
            COLORS[each % len(COLORS)],
            run_text(sweep, config, seed),
            sweep.metric,
            *thinned(steps, values[config, seed]),
        )
        for each, config in enumerate(chosen)
        for seed in range(len(sweep.seeds))
        if np.isfinite(values[config, seed]).any()
    ]
    return _figure(data, score_axis(sweep, log_scores(sweep, _shown(data)))) if data else None


def loss_figure(sweep: Sweep) -> Figure | None:
    """The training loss of the recipes' picks over the steps, each seed; on the step's batch before its update."""
    steps = np.asarray(sweep.recorded_steps)
    losses = pick_losses(sweep)
    data = list(_losses(sweep, losses, steps))
    if not data:
        return None
    return _figure(data, {"title": {"text": "training loss"}, **(LOG if is_log(_shown(data)) else {})})


def _shown(data: list[dict[str, Any]]) -> list[float]:
    return [value for trace in data for value in trace["y"] if value is not None]


def _losses(sweep: Sweep, losses: dict[str, np.ndarray], steps: np.ndarray) -> Iterator[dict[str, Any]]:
    for each, pick in enumerate(_best_picks(sweep)):
        for seed, loss in enumerate(losses[pick.recipe]):
            member = sweep.best_member(pick.recipe, sweep.seeds[seed]) if sweep.is_population else None
            config = pick.config if member is None else member[0]
            if np.isfinite(loss).any() and config is not None:
                text = run_text(sweep, config, seed)
                places = thinned(steps[: len(loss)], loss)
                yield _curve((pick.recipe, pick.config), COLORS[each % len(COLORS)], text, "loss", *places)


def _best_picks(sweep: Sweep) -> list[Pick]:
    """The picks that there are, best first."""
    place = {config: index for index, config in enumerate(config_order(sweep))}
    there = [pick for pick in sweep.picks if pick.config is not None]
    return sorted(there, key=lambda pick: place[int(pick.config or 0)])[:MOST_PICKS]


def thinned(steps: np.ndarray, values: np.ndarray) -> tuple[list[int], list[float | None]]:
    """Every so many points of a curve, and always its last.

    >>> thinned(np.arange(5), np.array([4.0, 3.0, 2.0, np.nan, np.nan]))
    ([0, 1, 2], [4.0, 3.0, 2.0])
    """
    there = np.flatnonzero(np.isfinite(values))
    kept = there[:: max(1, -(-len(there) // MOST_PLACES))]
    kept = np.unique(np.append(kept, there[-1:]))
    return steps[kept].tolist(), rounded(values[kept])


def _curve(
    of: tuple[str, int | None], color: str, text: str, what: str, x: Sequence[int], y: Sequence[float | None]
) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "lines",
        "name": f"{short(of[0])} {of[1]}",
        "legendgroup": f"{escaped(of[0])} {of[1]}",
        "x": x,
        "y": y,
        "text": text,
        "hovertemplate": f"%{{text}}<br>step %{{x}}: {escaped(what)} %{{y:.4g}}<extra></extra>",
        "line": {"color": color, "width": 1.5},
        "opacity": 0.75,
    }


def _figure(data: list[dict[str, Any]], y: dict[str, Any]) -> Figure:
    first = {trace["legendgroup"]: trace for trace in reversed(data)}  # of each name: the one that the legend has
    data = [{**trace, "showlegend": trace is first[trace["legendgroup"]]} for trace in data]
    return {"data": data, "layout": layout_of({"title": {"text": "updates made"}, "rangemode": "tozero"}, y)}
