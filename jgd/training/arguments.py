"""What a person gives to `train`, checked before anything runs."""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import jax
import numpy as np
from jax import Array
from jax.core import Tracer

from jgd import optimizers, tasks
from jgd.core import checks, seeds
from jgd.core.composite import check_descends
from jgd.core.functions import name_of
from jgd.core.lengths import RunLength, resolved
from jgd.core.loss_protocol import given, takes
from jgd.core.optimizer import Optimizer
from jgd.core.schedule_ranges import check_schedules
from jgd.core.sharding import Sharding
from jgd.core.types import Batch, Loss, Params
from jgd.data.batches import Batches
from jgd.data.orders import HardMining, Order
from jgd.divergence import checked_factor
from jgd.label_checks import check_other_rows, check_supervised_rows, classes_of
from jgd.losses import SupervisedLoss
from jgd.metrics import check_metrics
from jgd.prediction import Predictor
from jgd.stopping import StoppingRule
from jgd.tasks import Task
from jgd.training.batch_source import BatchSource, is_loader
from jgd.training.forewarned import of_settings
from jgd.training.loader import on_disk
from jgd.training.progress import TrainProgress


@dataclass
class TrainArguments:
    """The parameters of `train` by their names, checked, with defaults filled in; and what follows from them."""

    loss: Loss  # as given a Task or its name too
    optimizer: Optimizer | str  # from its check on the optimizer alone
    params: Params
    data: Batch
    steps: int | None
    epochs: int | None
    batch_size: int | None
    order: str | Order
    seed: int
    validation: Batch | None
    metrics: Mapping[str, Callable[[Params, Batch], Array]] | None
    evaluate_every: int | None
    metric: str  # as given None too: the task's, or "loss"
    larger_is_better: bool  # likewise
    stop: StoppingRule | None
    observe: Callable[[Params], Any] | None
    callback: Callable[[TrainProgress], None] | None
    progress: bool | None
    history: int | None
    record_every: int
    diverged_above: float
    devices: Sequence[Any] | Sharding | None
    check_finite: bool
    store: str | os.PathLike | None
    resume: bool
    save_every: float
    model_state: Any
    evaluation_loss: Loss | None
    batches: Batches = field(init=False)
    source: BatchSource | None = field(init=False)  # of data that is a loader, whose first batch `data` becomes
    sharding: Sharding | None = field(init=False)
    total_steps: int = field(init=False)
    rule: StoppingRule = field(init=False)
    notes: tuple[str, ...] = field(init=False)  # on arrays that JAX holds in a narrower dtype
    predictor: Predictor | None = field(init=False)  # what the run will predict with, for any parameters

    def __post_init__(self) -> None:
        checks.leaves_of("params", self.params)
        self._take_task()
        if self.data is None and isinstance(self.loss, SupervisedLoss):
            raise checks.JgdTypeError("data must be given, the rows that the loss learns from", argument="data")
        self.data = np.zeros(1, np.float32) if self.data is None else self.data  # a loss without data ignores its batch
        self._take_batches()
        self.sharding = None if self.devices is None else Sharding.over(self.devices)
        self.total_steps = _total_steps(self.steps, self.epochs, self.batches)
        if isinstance(self.optimizer, str):
            self.optimizer = optimizers.without_numbers(self.optimizer)
        checks.instance(
            "optimizer", self.optimizer, Optimizer, "jgd.optimizers.adam(1e-3) or jgd.interop.optax.wrap(…)"
        )
        self.optimizer = resolved(self.optimizer, RunLength(self.total_steps, self.batches.per_epoch))
        self._check_flags()
        _refuse_tracers(self.params, self.optimizer, self.data)
        check_descends(self.optimizer.transform)
        check_schedules(self.optimizer, self.total_steps)
        self._check_arrays()
        self._check_evaluation()
        self._check_numbers()
        self._check_functions()
        self._check_store()
        if on_disk(self.data) and isinstance(self.batches.order, HardMining):
            raise checks.JgdValueError(
                "order HardMining looks at every row, which memory-mapped data are too large for"
            )
        parts = {"params": self.params, "data": self.data, "validation": self.validation}
        classes = classes_of(self.loss, self.params, "data", self.data)
        foreseen = of_settings(self.optimizer, self.batches, self.total_steps, self.data, self.validation, classes)
        self.notes = (*(note for name, part in parts.items() for note in _casts(name, part)), *foreseen)

    def _take_batches(self) -> None:
        """Which rows each step sees, be they arrays or a loader's."""
        if not is_loader(self.data):
            checks.leaves_of("data", self.data)
            self.data = checks.as_rows("data", self.data)
        self.validation = checks.as_rows("validation", self.validation)
        self.source = BatchSource.of(self.data, self.batch_size, self.order) if is_loader(self.data) else None
        if self.source is not None:
            self.data, self.batches = self.source.first, self.source.batches(self.steps)
            return
        rows = checks.rows("data", self.data)
        self.batches = Batches(rows, rows if self.batch_size is None else self.batch_size, self.order)

    def _take_task(self) -> None:
        """What a task says where nothing else was given."""
        named = isinstance(self.loss, str) and self.loss in tasks.registry
        task = tasks.get(str(self.loss)) if named else self.loss
        if isinstance(task, Task):
            own = self.metric in task.metrics and self.larger_is_better is not None
            if self.metric is not None and self.metrics is None and not own:
                task = task.chosen_by(self.metric)
            self.loss, self.predictor = task.loss, task.predictor(None)
            key = seeds.init_key(self.seed)
            self.params = task.init(key) if self.params is None else self.params
            self.evaluation_loss = task.evaluation_loss if self.evaluation_loss is None else self.evaluation_loss
            if self.model_state is None and task.init_state is not None:
                self.model_state = task.init_state(key)
            self.data = task.train if self.data is None else self.data
            self.validation = task.validation if self.validation is None else self.validation
            if self.metrics is None:
                self.metrics = task.metrics
            if self.metric is None and task.metric in ("loss", *self.metrics):
                self.metric = task.metric
                self.larger_is_better = (
                    task.larger_is_better if self.larger_is_better is None else self.larger_is_better
                )
            elif self.metric == task.metric and self.larger_is_better is None:
                self.larger_is_better = task.larger_is_better
        else:
            model = getattr(task, "model", None)
            self.predictor = Predictor(model, None) if hasattr(model, "predict") else None
        self.metric = "loss" if self.metric is None else self.metric
        self.larger_is_better = False if self.larger_is_better is None else self.larger_is_better

    def _check_flags(self) -> None:
        for name in ("larger_is_better", "check_finite", "resume"):
            checks.flag(name, getattr(self, name))
        if self.progress is not None:
            checks.flag("progress", self.progress)

    def _check_arrays(self) -> None:
        checks.parameters(self.params)
        if self.sharding is not None:
            self.sharding.check(self.params, self.batches.size)
        checks.numeric_data("data", self.data)
        if self.check_finite:
            checks.finite_data("data", self.data)
        check_supervised_rows(self.loss, self.params, "data", self.data)
        if self.validation is not None:
            checks.rows("validation", self.validation)
            checks.numeric_data("validation", self.validation)
            if self.check_finite:
                checks.finite_data("validation", self.validation)
            measure = self.loss if self.evaluation_loss is None else self.evaluation_loss
            check_supervised_rows(measure, self.params, "validation", self.validation)
            check_other_rows(measure, self.params, self.model_state, "validation", self.validation, "data", self.data)

    def _check_evaluation(self) -> None:
        rule = StoppingRule() if self.stop is None else self.stop
        self.rule = checks.instance("stop", rule, StoppingRule, "jgd.StoppingRule(patience=5)")
        self.metrics = {} if self.metrics is None else self.metrics
        check_metrics(self.metrics)
        if (self.metrics or self.rule.patience) and self.validation is None:
            raise checks.JgdValueError(
                "metrics and patience need validation=, the rows to evaluate them on", argument="validation"
            )
        checks.choice("metric", self.metric, ("loss", *self.metrics))
        every = self.evaluate_every
        self.evaluate_every = self.batches.per_epoch if every is None else checks.count("evaluate_every", every, 1)

    def _check_numbers(self) -> None:
        seeds.check(self.seed)
        self.history = None if self.history is None else checks.count("history", self.history, 2)
        self.record_every = checks.count("record_every", self.record_every, 1)
        self.diverged_above = checked_factor(self.diverged_above)
        self.save_every = checks.number("save_every", self.save_every, ">= 0")

    def _check_functions(self) -> None:
        if not callable(self.loss) or isinstance(self.loss, type):
            near = checks.nearest(self.loss, tasks.registry) if isinstance(self.loss, str) else None
            raise checks.JgdTypeError(
                f"loss must be callable as loss(params, batch), a task or the name of a bundled one, got {checks.shown(self.loss)}"
                f"{f'; did you mean {near!r}?' if near else ''}",
                argument="loss",
            )
        if self.params is None:
            raise checks.JgdTypeError("params must be given, where to start; only a task knows", argument="params")
        extra = given(self.loss, None, self.model_state)  # refuses a loss without the state that it takes
        checks.takes("loss", self.loss, "params", "batch", **extra)
        if self.model_state is not None and not takes(self.loss).state:
            raise checks.JgdValueError(
                f"model_state is for a loss with a parameter 'state', which {name_of(self.loss)} has not",
                argument="model_state",
            )
        for name, called_with in (("observe", ("params",)), ("callback", ("progress",)), ("evaluation_loss", ())):
            if getattr(self, name) is not None:
                checks.function(name, getattr(self, name), *called_with)

    def _check_store(self) -> None:
        if self.store is not None:
            self.store = checks.path("store", self.store)
        if self.resume and self.store is None:
            raise checks.JgdValueError("resume needs store=, the directory of the run to go on with", argument="store")


