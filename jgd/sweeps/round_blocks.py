"""The blocks of a round. Enters: a plan, the round, what the store has of it. Leaves: which runs run together, and from where."""

from collections import defaultdict
from collections.abc import Iterable, Sequence, Set
from typing import Any

from jgd.sweeps.engine.block import Block
from jgd.sweeps.policies.policy import Round


def round_blocks(plan: Any, current: Round, store: Any, runs: Set[tuple[int, int]] | None = None) -> list[Block]:
    """The blocks that are left of a round: runs that are done don't run again, others go on from where they are.

    runs: (config, index of its seed) that run, done or not.
    """
    out, members = [], defaultdict(list)  # group -> its configs
    for config in current.configs:
        members[plan.group_of[config]].append(config)
    for number, width in enumerate(plan.widths):
        for seed in current.places(len(plan.seeds)):
            together = defaultdict(list)  # the steps from and to -> the configs that go so far
            for config in sorted(members[number]):
                end = plan.facts.end_of(config, current)
                if (config, seed) in current.without:
                    continue
                if (config, seed) in runs if runs is not None else not store.done(config, seed, end):
                    together[max(store.reached(config, seed, end), current.begin), end].append(config)
            for begin, end in sorted(together):
                some = _cut(together[begin, end], width)
                out += [Block(number, seed, configs, begin, end) for configs in some]
    return out


def _cut(configs: Sequence[int], width: int) -> Iterable[tuple[int, ...]]:
    return (tuple(configs[i : i + width]) for i in range(0, len(configs), width))
