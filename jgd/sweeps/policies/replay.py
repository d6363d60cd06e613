"""Where a run comes from: its rounds, its ancestors, and its hyperparameters over time. Enters: rounds."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from jgd.core import checks
from jgd.spaces.json_space import of_json
from jgd.spaces.space import Config
from jgd.sweeps.policies.policy import Policy, Round, SweepState


@dataclass(frozen=True)
class ScheduleSegment:
    """The steps begin … until of a run's past: the member that it was then, and its hyperparameters."""

    member: int
    begin: int
    until: int
    hyperparameters: Config


def segments_of(
    rounds: Sequence[Round], configs: Sequence[Config], config: int, place: int
) -> tuple[ScheduleSegment, ...]:
    """The past of the run (config, index of its seed), first steps first: one segment wherever nothing changed.

    >>> rounds = [Round((0, 1), 10), Round((0, 1), 20, 10, {(0, 0): 1}, {(0, 0): {"learning_rate": 0.4}})]
    >>> [(s.member, s.begin, s.until) for s in segments_of(rounds, [{"learning_rate": 0.1}, {"learning_rate": 0.5}], 0, 0)]
    [(1, 0, 10), (0, 10, 20)]
    """
    back: list[tuple[int, int, Config]] = []
    for each in reversed(rounds):
        if config in each.configs and (each.seeds is None or place in each.seeds):
            back.append((config, each.until, each.values_of(config, place, configs[config])))
            config = (each.origins or {}).get((config, place), config)
    out: list[ScheduleSegment] = []
    for member, until, values in reversed(back):
        begin = out[-1].until if out else 0
        if out and (out[-1].member, out[-1].hyperparameters) == (member, values):
            begin = out.pop().begin
        out.append(ScheduleSegment(member, begin, until, values))
    return tuple(out)


def by_round(rounds: Sequence[Round], configs: Sequence[Config], seeds: int, names: Iterable[str]) -> dict[str, Any]:
    """Name -> what every member had in every round, lists (round, config, seed), None where it had no such name.

    Under `origin` is the member that it went on from.
    """
    runs = [[(config, place) for place in range(seeds)] for config in range(len(configs))]
    values = lambda one, name: [[one.values_of(*run, configs[run[0]]).get(name) for run in row] for row in runs]
    out: dict[str, Any] = {name: [values(one, name) for one in rounds] for name in names}
    out["origin"] = [[[(one.origins or {}).get(run, run[0]) for run in row] for row in runs] for one in rounds]
    return out


@dataclass(frozen=True)
class PopulationReplay(Policy):
    """Train by the hyperparameters that made one member of a population, as `Sweep.schedule` tells them.

    With the member's own seed and the same block width the run is the member's, bit for bit; with fresh seeds it says
    what the schedule is worth. The space fixes the names; every config of the sweep goes by the schedule.

    Args:
        schedule: segments, each beginning where the one before it ends.

    Raises:
        JgdTypeError: for what is no such schedule.
        JgdValueError: where the sweep's steps aren't the schedule's, or a config has other names.

    Example:
        >>> import jgd
        >>> values = [{"learning_rate": 0.3}, {"learning_rate": 0.1}]
        >>> past = tuple(ScheduleSegment(0, 30 * i, 30 * i + 30, value) for i, value in enumerate(values))
        >>> policy = PopulationReplay(past)
        >>> found = jgd.sweep("iris", "sgd", {"learning_rate": 0.3}, seeds=[7, 8], steps=60, policy=policy)
        >>> found.schedule(0, seed=7) == past
        True
    """

    schedule: tuple[ScheduleSegment, ...]
    not_extendable: ClassVar[Mapping[str, str]] = {"steps": "its schedule ends with them"}

    def __post_init__(self) -> None:
        try:
            made = tuple(_segment_of(each) if isinstance(each, Mapping) else each for each in self.schedule)
        except TypeError:
            made = ()
        if not made or not all(isinstance(segment, ScheduleSegment) for segment in made):
            raise checks.JgdTypeError(
                f"schedule must be what Sweep.schedule returned, got {checks.shown(self.schedule)}", argument="schedule"
            )
        object.__setattr__(self, "schedule", made)

    def resolve(self, steps: int, configs: int) -> "PopulationReplay":
        if self.schedule[-1].until != steps:
            raise checks.JgdValueError(
                f"steps must be the schedule's, {self.schedule[-1].until}, got {steps}", argument="steps"
            )
        return self

    def evaluation_steps(self, steps: int) -> tuple[int, ...]:
        return tuple(segment.until for segment in self.schedule[:-1])

    def next_round(self, state: SweepState) -> Round | None:
        if len(state.rounds) == len(self.schedule):
            return None
        now = self.schedule[len(state.rounds)]
        for place, config in enumerate(state.configs):
            if set(config) != set(now.hyperparameters):
                raise checks.JgdValueError(
                    f"config {place} must have the schedule's names, {sorted(now.hyperparameters)}, got {sorted(config)}"
                )
        everyone = range(len(state.configs))
        values = {(config, place): now.hyperparameters for config in everyone for place in range(len(state.seeds))}
        return Round(tuple(everyone), now.until, now.begin, None, values)


def _segment_of(data: Mapping[str, Any]) -> ScheduleSegment:
    """A segment as a stored sweep has it, a mapping from JSON."""
    hypers = {name: of_json(value) for name, value in data.get("hyperparameters", {}).items()}
    return ScheduleSegment(**{**data, "hyperparameters": hypers})
