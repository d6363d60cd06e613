"""What a careful reader of a sweep would object to: enters a `Sweep`, leaves findings in words, with their numbers."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from jgd.analysis.check_sweep import check_sweep
from jgd.analysis.comparison import paired
from jgd.analysis.final_scores import FinalScores, final_scores, overall_ranks
from jgd.analysis.ranking import Ranking, rank
from jgd.analysis.stuck import at_chance, never_moved
from jgd.analysis.unit_cube import UnitCube, unit_cube
from jgd.core import checks
from jgd.core.statistics import estimate, midranks
from jgd.sweeps import Sweep

TWO_VALUES = 0.25  # the half bin of two values, which are both outermost and no edge
ROUNDING = 1e-9
FEW = 32  # configs, of which a quarter shows no trend
BY_CHANCE = 0.1
MANY = 0.25  # of the runs diverged: too many
STILL = 0.02  # of all the improvement seen, made in the last third of the evaluations: not finished


@dataclass(frozen=True)
class Finding:
    """One objection to a sweep.

    Attributes:
        kind: "edge", "diverged", "best_diverged", "all_diverged", "chance", "unmoved", "undecided" or "improving".
        message: For people.
        recipe: Whose, where it is about one.
        config: Which, where it is about one.
        numbers: What the message says, for programs.
    """

    kind: str
    message: str
    recipe: str | None = None
    config: int | None = None
    numbers: dict[str, Any] = field(default_factory=dict)


def findings(sweep: Sweep, confidence: float = 0.95) -> list[Finding]:
    """Everything that speaks against trusting a sweep's picks; an empty list is the best one.

    For each recipe: its best config at an edge of the space; more than a quarter of its runs diverged; a seed of its
    best diverged; all of them; some seeds of a good config ended at chance; configs whose parameters never moved; its best
    still improving at the end. Once: the best and the next of all configs can't be
    told apart. The functions of this file say each rule.

    Args:
        sweep: The result of `jgd.sweep`.
        confidence: Of the intervals, in (0, 1).

    Returns:
        The findings.

    Raises:
        JgdValueError: For a confidence outside (0, 1).

    Example:
        >>> import jgd
        >>> found = jgd.sweep("hours_points", "sgd", {"learning_rate": [0.01, 9.0, 10.0]}, seeds=2, steps=300)
        >>> [finding.kind for finding in findings(found)]
        ['edge', 'diverged']
    """
    check_sweep(sweep)
    confidence = checks.number("confidence", confidence, "(0, 1)")
    out = []
    for recipe in dict.fromkeys(name for name, _ in sweep.configs):
        ends = final_scores(sweep, recipe)
        ranking = rank(ends.scores, ends.larger_is_better, confidence, ends.stopped, overlap=ends.overlap)
        if not ranking.order:
            continue  # all were stopped early, for being worse than another recipe's
        if ranking.best is None:
            count, last = ends.diverged.size, " that were not stopped early" if ends.stopped.any() else ""
            said = f"{recipe}: all runs{last} diverged, so there is no pick; try smaller learning rates"
            numbers = {"diverged": int(ends.diverged.sum()), "runs": count}
            out.append(Finding("all_diverged", said, recipe, numbers=numbers))
            continue
        best = int(ends.rows[ranking.best])
        where = unit_cube([sweep.configs[i] for i in ends.rows], sweep.space_of(recipe))
        values = [sweep.configs[i][1] for i in ends.rows]
        out += at_edge(where, ranking.best, values, overall_ranks(sweep, ends), recipe, best)
        out += many_diverged(ends.diverged, recipe)
        lost = int(ends.diverged[ranking.best].sum())
        if lost:
            seeds = ends.diverged.shape[1]
            said = f"{recipe}: the best config itself diverged at {lost} of {seeds} seeds, and no other did better"
            out.append(Finding("best_diverged", said, recipe, best, {"diverged": lost, "seeds": seeds}))
        out += _stuck(sweep, ends, ranking, recipe)
        curves = np.asarray(sweep.validation[ends.metric][best], np.float64)
        out += still_improving(
            curves, sweep.evaluation_steps, ends.larger_is_better, confidence, recipe, best, ends.overlap
        )
    return out + undecided(final_scores(sweep), confidence)


def _stuck(sweep: Sweep, ends: FinalScores, ranking: Ranking, recipe: str) -> list[Finding]:
    """Findings of runs that ended finite and learned nothing (`jgd.analysis.stuck`)."""
    told = (("chance", at_chance(sweep, ends, ranking)), ("unmoved", never_moved(sweep, ends)))
    return [Finding(kind, f"{recipe}: {found[0]}", recipe, *found[1:]) for kind, found in told if found]


def at_edge(
    where: UnitCube,
    best: int,
    configs: list[dict[str, Any]],
    merits: np.ndarray,
    recipe: str | None = None,
    config: int | None = None,
) -> list[Finding]:
    """A finding for each name whose best value lies at the end of its range: what is better may lie beyond.

    The end is the outer 5% of a range; of a list, a grid or a few whole numbers, three or more, the outermost one.
    Structure and names that the best config does not have are passed over. Of several names, the best config has some at
    an edge by chance: so where 32 configs or more have a name, the best quarter of them must also get better towards
    that edge (Spearman's rank correlation, one-sided, p ≤ 0.1). merits: (configs,) larger for the better, NaN worst.
    """
    out = []
    for name, structural, (first, last) in zip(where.names, where.structural, where.edges, strict=True):
        place = where.column(name)[best]
        if structural or np.isnan(place) or first + last >= 2 * TWO_VALUES - ROUNDING:
            continue
        lower, upper = place <= first + ROUNDING, place >= 1 - last - ROUNDING
        if not (lower or upper):
            continue
        towards = where.column(name) * (-1 if lower else 1)
        if len(where.names) == 1 or _rises_among_the_best(towards, merits):
            value, end = configs[best][name], "lower" if lower else "upper"
            said = f"the best {name}, {value:.4g}, is at the {end} edge of its range; what is better may lie beyond"
            numbers = {"name": name, "value": value, "place": float(place), "end": end}
            out.append(Finding("edge", f"{recipe}: {said}" if recipe else said, recipe, config, numbers))
    return out


def _rises_among_the_best(towards: np.ndarray, merits: np.ndarray) -> bool:
    """Whether the best quarter stand better the further they are `towards` an edge; True where too few can say.

    By Spearman's rank correlation ρ, whose ρ √((n − 2) / (1 − ρ²)) is Student's t with n − 2 degrees where there is none.
    """
    from scipy import special  # here: jgd imports as fast as jax

    having = np.flatnonzero(np.isfinite(towards) & np.isfinite(merits))
    good = having[np.argsort(-merits[having], kind="stable")][: np.isfinite(towards).sum() // 4]
    if np.isfinite(towards).sum() < FEW or len(good) < FEW // 4 or np.ptp(towards[good]) == 0:
        return True
    if np.ptp(merits[good]) == 0:
        return False
    rho = np.corrcoef(midranks(towards[good]), midranks(merits[good]))[0, 1]
    with np.errstate(divide="ignore"):
        t = rho * np.sqrt((len(good) - 2) / max(1 - rho**2, 0.0)) if rho**2 < 1 else rho * np.inf
    return bool(special.stdtr(len(good) - 2.0, -t) <= BY_CHANCE)


def many_diverged(diverged: np.ndarray, recipe: str | None = None) -> list[Finding]:
    """A finding where more than a quarter of the runs diverged: so much was spent outside of what works."""
    share = float(np.mean(diverged))
    if share <= MANY:
        return []
    said = f"{int(np.sum(diverged))} of {np.size(diverged)} runs diverged ({share:.0%}); narrow the space"
    return [Finding("diverged", f"{recipe}: {said}" if recipe else said, recipe, numbers={"share": share})]


def undecided(ends: FinalScores, confidence: float = 0.95) -> list[Finding]:
    """A finding where the seeds can't tell the best config and the next apart, with how many seeds might.

    The next is the first that is tied with the best. The number of seeds is what the mean and the
    deviation of the paired differences would need if they stayed as they are (`seeds_to_decide`).
    """
    ranking = rank(ends.scores, ends.larger_is_better, confidence, ends.stopped, overlap=ends.overlap)
    if len(ranking.tied) < 2:
        return []
    first, second = ranking.tied[:2]
    pair = ends.scores[first], ends.scores[second]
    found = paired(*pair, ends.larger_is_better, confidence, overlap=ends.overlap)
    if found.tell_apart:
        return []
    n = found.difference.n
    if n < 2:
        advice = "one seed has no interval: use three or more"
    elif found.seeds_to_decide is None:
        advice = "no reasonable number of seeds would: take either"
    else:
        advice = f"about {found.seeds_to_decide} seeds would, if the difference is what it seems"
    best, other = int(ends.rows[first]), int(ends.rows[second])
    said = (
        f"{n} {'seed' if n == 1 else 'seeds'} can't tell the best config ({best}) from the next ({other}); {advice}. "
        f"{len(ranking.tied)} of {len(ranking.order)} configs may be the best"
    )
    numbers = {
        "next": other,
        "seeds": n,
        "seeds_to_decide": found.seeds_to_decide,
        "tied": [int(ends.rows[i]) for i in ranking.tied],
    }
    return [Finding("undecided", said, None, best, numbers)]


def still_improving(
    values: np.ndarray,
    evaluate_at: Any,
    larger_is_better: bool,
    confidence: float = 0.95,
    recipe: str | None = None,
    config: int | None = None,
    overlap: float = 0.0,
) -> list[Finding]:
    """A finding where a metric was still getting better at the end: more steps may change the winner.

    values: (seeds, evaluations). A line is fitted to the last third of the evaluations, three or more, seed by seed;
    its gain must be above 0 by a t interval over seeds (with one seed, of the line's slope), and more than 2% of what
    all evaluations gained. Needs four evaluations. Seeds that diverged are left out.
    """
    values = np.asarray(values, np.float64) * (1 if larger_is_better else -1)
    values = values[np.isfinite(values).all(axis=1)]
    at = np.asarray(evaluate_at, np.float64)
    if len(at) < 4 or not len(values):
        return []
    last = max(3, -(-len(at) // 3))
    x, y = at[-last:], values[:, -last:]
    slopes = (y - y.mean(axis=1, keepdims=True)) @ (x - x.mean()) / ((x - x.mean()) ** 2).sum()
    gains = estimate(slopes * (x[-1] - x[0]), confidence, overlap=overlap)
    rises = slopes[0] > 0 and _slope_by_chance(x, y[0]) < 1 - confidence if len(values) == 1 else gains.low > 0
    whole = np.ptp(values.mean(axis=0))
    if not rises or gains.mean <= STILL * whole:
        return []
    said = (
        f"the best config was still improving: {gains.mean / whole:.0%} of all its gain came in the last {last} of "
        f"{len(at)} evaluations; train longer"
    )
    numbers = {"gain": gains.mean, "share": float(gains.mean / whole), "evaluations": last}
    return [Finding("improving", f"{recipe}: {said}" if recipe else said, recipe, config, numbers)]


def _slope_by_chance(x: np.ndarray, y: np.ndarray) -> float:
    """How likely a line's slope so far from 0 is where there is none."""
    from scipy import stats  # here: jgd imports as fast as jax

    return float(stats.linregress(x, y).pvalue)  # pyright: ignore[reportAttributeAccessIssue]  # SciPy types it as a tuple
