"""A sweep to look at: what its directory says of it, checked, without a task, a recipe, or any import."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jgd.core import checks, machine, seeds
from jgd.core.strict_json import is_word
from jgd.spaces.space import Space
from jgd.sweeps.config_table import ConfigTable
from jgd.sweeps.facts import SweepFacts
from jgd.sweeps.policies.bundled import POLICIES, StoredRounds
from jgd.sweeps.policies.policy import Policy
from jgd.sweeps.splits import Splits
from jgd.sweeps.store.content import strange

MOST_STEPS = 2**31 - 2
FAULTS = (ArithmeticError, AttributeError, LookupError, MemoryError, RecursionError, TypeError, ValueError)


def stored_facts(path: Path, there: Mapping[str, Any]) -> SweepFacts:
    """What a sweep.json says, as facts; a `JgdValueError` says what of it can't be."""
    try:
        facts = _facts(there)
        fault = _fault_of(facts)
    except FAULTS as error:  # strange values in a space or a policy, whatever they lead to
        raise strange(path, error) from error
    if fault:
        raise strange(path, fault)
    takes = 4 * len(facts.configs) * len(facts.seeds) * len(facts.evaluation_steps) * (1 + len(facts.metrics))
    if takes > machine.memory():
        raise checks.JgdValueError(
            f"the evaluations of the sweep in {str(path)!r} take {takes:,} bytes, more than this machine has"
        )
    return facts


def _facts(there: Mapping[str, Any]) -> SweepFacts:
    configs = there["configs"]
    return SweepFacts(
        task=there["task"],
        metric=there["metric"],
        larger_is_better=there["larger_is_better"],
        metrics=tuple(there["metrics"]),
        spaces={name: Space.of(space) for name, space in there["axis"]["spaces"].items()},
        configs=configs,
        groups=tuple(there["groups"].tolist()),
        seeds=tuple(seeds.check(seed, f"seeds[{place}]") for place, seed in enumerate(there["seeds"])),
        steps=there["steps"],
        evaluation_steps=tuple(there["evaluation_steps"]),
        record_every=there["record_every"],
        policy=_policy(there, len(configs)),
        predictors=tuple(there["predictors"]) if isinstance(there.get("predictors"), list) else None,
        splits=Splits.of_json(there.get("splits")),
        known_keys=there["keys"],
        run_steps=tuple(there.get("run_steps", ())),
    )


def _policy(there: Mapping[str, Any], configs: int) -> Policy:
    name, options = there["policy"]
    if name in POLICIES:
        return POLICIES[name](**options).resolve(there["steps"], configs)
    return StoredRounds()


def _fault_of(facts: SweepFacts) -> str:
    """What of the facts doesn't go together, "" where all does."""
    names = {*facts.spaces, *(name for space in facts.spaces.values() for name in space.names)}
    shapes = ConfigTable.of(facts.configs).shapes
    rules = {
        "it has no configs or no seeds": facts.configs and facts.seeds,
        "its names are not printable text": all(map(is_word, names)),
        "a config is of no recipe": all(shape.recipe in facts.spaces for shape in shapes),
        "a config has names that are not its space's": all(
            set(shape.names) <= set(facts.spaces[shape.recipe].names)
            for shape in shapes
            if shape.recipe in facts.spaces
        ),
        "its groups are not those of its configs": set(facts.groups) == set(range(len(set(facts.groups)))),
        "seeds are there twice": len(set(facts.seeds)) == len(facts.seeds),
        "it records no steps": facts.record_every > 0,
        "its steps are out of range": 0 <= facts.steps <= MOST_STEPS,
        "its evaluations are not on the way to its steps": _ascending(facts.evaluation_steps, facts.steps)
        and set(facts.policy.evaluation_steps(facts.steps)) <= set(facts.evaluation_steps),
        "its runs end where none is evaluated": len(facts.lengths) == len(facts.configs)
        and set(facts.lengths.tolist()) <= set(facts.evaluation_steps),
        "its metric is unknown": facts.metric in ("loss", *facts.metrics),
    }
    return next((fault for fault, holds in rules.items() if not holds), "")


def _ascending(steps: tuple[int, ...], last: int) -> bool:
    return bool(steps) and steps[-1] == last and list(steps) == sorted(set(steps)) and steps[0] >= 0
