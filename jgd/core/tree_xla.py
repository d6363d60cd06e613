"""Work-arounds for XLA, each with its reason: what would be one plain line of `tree.py` if compilers were perfect."""

import itertools
from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array
from jax.core import Tracer

SHORT = 8192  # entries: leaves up to this long are cheaper to ravel than to visit one by one
FEW = 16  # leaves: up to so many, a scalar of all of them may be computed in each leaf's loop


def copy_aliased(a: Any, others: Any) -> Any:
    """`a` with a copy of every array that is also in `others`, or twice in `a`.

    Outside jit a state may not alias the caller's arrays, or donating one would delete the other. Inside jit the
    compiler sees to it.
    """
    seen = {id(x) for x in jax.tree.leaves(others)}

    def one(x):
        if isinstance(x, Tracer):
            return x
        if id(x) in seen:
            return jnp.array(x, copy=True)
        seen.add(id(x))
        return x

    return jax.tree.map(one, a)


def strong(x: Any) -> Array:
    """An array in a dtype of its own, weakly typed or not; it may be the same one."""
    array: Any = x  # a tracer is an array to the types, and its aval is not
    return x if isinstance(x, Array) and not array.aval.weak_type else jnp.array(x, dtype=x.dtype)


def compute_once(a: Any, scalar: Array) -> Array:
    """A scalar of all leaves of `a` that every leaf will read, (), computed in one place where leaves are many.

    XLA on a CPU copies the whole sum over leaves into each leaf's loop (compile time: the square of their number) and
    drops an `optimization_barrier` before it does. A sort it leaves alone, under vmap too.
    """
    return scalar if len(jax.tree.leaves(a)) <= FEW else jax.lax.sort(jnp.stack([scalar, scalar]))[0]


def pieces(vector: Array, sizes: Sequence[int]) -> list[Array]:
    """A vector cut into pieces of these sizes, end to end.

    A slice at a place that XLA knows is a kernel of its own wherever it is read, and five hundred compile for half a
    minute on a CPU. Of places that it can't know, which only a `cond` hides from it, the pieces of a size share one.
    """
    places = list(itertools.accumulate(sizes, initial=0))[:-1]
    numbers = lambda factor: [jnp.asarray(factor * place, jnp.int32) for place in places]
    unknown = jax.lax.optimization_barrier(jnp.ones((), bool))
    starts = jax.lax.cond(unknown, lambda: numbers(1), lambda: numbers(0)) if len(sizes) > FEW else places
    return [jax.lax.dynamic_slice(vector, (at,), (size,)) for at, size in zip(starts, sizes, strict=True)]


def short_and_long(leaves: Sequence[Any]) -> tuple[list[Any], list[Any]]:
    """The leaves to join in one vector, and those to visit one by one: a kernel for each short one would cost more."""
    return [x for x in leaves if jnp.size(x) <= SHORT], [x for x in leaves if jnp.size(x) > SHORT]


def sum_of_squares(x: Array) -> Array:
    """Σ x² of a vector, (), as a product of matrices, faster on a CPU than a reduction."""
    return jnp.dot(x.reshape(1, -1), x.reshape(-1, 1), precision=jax.lax.Precision.HIGHEST).reshape(())


def row_sum(row: Array) -> Array:
    """Σ x of a (1, n), (1, 1), as a product with ones: twice as fast on a CPU as a reduction, at every step of a sweep."""
    return jnp.dot(row, jnp.ones((row.size, 1), row.dtype))
