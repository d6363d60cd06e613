"""Methods compared over tasks as a table: text for a log, and files for a paper or a page."""

import csv
import io
from collections.abc import Callable, Sequence
from pathlib import Path

from jgd.analysis import MethodComparison
from jgd.core import checks
from jgd.core.format import format_estimate
from jgd.core.statistics import SHARES, Estimate, estimate
from jgd.core.text import align_columns
from jgd.reports.latex import latex_table
from jgd.reports.whole_file import writing

BUDGETS = (1, 4, 16, 64)  # configs of a method, in the table of what tuning buys


def comparison_columns(comparison: MethodComparison) -> list[str]:
    """The headings of `comparison_rows`."""
    checks.instance("comparison", comparison, MethodComparison, "jgd.compare(…) returns")
    tasks = [f"{task} ({metric})" for task, metric in zip(comparison.tasks, comparison.metrics, strict=True)]
    return ["method", *(["mean rank"] if len(tasks) > 1 else []), "interquartile mean", "fastest", *tasks]


def comparison_rows(comparison: MethodComparison) -> list[list[str]]:
    """The methods as rows of text, the best mean rank first.

    The interquartile mean is of normalized scores, 0 the worst method and 1 the best on each task, with its stratified bootstrap
    interval. "fastest" is AlgoPerf's score by steps to the target that half of the methods reach: 1 is the fastest on every task.
    Of a task there is the mean over seeds with its 95% interval.

    Example:
        >>> import jgd
        >>> rates = {"learning_rate": [0.01, 0.1]}
        >>> found = jgd.compare(["sgd", "adam"], ["iris", "hours_points"], rates, fresh=3, seeds=2, steps=20)
        >>> [row[:2] for row in comparison_rows(found)]
        [['sgd', '1.50'], ['adam', '1.50']]
    """
    checks.instance("comparison", comparison, MethodComparison, "jgd.compare(…) returns")
    several = len(comparison.tasks) > 1
    found = comparison.ranks() if several else None
    ranks = {} if found is None else dict(zip(found.methods, found.ranks.tolist(), strict=True))
    aggregates, fastest = comparison.aggregates(), comparison.profile().scores()
    rows = []
    for method in sorted(comparison.methods, key=lambda name: ranks.get(name, 0.0)):
        at, over = comparison.methods.index(method), aggregates[method].interquartile_mean
        scores = [_score(comparison, at, task) for task in range(len(comparison.tasks))]
        rank = [f"{ranks[method]:.2f}"] if several else []
        rows.append([method, *rank, _interval(over), f"{fastest[at]:.2f}", *scores])
    return rows


def comparison_text(comparison: MethodComparison) -> str:
    """All that a comparison says, for a log: the table, which methods differ, and what fewer configs would have given.

    Args:
        comparison: The result of `jgd.compare` or `jgd.analysis.compare_sweeps`.

    Returns:
        Lines.

    Example:
        >>> import jgd
        >>> rates = {"learning_rate": [0.01, 0.1]}
        >>> found = jgd.compare(["sgd", "adam"], ["iris", "hours_points"], rates, fresh=3, seeds=2, steps=20)
        >>> print(comparison_text(found).splitlines()[0])
        2 methods on 2 tasks, 3 fresh seeds each: validation scores at seeds that chose nothing
    """
    checks.instance("comparison", comparison, MethodComparison, "jgd.compare(…) returns")
    methods, tasks, seeds = comparison.scores.shape
    chosen = "at seeds that chose nothing" if comparison.fresh else "by which the configs were chosen: flattered"
    seeds_words = f"{seeds} {'fresh ' if comparison.fresh else ''}seeds each"
    lines = [f"{methods} methods on {tasks} tasks, {seeds_words}: validation scores {chosen}", ""]
    lines += align_columns([comparison_columns(comparison), *comparison_rows(comparison)])
    if tasks > 1:
        lines += ["", *_tests(comparison)]
    budget = budget_rows(comparison)
    if len(budget) > 1:
        lines += ["", "The best of so many configs, expected on a new seed", *align_columns(budget)]
    return "\n".join(lines)


