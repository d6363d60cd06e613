"""Tasks of models in Haiku, whose parameters and state are dictionaries already."""

import inspect
from collections.abc import Callable
from typing import Any, Unpack

import jax
import jax.numpy as jnp
from jax import Array

from jgd.core import checks
from jgd.core.types import Params
from jgd.interop.libraries import library
from jgd.interop.network import Known, Network
from jgd.interop.supervised import TaskOptions, rows_of, task_of
from jgd.tasks import Task

__all__ = ["task"]


def task(
    model: Callable[..., Any],
    loss: str | Callable[[Array, Array], Any],
    data: Any,
    **options: Unpack[TaskOptions],
) -> Task:
    """A task of a model in Haiku, for `jgd.train` and `jgd.sweep`.

    Haiku's parameters descend, its state is the model's state, and `haiku.next_rng_key` draws by a key of each step.

    Args:
        model: What `haiku.transform_with_state` takes, a function of a batch of inputs that makes its modules inside. One
            with a parameter `is_training` is told whether it is.
        loss: (outputs, targets) -> () or (n,), which is averaged, or (it, aux) as any loss's; or a name of
            `jgd.losses.errors`.
        data: Rows (inputs, targets) or (inputs, targets, weights), split 60 : 20 : 20, or three parts of such rows, or a
            `jgd.data.Dataset`. Targets may be words. Weights ≥ 0 count the rows, where the loss is an error a row.
        options: Names, metrics, scales, classes and their weights: see `jgd.interop.TaskOptions`.

    Returns:
        The `Task`. A run's `run.model()` and a sweep's `found.model()` are functions, inputs -> outputs, of the best
        parameters and their state.

    Raises:
        JgdTypeError: A model or data of another kind, or an option that there isn't.
        JgdValueError: Outputs that are no logits of the classes, or labels and weights that don't fit the rows.
        ImportError: Haiku is not installed.

    Example:
        >>> import pytest; hk = pytest.importorskip("haiku")
        >>> import jgd
        >>> own = task(lambda x: hk.Linear(3)(x), "softmax_cross_entropy", jgd.datasets.iris())
        >>> run = jgd.train(own, jgd.optimizers.adam(0.1), steps=100)
        >>> run.model()(own.test[0]).shape, run.best.value > 0.8
        ((30, 3), True)
    """
    if not inspect.isfunction(model):
        raise checks.JgdTypeError(
            f"model must be a function, which haiku.transform_with_state takes, got {checks.shown(model)}",
            argument="model",
        )
    rows = rows_of(data, options)
    network = Haiku(model, jax.tree.map(lambda a: jnp.asarray(a[:1]), rows.parts[0][0]))
    return task_of(network, loss, rows, options)


class Haiku(Network):
    """A function in Haiku."""

    def __init__(self, model: Callable[..., Any], sample: Any):
        self._made, self._sample = library("haiku").transform_with_state(model), sample
        self._told = "is_training" in inspect.signature(model).parameters
        super().__init__(model.__name__.strip("<>"), Known(model), (), None)

    def _mode(self, training: bool) -> dict[str, bool]:
        return {"is_training": training} if self._told else {}

    def draw(self, key: Array) -> tuple[Params, Any]:
        return self._made.init(key, self._sample, **self._mode(True))

    def outputs(self, params: Params, inputs: Any, state: Any, key: Array | None, training: bool) -> tuple[Any, Any]:
        drawn = jax.random.key(0) if key is None else key
        out, after = self._made.apply(params, state or {}, drawn, inputs, **self._mode(training))
        return out, None if state is None else after

    def build(self, params: Params, state: Any) -> Callable[[Any], Any]:
        weights, own = jax.tree.map(jnp.asarray, (params, state))
        return lambda inputs: self.predict(weights, inputs, own)
