"""Task: everything that a run or a sweep needs besides an optimizer."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from jax import Array

from jgd.core import checks
from jgd.core.spellings import builder, unknown
from jgd.core.types import Batch, Loss, Params
from jgd.data import Preprocessing, split
from jgd.prediction import Predictor
from jgd.tasks import by_name, resplit
from jgd.tasks.own_rows import class_names, has_words, own_rows
from jgd.tasks.raw_rows import RawRows, Scale
from jgd.tasks.recut import fewer, recut


@builder
@dataclass(frozen=True, repr=False)
class Task:
    """What is to be learned, ready to sweep: parameters, a loss, metrics and three parts of the rows.

    Args:
        name: what results call it.
        init: key -> params, a pytree of floating arrays.
        loss: (params, batch) -> () float; what is descended.
        train: rows to train on, a pytree of arrays with one leading axis, such as (inputs, targets).
        validation: rows that choose among runs, of the same structure.
        test: rows that confirm the choice; nothing else reads them.
        metrics: name -> function (params, rows) -> (), evaluated beside the loss.
        metric: what chooses: "loss", a name of `metrics`, or one that `chosen_by` knows by its name.
        larger_is_better: whether its largest value is the best, or its smallest (default); one known by name says so itself.
        model: what predicts, a record with `predict(params, inputs)` or a function of these two; None is the loss's own
            model, where it has one (as `jgd.SupervisedLoss`).
        preprocessing: how raw rows became the inputs, and outputs become answers; None where inputs are as they came.
        raw: the rows of a table before their preprocessing, which is fitted again where rows are cut anew (`folds`); rows
            that were replaced by others are cut as they are.
        init_state: key -> what a loss with a parameter `state` takes first (batch statistics, a target network); None
            without. It gets the key that `init` gets.
        evaluation_loss: the loss on validation and test rows, where it isn't `loss` itself; it gets key=None and the
            state, and what it returns beside its value is dropped.

    Raises:
        JgdValueError: a part has no rows, arrays of different lengths, or `metric` is unknown.
        JgdTypeError: what must be a function is none.

    Example:
        >>> import jax.numpy as jnp
        >>> import numpy as np
        >>> x = np.linspace(-1, 1, 40, dtype=np.float32)
        >>> loss = lambda params, rows: jnp.mean((rows[0] * params["w"] - rows[1]) ** 2)
        >>> rows = [(part, 3 * part) for part in (x[:20], x[20:30], x[30:])]
        >>> task = Task("slope", lambda key: {"w": jnp.zeros(())}, loss, *rows)
        >>> import jgd
        >>> round(jgd.sweep(task, "sgd", {"learning_rate": [0.1, 0.5]}, seeds=2, steps=40).best.validation.mean, 4)
        0.0
    """

    name: str
    init: Callable[[Array], Params]
    loss: Loss
    train: Batch
    validation: Batch
    test: Batch
    metrics: dict[str, Callable[[Params, Batch], Array]] = field(default_factory=dict)
    metric: str = "loss"
    larger_is_better: bool = False
    model: Any = None
    preprocessing: Preprocessing | None = None
    init_state: Callable[[Array], Any] | None = None
    evaluation_loss: Loss | None = None
    raw: RawRows | None = None

    @classmethod
    def from_arrays(
        cls,
        name: str,
        init: Callable[[Array], Params],
        loss: Loss,
        rows: Batch,
        *,
        validation: float = 0.2,
        test: float = 0.2,
        seed: int = 0,
        scale: Scale = None,
        target_scale: Scale = None,
        class_weight: str | Mapping[Any, float] | None = None,
        classes: Sequence[Any] = (),
        **rest: Any,
    ) -> "Task":
        """A task whose three parts are cut out of one set of rows, shuffled.

        Args:
            name: as in `Task`.
            init: as in `Task`.
            loss: as in `Task`.
            rows: a pytree of arrays with one leading axis, such as (inputs, targets) or (inputs, targets, weights).
            validation: share of the rows in (0, 1), as in `jgd.split`.
            test: likewise; the rest trains.
            seed: of the split.
            scale: of the inputs, `jgd.Standard()`, `jgd.MinMax()`, a `Scaling` or None (default); fitted on the training
                rows along the last axis (columns, channels), and kept for predictions on rows as they were.
            target_scale: of targets that are values, likewise; predictions return to the target's unit.
            class_weight: what a row counts, as a third array of the batch: "balanced", or label -> weight.
            classes: what integer targets 0, 1, … are called, or the order of targets that are words; default their own.
            rest: further fields of `Task`: model, metrics, metric, larger_is_better, init_state, …. With one of the four
                above, or targets that are words, `model` is what predicts, where the loss has none.

        Returns:
            The `Task`.

        Raises:
            JgdValueError: a part would be empty, the arrays have different lengths, or labels and weights don't fit them.
            JgdTypeError: a scale, classes or class_weight for rows that aren't (inputs, targets).

        Example:
            >>> import jax.numpy as jnp
            >>> rows = (jnp.arange(10.0), 2 * jnp.arange(10.0))
            >>> loss = lambda params, rows: jnp.mean((params["w"] * rows[0] - rows[1]) ** 2)
            >>> task = Task.from_arrays("double", lambda key: {"w": jnp.zeros(())}, loss, rows)
            >>> [len(part[0]) for part in (task.train, task.validation, task.test)]
            [6, 2, 2]
        """
        for each in rest.keys() - cls.__dataclass_fields__.keys():
            names = [*inspect.signature(cls.from_arrays).parameters, *cls.__dataclass_fields__]
            raise checks.JgdTypeError(unknown("Task.from_arrays", each, names), argument=each)
        own: dict[str, Any] = {"scale": scale, "target_scale": target_scale, "classes": class_names(classes)}
        if scale is target_scale is class_weight is None and not (own["classes"] or has_words(rows)):
            return cls(name, init, loss, *split(rows, validation=validation, test=test, seed=seed), **rest)
        made = own_rows(rows, name, validation=validation, test=test, seed=seed, **own).weighed(class_weight)
        return cls(name, init, loss, *made.parts, preprocessing=made.ready, raw=made.raw, **rest)

    def folds(self, count: int = 5, *, seed: int = 0) -> tuple["Task", ...]:
        """A task for each of k folds: the fold validates, the rest of the training and validation rows trains.

        The test rows stay the same ones. Where the task is of a table, its preprocessing is fitted on each fold's training
        rows; its features stay, so that a word which these lack is constant in them.

        Args:
            count: k ≥ 2.
            seed: of the cut; another one repeats it.

        Returns:
            `count` tasks, named "… fold i of k".

        Raises:
            JgdValueError: fewer than two folds, or fewer rows than folds.

        Example:
            >>> import jgd
            >>> means = [jgd.sweep(fold, "sgd", {"learning_rate": [0.1, 1.0]}, seeds=1, steps=30).scores.mean(1)
            ...          for fold in jgd.tasks.get("iris").folds(3)]
            >>> int(sum(means).argmax())  # the config that is best over folds
            1
        """
        both = checks.rows("train", self.train) + checks.rows("validation", self.validation)
        parts = enumerate(resplit.folds(both, count, seed), start=1)
        return tuple(replace(recut(self, *places), name=f"{self.name} fold {i} of {count}") for i, places in parts)

    def with_rows(self, rows: int | float, *, seed: int = 0) -> "Task":
        """The task with fewer training rows, for learning curves; a smaller number's are a part of a larger one's.

        Args:
            rows: how many, or a float as their share in (0, 1].
            seed: of which.

        Returns:
            The task, with the same validation and test rows.

        Raises:
            JgdValueError: no row, or more than there are.

        Example:
            >>> import jgd
            >>> [len(jgd.tasks.get("iris").with_rows(rows).train[0]) for rows in (10, 0.5)]
            [10, 45]
        """
        return fewer(self, rows, seed)

    def __post_init__(self) -> None:
        for name in ("init", "loss", "init_state", "evaluation_loss"):
            if name in ("init", "loss") or getattr(self, name) is not None:
                checks.function(name, getattr(self, name))
        checks.instance("metrics", self.metrics, Mapping, '{"accuracy": function of (params, rows)}')
        for name, metric in self.metrics.items():
            checks.function(f"metrics[{name!r}]", metric)
        for part in ("train", "validation", "test"):
            object.__setattr__(self, part, checks.as_rows(part, getattr(self, part)))
            checks.rows(part, getattr(self, part))
            checks.same_kind_of_rows(part, getattr(self, part), self.train)
        if self.metric not in ("loss", *self.metrics):
            named = by_name.score(self, self.metric)
            object.__setattr__(self, "metrics", {**self.metrics, self.metric: named})
            object.__setattr__(self, "larger_is_better", named.larger_is_better)

    def __repr__(self) -> str:
        counts = ", ".join(
            f"{checks.rows(part, getattr(self, part))} {part}" for part in ("train", "validation", "test")
        )
        return f"Task({self.name!r}; rows: {counts}; chosen by the {'largest' if self.larger_is_better else 'smallest'} {self.metric})"

    @property
    def measure(self) -> Loss:
        """The loss where it is evaluated."""
        return self.loss if self.evaluation_loss is None else self.evaluation_loss

    def start(self, key: Array) -> tuple[Params, Any]:
        """What a seed's runs start from: (params, the model's state or None)."""
        return self.init(key), None if self.init_state is None else self.init_state(key)

    def chosen_by(self, metric: str) -> "Task":
        """The task with another metric that chooses.

        Args:
            metric: "loss", the task's own metric, or by its name one of `Score` that suits the target: "accuracy",
                "balanced_accuracy", "f1", "roc_auc", "log_loss" of outputs that are logits; "rmse", "mae", "r2".

        Returns:
            The task, with the metric among its `metrics`.

        Raises:
            JgdValueError: another metric, or a task without a model; of a metric of a user's own it isn't known whether
                larger is better.

        Example:
            >>> import jgd
            >>> jgd.tasks.get("iris").chosen_by("log_loss").larger_is_better
            False
        """
        checks.instance("metric", metric, str, "'loss'")
        if metric == self.metric:
            return self
        if metric != "loss" and metric not in self.metrics:
            return replace(self, metric=metric)
        larger = getattr(self.metrics.get(metric), "larger_is_better", None if metric in self.metrics else False)
        if larger is None:
            raise checks.JgdValueError(f"{metric!r} is your own: give larger_is_better too, to train or replace(task)")
        return replace(self, metric=metric, larger_is_better=larger)

    @property
    def predicting_model(self) -> Any:
        """What predicts: `model`, or the loss's own; None where there is neither."""
        return getattr(self.loss, "model", None) if self.model is None else self.model

    def predictor(self, params: Params) -> Predictor:
        """What answers for raw rows by these parameters."""
        return Predictor(self.predicting_model, params, self.preprocessing, self.name)
