"""The blocks of a round. Enters: a plan, the round, what the store has of it. Leaves: which runs run together, and from where."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from jgd.sweeps.engine.block import Block
from jgd.sweeps.facts import SweepFacts
from jgd.sweeps.policies.policy import Round
from jgd.sweeps.store.progress import Progress


def left_of(facts: SweepFacts, current: Round, store: Progress) -> np.ndarray:
    """(config, seed): the runs that a round has not brought to its end, or to their own before it."""
    ends, out = facts.ends_in(current), current.runs((len(facts.configs), len(facts.seeds)))
    for end in np.unique(ends).tolist():
        out[ends == end] &= ~store.done(end)[ends == end]
    return out


def round_blocks(plan: Any, current: Round, store: Progress, runs: np.ndarray | None = None) -> list[Block]:
    """The blocks that are left of a round: runs that are done don't run again, others go on from where they are.

    runs: (config, seed) which runs run, done or not.
    """
    left = left_of(plan.facts, current, store) if runs is None else runs
    members, ends = np.sort(np.array(current.configs, int)), plan.facts.ends_in(current)
    group_of = np.array(plan.group_of)[members]
    out = []
    for number, width in enumerate(plan.widths):
        mine = members[group_of == number]
        for seed in current.places(len(plan.seeds)):
            going = mine[left[mine, seed]]
            for end in np.unique(ends[going]).tolist():
                configs = going[ends[going] == end]
                begins = np.maximum(store.reached(configs, seed, end), current.begin)
                for begin in np.unique(begins).tolist():
                    some = _cut(configs[begins == begin].tolist(), width)
                    out += [Block(number, seed, each, begin, end) for each in some]
    return out


def _cut(configs: Sequence[int], width: int) -> Iterable[tuple[int, ...]]:
    return (tuple(configs[i : i + width]) for i in range(0, len(configs), width))
