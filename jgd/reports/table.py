"""The picks of a sweep as a table."""

from collections import Counter

from jgd.core import checks
from jgd.core.format import format_estimate, format_value
from jgd.core.text import align_columns
from jgd.status import Status
from jgd.sweeps import EarlyStopping, Sweep
from jgd.sweeps.config_table import names_of
from jgd.sweeps.engine.width import MUCH_PADDING, fitting_block
from jgd.sweeps.plan import Plan


def table_columns(sweep: Sweep) -> list[str]:
    """The headings of `table_rows`; uncertainties are 95% intervals of the mean over seeds (Student's t).

    "steps" is there where a recipe's best was stopped before the end: its score is no match for those after more.

    Args:
        sweep: The result of `jgd.sweep`.

    Returns:
        One heading a column.

    Example:
        >>> import jgd
        >>> result = jgd.sweep("hours_points", "sgd", {"learning_rate": [0.01, 0.1]}, seeds=2, steps=30)
        >>> table_columns(result)
        ['recipe', 'best learning_rate', 'validation loss', 'diverged']
    """
    checks.instance("sweep", sweep, Sweep, "jgd.sweep(…) returns")
    return [
        "recipe",
        *(f"best {name}" for name in _names(sweep)),
        f"validation {sweep.metric}",
        *(["steps"] if _some_are_short(sweep) else []),
        "diverged",
    ]


def _names(sweep: Sweep) -> list[str]:
    return sorted(names_of(sweep.configs), key=lambda n: (n != "learning_rate", n))


def _some_are_short(sweep: Sweep) -> bool:
    return any(pick.config is not None and pick.reached < sweep.run_ends[pick.config].max() for pick in sweep.picks)


def interval_words(sweep: Sweep) -> str:
    """What the intervals of a sweep's scores are of, and what they leave out."""
    rows = checks.rows("validation", sweep.plan.task.validation) if isinstance(sweep.made_by, Plan) else None
    which = "the validation rows" if rows is None else f"{rows} validation rows"
    return f"± and [ ] are 95% intervals of the mean over {sweep.facts.splits.over}; the sampling error of {which} is in none"


def table_rows(sweep: Sweep) -> list[list[str]]:
    """The picks as rows of text, one a recipe, best first.

    Args:
        sweep: The result of `jgd.sweep`.

    Returns:
        Cells under `table_columns`; "–" where a recipe has no such hyperparameter, or every run diverged.

    Example:
        >>> import jgd
        >>> result = jgd.sweep("hours_points", "sgd", {"learning_rate": [0.01, 9.0]}, seeds=2, steps=30)
        >>> table_columns(result)[:2], table_rows(result)[0][:2], table_rows(result)[0][-1]
        (['recipe', 'best learning_rate'], ['sgd', '0.01'], '2 of 4')
    """
    checks.instance("sweep", sweep, Sweep, "jgd.sweep(…) returns")
    names, short = _names(sweep), _some_are_short(sweep)
    sign = -1 if sweep.larger_is_better else 1
    order = sorted(
        sweep.picks, key=lambda p: (-p.reached, -p.seeds, sign * p.validation.mean if p.config is not None else 0)
    )
    return [
        [
            pick.recipe,
            *(format_value(pick.hyperparameters[n]) if n in pick.hyperparameters else "–" for n in names),
            format_estimate(pick.validation, len(sweep.seeds)),
            *([str(pick.reached) if pick.config is not None else "–"] if short else []),
            f"{pick.diverged} of {pick.runs}",
        ]
        for pick in order
    ]


def cost_line(sweep: Sweep) -> str:
    """What it took, in one line."""
    cost = sweep.cost
    return (
        f"{cost['steps_per_second']:,.0f} steps/s · {cost['steps']:,} steps in "
        f"{cost['run_seconds']:.1f} s · compile {cost['compile_seconds']:.1f} s · "
        f"{cost['devices']} × {cost['device_kind']} · blocks of {cost['block_width']} runs, "
        f"{padding(sweep)}"
    )


def padding(sweep: Sweep) -> str:
    """The share of the steps that only filled blocks up, and where it is much, the `block` that makes it little."""
    share, width = sweep.cost["padded_share"], sweep.cost["block_width"]
    sizes = list(Counter(sweep.facts.groups).values())
    fits = fitting_block(sizes, width) if share > MUCH_PADDING else width
    return f"{share:.0%} padding" + (f": block={fits} has less" if fits < width else "")


def stopped_line(sweep: Sweep) -> str:
    """How many configs, or runs, were stopped early and what that saved, in one line; empty where all were trained to the end.

    >>> import jgd
    >>> space = {"learning_rate": jgd.spaces.log_grid(1e-3, 1, 9)}
    >>> stopped_line(jgd.sweep("iris", "sgd", space, seeds=1, steps=90, policy=jgd.SuccessiveHalving(3, min_steps=10)))
    '8 of 9 configs stopped early · 74% of the steps saved'
    """
    stopped = int(sweep.stopped.sum())
    if sweep.runs_left:  # what has not run was not stopped
        return ""
    ended = Counter(sweep.run_statuses.ravel().tolist()) if isinstance(sweep.facts.policy, EarlyStopping) else {}
    target, stuck = (ended.get(status.value, 0) for status in (Status.TARGET, Status.NO_PROGRESS))
    if target + stuck:
        return (
            f"{target + stuck} of {sweep.given.size} runs stopped by their validation, {target} at the target and {stuck} "
            f"without progress · {sweep.cost['saved_share']:.0%} of the steps saved"
        )
    if not stopped:
        return ""
    return (
        f"{stopped} of {len(sweep.configs)} configs stopped early · {sweep.cost['saved_share']:.0%} of the steps saved"
    )


def table_text(sweep: Sweep) -> str:
    """The picks, what was stopped early and what it cost, as plain text for a log.

    Args:
        sweep: The result of `jgd.sweep`.

    Returns:
        Lines with aligned columns.

    Example:
        >>> import jgd
        >>> result = jgd.sweep("hours_points", "sgd", {"learning_rate": [0.01, 0.1]}, seeds=2, steps=30)
        >>> table_text(result).splitlines()[0]
        'recipe  best learning_rate  validation loss  diverged'
    """
    checks.instance("sweep", sweep, Sweep, "jgd.sweep(…) returns")
    grid = [table_columns(sweep), *table_rows(sweep)]
    return "\n".join(filter(None, [*align_columns(grid), stopped_line(sweep), cost_line(sweep)]))
