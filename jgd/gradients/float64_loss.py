"""The loss as a function of one float64 vector, whatever the precision of the program it comes from.

    params ─► Layout (which leaves, where) + x (d,) float64 ─► values(x + t·v) for directions v or single entries

Differences lose half of their digits or more, so they are taken in float64 even where the program is float32. A loss
that rounds inside, or can't be traced in float64 at all, is widened as a traced program (widen.py); what can't be
widened stays coarse. `Wide.eps` says how coarse, from the dtypes that the program really uses.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jgd.core import checks
from jgd.core.functions import one_number, untraceable
from jgd.core.types import Batch, Loss, Params
from jgd.gradients.program_cache import fingerprint, has_own_rules, keep, recalled
from jgd.gradients.promote_jaxpr import UNWIDENABLE, widened

SHARP = 1e-12  # a larger eps is not float64's
LANES = 2**22  # numbers in a chunk of vmapped copies of the parameters: 32 MiB of float64


@contextmanager
def double() -> Iterator[None]:
    """Float64 inside, and dtypes that mix: a float32 literal in a loss must not stop its float64 evaluation."""
    with jax.enable_x64(True), jax.numpy_dtype_promotion("standard"):
        yield


@dataclass(frozen=True)
class Layout:
    """Where each leaf lies in the flat vector; hashable, so that compiled programs are found again by it.

    paths, shapes, dtypes: of all leaves. places: the leaf's slice (start, stop), None for what is not checked.
    """

    treedef: Any
    paths: tuple[str, ...]
    shapes: tuple[tuple[int, ...], ...]
    dtypes: tuple[str, ...]
    places: tuple[tuple[int, int] | None, ...]

    def tree(self, x: Any, others: list[Any], dtype: Any = None) -> Params:
        """The parameters of the vector `x`, in `dtype` or each leaf in its own."""
        rest = iter(others)
        leaves = [
            next(rest) if place is None else x[slice(*place)].reshape(shape).astype(dtype or own)
            for place, shape, own in zip(self.places, self.shapes, self.dtypes, strict=True)
        ]
        return jax.tree.unflatten(self.treedef, leaves)

    def vector(self, tree: Params) -> np.ndarray:
        """The checked leaves of a tree of this layout as one float64 vector, (d,)."""
        leaves = [leaf for leaf, place in zip(self.treedef.flatten_up_to(tree), self.places, strict=True) if place]
        return np.concatenate([np.zeros(0), *(np.asarray(leaf).astype(np.float64).ravel() for leaf in leaves)])


def lay_out(params: Params) -> tuple[Layout, np.ndarray, list[Any]]:
    """-> (layout, x (d,) float64, the other leaves): real floating leaves are in x, all others beside it."""
    found, treedef = jax.tree_util.tree_flatten_with_path(params)
    dtypes = [getattr(leaf, "dtype", None) or jnp.asarray(leaf).dtype for _, leaf in found]
    places, parts, others, at = [], [], [], 0
    for (_, leaf), dtype in zip(found, dtypes, strict=True):
        if not jnp.issubdtype(dtype, jnp.floating):
            places.append(None)
            others.append(leaf)
            continue
        parts.append(np.asarray(leaf).astype(np.float64, copy=False).ravel())
        places.append((at, at + parts[-1].size))
        at += parts[-1].size
    layout = Layout(
        treedef,
        tuple(checks.path_of(path) for path, _ in found),
        tuple(jnp.shape(leaf) for _, leaf in found),
        tuple(str(dtype) for dtype in dtypes),
        tuple(places),
    )
    return layout, joined(parts), others


def joined(parts: list[np.ndarray]) -> np.ndarray:
    """One vector (d,), a copy only where there are several."""
    return parts[0] if len(parts) == 1 else np.concatenate([np.zeros(0), *parts])


def in_dtype(data: Any, dtype: Any) -> Any:
    """Floating arrays as NumPy arrays of `dtype`, all else as it is."""

    def one(leaf):
        floating = jnp.issubdtype(getattr(leaf, "dtype", np.dtype("int32")), jnp.floating)
        return np.asarray(leaf).astype(dtype) if floating else leaf

    return jax.tree.map(one, data)


# operations that round nothing: a float32 constant or a label that only passes through them is exact
EXACT = {
    "broadcast_in_dim",
    "reshape",
    "squeeze",
    "slice",
    "dynamic_slice",
    "gather",
    "transpose",
    "iota",
    "copy",
    "bitcast_convert_type",  # random bits read as a number
}


def coarsest(jaxpr: Any) -> float:
    """The largest machine epsilon among the floating values that a traced program rounds to, at least float64's."""
    eps = float(np.finfo(np.float64).eps)
    for equation in jaxpr.eqns:
        parts = jax.tree.leaves(list(equation.params.values()), is_leaf=lambda part: hasattr(part, "eqns"))
        inner = [part for part in (getattr(part, "jaxpr", part) for part in parts) if hasattr(part, "eqns")]
        eps = max([eps, *(coarsest(part) for part in inner)])
        if inner or equation.primitive.name in EXACT:
            continue
        if equation.primitive.name == "convert_element_type" and not _floating(equation.invars[0].aval):
            continue
        eps = max([eps, *(float(jnp.finfo(v.aval.dtype).eps) for v in equation.outvars if _floating(v.aval))])
    return eps


