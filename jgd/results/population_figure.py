"""What a population went through: its members' hyperparameters against the step, and a report of the best ones."""

from pathlib import Path
from typing import Any

import numpy as np

from jgd.core import checks
from jgd.results.canvas import figure_and_axes, finish
from jgd.results.table import said, value_said
from jgd.sweeps import ScheduleSegment, Sweep


def member_schedules(sweep: Sweep, path: str | Path, parameter: str | None = None) -> None:
    """One hyperparameter of a population's lanes over the steps: what made every one thin, the best of each seed thick.

    `parameter`: default learning_rate, or the first that is a number. Raises `JgdValueError` for a sweep that is no
    population.
    """
    if not sweep.is_population:
        raise checks.JgdValueError("schedules of members are drawn of a sweep by jgd.PopulationBasedTraining only")
    pairs = [pair for _, config in sweep.configs for pair in config.items()]
    names = dict.fromkeys(n for n, v in pairs if isinstance(v, int | float) and not isinstance(v, bool))
    if not names:
        raise checks.JgdValueError("the population has no numeric hyperparameter to draw")
    parameter = checks.choice(
        "hyperparameter", parameter or ("learning_rate" if "learning_rate" in names else next(iter(names))), names
    )
    figure, axes = figure_and_axes()
    mine = [config for config, (_, values) in enumerate(sweep.configs) if parameter in values]
    lanes = [sweep.schedule(config, seed) for config in mine for seed in sweep.seeds]
    every = np.concatenate([_drawn(axes, past, parameter, color="0.6", lw=0.5, alpha=0.5) for past in lanes])
    for place, seed in enumerate(sweep.seeds):
        member = sweep.best_member(seed=seed)
        if member is not None and member[0] in mine:
            past = sweep.schedule(*member)
            _drawn(axes, past, parameter, color=f"C{place}", lw=1.8, label=f"seed {seed}: member {member[0]}")
    if every.min() > 0 and every.max() / every.min() > 20:
        axes.set_yscale("log")
    axes.set_xlabel("step")
    axes.set_ylabel(parameter)
    axes.set_title(f"{sweep.task}: what made each member, thick the best of each seed", fontsize=10)
    finish(figure, axes, path)


def _drawn(axes: Any, past: tuple[ScheduleSegment, ...], parameter: str, **style: Any) -> np.ndarray:
    """A lane's values as stairs; -> the values."""
    values = np.array([stretch.hyperparameters[parameter] for stretch in past], float)
    axes.stairs(values, [0, *(stretch.until for stretch in past)], baseline=None, **style)
    return values


def members_said(sweep: Sweep) -> list[str]:
    """A line for each seed's best member, and the schedule of the best of all."""
    best = sweep.best_member()
    if best is None:
        return ["none: every run diverged"]
    lines = [
        f"{pick.recipe}: {said(pick.validation, len(sweep.seeds))}, the best member of each seed"
        for pick in sweep.picks
        if pick.config is not None
    ]
    moves = sum(len(leg.origins or {}) for leg in sweep.rounds)
    lines.append(f"{moves} times a member went on from another, in {len(sweep.rounds)} intervals")
    lines.append(f"the best of all, member {best[0]} at seed {best[1]}, went by")
    for stretch in sweep.schedule(*best):
        words = ", ".join(f"{name} {value_said(value)}" for name, value in stretch.hyperparameters.items())
        lines.append(f"  {stretch.begin} … {stretch.until}: {words}")
    return [*lines, "chosen again and again on the same rows, it is flattered: `best.confirm()` says how much"]
