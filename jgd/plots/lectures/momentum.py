"""Momentum and its look-ahead as arrows."""

from typing import Any

import numpy as np

from jgd.core import checks
from jgd.plots import _figure
from jgd.plots.lectures.landscape import draw_contours
from jgd.teaching import LookAhead

CARRIED, DOWN, AHEAD = "#000000", "#D55E00", "#009E73"
ROOM = 0.35  # around the arrows, of their extent


def plot_look_ahead(found: LookAhead, *, labels: tuple[str, str] | None = None, ax: Any = None) -> Any:
    """Plots one step of momentum and of Nesterov's look-ahead as arrows on contours, with the way that led there.

    The velocity carries both from θ to θ − γ v. Momentum then adds the slope at θ, the look-ahead the slope at the point
    that it has been carried to.

    Numbers: `found.point`, `found.carried`, `found.downhill`, `found.downhill_ahead` and the two ends.

    Args:
        found: Of `jgd.teaching.look_ahead`, in two dimensions.
        labels: Of the two axes; default "first weight" and "second weight".
        ax: The Axes to draw into; default those of a new figure.

    Returns:
        The Axes, zoomed to the arrows.

    Raises:
        JgdTypeError: For what is no `LookAhead`.
        JgdValueError: For another number of dimensions.

    Example:
        >>> import jgd
        >>> ax = plot_look_ahead(jgd.teaching.look_ahead(jgd.landscapes.get("quadratic"), 0.2))
        >>> [text.get_text() for text in ax.get_legend().get_texts()][1:]
        ['−γ v, carried', '−η ∇L(θ), momentum', '−η ∇L(θ − γ v), look-ahead']
    """
    checks.instance("found", found, LookAhead, "jgd.teaching.look_ahead(…) returns")
    if len(found.landscape.low) != 2:
        raise checks.JgdValueError(f"found must have two dimensions, got {len(found.landscape.low)}", argument="found")
    ax = _figure.given_ax(ax)
    carried_to = found.point + found.carried
    shown = np.stack([found.point, carried_to, found.momentum_end, found.look_ahead_end])
    middle, half = (shown.max(axis=0) + shown.min(axis=0)) / 2, np.ptp(shown, axis=0).max() * (0.5 + ROOM)
    draw_contours(ax, found.landscape, middle - half, middle + half)
    ax.plot(*found.before.T, ".:", color="0.35", ms=5, lw=1.2, label="the way so far")
    arrows = (
        (found.point, carried_to, CARRIED, "−γ v, carried", "-"),
        (carried_to, found.momentum_end, DOWN, "−η ∇L(θ), momentum", "-"),
        (carried_to, found.look_ahead_end, AHEAD, "−η ∇L(θ − γ v), look-ahead", "-"),
        (found.point, found.momentum_end, DOWN, None, ":"),
        (found.point, found.look_ahead_end, AHEAD, None, ":"),
    )
    for tail, head, color, label, style in arrows:
        look = {
            "arrowstyle": "-|>",
            "color": color,
            "lw": 1.6 if label else 0.9,
            "ls": style,
            "shrinkA": 0,
            "shrinkB": 0,
        }
        ax.annotate("", xy=head, xytext=tail, arrowprops={**look, "mutation_scale": 11}, zorder=4)
        if label:
            ax.plot([], [], color=color, lw=1.6, label=label)
    for place, words, shift in ((found.point, "θ", (-8, 4)), (carried_to, "θ − γ v", (6, -10))):
        ax.plot(*place, "o", ms=5, color="k", zorder=5)
        ax.annotate(words, place, shift, textcoords="offset points", fontsize=_figure.LABEL)
    ax.set_xlabel((labels or ("first weight", ""))[0])
    ax.set_ylabel((labels or ("", "second weight"))[1])
    ax.set_title(f"{found.landscape.name.replace('_', ' ')}: one step with momentum", **_figure.TITLE)
    return _figure.finish(ax, grid=False, legend="right")
