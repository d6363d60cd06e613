"""The picks of a sweep as a table."""

from typing import Any

import numpy as np

from jgd.core.statistics import Estimate
from jgd.sweeps import Sweep


def columns(sweep: Sweep) -> list[str]:
    """The headings of `rows`; uncertainties are 95% intervals of the mean over seeds (Student's t).

    "steps" is there where a recipe's best was stopped before the end: its score is no match for those after more.
    """
    return [
        "recipe",
        *(f"best {name}" for name in _names(sweep)),
        f"validation {sweep.metric}",
        *(["steps"] if _some_are_short(sweep) else []),
        "diverged",
    ]


def _names(sweep: Sweep) -> list[str]:
    return sorted({name for _, config in sweep.configs for name in config}, key=lambda n: (n != "learning_rate", n))


def _some_are_short(sweep: Sweep) -> bool:
    return any(pick.config is not None and pick.reached < sweep.steps for pick in sweep.picks)


def rows(sweep: Sweep) -> list[list[str]]:
    """One row a recipe, best first; "–" where a recipe has no such parameter, or every run diverged.

    >>> import jgd
    >>> result = jgd.sweep("hours_points", "sgd", {"learning_rate": [0.01, 9.0]}, seeds=2, steps=30)
    >>> columns(result)[:2], rows(result)[0][:2], rows(result)[0][-1]
    (['recipe', 'best learning_rate'], ['sgd', '0.01'], '2 of 4')
    """
    names, short = _names(sweep), _some_are_short(sweep)
    sign = -1 if sweep.larger_is_better else 1
    order = sorted(sweep.picks, key=lambda p: (-p.reached, sign * p.validation.mean if p.config is not None else 0))
    return [
        [
            pick.recipe,
            *(value_said(pick.hyperparameters[n]) if n in pick.hyperparameters else "–" for n in names),
            said(pick.validation, len(sweep.seeds)),
            *([str(pick.reached) if pick.config is not None else "–"] if short else []),
            f"{pick.diverged} of {pick.runs}",
        ]
        for pick in order
    ]


def said(estimate: Estimate, seeds: int | None = None) -> str:
    """mean ± half the interval; the mean alone with one seed, "–" with none; how many of `seeds` where some failed."""
    if estimate.n == 0:
        return "–"
    some = f" ({estimate.n} of {seeds} seeds)" if seeds is not None and estimate.n < seeds else ""
    return f"{estimate.mean:.4f}" + (f" ± {estimate.half_width:.4f}" if estimate.n > 1 else "") + some


def value_said(value: Any) -> str:
    """A hyperparameter's value as people read it: three digits of a float, all of a whole number, words as they are.

    >>> value_said(0.012345), value_said(1000000), value_said("adam"), value_said(None)
    ('0.0123', '1000000', 'adam', 'None')
    """
    return f"{value:.3g}" if isinstance(value, float | np.floating) else f"{value}"


def cost_line(sweep: Sweep) -> str:
    """What it took, in one line."""
    cost = sweep.cost
    return (
        f"{cost['steps_per_second']:,.0f} steps/s · {cost['steps']:,} steps in "
        f"{cost['run_seconds']:.1f} s · compile {cost['compile_seconds']:.1f} s · "
        f"{cost['devices']} × {cost['device_kind']} · blocks of {cost['block_width']} lanes, "
        f"{cost['padded_share']:.0%} padding"
    )


def stopped_line(sweep: Sweep) -> str:
    """How many configs were stopped early and what that saved, in one line; empty where all were trained to the end.

    >>> import jgd
    >>> space = {"learning_rate": jgd.spaces.log_grid(1e-3, 1, 9)}
    >>> stopped_line(jgd.sweep("iris", "sgd", space, seeds=1, steps=90, policy=jgd.SuccessiveHalving(3, min_steps=10)))
    '8 of 9 configs stopped early · 74% of the steps saved'
    """
    stopped = int((sweep.reached < sweep.steps).sum())
    if not stopped:
        return ""
    return (
        f"{stopped} of {len(sweep.configs)} configs stopped early · {sweep.cost['saved_share']:.0%} of the steps saved"
    )


def text(sweep: Sweep) -> str:
    """The table, what was stopped and what it cost as plain text, for a log."""
    grid = [columns(sweep), *rows(sweep)]
    widths = [max(len(row[i]) for row in grid) for i in range(len(grid[0]))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in grid]
    return "\n".join(filter(None, [*lines, stopped_line(sweep), cost_line(sweep)]))
