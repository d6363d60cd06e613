"""Which pairs of hyperparameters mattered: the second order of the functional analysis of variance of importance.py."""

from dataclasses import dataclass
from itertools import combinations

import numpy as np

from jgd.analysis.check_sweep import check_sweep
from jgd.analysis.final_scores import final_scores, overall_ranks, worst_first_ranks
from jgd.analysis.importance import Importance, boxes, grow_forest, importance, is_grid
from jgd.analysis.unit_cube import unit_cube
from jgd.core import checks
from jgd.sweeps import Sweep


@dataclass(frozen=True)
class PairImportance:
    """The interaction of two hyperparameters.

    Attributes:
        names: The two.
        share: Of the variance of the configs' ranks that both together explain beyond each by itself, 0 to 1.
        deviation: Of the share over the forest's trees, 0 for a grid.
    """

    names: tuple[str, str]
    share: float
    deviation: float


def importance_pairs_of(
    sweep: Sweep, recipe: str | None = None, *, seed: int = 0
) -> tuple[list[Importance], list[PairImportance]]:
    """`importance_of` with the interactions of pairs: V_ab / V, V_ab = Var(E[y | a, b]) − V_a − V_b.

    A large share says that the best value of one depends on the other. Names that not all configs have are in no pair.

    Source: Hutter, Hoos & Leyton-Brown 2014.

    Args:
        sweep: The result of `jgd.sweep`.
        recipe: One of its recipes; default all, with "recipe" as one more hyperparameter.
        seed: Of the forest.

    Returns:
        (main effects, interactions), the largest first.

    Raises:
        JgdValueError: As `importance_of`.
        ImportError: As `importance_of`.

    Example:
        >>> import jgd
        >>> space = {"learning_rate": [0.01, 0.1, 9.0], "momentum": [0.0, 0.9]}
        >>> found = jgd.sweep("hours_points", "momentum", space, seeds=2, steps=30)
        >>> singles, pairs = importance_pairs_of(found)
        >>> pairs[0].names, round(sum(each.share for each in [*singles, *pairs]), 6)  # a grid of two: nothing is left
        (('learning_rate', 'momentum'), 1.0)
    """
    check_sweep(sweep)
    ends = final_scores(sweep, recipe)
    where = unit_cube([sweep.configs[i] for i in ends.rows], sweep.space_of(recipe))
    scores = overall_ranks(sweep, ends)
    singles = importance(where, scores, larger_is_better=True, seed=seed)
    shared = np.asarray(~np.isnan(where.units).any(axis=0))
    names = [name for name, all_have in zip(where.names, shared, strict=True) if all_have]
    if len(names) < 2:
        return singles, []
    x, y = where.units[:, shared], worst_first_ranks(scores, larger_is_better=True)
    found = {pair: _on_grid(x, y, pair) for pair in combinations(range(len(names)), 2)} if is_grid(x) else {}
    if not found:
        if any(each.method != "forest" for each in singles):
            return singles, []
        trees = [boxes(tree.tree_, x.shape[1]) for tree in grow_forest(x, y, checks.count("seed", seed)).estimators_]
        found = {pair: _on_trees(trees, pair) for pair in combinations(range(len(names)), 2)}
    pairs = [PairImportance((names[a], names[b]), *share) for (a, b), share in found.items()]
    return singles, sorted(pairs, key=lambda each: -each.share)


def _on_grid(x: np.ndarray, y: np.ndarray, pair: tuple[int, int]) -> tuple[float, float]:
    means = lambda columns: np.array(
        [y[(x[:, columns] == value).all(axis=1)].mean() for value in np.unique(x[:, columns], axis=0)]
    )
    both, *each = (np.var(means(list(columns))) for columns in (pair, pair[:1], pair[1:]))
    return float(max(both - sum(each), 0.0) / np.var(y)), 0.0


def _on_trees(trees: list[tuple[np.ndarray, np.ndarray, np.ndarray]], pair: tuple[int, int]) -> tuple[float, float]:
    shares = np.array([_on_tree(*tree, pair) for tree in trees])
    return float(shares.mean()), float(shares.std(ddof=1))


def _on_tree(low: np.ndarray, high: np.ndarray, values: np.ndarray, pair: tuple[int, int]) -> float:
    """The share of one regression tree over the unit cube, exactly."""
    widths = high - low
    volumes = widths.prod(axis=1)
    mean = (volumes * values).sum()
    whole = (volumes * (values - mean) ** 2).sum()
    if whole <= 0:
        return 0.0
    sides = []
    for name in pair:
        cuts = np.unique([low[:, name], high[:, name]])
        middles = (cuts[1:] + cuts[:-1]) / 2
        sides.append((np.diff(cuts), (low[:, name] <= middles[:, None]) & (middles[:, None] < high[:, name])))
    (across, in_first), (up, in_second) = sides
    weights = values * volumes / widths[:, list(pair)].prod(axis=1)
    both = (in_first * weights) @ in_second.T.astype(float)  # E[y | a, b] in each cell
    first, second = both @ up, across @ both
    of_both = (across[:, None] * up * (both - mean) ** 2).sum()
    return float(max(of_both - across @ (first - mean) ** 2 - up @ (second - mean) ** 2, 0.0) / whole)
