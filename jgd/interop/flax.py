"""Tasks of models in Flax: NNX and Linen. Parameters, batch statistics and keys are told apart, and put together again.

model ─► parameters, which descend ─► loss(params, batch, key, state) ─► Run ─► run.model(): Flax's own object
         the rest, which is the model's state
"""

import inspect
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Unpack

import jax
import jax.numpy as jnp
from jax import Array

from jgd.core import checks
from jgd.core.spellings import builder
from jgd.core.types import Params
from jgd.interop.libraries import library
from jgd.interop.network import Network, draws_by, filled, nested
from jgd.interop.supervised import TaskOptions, rows_of, task_of
from jgd.tasks import Task

__all__ = ["task"]

TRAINING = ("train", "training", "is_training")  # flags of Linen's modules, true in training
EVALUATION = ("deterministic", "use_running_average")  # and true in evaluation


@builder
def task(
    model: Any,
    loss: str | Callable[[Array, Array], Any],
    data: Any,
    *,
    trained: Any = None,
    draws: str | tuple[str, ...] = ("dropout",),
    **options: Unpack[TaskOptions],
) -> Task:
    """A task of a model in Flax, for `jgd.train` and `jgd.sweep`.

    Of an NNX module the variables of the kind `nnx.Param` descend. All others (batch statistics, spectral norms) are the
    model's state, and random streams (dropout) get a key of their own at each step. In training it is called as
    `module.train()` leaves it, where it is evaluated as `module.eval()` does. Of a Linen module the collection "params"
    descends and the others are the state; its argument `train` (or `training`, `is_training`, `deterministic`,
    `use_running_average`) is filled in. What is evaluated draws no keys.

    Args:
        model: An NNX builder, a function of `nnx.Rngs` (such as a class) that returns a module, so that every seed starts
            anew; or an NNX module, from whose numbers every run starts. Or a Linen module, which every seed initializes.
        loss: (outputs, targets) -> () or (n,), which is averaged, or (it, aux) as any loss's; or a name of
            `jgd.losses.errors`.
        data: Rows (inputs, targets) or (inputs, targets, weights), split 60 : 20 : 20, or three parts of such rows, or a
            `jgd.data.Dataset`. Targets may be words. Weights ≥ 0 count the rows, where the loss is an error a row.
        trained: An NNX filter, what descends. Default: `nnx.Param`.
        draws: The streams of random numbers of a Linen module.
        options: Names, metrics, scales, classes and their weights: see `jgd.interop.TaskOptions`.

    Returns:
        The `Task`. A run's `run.model()` and a sweep's `found.model()` are modules of Flax with the best parameters and
        their state: of NNX in evaluation mode, of Linen bound to its variables.

    Raises:
        JgdTypeError: A model or data of another kind, or an option that there isn't.
        JgdValueError: Outputs that are no logits of the classes, or labels and weights that don't fit the rows.
        ImportError: Flax is not installed.

    Example:
        >>> import pytest; nnx = pytest.importorskip("flax.nnx")
        >>> import jgd
        >>> own = task(lambda rngs: nnx.Linear(4, 3, rngs=rngs), "softmax_cross_entropy", jgd.datasets.iris())
        >>> run = jgd.train(own, jgd.optimizers.adam(0.1), steps=100)
        >>> run.model()(own.test[0]).shape, run.best.value > 0.8
        ((30, 3), True)
    """
    rows = rows_of(data, options)
    nnx, linen = library("flax.nnx"), library("flax.linen")
    streams = checks.instance("draws", (draws,) if isinstance(draws, str) else draws, Sequence, "('dropout',)")
    streams = tuple(streams)
    if isinstance(model, linen.Module):
        network: Network = Linen(model, jax.tree.map(lambda a: jnp.asarray(a[:1]), rows.parts[0][0]), streams)
    elif callable(model) and not (isinstance(model, type) and issubclass(model, linen.Module)):  # modules are, too
        network = NNX(model, nnx.Param if trained is None else trained)
    else:
        raise checks.JgdTypeError(
            f"model must be a function of nnx.Rngs that returns an nnx.Module, such a module, or an instance of a "
            f"linen.Module, got {checks.shown(model)}",
            argument="model",
        )
    return task_of(network, loss, rows, options)


