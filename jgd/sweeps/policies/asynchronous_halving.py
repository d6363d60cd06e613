"""Asynchronous halving: configs go on as soon as the scores so far say so. Enters: scores that have landed. Leaves: who goes on."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import ClassVar

from jgd.core import checks
from jgd.core.spellings import builder
from jgd.sweeps.policies.policy import Policy, Round, SweepState, resolved
from jgd.sweeps.policies.successive_halving import first_rung, rungs_below
from jgd.sweeps.selection import ranked

CHANCE = "its decisions depend on the order in which results landed, and can't be made anew"


@builder
@dataclass(frozen=True)
class AsynchronousHalving(Policy):
    """Successive halving without waiting: a worker that has nothing to do sends on a config that is good by the scores so far.

    For an `executor` of several workers that don't keep step. Rungs are at min_steps · etaᵏ updates, k = 0, 1, …, below the
    sweep's steps. At any time a config can go on from a rung where n have landed, at all seeds, if it is one of the best
    ⌊n / eta⌋ of them. A worker that is free takes, in this order: from the highest rung that has as many such configs as a
    block holds, the best of them; else a block of configs that have not begun; else, from the highest rung that has any, those
    that there are. So a config waits until it fills a block with others, or until nothing else is left to do. In the end,
    where fewer than eta came to a rung, its best goes on: one at least has all steps.

    More configs go on than under `SuccessiveHalving`: the best of the first few that landed need not be among the best of all.
    Nearly all do where each next one is better, as in a grid: draw them by a sampler. Who goes on is no function of the seed,
    but is kept in the store: a sweep that was killed goes on by the same decisions. The bits of each run, as far as it went, are
    those of the full sweep. With one worker nothing is left to chance. The devices of one process keep step: without an
    executor all that can begin does, and then all that can go on, so that this is `SuccessiveHalving` to the bit.

    Li, Jamieson, Rostamizadeh, Gonina, Ben-tzur, Hardt, Recht & Talwalkar 2020, "A system for massively parallel
    hyperparameter tuning", MLSys, arXiv:1810.05934, algorithm 2 (ASHA); there one config goes on at a time, of any number.

    Args:
        eta: a whole number ≥ 2.
        min_steps: 1 … steps − 1; the default is that of `SuccessiveHalving`.

    Raises:
        JgdValueError: for fewer configs than eta, min_steps that are not below the sweep's steps, and a `shard`.

    Example:
        >>> import jgd, concurrent.futures as cf
        >>> space = {"learning_rate": jgd.spaces.log_uniform(1e-3, 1)}
        >>> options = {"samples": 9, "seeds": 2, "steps": 90, "block": 2}
        >>> policy = jgd.AsynchronousHalving(eta=3, min_steps=10)
        >>> with cf.ThreadPoolExecutor(1) as pool:  # one of processes, or of machines, in earnest
        ...     found = jgd.sweep("iris", "sgd", space, **options, policy=policy, executor=pool)
        >>> sorted(found.reached.tolist())
        [10, 10, 10, 10, 10, 10, 30, 30, 90]
    """

    eta: int = 3
    min_steps: int | None = None
    not_extendable: ClassVar[Mapping[str, str]] = dict.fromkeys(("configs", "seeds", "steps"), CHANCE)
    asynchronous: ClassVar[bool] = True

    def __post_init__(self) -> None:
        checks.count("eta", self.eta, 2)
        if self.min_steps is not None:
            checks.count("min_steps", self.min_steps, 1)

    def resolve(self, steps: int, configs: int) -> "AsynchronousHalving":
        return replace(self, min_steps=first_rung(self, steps, configs))

    def evaluation_steps(self, steps: int) -> tuple[int, ...]:
        return rungs_below(steps, resolved("min_steps", self.min_steps), self.eta)

    def next_round(self, state: SweepState) -> Round | None:
        rungs = (*self.evaluation_steps(state.steps), state.steps)
        came = [{c for each in state.rounds if each.until == rung for c in each.configs} for rung in rungs]
        below = range(len(rungs) - 2, -1, -1)  # the highest first
        can_go_on = {k: self._best(state, came[k], came[k + 1], rungs[k]) for k in below}
        for k, best in can_go_on.items():
            if full := _full_block(state, best):
                return Round(full, rungs[k + 1])
        if new := _new_block(state, came[0]):
            return Round(new, rungs[0])
        for k, best in can_go_on.items():
            if best:
                return Round(tuple(sorted(best)), rungs[k + 1])
        top = max(k for k in range(len(rungs)) if came[k])
        if state.running or top == len(rungs) - 1:
            return None
        return Round((self._in_order(state, came[top], rungs[top])[0],), rungs[top + 1])

    def _best(self, state: SweepState, came: set[int], went_on: set[int], rung: int) -> list[int]:
        """Who can go on from a rung, best first, of those that came there."""
        landed = [config for config in came if config in went_on or config not in state.running]
        best = self._in_order(state, landed, rung)[: len(landed) // self.eta]
        return [config for config in best if config not in went_on]

    def _in_order(self, state: SweepState, configs: Iterable[int], rung: int) -> list[int]:
        """Configs by their scores at a rung, best first."""
        some = sorted(configs)
        return [some[row] for row in ranked(state.scores_at(rung)[some], state.larger_is_better).tolist()]


def _full_block(state: SweepState, best: Iterable[int]) -> tuple[int, ...]:
    """The best configs that fill a block of their group; none where no group has so many."""
    of_group: dict[int, list[int]] = {}
    for config in best:
        mine = of_group.setdefault(state.groups[config], [])
        mine.append(config)
        if len(mine) == state.widths[state.groups[config]]:
            return tuple(sorted(mine))
    return ()


def _new_block(state: SweepState, begun: set[int]) -> tuple[int, ...]:
    """The next block of configs that have not begun; groups take turns."""
    begins = [0] * len(state.widths)  # of each group
    new: dict[int, list[int]] = {}
    for config, group in enumerate(state.groups):
        if config in begun:
            begins[group] += 1
        else:
            new.setdefault(group, []).append(config)
    if not new:
        return ()
    group = min(new, key=lambda each: (-(-begins[each] // state.widths[each]), each))
    return tuple(new[group][: state.widths[group]])
