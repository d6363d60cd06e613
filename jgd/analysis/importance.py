"""Which hyperparameters mattered: enter places of configs and their scores, leaves a share of variance for each name.

A share is a functional ANOVA's main effect: the variance of the score averaged over all other names, out of the whole
variance. What is left, up to 1, is interactions and noise. Hutter, Hoos & Leyton-Brown 2014, "An efficient approach for
assessing hyperparameter importance".
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from jgd.analysis.check_sweep import check_sweep
from jgd.analysis.final_scores import final_scores, overall_ranks, worst_first_ranks
from jgd.analysis.unit_cube import UnitCube, unit_cube
from jgd.core import checks
from jgd.sweeps import Sweep

UNGROWN = "a forest, not grown here"
TREES = 100
LEAVES = 512  # of a tree: its decomposition takes their square
FEWEST, FEWEST_EACH = 16, 4  # configs that a forest needs: at all, and for each name


@dataclass(frozen=True)
class Importance:
    """One hyperparameter's main effect.

    Attributes:
        name: The hyperparameter.
        share: Of the variance of the configs' ranks, 0 to 1; NaN where it can't be measured.
        deviation: Of the share over the forest's trees, 0 for a grid.
        configs: How many it was measured on, those that have the name.
        fit: R² of the forest on configs that a tree hasn't seen (out of bag), 1 for a grid; below about 0.5 don't trust the
            share.
        method: "grid", "forest" or "too few configs".
    """

    name: str
    share: float
    deviation: float
    configs: int
    fit: float
    method: str


def importance(
    found: UnitCube, scores: np.ndarray, larger_is_better: bool, *, seed: int = 0, forest: bool = True
) -> list[Importance]:
    """The main effect of each hyperparameter on the *rank* of a config, largest first.

    It is the order that is explained, over all that was tried, good and bad alike: the name that decides between bad and
    terrible may be the most important of all, and matter nothing near the best. Every combination of a grid, once each:
    exact. Else a forest of 100 regression trees (scikit-learn; extra `data`), each decomposed exactly over the unit cube. A
    name that only some configs have is measured among those, with the names that they all have.

    Args:
        found: The configs in their `unit_cube`.
        scores: (configs,), NaN for a config that diverged: it ranks worst, so that a loss of 1e30 weighs no more than any
            other bad one.
        larger_is_better: Of the scores.
        seed: Of the forest.
        forest: Whether one is grown where configs are no grid; False spares scikit-learn's import, and shares are NaN.

    Returns:
        One effect a hyperparameter.

    Raises:
        JgdValueError: For another shape, scores that don't differ, and fewer configs than 16, or four a name, where they
            are no grid.
        ImportError: Without scikit-learn, where the configs are no grid.

    Example:
        >>> configs = [("sgd", {"a": a, "b": b}) for a in (1.0, 2.0, 3.0) for b in (1.0, 2.0)]
        >>> for each in importance(unit_cube(configs), np.array([1.0, 1.0, 2.0, 2.0, 3.0, 3.0]), larger_is_better=True):
        ...     each.name, each.share, each.method
        ('a', 1.0, 'grid')
        ('b', 0.0, 'grid')
    """
    scores = checks.array("scores", scores)
    if scores.shape != (len(found.units),):
        raise checks.JgdValueError(
            f"scores must have shape ({len(found.units)},), one a config, got {scores.shape}", argument="scores"
        )
    if not found.names:
        raise checks.JgdValueError("importance needs a hyperparameter that takes two values or more, got none")
    ranks = worst_first_ranks(scores, checks.flag("larger_is_better", larger_is_better))
    if np.ptp(ranks) == 0:
        raise checks.JgdValueError("importance needs scores that differ, got all equal (or all diverged)")
    has = ~np.isnan(found.units)
    out = []
    for pattern in np.unique(has, axis=1).T:  # names that the same configs have are measured together
        together = has[pattern].all(axis=0) & (np.ptp(np.nan_to_num(found.units[pattern]), axis=0) > 0)
        mine = [name for name, column in zip(found.names, has.T, strict=True) if (column == pattern).all()]
        used = [name for name, here in zip(found.names, together, strict=True) if here]
        shares = _shares(found.units[pattern][:, together], ranks[pattern], seed, forest)
        for name in mine:
            at = used.index(name)
            out.append(Importance(name, float(shares[0][at]), float(shares[1][at]), int(pattern.sum()), *shares[2:]))
    if all(np.isnan(each.share) and each.method != UNGROWN for each in out):
        raise checks.JgdValueError(
            f"importance needs a full grid, or {FEWEST} configs and {FEWEST_EACH} for each of the "
            f"{len(found.names)} names, got {len(scores)} configs"
        )
    return sorted(out, key=lambda each: -np.nan_to_num(each.share, nan=-1.0))


def importance_of(sweep: Sweep, recipe: str | None = None, *, seed: int = 0, forest: bool = True) -> list[Importance]:
    """`importance` for a sweep's final validation metric, by mean over seeds; a config that lost a seed ranks worst.

    Configs stopped early rank below those that were not, in the order in which they went (`overall_ranks`).

    Args:
        sweep: The result of `jgd.sweep`.
        recipe: One of its recipes; default all: several are a name of their own, "recipe".
        seed: Of the forest.
        forest: Whether one is grown where configs are no grid; False spares scikit-learn's import, and shares are NaN.

    Returns:
        One effect a hyperparameter, largest first.

    Raises:
        JgdValueError: As `importance`, and for an unknown recipe.

    Example:
        >>> import jgd
        >>> found = jgd.sweep("hours_points", "sgd", {"learning_rate": [0.01, 0.1, 9.0]}, seeds=2, steps=30)
        >>> importance_of(found)[0].share
        1.0
    """
    check_sweep(sweep)
    ends = final_scores(sweep, recipe)
    where = unit_cube([sweep.configs[i] for i in ends.rows], sweep.space_of(recipe))
    return importance(where, overall_ranks(sweep, ends), larger_is_better=True, seed=seed, forest=forest)


def _shares(x: np.ndarray, y: np.ndarray, seed: int, forest: bool) -> tuple[np.ndarray, np.ndarray, float, str]:
    """-> (shares, their deviations, fit, method) of x (configs, names) in the unit cube and y (configs,)."""
    unknown = np.full(x.shape[1], np.nan)
    if np.ptp(y) == 0:
        return unknown * 0, unknown * 0, 1.0, "equal ranks"
    if is_grid(x):
        effects = [[y[column == value].mean() for value in np.unique(column)] for column in x.T]
        return np.array([np.var(effect) for effect in effects]) / np.var(y), unknown * 0, 1.0, "grid"
    if len(x) < max(FEWEST, FEWEST_EACH * x.shape[1]):
        return unknown, unknown, np.nan, "too few configs"
    return _forest(x, y, seed) if forest else (unknown, unknown, np.nan, UNGROWN)


def is_grid(x: np.ndarray) -> bool:
    """Whether configs (configs, names) are every combination of their values, once each."""
    sizes = [len(np.unique(column)) for column in x.T]
    return len(np.unique(x, axis=0)) == len(x) == np.prod(sizes)


def _forest(x: np.ndarray, y: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray, float, str]:
    forest = grow_forest(x, y, seed)
    shares = np.stack([_main_effects(tree.tree_, x.shape[1]) for tree in forest.estimators_])
    return shares.mean(axis=0), shares.std(axis=0, ddof=1), float(forest.oob_score_), "forest"


def grow_forest(x: np.ndarray, y: np.ndarray, seed: int) -> Any:
    """scikit-learn's forest of regression trees, grown."""
    try:
        from sklearn.ensemble import RandomForestRegressor
    except ImportError as missing:
        raise ImportError(
            "importance needs scikit-learn where configs are no grid: pip install 'jgd[data]'"
        ) from missing
    forest = RandomForestRegressor(
        TREES, max_leaf_nodes=LEAVES, oob_score=True, random_state=checks.count("seed", seed, 0, 2**32 - 1)
    )
    return forest.fit(x, y)