def _floating(aval: Any) -> bool:
    return hasattr(aval, "dtype") and jnp.issubdtype(aval.dtype, jnp.floating)


@dataclass(frozen=True)
class Wide:
    """A loss around one point: the vector x (d,), and compiled programs that evaluate it elsewhere.

    eps: the machine epsilon of its coarsest operation. grain: the same before its own roundings were taken away.
    native: it could not be traced in float64. mark: of the traced program, "" where its gradient does not follow from
    it. spent: evaluations.
    """

    layout: Layout
    x: np.ndarray
    eps: float
    grain: float
    native: bool
    rest: tuple[Any, ...] = field(repr=False)
    programs: dict[str, Callable[..., Any]] = field(repr=False)
    mark: str = ""
    spent: Counter[str] = field(default_factory=Counter, repr=False)

    def parts(self) -> list[np.ndarray]:
        """The checked leaves of x, in their shapes."""
        pairs = zip(self.layout.places, self.layout.shapes, strict=True)
        return [self.x[slice(*place)].reshape(shape) for place, shape in pairs if place]

    def here(self) -> float:
        """f(x)."""
        self.spent["points"] += 1
        with double():
            return float(self.programs["value"](*self.rest))

    def along(self, directions: np.ndarray, steps: np.ndarray) -> np.ndarray:
        """f(x + t v) for directions v (k, d) and steps t (k, m): (k, m), one copy of x at a time."""
        self.spent["points"] += steps.size
        with double():
            return np.asarray(self.programs["along"](*self.rest, directions, steps))

    def along_imaginary(self, direction: np.ndarray, steps: np.ndarray) -> np.ndarray:
        """Im f(x + i t v) for one direction (d,) and steps (m,): (m,)."""
        self.spent["points"] += steps.size
        with double():
            return np.asarray(self.programs["turned"](*self.rest, direction, steps))

    def at_entries(
        self, indices: np.ndarray, steps: np.ndarray, imaginary: bool = False, pad: bool = False
    ) -> np.ndarray:
        """f(x + t e_i), or Im f(x + i t e_i), for entries i (k,) and steps t (k, m): (k, m), by vmapped chunks.

        pad: to a power of two, so that few programs serve every number of entries.
        """
        self.spent["points"] += steps.size
        width = max(1, min(256, LANES // max(1, self.x.size * steps.shape[1])))
        name = "imaginary" if imaginary else "entries"
        out = []
        for start in range(0, indices.size, width):
            i, t = indices[start : start + width], steps[start : start + width]
            whole = width if indices.size > width else i.size
            missing = (min(width, 2 ** (i.size - 1).bit_length()) if pad else whole) - i.size
            i = np.concatenate([i, np.repeat(i[-1:], missing)])
            t = np.concatenate([t, np.repeat(t[-1:], missing, axis=0)])
            with double():
                values = np.asarray(self.programs[name](*self.rest, i, t))
            out.append(values[: values.shape[0] - missing])
        return np.concatenate(out) if out else np.zeros(steps.shape)


def usable(loss: Loss, params: Params, *data: Batch) -> None:
    """Refuse, by name, a loss that is no function, and leaves that are no numbers."""
    if not callable(loss):
        raise checks.JgdTypeError(f"loss must be a function (params, batch) -> a number, got {type(loss).__name__}")
    numbers(params=params)
    for each in data:
        numbers(batch=each)


def numbers(**trees: Any) -> None:
    """Refuse leaves that are neither arrays of numbers nor numbers, by the tree's name and their path."""
    for name, tree in trees.items():
        for path, leaf in jax.tree_util.tree_leaves_with_path(tree):
            known = hasattr(leaf, "dtype") or isinstance(leaf, bool | int | float | complex)
            if not known or getattr(getattr(leaf, "dtype", None), "kind", "f") in "OSUMm":
                got = getattr(leaf, "dtype", type(leaf).__name__)
                raise checks.JgdTypeError(f"{name}{checks.path_of(path)} must be an array or a number, got {got}")


def around(loss: Loss, params: Params, *data: Batch, dtype: Any = np.float64) -> Wide:
    """`loss(·, *data)` around `params`, evaluated in float64 wherever it can be; or in `dtype`, as it is."""
    usable(loss, params, *data)
    layout, x, others = lay_out(params)
    with double():
        on = jax.device_put(x)
        arguments = (others, _on_device(in_dtype(data, dtype)))
        try:
            programs, eps, grain, mark = _compiled(loss, layout, np.dtype(dtype).name, on, arguments)
            native = dtype != np.float64
        except (TypeError, ValueError) as error:
            if isinstance(error, checks.JgdError):
                raise
            arguments, native = (others, data), True
            programs, eps, grain, mark = _compiled(loss, layout, None, on, arguments)
    if native:  # x itself is rounded to its leaves' dtypes
        own = [dtype] if dtype != np.float64 else [d for d, p in zip(layout.dtypes, layout.places, strict=True) if p]
        grain = max([grain, *(float(jnp.finfo(d).eps) for d in own)])
        eps = max(eps, grain) if dtype != np.float64 or eps > SHARP else eps
    return Wide(layout, x, eps, grain, native, (on, *arguments), programs, "" if native else mark)


def _on_device(tree: Any) -> Any:
    """Arrays are copied there once, not by every call."""
    return jax.tree.map(lambda leaf: jax.device_put(leaf) if isinstance(leaf, np.ndarray) else leaf, tree)


def _compiled(loss: Loss, layout: Layout, dtype: str | None, x: Any, arguments: Any) -> tuple:
    """-> (programs, of an earlier call where the loss still is what it was, eps of the coarsest operation, grain, mark).

    dtype: float64, float32 (nothing is widened then), or None: each leaf in its own, as far as the tracing goes.
    """

    def at(x, others, data):
        value = loss(layout.tree(x, others, dtype), *data)
        value = np.float64(value) if isinstance(value, float) else value  # a constant, without a dtype of its own
        return jnp.asarray(one_number(loss, value)).astype(jnp.float64)

    value: Callable[..., Any] = at
    try:
        traced = jax.make_jaxpr(at)(x, *arguments)
    except jax.errors.ConcretizationTypeError as error:
        raise untraceable(loss) from error
    grain = eps = coarsest(traced.jaxpr)
    if dtype != "float32" and (grain > SHARP or dtype is None):
        whole = jax.make_jaxpr(at)
        smooth = lambda *given: widened(whole(*given))(*jax.tree.leaves(given))[0]
        try:
            traced, value = jax.make_jaxpr(smooth)(x, *arguments), smooth
            eps = coarsest(traced.jaxpr)
        except UNWIDENABLE:
            pass
    key, mark = ("loss", loss, layout, dtype), fingerprint(traced)
    programs = recalled(key, mark) or keep(key, mark, _programs(loss, value, layout, dtype))
    return programs, eps, grain, "" if has_own_rules(traced) else mark


def _programs(
    loss: Loss, value: Callable[..., Any], layout: Layout, dtype: str | None
) -> dict[str, Callable[..., Any]]:
    def along(x, others, data, directions, steps):
        row = lambda pair: jax.lax.map(lambda t: value(x + t * pair[0], others, data), pair[1])
        return jax.lax.map(row, (directions, steps))

    def entries(x, others, data, indices, steps):
        one = lambda i, t: value(x.at[i].add(t), others, data)
        return jax.vmap(jax.vmap(one, in_axes=(None, 0)), in_axes=(0, 0))(indices, steps)

    wide = jnp.complex64 if dtype == "float32" else jnp.complex128

    def imaginary_part(z, others, data):
        return jnp.imag(jnp.asarray(loss(layout.tree(z, others, wide), *data))).astype(jnp.float64)

    def turned(x, others, data, direction, steps):
        return jax.lax.map(lambda t: imaginary_part(x + 1j * t * direction, others, data), steps)

    def imaginary(x, others, data, indices, steps):
        one = lambda i, t: imaginary_part(x.astype(jnp.complex128).at[i].add(1j * t), others, data)
        return jax.vmap(jax.vmap(one, in_axes=(None, 0)), in_axes=(0, 0))(indices, steps)

    programs = {"value": value, "along": along, "turned": turned, "entries": entries, "imaginary": imaginary}
    return {name: jax.jit(program) for name, program in programs.items()}
