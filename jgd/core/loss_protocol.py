"""What a loss may take and return besides the value, and a loss on one batch as the optimizer sees it.

    loss(params, batch)                 -> value
    loss(params, batch, key=…)          -> value              a key a (seed, step); None where it is evaluated
    either of them                      -> value, aux         aux: name -> (), recorded and not minimized
    loss(params, batch, state=…)        -> value, aux, state  what the model keeps beside its parameters

What a loss takes is read off its signature, what it returns when it is traced.
"""

import inspect
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array

from jgd.core import checks
from jgd.core.functions import UNTRACEABLE, ExamplesWanted, name_of, one_number, untraceable
from jgd.core.types import Batch, Loss, Params

# columns of every history
RESERVED = ("step", "loss", "gradient_norm", "update_norm", "learning_rate", "weight_norm", "observed", "seconds")
RESERVED_PREFIXES = ("validation_", "round_")
Aux = dict[str, Array]


@dataclass(frozen=True)
class Takes:
    """Which of the optional parameters a loss or metric has, and whether it can do without a state."""

    key: bool = False
    state: bool = False
    state_optional: bool = False


def takes(function: Any) -> Takes:
    """What a loss or metric takes besides parameters and batch: its parameters `key` and `state`, by name.

    One that `functools.partial` has filled in is not asked for.

    Args:
        function: A function, a record that can be called, or a partial of either.

    Returns:
        What it takes; nothing where it can't be told.

    Example:
        >>> takes(lambda params, batch, key=None: 0.0)
        Takes(key=True, state=False, state_optional=False)
    """
    while hasattr(function, "passes_on_to"):  # a record around a loss
        function = function.passes_on_to
    places, bound = 0, set()
    while hasattr(function, "func") and hasattr(function, "keywords"):  # a partial, also inside jax's own
        places, bound = places + len(function.args), bound | set(function.keywords)
        function = function.func
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):  # of C, for example
        return Takes()
    rest = {p.name: p for p in parameters[places + 2 :] if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)}
    asks = lambda name: name in rest and name not in bound
    return Takes(asks("key"), asks("state"), asks("state") and rest["state"].default is not inspect.Parameter.empty)


def given(function: Any, key: Array | None, state: Any) -> dict[str, Any]:
    """The keywords that a loss or metric is called with; `JgdTypeError` where it needs a state and there is none."""
    asks = takes(function)
    if asks.state and state is None and not asks.state_optional:
        raise checks.JgdTypeError(
            f"{name_of(function)} has a parameter 'state', but there is no model state: give model_state= "
            "(train, start), or init_state= (Task, RunSpec)",
            argument="model_state",
        )
    own = {"key": key} if asks.key else {}
    return {**own, "state": state} if asks.state and state is not None else own


def as_state(state: Any) -> Any:
    """A model state as arrays; `JgdTypeError` for a leaf that is neither numbers nor bools.

    Example:
        >>> as_state({"count": 3, "mean": 0.5})
        {'count': Array(3, dtype=int32), 'mean': Array(0.5, dtype=float32)}
    """
    checks.numeric_data("model_state", state)
    return jax.tree.map(
        lambda x: jnp.array(x, jnp.asarray(x).dtype), state
    )  # a copy, strongly typed: runs donate theirs


def outcome(loss: Loss, params: Params, batch: Batch, key: Array | None, state: Any) -> tuple[Array, tuple[Aux, Any]]:
    """loss(params, batch, …) in full: -> (value, (aux, state)); the state is the one given where the loss takes none.

    Raises:
        JgdTypeError: At trace time, by the loss's name: it returns something else, branches in Python on a value, or
            changes the structure, a shape or a dtype of its state.
        JgdValueError: A name of `aux` is taken.
    """
    extra = given(loss, key, state)
    made = _returned(loss, params, batch, extra)
    if "state" in extra:
        return _with_state(loss, made, state)
    if not isinstance(made, tuple):
        return one_number(loss, made), ({}, state)
    if len(made) != 2:
        raise checks.JgdTypeError(f"the loss {name_of(loss)} must return value or (value, aux), got {len(made)} parts")
    return one_number(loss, made[0]), (_aux(loss, made[1]), state)


def evaluated(loss: Loss, params: Params, batch: Batch, state: Any = None) -> Array:
    """The value of a loss where it is evaluated: key=None, the state as it is, and what else it returns is dropped.

    Raises:
        JgdTypeError: At trace time, as in `outcome`.
    """
    made = _returned(loss, params, batch, given(loss, None, state), evaluation=True)
    return one_number(loss, made[0] if isinstance(made, tuple) and made else made)


def _returned(loss: Loss, params: Params, batch: Batch, extra: Mapping[str, Any], evaluation: bool = False) -> Any:
    """What a loss returns; its faults are told by its name, or with what may have led to them."""
    try:
        return loss(params, batch, **extra)
    except UNTRACEABLE as error:
        raise untraceable(loss) from error
    except Exception as error:
        what = f"{'an evaluation' if evaluation else 'a step'} of {checks.arrays_of('batch', batch)}"
        error.add_note(f"raised by {name_of(loss)}, traced for {what}")
        if extra.get("key", 0) is None:
            error.add_note(
                "an evaluation calls it with key=None: let it do without noise then, or give evaluation_loss="
            )
        raise


