"""How often each method is within a factor of the best."""

from typing import Any

import numpy as np

from jgd.analysis import PerformanceProfile
from jgd.plots import _figure


def plot_performance_profile(profile: PerformanceProfile, *, ax: Any = None) -> Any:
    """Plots the share of tasks that each method solves within a factor τ of the best, as stairs.

    Numbers: `profile.factors` and `profile.shares`.

    Args:
        profile: Of `jgd.analysis.performance_profile`.
        ax: The Axes to draw into; default those of a new figure.

    Returns:
        The Axes.

    Example:
        >>> import jgd
        >>> profile = jgd.analysis.performance_profile([[10.0, 40.0], [20.0, 20.0]], ["adam", "sgd"])
        >>> [line.get_label() for line in plot_performance_profile(profile).get_lines()]
        ['adam', 'sgd']
    """
    ax = _figure.given_ax(ax)
    last = max(2.0, float(profile.factors.max(initial=1.0)) * 1.15)
    for index, (method, shares) in enumerate(zip(profile.methods, profile.shares, strict=True)):
        x = np.concatenate([profile.factors, [last]])
        y = np.concatenate([shares, shares[-1:] if len(shares) else [0.0]])
        style = {"color": _figure.color(index), "ls": _figure.line_style(index)}
        ax.step(x, y, where="post", lw=1.8, label=method, **style)
    ax.set_xscale("log", base=2)
    ax.xaxis.set_major_formatter("{x:g}")
    ax.set_xlim(1, last)
    ax.set_ylim(0, 1.03)
    ax.set_xlabel("cost, in multiples of the best method's on the task (τ)")
    ax.set_ylabel("share of tasks within τ")
    ax.set_title(f"performance profile over {profile.ratios.shape[1]} tasks", **_figure.TITLE)
    return _figure.finish(ax, legend="right")
