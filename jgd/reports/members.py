"""What a population went through, in words."""

from jgd.core.format import format_estimate, format_value
from jgd.sweeps import Sweep


def member_lines(sweep: Sweep) -> list[str]:
    """A line for each seed's best member, and the schedule of the best of all."""
    best = sweep.best_member()
    if best is None:
        return [f"none: {sweep.why_no_pick}"]
    lines = [
        f"{pick.recipe}: {format_estimate(pick.validation, len(sweep.seeds))}, the best member of each seed"
        for pick in sweep.picks
        if pick.config is not None
    ]
    moves = sum(len(each.origins or {}) for each in sweep.rounds)
    lines.append(f"{moves} times a member went on from another, in {len(sweep.rounds)} intervals")
    lines.append(f"the best of all, member {best[0]} at seed {best[1]}, went by")
    for segment in sweep.schedule(*best):
        words = ", ".join(f"{name} {format_value(value)}" for name, value in segment.hyperparameters.items())
        lines.append(f"  {segment.begin} … {segment.until}: {words}")
    return [*lines, "chosen again and again on the same rows, it is flattered: `confirm()` says how much"]