def _with_state(loss: Loss, made: Any, state: Any) -> tuple[Array, tuple[Aux, Any]]:
    if not isinstance(made, tuple) or len(made) != 3:
        got = f"{len(made)} parts" if isinstance(made, tuple) else type(made).__name__
        raise checks.JgdTypeError(
            f"the loss {name_of(loss)} takes a state, and must return (value, aux, state), aux = {{}} where there is "
            f"nothing to record; got {got}"
        )
    value, aux, after = made
    return one_number(loss, value), (_aux(loss, aux), _same_kind(loss, after, state))


def _aux(loss: Loss, aux: Any) -> Aux:
    """What a loss wants recorded, as arrays ()."""
    who = f"the aux of the loss {name_of(loss)}"
    if not isinstance(aux, Mapping) or not all(isinstance(name, str) for name in aux):
        raise checks.JgdTypeError(f"{who} must map names to single numbers, got {type(aux).__name__}")
    for name, value in aux.items():
        dtype = getattr(value, "dtype", None) if not isinstance(value, int | float) else jnp.result_type(value)
        real = dtype is not None and any(jnp.issubdtype(dtype, kind) for kind in (jnp.floating, jnp.integer, jnp.bool_))
        if not real or jnp.shape(value) != ():
            got = f"shape {jnp.shape(value)}, dtype {dtype}" if dtype is not None else type(value).__name__
            raise checks.JgdTypeError(f"{who} must hold single real numbers, got {checks.shown(name)} of {got}")
        if name in RESERVED or name.startswith(RESERVED_PREFIXES) or not name.isidentifier():
            raise checks.JgdValueError(
                f"{who} has the name {name!r}: names are identifiers, and not {', '.join(RESERVED)} or "
                f"{', '.join(f'{prefix}…' for prefix in RESERVED_PREFIXES)}"
            )
    return {name: jnp.asarray(aux[name]) for name in sorted(aux)}


def _same_kind(loss: Loss, after: Any, before: Any) -> Any:
    """The state that a loss returned, refused unless it is like the one that it took."""
    who = f"the state that the loss {name_of(loss)} returns"
    if jax.tree.structure(after) != jax.tree.structure(before):
        raise checks.JgdTypeError(
            f"{who} must be the same tree as the one that it takes, {jax.tree.structure(before)}, "
            f"got {jax.tree.structure(after)}"
        )
    pairs = zip(jax.tree_util.tree_leaves_with_path(after), jax.tree.leaves(before), strict=True)
    for (path, new), old in pairs:
        kind = lambda x: (jnp.shape(x), jnp.asarray(x).dtype)
        if kind(new) != kind(old):
            words = lambda x: f"{jnp.asarray(x).dtype}{list(jnp.shape(x))}"
            raise checks.JgdTypeError(
                f"{who} must keep shape and dtype: {checks.path_of(path)} was {words(old)}, is {words(new)}"
            )
    strong = lambda new, old: jax.lax.convert_element_type(new, old.dtype)  # a loop's carry can't become weakly typed
    return jax.tree.map(strong, after, before)


@dataclass(frozen=True)
class OnBatch:
    """loss(·, batch), refused by name unless it returns one real floating number and can be traced.

    What an optimizer's `loss=` takes; made this way it also knows the examples one by one. The key and the state are
    fixed, and what the loss returns besides its value is dropped: a line search looks at one function.

    Args:
        loss: loss(params, batch), a function or a record.
        batch: A pytree of arrays that share their leading axis, the examples.
        key: What a loss gets that has a parameter `key`.
        state: What a loss gets that has a parameter `state`.
        filled: Whether the batch is filled up by rows of weight 0, which are no examples. Default: False.

    Example:
        >>> loss = lambda w, rows: jnp.mean((w - rows) ** 2)
        >>> at = OnBatch(loss, jnp.array([1.0, 3.0]))
        >>> float(at(jnp.zeros(()))), at.example_gradients(jnp.zeros(())).tolist()
        (5.0, [-2.0, -6.0])
    """

    loss: Loss
    batch: Batch
    key: Array | None = None
    state: Any = None
    filled: bool = False

    def __call__(self, params: Params) -> Array:
        return self.outcome(params)[0]

    def outcome(self, params: Params) -> tuple[Array, tuple[Aux, Any]]:
        """-> (value, (aux, state)): with what the loss returns besides its value."""
        return outcome(self.loss, params, self.batch, self.key, self.state)

    def example_gradients(self, params: Params) -> Params:
        """The gradient of each example's loss, taken as a batch of one row: leaves (rows, …)."""
        checks.rows("batch", self.batch)
        if self.filled:
            raise ExamplesWanted
        one = lambda row: jax.grad(replace(self, batch=jax.tree.map(lambda x: x[None], row)))(params)
        return jax.vmap(one)(self.batch)

    @property
    def has_outputs(self) -> bool:
        """Whether the loss says how it is made of a model's outputs: of_outputs(outputs(params, batch), batch)."""
        return hasattr(self.loss, "outputs") and hasattr(self.loss, "of_outputs")

    def gauss_newton_product(self, params: Params, vector: Params) -> Params:
        """Jᵀ L J · vector: J the Jacobian of the outputs, L the Hessian of the loss in them."""
        loss: Any = self.loss
        outputs = lambda at: loss.outputs(at, self.batch)
        there, along = jax.jvp(outputs, (params,), (vector,))
        curved = jax.jvp(jax.grad(lambda at: loss.of_outputs(at, self.batch)), (there,), (along,))[1]
        return jax.vjp(outputs, params)[1](curved)[0]
