"""The same run at several seeds: the spread that chance alone makes, with every run at hand."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jax import Array

from jgd import tasks
from jgd.core import checks, notebook
from jgd.core import seeds as seeding
from jgd.core.optimizer import Optimizer
from jgd.core.statistics import SHARES, estimate
from jgd.core.types import Batch, Loss, Params
from jgd.tasks import Task
from jgd.training.run import Run
from jgd.training.train import train


@dataclass(frozen=True, repr=False)
class Runs:
    """Runs that differ by their seed only. Diverged ones are counted, and never averaged away. Printed, they are one line.

    Attributes:
        runs: One a seed.
        seeds: In the same order.
    """

    runs: tuple[Run, ...]
    seeds: tuple[int, ...]

    @property
    def diverged(self) -> int:
        """How many broke."""
        return sum(run.status.broken for run in self.runs)

    def last(self, name: str = "loss") -> np.ndarray:
        """The last validation value of each run, or its last training loss without validation.

        Args:
            name: "loss" or a metric.

        Returns:
            (runs,); NaN for a run that broke, or saw neither.
        """
        values = [self._last(run, name) for run in self.runs]
        return np.array([np.nan if r.status.broken else v for r, v in zip(self.runs, values, strict=True)])

    def _last(self, run: Run, name: str) -> float:
        table = run.evaluations or run.history
        if not len(table["step"]):
            return np.nan  # no step, and nothing evaluated
        return float(table[checks.choice("value", name, [n for n in table if n != "step"])][-1])

    def summary(self, name: str = "loss", confidence: float = 0.95) -> dict[str, float]:
        """The spread over seeds, of the runs that did not break: read it beside their number.

        Args:
            name: "loss" or a metric.
            confidence: Of the interval, in (0, 1).

        Returns:
            "mean", "std" (n − 1), the interval of the mean "low" … "high" (see `jgd.core.statistics.estimate`), "n" runs that
            count, and how many "diverged".
        """
        confidence = checks.number("confidence", confidence, "(0, 1)")
        found = estimate(self.last(name), confidence, share=name in SHARES)
        std = found.standard_error * float(np.sqrt(found.n))
        ends = {"low": found.low, "high": found.high}
        return {"mean": found.mean, "std": std, **ends, "n": found.n, "diverged": self.diverged}

    def __iter__(self):
        return iter(self.runs)

    def __repr__(self) -> str:
        s = self.summary()
        interval = f" ± {(s['high'] - s['low']) / 2:.4g}" if s["n"] > 1 else ""
        return f"Runs({len(self)} seeds; last loss {s['mean']:.6g}{interval}; {self.diverged} diverged)"

    def _repr_html_(self) -> str:
        """What a notebook's cell shows: a row for each seed."""
        names = [name for name in (self.runs[0].evaluations or {"loss": ()}) if name != "step"] if self.runs else []
        last = [self.last(name) for name in names]
        rows = [
            (seed, *(f"{values[place]:.4g}" for values in last), str(run.end))
            for place, (seed, run) in enumerate(zip(self.seeds, self.runs, strict=True))
        ]
        return notebook.table(("seed", *names, "ended"), rows, repr(self))

    def __len__(self) -> int:
        return len(self.runs)


def train_seeds(
    loss: Loss | Task | str,
    optimizer: Optimizer | str,
    init: Callable[[Array], Params] | None = None,
    data: Batch = None,
    *,
    seeds: int | Sequence[int] = 5,
    **options: Any,
) -> Runs:
    """`train` at several seeds, each from its own start `init(key)`, in its own order of rows and with its own noise.

    One program serves all seeds; `jgd.sweep` runs many more of them side by side.

    Args:
        loss: (params, batch) -> () float; or a task, or its name, as `train` takes it.
        optimizer: The method of descent, as `train` takes it.
        init: key -> the parameters at the start. Default: the task's.
        data: Rows, as `train` takes them.
        seeds: A number of seeds 0, 1, …, or their list.
        options: Those of `train`, but `seed`, `store` and `resume`.

    Returns:
        The `Runs`, one a seed, in their order.

    Raises:
        JgdValueError: Seeds that are none or repeat, or one of the options above.
        JgdTypeError: `init` is no function.

    Example:
        >>> import jgd
        >>> runs = train_seeds("iris", jgd.optimizers.adam(0.1), seeds=3, steps=30)
        >>> len(runs), runs.diverged, runs.summary()["n"]
        (3, 0, 3)
    """
    for name in ("seed", "store", "resume"):
        if name in options:
            raise checks.JgdValueError(f"train_seeds takes seeds, got {name}={options[name]!r}: use train for one run")
    task = tasks.get(loss) if isinstance(loss, str) and loss in tasks.registry else loss
    begin = task.init if init is None and isinstance(task, Task) else checks.function("init", init)
    if isinstance(seeds, str) or not isinstance(seeds, Sequence | np.ndarray) or np.ndim(seeds) == 0:
        seeds = range(checks.count("seeds", seeds, 1))
    chosen = tuple(seeds)
    if len(set(chosen)) < len(chosen) or not chosen:
        raise checks.JgdValueError(
            f"seeds must be at least one and differ from each other, got {chosen}", argument="seeds"
        )
    start = lambda seed: begin(seeding.init_key(seed))
    return Runs(tuple(train(task, optimizer, start(seed), data, seed=seed, **options) for seed in chosen), chosen)