class NNX(Network):
    """A module of NNX, by its graphs in training and in evaluation."""

    def __init__(self, model: Any, trained: Any):
        nnx = library("flax.nnx")
        self._nnx, self._trained, self._model = nnx, trained, model
        own = isinstance(model, nnx.Module)
        template = nnx.clone(model) if own else nnx.eval_shape(lambda: self._built(jax.random.key(0)))
        if not isinstance(template, nnx.Module):
            raise checks.JgdTypeError(
                f"model must return an nnx.Module, got {type(template).__name__}", argument="model"
            )
        start = self._numbers(template) if own else None
        template.train()
        self._in_training = nnx.split(template, *self._filters)
        template.eval()
        self._in_evaluation = nnx.split(template, *self._filters)
        classes = [type(node) for _, node in nnx.iter_graph(template) if isinstance(node, nnx.Module)]
        graphs = self._in_training[0], self._in_evaluation[0]
        super().__init__(type(template).__name__, graphs, classes, start)

    @property
    def _filters(self) -> tuple[Any, ...]:
        return self._trained, self._nnx.RngState, ...

    def _built(self, key: Array) -> Any:
        return draws_by(self._model, "rngs", self._nnx.Rngs(key), self._nnx.Module)

    def _numbers(self, module: Any) -> tuple[Params, Any]:
        _, params, _, rest = self._nnx.split(module, *self._filters)
        return nested(params), nested(rest)

    def draw(self, key: Array) -> tuple[Params, Any]:
        return self._numbers(self._built(key))

    def outputs(self, params: Params, inputs: Any, state: Any, key: Array | None, training: bool) -> tuple[Any, Any]:
        module = self._merged(params, state, key, training)
        out = module(inputs)
        return out, None if state is None else self._numbers(module)[1]

    def build(self, params: Params, state: Any) -> Any:
        own, rest = jax.tree.map(jnp.asarray, (params, state))
        return self._merged(own, rest, None, False)

    def _merged(self, params: Params, state: Any, key: Array | None, training: bool) -> Any:
        graph, own, drawing, rest = self._in_training if training else self._in_evaluation
        streams = _streams(drawing, jax.random.key(0) if key is None else key)
        return self._nnx.merge(graph, filled(own, params), streams, filled(rest, state or {}))


def _streams(template: Any, key: Array) -> Any:
    """Random streams that begin at this step's key, each at one of its own."""
    leaves, structure = jax.tree.flatten(template)
    typed = lambda leaf: jnp.issubdtype(leaf.dtype, jax.dtypes.prng_key)
    fresh = lambda place, leaf: jax.random.fold_in(key, place) if typed(leaf) else jnp.zeros(leaf.shape, leaf.dtype)
    return jax.tree.unflatten(structure, [fresh(place, leaf) for place, leaf in enumerate(leaves)])


class Linen(Network):
    """A module of Linen, which is a function of its variables."""

    def __init__(self, module: Any, sample: Any, draws: tuple[str, ...]):
        self._module, self._sample, self._draws = module, sample, draws
        takes = inspect.signature(type(module).__call__).parameters
        self._flags = {flag: flag in TRAINING for flag in (*TRAINING, *EVALUATION) if flag in takes}
        super().__init__(type(module).__name__, (module, draws), [type(module)], None)

    def _mode(self, training: bool) -> dict[str, bool]:
        return {flag: training is in_training for flag, in_training in self._flags.items()}

    def _rngs(self, key: Array) -> dict[str, Array]:
        return {name: jax.random.fold_in(key, place) for place, name in enumerate(self._draws)}

    def draw(self, key: Array) -> tuple[Params, Any]:
        rngs = {"params": key, **self._rngs(key)}
        variables = library("flax.linen").meta.unbox(self._module.init(rngs, self._sample, **self._mode(False)))
        rest = {name: each for name, each in variables.items() if name != "params"}
        return variables.get("params", {}), rest

    def outputs(self, params: Params, inputs: Any, state: Any, key: Array | None, training: bool) -> tuple[Any, Any]:
        rest = state or {}
        rngs = self._rngs(jax.random.key(0) if key is None else key)
        call = partial(self._module.apply, {"params": params, **rest}, inputs, rngs=rngs, **self._mode(training))
        if not training or not rest:
            return call(), state
        out, after = call(mutable=list(rest))
        return out, {**rest, **after}

    def build(self, params: Params, state: Any) -> Any:
        arrays = jax.tree.map(jnp.asarray, {"params": params, **(state or {})})
        return self._module.bind(arrays)
