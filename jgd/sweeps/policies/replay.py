"""Where a lane comes from: its legs, its forebears, and the hyperparameters that it went by. Enters: legs."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from jgd.core import checks
from jgd.spaces.described import of_json
from jgd.spaces.space import Config
from jgd.sweeps.policies.policy import Round, SweepState


@dataclass(frozen=True)
class ScheduleSegment:
    """The steps begin … until of a lane's past: the member whose place it had then, and its hyperparameters."""

    member: int
    begin: int
    until: int
    hyperparameters: Config


def lineage(legs: Sequence[Round], configs: Sequence[Config], config: int, place: int) -> tuple[ScheduleSegment, ...]:
    """The past of the lane (config, place of its seed), first steps first: one stretch wherever nothing changed.

    >>> legs = [Round((0, 1), 10), Round((0, 1), 20, 10, {(0, 0): 1}, {(0, 0): {"learning_rate": 0.4}})]
    >>> [(s.member, s.begin, s.until) for s in lineage(legs, [{"learning_rate": 0.1}, {"learning_rate": 0.5}], 0, 0)]
    [(1, 0, 10), (0, 10, 20)]
    """
    back: list[tuple[int, int, Config]] = []
    for leg in reversed(legs):
        if config in leg.configs:
            back.append((config, leg.until, leg.values_of(config, place, configs[config])))
            config = (leg.origins or {}).get((config, place), config)
    out: list[ScheduleSegment] = []
    for member, until, values in reversed(back):
        begin = out[-1].until if out else 0
        if out and (out[-1].member, out[-1].hyperparameters) == (member, values):
            begin = out.pop().begin
        out.append(ScheduleSegment(member, begin, until, values))
    return tuple(out)


def over_legs(legs: Sequence[Round], configs: Sequence[Config], seeds: int, names: Iterable[str]) -> dict[str, Any]:
    """name -> what every member had in every leg, lists (leg, config, seed), None where it had no such name; `origin`:
    the member that it went on from."""
    lanes = [[(config, place) for place in range(seeds)] for config in range(len(configs))]
    out: dict[str, Any] = {
        name: [[[leg.values_of(*lane, configs[lane[0]]).get(name) for lane in row] for row in lanes] for leg in legs]
        for name in names
    }
    out["origin"] = [[[(leg.origins or {}).get(lane, lane[0]) for lane in row] for row in lanes] for leg in legs]
    return out


@dataclass(frozen=True)
class PopulationReplay:
    """Train by the hyperparameters that made one member of a population, as `Sweep.schedule` tells them.

    With the member's own seed and the same block width the lane is the member's, bit for bit; with fresh seeds it says
    what the schedule is worth. The space fixes the names; every config of the sweep goes by the schedule. Raises
    `JgdValueError` where the sweep's steps aren't the schedule's, or a config has other names.

    >>> import jgd
    >>> rates = [0.3, 0.1]
    >>> past = tuple(ScheduleSegment(0, 30 * i, 30 * i + 30, {"learning_rate": rate}) for i, rate in enumerate(rates))
    >>> found = jgd.sweep("iris", "sgd", {"learning_rate": 0.3}, seeds=[7, 8], steps=60, policy=PopulationReplay(past))
    >>> found.schedule(0, seed=7) == past
    True
    """

    schedule: tuple[ScheduleSegment, ...]
    extends: ClassVar[bool] = False

    def __post_init__(self) -> None:
        try:
            made = tuple(_stretch_of(each) if isinstance(each, Mapping) else each for each in self.schedule)
        except TypeError:
            made = ()
        if not made or not all(isinstance(stretch, ScheduleSegment) for stretch in made):
            raise checks.JgdTypeError(f"schedule must be what Sweep.schedule returned, got {self.schedule!r}")
        object.__setattr__(self, "schedule", made)

    def sized(self, steps: int, configs: int) -> "PopulationReplay":
        if self.schedule[-1].until != steps:
            raise checks.JgdValueError(f"steps must be the schedule's, {self.schedule[-1].until}, got {steps}")
        return self

    def looks(self, steps: int) -> tuple[int, ...]:
        return tuple(stretch.until for stretch in self.schedule[:-1])

    def next(self, standing: SweepState) -> Round | None:
        if len(standing.legs) == len(self.schedule):
            return None
        now = self.schedule[len(standing.legs)]
        for place, config in enumerate(standing.configs):
            if set(config) != set(now.hyperparameters):
                raise checks.JgdValueError(
                    f"config {place} must have the schedule's names, {sorted(now.hyperparameters)}, got {sorted(config)}"
                )
        everyone = range(len(standing.configs))
        values = {(config, place): now.hyperparameters for config in everyone for place in range(len(standing.seeds))}
        return Round(tuple(everyone), now.until, now.begin, None, values)


def _stretch_of(data: Mapping[str, Any]) -> ScheduleSegment:
    """A stretch as a stored sweep has it, a mapping from JSON."""
    hypers = {name: of_json(value) for name, value in data.get("hyperparameters", {}).items()}
    return ScheduleSegment(**{**data, "hyperparameters": hypers})
