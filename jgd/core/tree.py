"""Arithmetic on pytrees of arrays, and the two guarded operations that descent needs at zero."""

from typing import Any

import jax
import jax.numpy as jnp
from jax import Array
from jax.tree import leaves as leaves
from jax.tree import map as map
from jax.tree import structure as structure

from jgd.core import tree_xla

_FLOAT32, _FLOAT64 = jnp.dtype(jnp.float32), jnp.dtype(jnp.float64)


def add(a: Any, b: Any) -> Any:
    """a + b, leaf by leaf."""
    return map(lambda x, y: x + y, a, b)


def subtract(a: Any, b: Any) -> Any:
    """a − b, leaf by leaf."""
    return map(lambda x, y: x - y, a, b)


def scale(factor: Any, a: Any) -> Any:
    """factor · a for a scalar factor."""
    return map(lambda x: factor * x, a)


def square(a: Any) -> Any:
    """a², entry by entry."""
    return map(jnp.square, a)


def lerp(keep: Any, old: Any, new: Any) -> Any:
    """keep · old + (1 − keep) · new: one step of an exponential mean."""
    rest = 1 - keep
    return map(lambda x, y: keep * x + rest * y, old, new)


def zeros_like(a: Any) -> Any:
    """Zeros in the shape of `a`, each leaf float32 or wider and a buffer of its own."""
    return map(lambda x: jnp.zeros_like(x, dtype=_wide(x)), a)


def copy(a: Any) -> Any:
    """`a` as a state starts with it: each leaf float32 or wider."""
    return map(lambda x: jnp.asarray(x).astype(_wide(x)), a)


def dot(a: Any, b: Any) -> Array:
    """Σ a · b over all entries of all leaves, in full precision on accelerators too; 0 for an empty tree."""
    products = map(lambda x, y: jnp.vdot(x, y, precision=jax.lax.Precision.HIGHEST), a, b)
    return tree_xla.compute_once(a, sum(leaves(products), start=jnp.zeros((), compute_dtype(a))))


def ravel(a: Any) -> Array:
    """The entries of all leaves end to end, (d,), in the compute dtype."""
    flat = [jnp.ravel(x) for x in leaves(widen(a, compute_dtype(a)))]
    return jnp.concatenate(flat) if flat else jnp.zeros(0, compute_dtype(a))


def unravel(vector: Array, like: Any) -> Any:
    """`ravel` undone: a (d,) as a tree of the shapes of `like`."""
    flat, tree = jax.tree.flatten(like)
    pieces = tree_xla.pieces(vector, [jnp.size(x) for x in flat])
    return tree.unflatten([piece.reshape(jnp.shape(x)) for piece, x in zip(pieces, flat, strict=True)])


def norm(a: Any) -> Array:
    """The Euclidean norm √Σ a² over all entries of all leaves; 0 for an empty tree, with a zero gradient at 0.

    Scaled by the largest entry, so that no square under- or overflows: a gradient of 1e-25 is not "exactly zero".
    """
    dtype = compute_dtype(a)
    peaks = [jnp.zeros((), dtype), *(jnp.max(jnp.abs(x), initial=0) for x in leaves(a))]
    largest = tree_xla.compute_once(a, jnp.max(jnp.stack(peaks)))
    unit = jax.lax.stop_gradient(jnp.where((largest > 0) & jnp.isfinite(largest), largest, jnp.ones_like(largest)))
    total = sum((jnp.sum(jnp.square(x / unit)) for x in leaves(a)), start=jnp.zeros((), dtype))
    return unit * safe_sqrt(tree_xla.compute_once(a, total))


@jax.jit  # traced and lowered once a shape, not once a leaf
@jax.custom_jvp
def safe_sqrt(x: Array) -> Array:
    """√x for x ≥ 0 whose derivative at 0 is 0, not infinite: a dead leaf must not poison a hypergradient."""
    return jnp.sqrt(x)


