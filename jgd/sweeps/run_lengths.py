"""How many updates each config's runs have: the sweep's `steps`, or what the space says under that name.

The length of a run is in no compiled program, so that configs of all lengths share theirs; but where schedules are shares of
the run, each length is a group.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from jgd.core import checks
from jgd.core.lengths import Share, kinds_of
from jgd.spaces.derived import Derived
from jgd.spaces.lists import Choice, Static
from jgd.spaces.ranges import Distribution
from jgd.spaces.space import Config, Space
from jgd.sweeps.recipes import STEPS, Group, blamed, parameters_of

MOST_STEPS = 2**31 - 2


def run_lengths(
    recipes: Mapping[str, Callable[..., Any]], configs: Sequence[tuple[str, Config]], steps: int
) -> tuple[int, ...]:
    """(configs,) the updates of each, at most `steps`; those whose config doesn't say have all of them."""
    own = {name for name, recipe in recipes.items() if STEPS not in parameters_of(name, recipe)}
    out = []
    for place, (recipe, config) in enumerate(configs):
        length = config.get(STEPS, steps) if recipe in own else steps
        if length is not steps:
            with blamed(recipe, place, config):
                whole = int(length) if isinstance(length, float) and length.is_integer() else length
                length = checks.count(STEPS, whole, 1, steps)
        out.append(length)
    return tuple(out)


def most_steps(given: int | None, recipes: Mapping[str, Callable[..., Any]], spaces: Mapping[str, Space]) -> int:
    """The sweep's `steps` where they are given, else the most that the spaces say."""
    if given is not None:
        return checks.count(STEPS, given, 0, MOST_STEPS)
    said = [
        _most(case.distribution)
        for name, space in spaces.items()
        if STEPS not in parameters_of(name, recipes[name])
        for case in space.cases.get(STEPS, ())
    ]
    if not said or None in said:
        why = "the space has no name 'steps'" if not said else "the space derives its 'steps', whose most isn't known"
        raise checks.JgdValueError(f"steps must be given, as {why}", argument=STEPS)
    most: Any = max(said, key=float)  # pyright: ignore[reportArgumentType]: none is None here
    return checks.count(STEPS, int(most) if float(most).is_integer() else most, 1, MOST_STEPS)


def _most(kind: Distribution) -> Any:
    """The largest value of a distribution; None where it isn't known."""
    if isinstance(kind, Derived):
        return None
    if isinstance(kind, Choice | Static):
        for value in kind.values:
            checks.number("space['steps']", value, "(-inf, inf)")
        return max(kind.values)
    return kind.at(1.0)


def by_length(group: Group, numbers: Mapping[str, Any], lengths: Sequence[int]) -> Iterator[Group]:
    """A group as one of each length where its schedules are shares of the run; else itself."""
    if len({lengths[config] for config in group.configs}) < 2 or Share not in kinds_of(group.build(**numbers)):
        yield group
        return
    parts = defaultdict(list)
    for config in group.configs:
        parts[lengths[config]].append(config)
    for configs in parts.values():
        yield replace(group, configs=tuple(configs))