def _main_effects(tree: object, names: int) -> np.ndarray:
    """Shares of one regression tree over the unit cube, exactly: its leaves are boxes with one value each."""
    low, high, values = boxes(tree, names)
    widths = high - low
    volumes = widths.prod(axis=1)
    mean = (volumes * values).sum()
    whole = (volumes * (values - mean) ** 2).sum()
    out = np.zeros(names)
    for name in range(names):
        cuts = np.unique([low[:, name], high[:, name]])
        middles = (cuts[1:] + cuts[:-1]) / 2
        inside = (low[:, name] <= middles[:, None]) & (middles[:, None] < high[:, name])
        effect = (inside * (values * volumes / widths[:, name])).sum(axis=1)
        out[name] = (np.diff(cuts) * (effect - mean) ** 2).sum()
    return out / whole if whole > 0 else out


def boxes(tree: object, names: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """-> (low (leaves, names), high, values (leaves,)) of scikit-learn's tree arrays."""
    left, right, feature, threshold, value = (
        getattr(tree, name) for name in ("children_left", "children_right", "feature", "threshold", "value")
    )
    boxes, open_nodes = [], [(0, np.zeros(names), np.ones(names))]
    while open_nodes:
        node, low, high = open_nodes.pop()
        if left[node] < 0:
            boxes.append((low, high, value[node].item()))
            continue
        at = feature[node]
        below, above = high.copy(), low.copy()
        below[at] = above[at] = threshold[node]
        open_nodes += [(left[node], low, below), (right[node], above, high)]
    lows, highs, values = zip(*boxes, strict=True)
    return np.stack(lows), np.stack(highs), np.array(values)
