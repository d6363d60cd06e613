"""The learning rate that each parameter really had."""

from typing import Any

import numpy as np

from jgd.core import checks
from jgd.plots import _figure
from jgd.teaching import EffectiveRates


def plot_effective_rates(found: EffectiveRates, *, ax: Any = None) -> Any:
    """Plots |update| / |gradient| of each parameter against the step, logarithmic.

    A step at which the gradient is 0 has no rate, and no dot.

    Numbers: `found.rates`.

    Args:
        found: Of `jgd.teaching.effective_rates`.
        ax: The Axes to draw into; default those of a new figure.

    Returns:
        The Axes.

    Raises:
        JgdTypeError: For what is no `EffectiveRates`.

    Example:
        >>> import jax.numpy as jnp, jgd
        >>> loss, batch = lambda w, b: jnp.sum(w * b), jnp.array([1.0, 2.0])
        >>> ax = plot_effective_rates(jgd.teaching.effective_rates(jgd.optimizers.adagrad(0.5), loss, jnp.zeros(2), batch, 4))
        >>> ax.get_lines()[1].get_ydata().round(3).tolist()
        [0.25, 0.177, 0.144, 0.125]
    """
    checks.instance("found", found, EffectiveRates, "jgd.teaching.effective_rates(…) returns")
    ax = _figure.given_ax(ax)
    for index, (name, rates) in enumerate(zip(found.names, found.rates.T, strict=True)):
        known = np.flatnonzero(rates > 0)
        style = {"color": _figure.color(index), "ls": _figure.line_style(index)}
        ax.plot(known, rates[known], marker=".", ms=4, lw=1.3, label=name, **style)
    ax.set_yscale("log")
    ax.set_xlabel("step")
    ax.set_ylabel("|update| / |gradient|")
    return _figure.finish(ax, legend="right")
