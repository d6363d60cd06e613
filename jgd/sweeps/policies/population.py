"""Population based training: the worst go on from the best, with other hyperparameters. Enters: scores. Leaves: a round.

Hyperparameters are leaves, so that exploiting is a gather of runs and exploring a change of numbers: no new program.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from jgd.core import checks, seeds
from jgd.core.spellings import builder
from jgd.spaces.derived import Derived
from jgd.spaces.lists import Static
from jgd.spaces.space import Config, Space
from jgd.sweeps.policies.policy import Policy, Round, SweepState, resolved
from jgd.sweeps.selection import ranked

INTERVALS = 10  # of a sweep, unless said otherwise


@builder
@dataclass(frozen=True)
class PopulationBasedTraining(Policy):
    """Population based training: the configs at one seed are a population, whose worst members learn from its best.

    After every `every` updates the worst `fraction` of the members (⌈fraction · n⌉, at most half) exploit and explore.
    Exploit: a member takes parameters and optimizer state of one of the best `fraction`, drawn at random, unless it is
    as good itself. Explore: each hyperparameter that the space varies is the donor's, times one of `factors`; or, with
    probability `resample`, drawn from its distribution. Values stay in the space: those of a range are clipped,
    integers are rounded and move by one at least, a choice moves to the next larger or smaller of its values, and
    `one_minus_log_uniform` has its 1 − value multiplied. Derived names follow; values that break a constraint or a condition of
    the space are dropped for the donor's own. Structure stays, and so members are replaced by members of the
    same structure and recipe only. A member that has diverged is the worst, and is replaced by a sound one always.

    What is drawn depends on (`seed`, interval, the sweep's seed, group) only. Every config gets all steps; a config's
    place is then a member's, and `Sweep.configs` what it began with. `Sweep.schedule` tells the hyperparameters over
    time that made a member, `PopulationReplay` trains by them again.

    Jaderberg et al. 2017, arXiv:1711.09846, algorithm 1 with truncation selection; 20%, 0.8 and 1.2 as in its section 4.

    Args:
        every: updates between exchanges, 1 … steps − 1; default a tenth of the steps.
        fraction: of the members that are replaced, and that replace, in (0, 0.5].
        factors: numbers > 0, each as likely.
        resample: a probability, in [0, 1].
        seed: of what is drawn.

    Raises:
        JgdValueError: for bad values, fewer than two configs, or `every` not below the sweep's steps.

    Example:
        >>> import jgd
        >>> space = jgd.space(learning_rate=jgd.spaces.log_uniform(1e-4, 1))
        >>> policy = jgd.PopulationBasedTraining(every=20)
        >>> found = jgd.sweep("iris", "sgd", space, samples=8, seeds=1, steps=60, policy=policy)
        >>> config, seed = found.best_member()
        >>> found.schedule(config, seed)[-1].until, found.dataset["origin"].shape
        (60, (3, 8, 1))
    """

    every: int | None = None
    fraction: float = 0.2
    factors: tuple[float, ...] = (0.8, 1.2)
    resample: float = 0.25
    seed: int = 0
    not_extendable: ClassVar[Mapping[str, str]] = {
        "configs": "its runs went on from one another, and in a larger population from others"
    }

    def __post_init__(self) -> None:
        if self.every is not None:
            checks.count("every", self.every, 1)
        checks.number("fraction", self.fraction, "(0, 0.5]")
        checks.number("resample", self.resample, "[0, 1]")
        if not isinstance(self.factors, Sequence) or isinstance(self.factors, str) or not self.factors:
            raise checks.JgdTypeError(
                f"factors must be numbers > 0, got {checks.shown(self.factors)}", argument="factors"
            )
        factors = tuple(checks.number(f"factors[{i}]", factor, "> 0") for i, factor in enumerate(self.factors))
        object.__setattr__(self, "factors", factors)
        seeds.check(self.seed)

    def resolve(self, steps: int, configs: int) -> "PopulationBasedTraining":
        every = max(1, -(-steps // INTERVALS)) if self.every is None else self.every
        if every >= steps:
            raise checks.JgdValueError(f"every must be below the sweep's steps, {steps}, got {every}", argument="every")
        if configs < 2:
            raise checks.JgdValueError(f"PopulationBasedTraining needs at least 2 configs, got {configs}")
        return replace(self, every=every)

    def evaluation_steps(self, steps: int) -> tuple[int, ...]:
        every = resolved("every", self.every)
        return tuple(range(every, steps, every))

    def next_round(self, state: SweepState) -> Round | None:
        ends, made = (*self.evaluation_steps(state.steps), state.steps), len(state.rounds)
        everyone = tuple(range(len(state.configs)))
        if made == 0:
            return Round(everyone, ends[0])
        if made == len(ends):
            return None
        before, scores = state.rounds[-1], state.scores_at(ends[made - 1])
        origins: dict[tuple[int, int], int] = {}
        values = dict(before.values or {})
        for group in sorted(set(state.groups)):
            members = [config for config in everyone if state.groups[config] == group]
            for place, seed in enumerate(state.seeds):
                draws = np.random.default_rng([self.seed, made, seed, group])
                for loser, donor in self._exploit(members, scores[:, place], state.larger_is_better, draws):
                    taken = before.values_of(donor, place, state.configs[donor])
                    origins[loser, place] = donor
                    values[loser, place] = self._explore(taken, state.spaces[donor], draws)
        return Round(everyone, ends[made], ends[made - 1], origins, values)

    def _exploit(
        self, members: Sequence[int], scores: np.ndarray, larger_is_better: bool, draws: np.random.Generator
    ) -> list[tuple[int, int]]:
        """(who is replaced, by whom) among the members of one population."""
        order = [members[row] for row in ranked(scores[list(members)][:, None], larger_is_better)]
        share = min(int(np.ceil(self.fraction * len(order))), len(order) // 2)
        sound = [member for member in order if np.isfinite(scores[member])]
        best = sound[: max(1, share)]
        sign = 1 if larger_is_better else -1
        worst = [m for m in order[len(order) - share :] if m in sound and sign * (scores[best[-1]] - scores[m]) > 0]
        losers = [*worst, *(member for member in order if member not in sound)] if sound else []
        return [(loser, best[int(draws.random() * len(best))]) for loser in losers]

    def _explore(self, config: Config, space: Space, draws: np.random.Generator) -> Config:
        out = dict(config)
        for name, value in config.items():
            kind = space.kind(name, config)
            if kind is None or isinstance(kind, Static) or kind.size == 1:
                continue  # the member's structure, and what the space holds fixed
            whether, where, which = draws.random(3)  # always three, so that one name never shifts another
            factor = self.factors[int(which * len(self.factors))]
            out[name] = kind.at(where) if whether < self.resample else kind.scaled(value, factor)
        derived = {name for name in out if isinstance(space.kind(name, config), Derived)}
        try:
            return space.admit({name: value for name, value in out.items() if name not in derived})
        except checks.JgdError:  # it isn't one of the space any more
            return dict(config)
