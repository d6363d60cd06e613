"""One fit, ready to run: what `jgd.train` takes, and what a sweep of many fits is made of."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jgd.core.loss_protocol import ExamplesWanted, OnBatch
from jgd.core.optimizer import Optimizer
from jgd.core.seeds import init_key
from jgd.core.types import Params
from jgd.losses import SupervisedLoss
from jgd.models import Linear
from jgd.sklearn.rows import Rows
from jgd.stopping import StoppingRule
from jgd.training import Run, train


@dataclass
class FitPlan:
    """Everything about one fit.

    Rows are filled up with rows of weight 0, so that fits of similar length share a program: full batches to one of a few
    lengths, others to a multiple of the batch size, over whose batches the rows are spread at random.

    Attributes:
        loss: Of a model, on batches (inputs, targets, weights).
        optimizer: What descends.
        rows: To train on.
        batch_size: Rows a step, None all.
        steps: Updates to make.
        seed: Of the start, the order of rows and the optimizer's noise.
        stop: When to stop before that; None where nothing says so.
        validation: Rows that patience is counted on; None without.
        start: Parameters to start from; None for the model's own.
    """

    loss: SupervisedLoss
    optimizer: Optimizer
    rows: Rows
    batch_size: int | None
    steps: int
    seed: int
    stop: StoppingRule | None = None
    validation: Rows | None = None
    start: Params | None = None

    def __post_init__(self) -> None:
        rows = len(self.rows.inputs)
        self.batch_size = None if self.batch_size is None or self.batch_size >= rows else self.batch_size
        self.per_epoch = 1 if self.batch_size is None else -(-rows // self.batch_size)
        if not wants_examples(self.optimizer):  # to a loss, a row of weight 0 is none
            full = self.batch_size is None
            self.rows = self.rows.merged().padded() if full else self.rows.padded(self.batch_size)
        if self.validation is not None:
            self.validation = self.validation.padded()

    @property
    def alone(self) -> bool:
        """Whether it can't run beside others: it may end early, or starts elsewhere."""
        return self.stop is not None or self.start is not None

    def run(self) -> "Fit":
        """The fit by `jgd.train`."""
        start = self.loss.model.init(init_key(self.seed)) if self.start is None else self.start
        run = train(
            self.loss,
            self.optimizer,
            start,
            tuple(self.rows),
            steps=self.steps,
            batch_size=self.batch_size,
            seed=self.seed,
            validation=None if self.validation is None else tuple(self.validation),
            stop=self.stop,
            progress=False,
            check_finite=False,  # scikit-learn has looked
        )
        return Fit.of(run)


@dataclass
class Fit:
    """What a fit leaves.

    Attributes:
        params: NumPy arrays: the best on the validation rows where there are any, else the last.
        steps: Updates made.
        loss_steps: The steps whose losses are known.
        losses: Their losses, before the update.
        diverged: Whether the run ended because its loss left all bounds; `params` are the last finite ones then.
        validation: Losses of the evaluations on validation rows.
    """

    params: Params
    steps: int
    loss_steps: np.ndarray
    losses: np.ndarray
    diverged: bool
    validation: np.ndarray | None = None

    @classmethod
    def of(cls, run: Run) -> "Fit":
        """What a run left."""
        params = run.params if run.best is None else run.best.params
        evaluated = run.evaluations.get("loss")
        losses = run.history.get("loss", np.zeros(0))
        diverged = run.status.broken
        return cls(jax.device_get(params), run.end.step, run.history["step"], losses, diverged, evaluated)

    def loss_curve(self, per_epoch: int) -> list[float]:
        """The mean loss of each epoch."""
        epochs = self.loss_steps.astype(int) // per_epoch
        counts = np.bincount(epochs)
        with np.errstate(invalid="ignore"):
            return (np.bincount(epochs, self.losses) / counts)[counts > 0].tolist()


def wants_examples(optimizer: Optimizer) -> bool:
    """Whether it asks for each example, of which padding would be some."""
    leaves, structure = jax.tree.flatten(optimizer)
    return _asks(structure, tuple((np.shape(leaf), jnp.result_type(leaf)) for leaf in leaves))


@lru_cache(maxsize=64)
def _asks(structure: Any, shapes: tuple[Any, ...]) -> bool:
    """Whether a step of an optimizer of that structure asks for examples, told from a trace on a tiny model."""
    loss = SupervisedLoss(Linear(1), "squared_error")
    params = loss.model.init(init_key(0))
    batch = jnp.ones((2, 1)), jnp.ones(2), jnp.ones(2)

    def update(leaves: list[Any]) -> Any:
        optimizer = jax.tree.unflatten(structure, leaves)
        at = OnBatch(loss, batch, filled=True)
        value, grads = jax.value_and_grad(at)(params)
        return optimizer.update(grads, optimizer.init(params), params, value=value, loss=at)

    try:
        jax.eval_shape(update, [jax.ShapeDtypeStruct(*shape) for shape in shapes])
    except ExamplesWanted:
        return True
    return False
