"""The policies of jgd by name, as a store knows them; one of a user's own is known by the rounds that it made."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from jgd.core.strict_json import fault_of
from jgd.spaces.json_space import of_json
from jgd.sweeps.policies.asynchronous_halving import AsynchronousHalving
from jgd.sweeps.policies.early_stopping import EarlyStopping
from jgd.sweeps.policies.hyperband import Hyperband
from jgd.sweeps.policies.median import MedianStopping
from jgd.sweeps.policies.policy import Full, Policy, Round, SweepState
from jgd.sweeps.policies.population import PopulationBasedTraining
from jgd.sweeps.policies.racing import RacingSeeds
from jgd.sweeps.policies.replay import PopulationReplay
from jgd.sweeps.policies.successive_halving import SuccessiveHalving

POLICIES: dict[str, Any] = {
    kind.__name__: kind
    for kind in (
        *(Full, SuccessiveHalving, AsynchronousHalving, Hyperband, MedianStopping, EarlyStopping, RacingSeeds),
        *(PopulationBasedTraining, PopulationReplay),
    )
}


def is_bundled(policy: Any) -> bool:
    """Whether a policy is one of jgd's."""
    return POLICIES.get(type(policy).__name__) is type(policy)


@dataclass(frozen=True)
class StoredRounds(Policy):
    """A policy of somebody's own, of which a store has the rounds so far: enough to look at, not to go on by."""

    asynchronous: ClassVar[bool] = True  # its rounds are those that the store has

    def resolve(self, steps: int, configs: int) -> "StoredRounds":
        return self

    def evaluation_steps(self, steps: int) -> tuple[int, ...]:
        return ()

    def next_round(self, state: SweepState) -> Round | None:
        return None


ROUND = {
    "configs": [int],
    "until": int,
    "begin": int,
    "origins": (None, [[int, int, int]]),
    "values": (None, [[int, int, dict]]),
}


def rounds_to_json(rounds: Sequence[Round]) -> list[dict[str, Any]]:
    """Rounds as plain data: a run's origin is [config, index of its seed, origin], its values likewise."""
    pairs = lambda mapping: None if mapping is None else [[*run, value] for run, value in mapping.items()]
    return [
        {
            "configs": list(each.configs),
            "until": each.until,
            "begin": each.begin,
            "origins": pairs(each.origins),
            "values": pairs(each.values),
            **({} if each.seeds is None else {"seeds": list(each.seeds)}),
            **({"without": sorted(map(list, each.without))} if each.without else {}),
        }
        for each in rounds
    ]


def rounds_of_json(data: Any) -> tuple[Round, ...]:
    """What `rounds_to_json` made; `ValueError` says what is wrong.

    >>> rounds = (Round((0, 1), 10), Round((0,), 20, 10, {(0, 0): 1}, {(0, 0): {"learning_rate": 0.1}}))
    >>> rounds_of_json(rounds_to_json(rounds)) == rounds
    True
    """
    fault = (
        fault_of(data, [ROUND], "rounds")
        or fault_of([each.get("seeds", []) for each in data], [[int]], "seeds")
        or fault_of([each.get("without", []) for each in data], [[[int]]], "without")
    )
    if fault:
        raise ValueError(fault)
    config_of = lambda values: {name: of_json(value) for name, value in values.items()}
    runs = lambda pairs, read: None if pairs is None else {(config, place): read(v) for config, place, v in pairs}
    return tuple(
        Round(
            tuple(each["configs"]),
            each["until"],
            each["begin"],
            runs(each["origins"], int),
            runs(each["values"], config_of),
            tuple(each["seeds"]) if "seeds" in each else None,
            frozenset((config, place) for config, place in each.get("without", [])),
        )
        for each in data
    )
