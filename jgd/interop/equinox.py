"""Tasks of models in Equinox: arrays that descend, arrays that don't, state and keys told apart, and put together again."""

import inspect
from collections.abc import Callable
from functools import partial
from typing import Any, Unpack

import jax
import jax.numpy as jnp
from jax import Array

from jgd.core import checks
from jgd.core.spellings import builder
from jgd.core.types import Params
from jgd.interop.libraries import library
from jgd.interop.network import Known, Network, draws_by, filled, nested
from jgd.interop.supervised import TaskOptions, rows_of, task_of
from jgd.tasks import Task

__all__ = ["task"]


@builder
def task(
    model: Any,
    loss: str | Callable[[Array, Array], Any],
    data: Any,
    *,
    axis_name: str = "batch",
    **options: Unpack[TaskOptions],
) -> Task:
    """A task of a model in Equinox, for `jgd.train` and `jgd.sweep`.

    The model takes one example, `model(x)`, and is mapped over the rows of a batch. One whose `__call__` has a parameter
    `key` gets a key a row and step, one with a parameter `state` (an `equinox.nn.State`) returns (output, state). Floating
    arrays descend; others go along in the model's state. Where it is evaluated, `equinox.nn.inference_mode` is on and the
    key is None.

    Args:
        model: A function of a key that returns a module, or (module, state) as
            `equinox.nn.make_with_state(Model)(…, key=key)` does, so that every seed starts anew; or such a module or pair,
            from whose numbers every run starts.
        loss: (outputs, targets) -> () or (n,), which is averaged, or (it, aux) as any loss's; or a name of
            `jgd.losses.errors`. The outputs are those of a batch, (n, …).
        data: Rows (inputs, targets) or (inputs, targets, weights), split 60 : 20 : 20, or three parts of such rows, or a
            `jgd.data.Dataset`. Targets may be words. Weights ≥ 0 count the rows, where the loss is an error a row.
        axis_name: The batch's axis, by which batch norm knows it.
        options: Names, metrics, scales, classes and their weights: see `jgd.interop.TaskOptions`.

    Returns:
        The `Task`. A run's `run.model()` and a sweep's `found.model()` are the module with the best parameters, in
        inference mode, or (module, state) where there is a state.

    Raises:
        JgdTypeError: A model or data of another kind, or an option that there isn't.
        JgdValueError: Outputs that are no logits of the classes, or labels and weights that don't fit the rows.
        ImportError: Equinox is not installed.

    Example:
        >>> import pytest; eqx = pytest.importorskip("equinox")
        >>> import jgd
        >>> own = task(lambda key: eqx.nn.Linear(4, 3, key=key), "softmax_cross_entropy", jgd.datasets.iris())
        >>> run = jgd.train(own, jgd.optimizers.adam(0.1), steps=100)
        >>> jax.vmap(run.model())(own.test[0]).shape, run.best.value > 0.8
        ((30, 3), True)
    """
    network = Equinox(model, axis_name)
    return task_of(network, loss, rows_of(data, options), options)


class Equinox(Network):
    """A module of Equinox and its state, by their structure and by what is no array in them."""

    def __init__(self, model: Any, axis_name: str):
        self._eqx, self._model, self._axis = library("equinox"), model, axis_name
        own = self._is_module(model)
        if not own and not callable(model):
            raise checks.JgdTypeError(
                f"model must be a function of a key that returns an equinox.Module, or such a module, got {checks.shown(model)}",
                argument="model",
            )
        made = model if own else self._eqx.filter_eval_shape(self._built, jax.random.key(0))
        if not self._is_module(made):
            raise checks.JgdTypeError(
                f"model must return an equinox.Module, or one with its state, got {type(made).__name__}",
                argument="model",
            )
        module, self._state = made if isinstance(made, tuple) else (made, None)
        self._params, self._constants, self._static = self._parts(module)
        self._takes = inspect.signature(type(module).__call__).parameters
        leaves, structure = jax.tree.flatten((self._static, self._state is None, axis_name))
        arrays = jax.tree.structure((self._params, self._constants, self._state))
        facts = structure, [Known(leaf) if callable(leaf) else leaf for leaf in leaves], arrays
        start = self._numbers(made) if own else None
        super().__init__(type(module).__name__, facts, self._classes(module), start)

    def _is_module(self, model: Any) -> bool:
        pair = isinstance(model, tuple) and len(model) == 2 and isinstance(model[1], self._eqx.nn.State)
        return isinstance(model[0] if pair else model, self._eqx.Module)

    def _classes(self, module: Any) -> list[type]:
        inside = jax.tree.leaves(module, is_leaf=lambda node: node is not module and isinstance(node, self._eqx.Module))
        modules = [node for node in inside if isinstance(node, self._eqx.Module)]
        return [type(module), *(kind for node in modules for kind in self._classes(node))]

    def _parts(self, module: Any) -> tuple[Any, Any, Any]:
        """(what descends, other arrays, what is no array), trees like the module with None in the place of the rest."""
        is_array = lambda leaf: self._eqx.is_array(leaf) or isinstance(leaf, jax.ShapeDtypeStruct)
        descends = lambda leaf: is_array(leaf) and jnp.issubdtype(leaf.dtype, jnp.floating)
        params, rest = self._eqx.partition(module, descends)
        return params, *self._eqx.partition(rest, is_array)

    def _built(self, key: Array) -> Any:
        return draws_by(self._model, "key", key, self._eqx.Module)

    def _numbers(self, made: Any) -> tuple[Params, Any]:
        module, state = made if isinstance(made, tuple) else (made, None)
        params, constants, _ = self._parts(module)
        return nested(params), self._beside(constants, state)

    def _beside(self, constants: Any, state: Any) -> dict[str, Any]:
        parts = {"constants": nested(constants), "state": nested(state)}
        return {name: part for name, part in parts.items() if part}

    def draw(self, key: Array) -> tuple[Params, Any]:
        return self._numbers(self._built(key))

    def _combined(self, params: Params, beside: Any, training: bool) -> tuple[Any, Any, Any]:
        """-> (the module in its mode, its constants, its state)."""
        constants = filled(self._constants, (beside or {}).get("constants", {}))
        module = self._eqx.combine(filled(self._params, params), constants, self._static)
        module = self._eqx.nn.inference_mode(module, not training)
        return module, constants, filled(self._state, (beside or {}).get("state", {}))

    def outputs(self, params: Params, inputs: Any, state: Any, key: Array | None, training: bool) -> tuple[Any, Any]:
        module, constants, own = self._combined(params, state, training)
        keys = None
        if "key" in self._takes and training:
            rows = len(jax.tree.leaves(inputs)[0])
            keys = jax.random.split(jax.random.key(0) if key is None else key, rows)
        each = partial(self._one, module)
        mapped = jax.vmap(each, (0, None, None if keys is None else 0), (0, None), axis_name=self._axis)
        out, after = mapped(inputs, own, keys)
        return out, None if state is None else self._beside(constants, after)

    def _one(self, module: Any, x: Any, state: Any, key: Array | None) -> tuple[Any, Any]:
        """One example: -> (its output, the state)."""
        named = {"key": key} if "key" in self._takes else {}
        if self._state is None:
            return module(x, **named), None
        return module(x, state=state, **named) if "state" in self._takes else module(x, state, **named)

    def build(self, params: Params, state: Any) -> Any:
        weights, beside = jax.tree.map(jnp.asarray, (params, state))
        module, _, own = self._combined(weights, beside, False)
        return module if self._state is None else (module, own)
