"""Performance profiles: enter costs of methods on tasks, leaves how often each is within a factor of the best."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from jgd.core import checks


@dataclass(frozen=True)
class PerformanceProfile:
    """How often each method is within a factor of the best.

    At τ = 1 a share is how often a method is (one of) the best, at large τ how often it succeeds at all.

    Attributes:
        methods: Names, a row each.
        ratios: (methods, tasks), a method's cost over the least of any method on that task; inf where it failed.
        factors: (factors,) τ ≥ 1.
        shares: (methods, factors), the share of tasks with a ratio of at most τ.
    """

    methods: tuple[str, ...]
    ratios: np.ndarray
    factors: np.ndarray
    shares: np.ndarray

    @property
    def solved(self) -> np.ndarray:
        """(methods,), the share of tasks on which a method succeeds."""
        return np.isfinite(self.ratios).mean(axis=1)

    def scores(self, most: float = 4.0) -> np.ndarray:
        """(methods,), the score of AlgoPerf: the mean height of a curve between τ = 1 and `most`, from 0 to 1.

            ∫₁ᴿ ρ(τ) dτ / (R − 1) = mean over tasks of max(0, R − r) / (R − 1)

        Dahl et al. 2023, "Benchmarking neural network training algorithms", arXiv:2306.07179, where the costs are times to a
        target and R is 4.

        >>> performance_profile([[10.0, 40.0], [20.0, 20.0]]).scores().round(3).tolist()
        [0.833, 0.833]
        """
        most = checks.number("most", most, "(1, inf)")
        return np.maximum(0.0, most - self.ratios).mean(axis=1) / (most - 1)


def performance_profile(
    costs: Any, methods: list[str] | tuple[str, ...] | None = None, factors: Any = None
) -> PerformanceProfile:
    """Dolan & Moré 2002, "Benchmarking optimization software with performance profiles": ρ(τ) = share with r ≤ τ.

    With three methods or more, a curve depends on which others take part (Gould & Scott 2016): read it for the best, and
    drop a method before comparing the rest.

    Args:
        costs: (methods, tasks), positive, smaller is better: steps or seconds to a target, or a final error. NaN and inf:
            the method failed on that task. A task on which all fail counts against all.
        methods: Names, a row each.
        factors: Default every ratio there is, where the steps of the curves are.

    Returns:
        The profile.

    Raises:
        JgdValueError: For another shape, a cost that is not positive, as many names as there aren't rows, a factor below 1.

    Example:
        >>> profile = performance_profile([[10.0, 40.0], [20.0, 20.0], [5.0, np.inf]], ["a", "b", "c"])
        >>> profile.factors.tolist(), profile.shares.tolist()
        ([1.0, 2.0, 4.0], [[0.0, 1.0, 1.0], [0.5, 0.5, 1.0], [0.5, 0.5, 0.5]])
    """
    costs = checks.array("costs", costs)
    if costs.ndim != 2 or costs.size == 0:
        raise checks.JgdValueError(f"costs must have shape (methods, tasks), got {costs.shape}", argument="costs")
    if (costs <= 0).any():
        row, column = np.argwhere(costs <= 0)[0]
        raise checks.JgdValueError(
            f"costs[{row}][{column}] must be > 0, inf or NaN, got {costs[row, column]}", argument="costs"
        )
    names = checks.names("methods", methods, len(costs), "method")
    costs = np.where(np.isnan(costs), np.inf, costs)
    best = costs.min(axis=0)
    ratios = np.where(np.isfinite(costs), costs / np.where(np.isfinite(best), best, 1.0), np.inf)
    taus = np.unique(ratios[np.isfinite(ratios)]) if factors is None else checks.array("factors", factors)
    if taus.ndim != 1 or not (taus >= 1).all():
        raise checks.JgdValueError(f"factors must be numbers >= 1, got {factors}", argument="factors")
    return PerformanceProfile(names, ratios, taus, (ratios[:, :, None] <= taus).mean(axis=1))
