"""The methods that options name: an optimizer or a recipe with its rate and schedule, an order of rows, a policy."""

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

import jgd
from jgd.cli import options
from jgd.cli.importing import imported
from jgd.core import checks
from jgd.data import orders
from jgd.sweeps.run_spec import Build

ORDERS: dict[str, Callable[..., Any]] = {  # those that take more than a name
    "weighted": orders.weighted,
    "balanced": orders.balanced,
    "curriculum": orders.curriculum,
    "mining": orders.HardMining,
}
POLICIES: dict[str, Callable[..., Any]] = {
    "halving": jgd.SuccessiveHalving,
    "asynchronous": jgd.AsynchronousHalving,
    "hyperband": jgd.Hyperband,
    "median": jgd.MedianStopping,
    "early": jgd.EarlyStopping,
    "racing": jgd.RacingSeeds,
    "population": jgd.PopulationBasedTraining,
}
BY_ROWS = ("weights", "difficulty", "labels", "ranked")  # parameters of orders that no word can give
FIRST_VALUES = ("peak_value", "schedule", "init_value", "value", "factor")  # a schedule's first is --learning-rate


@dataclass(frozen=True)
class RateOptions:
    """--learning-rate, --schedule and --set-schedule, the NAME=VALUE pairs of the schedule."""

    value: float | None
    schedule: str | None
    parameters: Sequence[str]

    def __post_init__(self) -> None:
        if self.schedule is None and self.parameters:
            raise checks.JgdValueError("--set-schedule needs --schedule, one of `jgd list`")

    def arguments(self, builder: str, build: Callable[..., Any]) -> dict[str, Any]:
        """{"learning_rate": …} for `build`; nothing where it takes none, or has a default and no option was given."""
        takes = inspect.signature(build).parameters.get("learning_rate")
        given = self.value is not None or self.schedule is not None
        if takes is None:
            if given:
                raise checks.JgdValueError(f"{builder} has no learning rate to be set or scheduled")
            return {}
        if not given and takes.default is not takes.empty:
            return {}
        own = 1e-3 if takes.default in (None, takes.empty) else takes.default
        peak: Any = own if self.value is None else self.value
        checks.hyperparameter("learning_rate", peak, "> 0")
        return {"learning_rate": peak if self.schedule is None else self._scheduled(self.schedule, peak)}

    def _scheduled(self, name: str, peak: float) -> Any:
        build = jgd.schedules.get(name)
        first = next((each for each in FIRST_VALUES if each in inspect.signature(build).parameters), None)
        if first is None:
            raise checks.JgdValueError(f"--schedule {name} is made of other schedules: use it from Python")
        numbers = options.builder_arguments(
            self.parameters, "--set-schedule", f"--schedule {name}", build, {first: "--learning-rate"}
        )
        with options.blamed_on("--set-schedule"):
            return build(**{first: peak}, **numbers)


def make_optimizer(name: str, words: Sequence[str], rate: RateOptions) -> jgd.Optimizer:
    """The optimizer of --optimizer and --set, the NAME=VALUE `words`.

    One that wraps another takes its name as --set base_optimizer=NAME; the rate is that one's.
    """
    build = jgd.optimizers.get(name)
    option = f"--optimizer {name}"
    given = options.builder_arguments(words, "--set", option, build, {"learning_rate": "--learning-rate"})
    if "base_optimizer" not in given:
        chosen = rate.arguments(option, build)
    else:
        with options.blamed_on("--set"):
            base = checks.choice("base_optimizer", given["base_optimizer"], _with_a_rate_alone())
        inner = jgd.optimizers.get(base)
        chosen = {"base_optimizer": inner(**rate.arguments(f"--optimizer {base}", inner))}
    with options.blamed_on("--set"):
        return build(**{**given, **chosen})


def with_plateau(optimizer: jgd.Optimizer, words: Sequence[str], larger_is_better: bool) -> jgd.Optimizer:
    """The optimizer whose updates are reduced when validation has not improved, by the NAME=VALUE words of --plateau."""
    if not words:
        return optimizer
    rule = jgd.transforms.ReduceOnPlateau
    given = options.builder_arguments(words, "--plateau", "--plateau", rule, {"metric": "the run's own validation"})
    with options.blamed_on("--plateau"):
        return jgd.chain(
            optimizer, rule(**{"mode": "max" if larger_is_better else "min", **given, "metric": "validation"})
        )


