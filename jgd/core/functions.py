"""A user's functions: how they are named in messages, how they cross jit, and a loss whose answer is checked."""

import hashlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from jgd.core import checks
from jgd.core.types import Batch, Loss, Params

UNTRACEABLE = (jax.errors.ConcretizationTypeError, jax.errors.TracerArrayConversionError)  # what `untraceable` explains
ADDRESS = re.compile(r" at 0x[0-9a-f]+")  # differs from process to process


def crossing(function: Callable) -> Callable:
    """What crosses jit: a record does, a plain function by its identity."""
    return jax.tree_util.Partial(function) if jax.tree_util.all_leaves([function]) else function


@dataclass(frozen=True)
class OnBatch:
    """loss(·, batch), refused by name unless it returns one real floating number and can be traced.

    What an optimizer's `loss=` takes; made this way it also knows the examples one by one:

    >>> loss = lambda w, rows: jnp.mean((w - rows) ** 2)
    >>> at = OnBatch(loss, jnp.array([1.0, 3.0]))
    >>> float(at(jnp.zeros(()))), at.example_gradients(jnp.zeros(())).tolist()
    (5.0, [-2.0, -6.0])
    """

    loss: Loss
    batch: Batch

    def __call__(self, params: Params) -> Array:
        loss = self.loss
        try:
            value = loss(params, self.batch)
        except UNTRACEABLE as error:
            raise untraceable(loss) from error
        return one_number(loss, value)

    def example_gradients(self, params: Params) -> Params:
        """The gradient of each example's loss, taken as a batch of one row: leaves (rows, …)."""
        checks.rows("batch", self.batch)
        one = lambda row: jax.grad(OnBatch(self.loss, jax.tree.map(lambda x: x[None], row)))(params)
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


def one_number(loss: Loss, value: Any) -> Any:
    """What a loss returned, refused by the loss's name unless it is one real floating number."""
    dtype = getattr(value, "dtype", None)
    if dtype is None or jnp.shape(value) != () or not jnp.issubdtype(dtype, jnp.floating):
        got = f"shape {jnp.shape(value)}, dtype {dtype}" if dtype is not None else f"{type(value).__name__}"
        raise checks.JgdTypeError(f"the loss {name_of(loss)} must return one real floating number, got {got}")
    return value


def untraceable(function: Any, what: str = "loss") -> checks.JgdTypeError:
    """The error for a loss (or what else it is) that needs a number where there is a tracer."""
    return checks.JgdTypeError(
        f"the {what} {name_of(function)} needs the value of a traced array (a Python `if`, float(), int() or NumPy): use "
        "jnp in place of np, jnp.where or jax.lax.cond; jax.disable_jit() runs it step by step for a debugger"
    )


def name_of(function: Any) -> str:
    """A function's or record's name for messages."""
    function = getattr(function, "func", function)
    return getattr(function, "__qualname__", type(function).__name__)


def fingerprint(function: Any) -> str:
    """What a function or record does, as far as it can be told: its name, code, constants and captured values, and the
    functions and constants of its own module that it names.

    Two runs with one fingerprint minimize the same loss; a changed line of a loss, or of its helper, changes it.
    """
    out = hashlib.sha256()
    _absorb(out, function, set())
    return f"{name_of(function)} {out.hexdigest()[:16]}"


def _absorb(out: Any, thing: Any, seen: set[int]) -> None:
    if id(thing) in seen:
        return
    code = getattr(thing, "__code__", None)
    if isinstance(thing, partial):  # a jax Partial is one
        for part in (thing.func, thing.args, tuple(sorted(thing.keywords.items()))):
            _absorb(out, part, seen)
    elif code is not None:
        seen.add(id(thing))
        _code(out, code)
        captured = (cell.cell_contents for cell in thing.__closure__ or ())
        for part in (*captured, thing.__defaults__ or (), *_named(thing)):
            _absorb(out, part, seen)
    else:
        out.update(ADDRESS.sub("", str(jax.tree.structure(thing))).encode())
        for leaf in jax.tree.leaves(thing):
            if callable(leaf) and leaf is not thing:
                _absorb(out, leaf, seen)
            elif isinstance(leaf, int | float | np.ndarray | jax.Array | np.generic):
                array = np.asarray(leaf)
                out.update(f"{array.dtype}{array.shape}".encode() + array.tobytes())
            elif isinstance(leaf, str):
                out.update(leaf.encode())
            else:
                out.update(getattr(leaf, "__qualname__", type(leaf).__qualname__).encode())


def _named(function: Any) -> Iterator[Any]:
    """The functions and constants of its own module that a function names, also inside the functions in it."""
    for name in sorted(_names(function.__code__)):
        value = getattr(function, "__globals__", {}).get(name)
        helper = hasattr(value, "__code__") and getattr(value, "__module__", None) == function.__module__
        if helper or isinstance(value, int | float | str | np.ndarray | jax.Array):
            yield value


def _names(code: Any) -> set[str]:
    inner = (_names(constant) for constant in code.co_consts if hasattr(constant, "co_code"))
    return set(code.co_names).union(*inner)


def _code(out: Any, code: Any) -> None:
    out.update(code.co_code + repr(code.co_names).encode())
    for constant in code.co_consts:
        if hasattr(constant, "co_code"):
            _code(out, constant)
        else:
            out.update(repr(sorted(constant) if isinstance(constant, frozenset) else constant).encode())
