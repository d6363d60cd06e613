"""What a confirmation found, as data and as rows. Enters: estimates on fresh seeds. Leaves: records, cells of tables."""

from dataclasses import dataclass

from jgd.core import notebook
from jgd.core.format import format_estimate
from jgd.core.statistics import Estimate
from jgd.spaces.space import Config
from jgd.sweeps.recipes import format_config
from jgd.sweeps.sweep_data import SweepData


@dataclass(frozen=True)
class Confirmed:
    """One config on fresh seeds.

    Attributes:
        recipe: The recipe's name.
        config: Its index in the sweep.
        hyperparameters: Of the config.
        chosen_at: The validation estimate that chose it.
        validation: The estimate of that metric over the fresh seeds that didn't diverge.
        test: The same on the test rows.
        optimism: By how much the validation mean that chose it was better than the fresh one; positive where the choice
            flattered.
        diverged: Fresh seeds that did diverge.
    """

    recipe: str
    config: int
    hyperparameters: Config
    chosen_at: Estimate
    validation: Estimate
    test: Estimate
    optimism: float
    diverged: int


@dataclass(frozen=True, repr=False)
class Confirmation:
    """The chosen configs on fresh seeds. Printed, it is one line.

    Attributes:
        metric: The metric that chose.
        seeds: The fresh ones; `runs` has one for each, or for each of them and fold.
        confirmed: One for each pick.
        reads: How often this sweep's test rows were read, this time included.
        runs: The fresh runs.
    """

    metric: str
    seeds: tuple[int, ...]
    confirmed: tuple[Confirmed, ...]
    reads: int
    runs: SweepData

    def __repr__(self) -> str:
        found = ", ".join(
            f"{each.recipe} {each.config}: {format_estimate(each.validation)}, test {format_estimate(each.test)}"
            for each in self.confirmed
        )
        return f"Confirmation({self.metric} on {len(self.seeds)} fresh seeds; {found}; {reads_line(self)})"

    def _repr_html_(self) -> str:
        """What a notebook's cell shows: a row for each chosen config."""
        title = f"{self.metric} on the fresh seeds {', '.join(map(str, self.seeds))}; {reads_line(self)}"
        return notebook.table(confirmed_columns(), confirmed_rows(self), title)


def confirmed_columns() -> list[str]:
    """The headings of `confirmed_rows`; uncertainties are 95% intervals of the mean over seeds (Student's t)."""
    return ["pick", "chosen at", "fresh seeds", "optimism", "test", "diverged", "hyperparameters"]


def confirmed_rows(confirmation: Confirmation) -> list[list[str]]:
    """One row a chosen config: the validation mean that chose it, that on fresh seeds, their difference, the test.

    >>> import jgd
    >>> found = jgd.sweep("hours_points", "sgd", {"learning_rate": [0.01, 0.1]}, seeds=2, steps=30)
    >>> row = confirmed_rows(found.confirm(seeds=3))[0]
    >>> row[0], row[-2:]
    ('sgd 1', ['0 of 3', 'learning_rate=0.1'])
    """
    return [
        [
            f"{each.recipe} {each.config}",
            f"{each.chosen_at.mean:.4f}",
            format_estimate(each.validation, runs),
            f"{each.optimism:+.4f}",
            format_estimate(each.test, runs),
            f"{each.diverged} of {runs}",
            format_config(each.hyperparameters),
        ]
        for each in confirmation.confirmed
        for runs in [each.validation.n + each.validation.diverged]  # of each fresh seed one, or as many as folds
    ]


def reads_line(confirmation: Confirmation) -> str:
    """How often the test rows were read, and what that means."""
    times = "once" if confirmation.reads == 1 else f"{confirmation.reads} times, this one included"
    warning = "" if confirmation.reads == 1 else ": what is chosen by comparing these reads is chosen on the test rows"
    return f"the test rows of this sweep were read {times}{warning}"