def run_recipe(address: str, words: Sequence[str], rate: RateOptions, task: jgd.Task) -> tuple[jgd.Task, jgd.Optimizer]:
    """The optimizer of --recipe, module:function, and the task with whatever the recipe changes of it."""
    build = imported("--recipe", address)
    option = f"--recipe {address}"
    given = options.builder_arguments(words, "--set", option, build, {"learning_rate": "--learning-rate"})
    arguments = {**given, **rate.arguments(option, build)}
    with options.blamed_on(option):
        try:
            spec = Build(build)(**arguments)
        except checks.JgdError:
            raise
        except Exception as error:  # whatever a user's code raises, it is the input that is bad
            raise checks.JgdValueError(f"raised {type(error).__name__}: {error}") from error
    metrics = task.metrics if spec.metrics is None else spec.metrics
    keeps_metric = task.metric in ("loss", *metrics)
    changed = replace(
        task,
        init=task.init if spec.init is None else spec.start,
        loss=task.loss if spec.loss is None else spec.loss,
        metrics=metrics,
        metric=task.metric if keeps_metric else "loss",
        larger_is_better=task.larger_is_better and keeps_metric,
    )
    return changed, spec.optimizer


def make_policy(name: str | None, words: Sequence[str]) -> Any:
    """The policy of --policy and --set-policy; a number is the eta of successive halving, None trains every config."""
    if name is None or name.isdecimal():
        if words:
            raise checks.JgdValueError(
                f"--set-policy needs --policy, one of {', '.join(POLICIES)}, got {checks.shown(words[0])}"
            )
        return None if name is None else int(name)
    build = POLICIES[checks.choice("policy", name, POLICIES)]
    given = options.builder_arguments(words, "--set-policy", f"--policy {name}", build, {})
    with options.blamed_on("--set-policy"):
        return build(**given)


def _with_a_rate_alone() -> list[str]:
    """The optimizers that need nothing but a learning rate."""
    needs = lambda build: {n for n, p in inspect.signature(build).parameters.items() if p.default is p.empty}
    return [name for name, build in jgd.optimizers.registry.items() if needs(build) <= {"learning_rate"}]


def make_order(
    name: str, words: Sequence[str], column: np.ndarray | None, labels: np.ndarray | None, per_epoch: int, total: int
) -> Any:
    """The order of --order, --set-order and --order-by. column: of the training rows; labels: theirs, of classes.

    A curriculum is over after half of the `total` steps and hard rows are mined once an epoch, unless said otherwise.
    """
    checks.choice("order", name, [*orders.NAMED, *ORDERS])
    if (name in ("weighted", "curriculum")) != (column is not None):
        rule = "needs" if column is None else "takes no"
        raise checks.JgdValueError(f"--order {name} {rule} --order-by, a column of --data")
    if name in orders.NAMED:
        if words:
            raise checks.JgdValueError(
                f"--set-order: the order {name!r} has no parameters, got {checks.shown(words[0])}"
            )
        return name
    if name == "balanced" and labels is None:
        raise checks.JgdValueError("--order balanced needs a target of classes")
    takes = inspect.signature(ORDERS[name]).parameters
    rows = {"weights": column, "difficulty": column, "labels": labels}
    rows = {each: rows[each] for each in takes if each in rows}
    usual = {
        each: number for each, number in (("steps", max(1, total // 2)), ("update_every", per_epoch)) if each in takes
    }
    numbers = options.builder_arguments(
        words, "--set-order", f"--order {name}", ORDERS[name], dict.fromkeys(BY_ROWS, "--order-by"), [*usual]
    )
    with options.blamed_on("--order-by" if name == "weighted" else "--set-order"):
        return ORDERS[name](**rows, **{**usual, **numbers})


def order_column(task: jgd.Task | None, name: str | None) -> np.ndarray | None:
    """(training rows,) the feature of --order-by, as it is in the file; None for a task of no file."""
    if name is None:
        return None
    if task is None or task.raw is None or task.preprocessing is None:
        raise checks.JgdValueError("--order-by names a column of --data")
    columns = task.preprocessing.columns
    return task.raw.parts[0][0][:, columns.index(checks.choice("order_by", name, columns))]