def _total_steps(steps: int | None, epochs: int | None, batches: Batches) -> int:
    if (steps is None) == (epochs is None):
        raise checks.JgdValueError(f"give steps or epochs, one of them, got steps={steps}, epochs={epochs}")
    if steps is not None:
        return checks.count("steps", steps, 0, 2**31 - 2)
    return checks.count("steps", checks.count("epochs", epochs, 0) * batches.per_epoch, 0, 2**31 - 2)


def _refuse_tracers(*trees: Any) -> None:
    if any(isinstance(leaf, Tracer) for leaf in jax.tree.leaves(trees)):
        raise checks.JgdTypeError(
            "train watches its run from the host and can't be traced; to jit, vmap or differentiate through training "
            "use jgd.rollout (or jgd.step in your own scan)"
        )


def _casts(name: str, data: Batch) -> list[str]:
    """Sentences on the arrays of `data` that JAX will hold in a narrower dtype."""
    notes = []
    for path, leaf in jax.tree_util.tree_leaves_with_path(data):
        have = np.asarray(leaf).dtype if not isinstance(leaf, jax.Array) else leaf.dtype
        held = jax.dtypes.canonicalize_dtype(have)
        if held != have:
            notes.append(f"{name}{checks.path_of(path)}: {have} held as {held} (x64 is off)")
    return notes