def budget_rows(comparison: MethodComparison, budgets: Sequence[int] = BUDGETS) -> list[list[str]]:
    """What a method's tuning with fewer random configs would have given, headings first; no rows without sweeps.

    Only budgets that are in the curves are in the table (1, 2, … up to the number of configs, 64 of them at most).
    """
    rows = [["task", "method", *map(str, budgets)]]
    for task, curves in comparison.best_of_budget().items():
        for method, curve in curves.items():
            known = dict(zip(curve.budgets.tolist(), curve.expected, strict=True))
            rows.append(
                [
                    task,
                    method,
                    *(f"{known[k]:.4f}".replace("-0.0000", "0.0000") if k in known else "–" for k in budgets),
                ]
            )
    kept = [i for i in range(len(rows[0])) if i < 2 or any(row[i] != "–" for row in rows[1:])]
    return [[row[i] for i in kept] for row in rows]


def save_comparison(comparison: MethodComparison, path: str | Path) -> Path:
    """Writes the table of `comparison_rows` in the format that the path ends with: .tex (booktabs), .md or .csv.

    Args:
        comparison: The result of `jgd.compare`.
        path: Where to; a file that is there is replaced, whole or not at all.

    Returns:
        The path.

    Raises:
        JgdValueError: For another ending, and where the path can't be written.

    Example:
        >>> import tempfile, jgd
        >>> rates = {"learning_rate": [0.01, 0.1]}
        >>> found = jgd.compare(["sgd", "adam"], ["iris", "hours_points"], rates, fresh=3, seeds=2, steps=20)
        >>> with tempfile.TemporaryDirectory() as directory:
        ...     save_comparison(found, f"{directory}/methods.md").read_text().splitlines()[0]
        '| method | mean rank | interquartile mean | fastest | iris (accuracy) | hours_points (loss) |'
    """
    columns, rows = comparison_columns(comparison), comparison_rows(comparison)
    target = checks.path("path", path)
    text = _WRITERS[checks.choice("the ending of path", target.suffix, _WRITERS)](columns, rows)
    with writing(target) as part:
        part.write_text(text, encoding="utf-8", newline="")
    return Path(path)


def _tests(comparison: MethodComparison) -> list[str]:
    """Which methods differ over the tasks, in words."""
    found = comparison.ranks()
    lines = [f"Mean ranks differ from {found.difference:.2f} on (Nemenyi, 95%)"]
    if len(comparison.methods) > 2:
        F, p = comparison.friedman()
        lines.append(f"Friedman: F = {F:.2f}, p = {p:.3g}")
    for pair in comparison.pairs():
        p = comparison.improvement(pair.first, pair.second)
        verdict = "differ" if pair.adjusted < 0.05 else "can't be told apart"
        lines.append(
            f"{pair.first}, {pair.second}: {verdict} (Wilcoxon–Holm p = {pair.adjusted:.3g}; "
            f"P(a run of {pair.first} is better) = {_interval(p)})"
        )
    return lines


def _score(comparison: MethodComparison, method: int, task: int) -> str:
    scores = comparison.scores[method, task]
    share = comparison.metrics[task] in SHARES
    return format_estimate(estimate(scores, overlap=comparison.overlap[task], share=share), len(scores))


def _interval(of: Estimate) -> str:
    return f"{of.mean:.2f} [{of.low:.2f}, {of.high:.2f}]"


def _markdown(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    line = lambda cells: "| " + " | ".join(cell.replace("|", r"\|") for cell in cells) + " |"
    return "\n".join([line(columns), line(["---"] * len(columns)), *map(line, rows), ""])


def _csv(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows([columns, *rows])
    return out.getvalue()


_WRITERS: dict[str, Callable[[Sequence[str], Sequence[Sequence[str]]], str]] = {
    ".tex": latex_table,
    ".md": _markdown,
    ".csv": _csv,
}