@safe_sqrt.__wrapped__.defjvp  # pyright: ignore[reportAttributeAccessIssue]  # the custom_jvp inside jit
def _safe_sqrt_jvp(primals: tuple[Array], tangents: tuple[Array]) -> tuple[Array, Array]:
    (x,), (dx,) = primals, tangents
    y = safe_sqrt(x)
    return y, dx * safe_divide(jnp.full_like(y, 0.5), y)


@jax.jit  # traced and lowered once a shape, not once a leaf
@jax.custom_jvp
def safe_divide(a: Array, b: Array) -> Array:
    """a / b, and 0 with derivative 0 where b is 0: a zero gradient makes a zero step at eps = 0 too.

    The choice is made before the division, so that with several readers the compiler keeps the quotient only.
    """
    none = b == 0
    return jnp.where(none, jnp.zeros_like(a), a) / jnp.where(none, jnp.ones_like(b), b)


@safe_divide.__wrapped__.defjvp  # pyright: ignore[reportAttributeAccessIssue]  # the custom_jvp inside jit
def _safe_divide_jvp(primals: tuple[Array, Array], tangents: tuple[Array, Array]) -> tuple[Array, Array]:
    (a, b), (da, db) = primals, tangents
    y = safe_divide(a, b)
    return y, (da - y * db) * safe_divide(jnp.ones_like(b), b)


def select(condition: Array, a: Any, b: Any) -> Any:
    """`a` where the scalar condition holds, else `b`, leaf by leaf."""
    return map(lambda x, y: jnp.where(condition, x, y), a, b)


def fast_global_norm(a: Any) -> Array:
    """`norm` for a report at every step: one product, and the guarded norm only where a square may under- or overflow."""
    short, long = tree_xla.short_and_long(leaves(a))
    vectors = [x.reshape(-1) for x in leaves(widen(long, compute_dtype(a)))]
    strands = [ravel(short), *vectors] if short else vectors
    total = sum((tree_xla.sum_of_squares(x) for x in strands), start=jnp.zeros((), compute_dtype(a)))
    square = tree_xla.compute_once(a, total)
    far = jnp.sqrt(jnp.finfo(square.dtype).max)
    return jax.lax.cond((1 / far < square) & (square < far), lambda _: safe_sqrt(square), norm, a)


def all_finite(a: Any) -> Array:
    """() bool: no entry of any leaf is NaN or infinite (nor so large that its leaf's sum in float32 overflows)."""
    rows = [jnp.asarray(x).astype(_wide(x)).reshape(1, -1) for x in leaves(a)]
    sums = [tree_xla.row_sum(x) for x in rows]
    return jnp.stack([jnp.ones((), bool), *(jnp.isfinite(s).all() for s in sums)]).all()


def _wide(x: Any) -> jnp.dtype:
    """float64 for a float64 leaf, float32 for all narrower ones; said by size, as strict promotion refuses to."""
    dtype = x.dtype if isinstance(x, Array) else jnp.asarray(x).dtype
    return _FLOAT64 if dtype.itemsize > 4 else _FLOAT32


def compute_dtype(a: Any) -> jnp.dtype:
    """The dtype that arithmetic on this tree uses: float64 if a leaf has it, else float32."""
    return max((_wide(x) for x in leaves(a)), key=lambda dtype: dtype.itemsize, default=jnp.dtype(jnp.float32))


def widen(a: Any, dtype: jnp.dtype) -> Any:
    """Floating leaves in `dtype` and strongly typed; others unchanged."""

    def one(x):
        x = jnp.asarray(x)
        return jax.lax.convert_element_type(x, dtype) if jnp.issubdtype(x.dtype, jnp.floating) else x

    return map(one, a)


def cast_like(a: Any, reference: Any) -> Any:
    """`a` with each leaf in the dtype of its leaf in `reference`."""
    return map(lambda x, like: jnp.asarray(x).astype(jnp.asarray(like).dtype), a, reference)
