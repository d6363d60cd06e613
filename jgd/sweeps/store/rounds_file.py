"""What a policy has decided, in the file rounds.json of a sweep's directory: for policies that can't be asked again."""

import os
import warnings
from collections.abc import Sequence
from pathlib import Path

from jgd.core import atomic_files
from jgd.sweeps.facts import SweepFacts
from jgd.sweeps.policies.bundled import is_bundled, rounds_of_json, rounds_to_json
from jgd.sweeps.policies.policy import Policy, Round

ROUNDS = "rounds.json"


def can_not_be_made_again(policy: Policy) -> bool:
    """Whether rounds are kept: of a policy whose code is not there for who looks, or that went by the order of landing."""
    return policy.asynchronous or not is_bundled(policy)


def sealed_rounds(rounds: Sequence[Round]) -> bytes:
    """The file's content."""
    return atomic_files.sealed({"format": atomic_files.FORMAT, "rounds": rounds_to_json(rounds)})


def stored_rounds(path: Path, facts: SweepFacts, looking: bool) -> tuple[Round, ...]:
    """The rounds in a directory, none without the file; for who looks at a damaged one, one of all configs."""
    if not os.path.lexists(path / ROUNDS):
        return ()
    try:
        made = rounds_of_json(atomic_files.unsealed(path / ROUNDS).get("rounds"))
        if not all(_fits(each, facts) for each in made):
            raise ValueError(f"{ROUNDS} is of another sweep")
    except atomic_files.OtherFormatError:
        raise
    except ValueError as fault:
        instead = "the sweep is shown as one round of all configs" if looking else "its rounds are decided anew"
        warnings.warn(f"in {str(path)!r}, {fault}: {instead}", stacklevel=2)
        return (Round(tuple(range(len(facts.configs))), facts.steps),) if looking else ()
    return made


def _fits(each: Round, facts: SweepFacts) -> bool:
    """Whether a round can be one of the sweep."""
    configs, seeds = len(facts.configs), len(facts.seeds)
    runs = {*each.without, *(each.origins or ()), *(each.values or ())}  # (config, index of its seed)
    named = (*each.configs, *(each.origins or {}).values(), *(config for config, _ in runs))
    places = (*each.places(seeds), *(place for _, place in runs))
    there = all(0 <= config < configs for config in named) and all(0 <= place < seeds for place in places)
    return there and 0 <= each.begin <= each.until <= facts.steps
