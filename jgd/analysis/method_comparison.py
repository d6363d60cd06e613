"""Methods on tasks: enter scores (methods, tasks, seeds) and their curves, leave ranks, tests, aggregates and profiles.

A run that diverged counts as the worst finite score that any method has on its task: it is in every number here.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from jgd.analysis.budget import BestOf, best_of_budget
from jgd.analysis.comparison import PairedComparison, paired, probability_of_improvement
from jgd.analysis.critical_difference import CriticalDifference, critical_difference
from jgd.analysis.profiles import PerformanceProfile, performance_profile
from jgd.analysis.rank_tests import PairTest, friedman, wilcoxon_holm
from jgd.analysis.task_aggregates import TaskAggregates, task_aggregates
from jgd.analysis.time_to_target import time_to_target
from jgd.core import checks
from jgd.core.statistics import Estimate
from jgd.sweeps import Sweep


@dataclass(frozen=True)
class MethodComparison:
    """What `jgd.compare` returns: each method, tuned on each task, and how they compare over the tasks.

    Attributes:
        methods: Names.
        tasks: Names.
        metrics: Of each task, what was measured, on its validation rows.
        larger_is_better: Of each task's metric.
        scores: (methods, tasks, seeds) of the config that a method chose on the task; NaN where a run diverged.
        curves: Of each task, (methods, seeds, evaluations) of the metric.
        evaluation_steps: Of each task, the updates after which it was measured.
        overlap: Of each task, validation rows over training rows where runs share them (see `jgd.sweeps.estimate`).
        fresh: Whether the seeds are others than those that chose the configs. If not, the scores are flattered.
        sweeps: By task; empty where the scores came from elsewhere.
    """

    methods: tuple[str, ...]
    tasks: tuple[str, ...]
    metrics: tuple[str, ...]
    larger_is_better: tuple[bool, ...]
    scores: np.ndarray
    curves: tuple[np.ndarray, ...]
    evaluation_steps: tuple[tuple[int, ...], ...]
    overlap: tuple[float, ...]
    fresh: bool
    sweeps: Mapping[str, Sweep] = field(default_factory=dict, repr=False)

    @cached_property
    def oriented(self) -> np.ndarray:
        """(methods, tasks, seeds): the scores, larger is better, a diverged run as the task's worst finite one."""
        signs = np.where(self.larger_is_better, 1.0, -1.0)[:, None]
        values = np.where(np.isfinite(self.scores), self.scores * signs, np.inf)
        worst = values.min(axis=(0, 2), keepdims=True)
        return np.where(np.isfinite(values), values, np.where(np.isfinite(worst), worst, 0.0))

    @cached_property
    def normalized(self) -> np.ndarray:
        """(methods, tasks, seeds): on each task 0 is the mean of the worst method, and 1 that of the best.

        All are 1 where the methods' means are equal. Which methods take part says what 0 and 1 are.
        """
        means = self.oriented.mean(axis=2)
        low, high = means.min(axis=0)[:, None], means.max(axis=0)[:, None]
        span = np.where(high > low, high - low, 1.0)
        return np.where(high > low, (self.oriented - low) / span, 1.0)

    def ranks(self, confidence: float = 0.95) -> CriticalDifference:
        """The mean rank of each method, and Nemenyi's critical difference; see `critical_difference`."""
        means = self.oriented.mean(axis=2)
        return critical_difference(means, self.methods, larger_is_better=True, confidence=confidence)

    def friedman(self) -> tuple[float, float]:
        """Whether any methods differ, of three or more; see `friedman`."""
        return friedman(self.oriented.mean(axis=2))

    def pairs(self) -> tuple[PairTest, ...]:
        """Each pair by Wilcoxon's test over tasks, adjusted by Holm, on normalized scores; see `wilcoxon_holm`."""
        return wilcoxon_holm(self.normalized.mean(axis=2), self.methods, larger_is_better=True)

    def aggregates(self, confidence: float = 0.95, *, seed: int = 0) -> dict[str, TaskAggregates]:
        """Each method's normalized scores over all tasks; see `task_aggregates`.

        The intervals take the scale, each task's worst and best mean, as known. In simulation of three methods they covered
        85 to 93% of the middle one's mean where they say 95%, and nearly always that of the worst and the best, which is
        pinned to 0 and 1.
        """
        return {
            method: task_aggregates(own, confidence=confidence, seed=seed)
            for method, own in zip(self.methods, self.normalized, strict=True)
        }

    def improvement(self, first: str, second: str, confidence: float = 0.95) -> Estimate:
        """P(a run of the first is better than the second's of the same task and seed); `probability_of_improvement`.

        All pairs count as one sample: where a method wins on some tasks and loses on others, the interval is wider than need
        be (it covers 99% or more where it says 95%).
        """
        a, b = (self.oriented[self._row(name)] for name in (first, second))
        return probability_of_improvement(a, b, larger_is_better=True, confidence=confidence, pairs=True)

    def difference(self, task: str, first: str, second: str, confidence: float = 0.95) -> PairedComparison:
        """The two methods on one task, seed by seed; wider where each seed has a split of its own; see `paired`."""
        at = self.tasks.index(checks.choice("task", task, self.tasks))
        a, b = (self.scores[self._row(name), at] for name in (first, second))
        return paired(a, b, self.larger_is_better[at], confidence, overlap=self.overlap[at])

    def steps_to_target(self, targets: Mapping[str, float] | None = None) -> np.ndarray:
        """(methods, tasks): updates after which half of a method's runs have reached the target; inf where they never do.

        Args:
            targets: Task -> value. Default: what the median method ends with on the task, so that half of them get there.
        """
        ends = np.median(self.oriented.mean(axis=2), axis=0)
        usual = {
            task: float(end if up else -end)
            for task, end, up in zip(self.tasks, ends, self.larger_is_better, strict=True)
        }
        for task in targets or {}:
            checks.choice("task in targets", task, self.tasks)
        chosen = {**usual, **(targets or {})}
        columns = [
            time_to_target(
                self.curves[at], self.evaluation_steps[at], chosen[task], self.larger_is_better[at]
            ).median_steps
            for at, task in enumerate(self.tasks)
        ]
        return np.stack(columns, axis=1)

    def profile(self, targets: Mapping[str, float] | None = None) -> PerformanceProfile:
        """How often a method is within a factor of the fastest to the target; `scores()` of it is that of AlgoPerf."""
        steps = np.maximum(self.steps_to_target(targets), 1.0)  # what is there at the start costs a step
        return performance_profile(steps, list(self.methods))

    def best_of_budget(self) -> dict[str, dict[str, BestOf]]:
        """Task -> method -> what tuning with fewer configs would have given; see `best_of_budget`."""
        return {task: best_of_budget(sweep) for task, sweep in self.sweeps.items()}

    def _row(self, method: str) -> int:
        return self.methods.index(checks.choice("method", method, self.methods))
