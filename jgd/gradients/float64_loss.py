"""The loss as a function of one float64 vector, whatever the precision of the program it comes from.

    params ─► LeafLayout (which leaves, where) + x (d,) float64 ─► values(x + t·v) for directions v or single entries

Differences lose half of their digits or more, so they are taken in float64 even where the program is float32. A loss
that rounds inside, or can't be traced in float64 at all, is promoted as a traced program (promote_jaxpr.py); what
can't be promoted stays coarse. `Float64Loss.eps` says how coarse, from the dtypes that the program really uses.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jgd.core import checks
from jgd.core.functions import one_number, untraceable
from jgd.core.types import Batch, Loss, Params
from jgd.gradients.arguments import check_loss_and_data
from jgd.gradients.layout import LeafLayout, ravel_params
from jgd.gradients.precision import FLOAT64_LIMIT, cast_floating, coarsest_eps, float64_enabled
from jgd.gradients.program_cache import has_custom_derivatives, jaxpr_digest, lookup, store
from jgd.gradients.promote_jaxpr import PROMOTION_ERRORS, promote

CHUNK = 2**22  # numbers in a chunk of vmapped copies of the parameters: 32 MiB of float64


@dataclass(frozen=True)
class Float64Loss:
    """A loss around one point: the vector x (d,), and compiled programs that evaluate it elsewhere.

    eps: the machine epsilon of its coarsest operation. program_eps: the same before its own roundings were taken away.
    native: it could not be traced in float64. digest: of the traced program, "" where its gradient does not follow from
    it. counts: "evaluations" so far.
    """

    layout: LeafLayout
    x: np.ndarray
    eps: float
    program_eps: float
    native: bool
    arguments: tuple[Any, ...] = field(repr=False)
    programs: dict[str, Callable[..., Any]] = field(repr=False)
    digest: str = ""
    counts: Counter[str] = field(default_factory=Counter, repr=False)

    def leaves(self) -> list[np.ndarray]:
        """The checked leaves of x, in their shapes."""
        pairs = zip(self.layout.spans, self.layout.shapes, strict=True)
        return [self.x[slice(*span)].reshape(shape) for span, shape in pairs if span]

    def value(self) -> float:
        """f(x)."""
        self.counts["evaluations"] += 1
        with float64_enabled():
            return float(self.programs["value"](*self.arguments))

    def along(self, directions: np.ndarray, steps: np.ndarray) -> np.ndarray:
        """f(x + t v) for directions v (k, d) and steps t (k, m): (k, m), one copy of x at a time."""
        self.counts["evaluations"] += steps.size
        with float64_enabled():
            return np.asarray(self.programs["along"](*self.arguments, directions, steps))

    def along_imaginary(self, direction: np.ndarray, steps: np.ndarray) -> np.ndarray:
        """Im f(x + i t v) for one direction (d,) and steps (m,): (m,)."""
        self.counts["evaluations"] += steps.size
        with float64_enabled():
            return np.asarray(self.programs["along_imaginary"](*self.arguments, direction, steps))

    def at_entries(
        self, indices: np.ndarray, steps: np.ndarray, imaginary: bool = False, pad: bool = False
    ) -> np.ndarray:
        """f(x + t e_i), or Im f(x + i t e_i), for entries i (k,) and steps t (k, m): (k, m), by vmapped chunks.

        pad: to a power of two, so that few programs serve every number of entries.
        """
        self.counts["evaluations"] += steps.size
        width = max(1, min(256, CHUNK // max(1, self.x.size * steps.shape[1])))
        name = "entries_imaginary" if imaginary else "entries"
        out = []
        for start in range(0, indices.size, width):
            i, t = indices[start : start + width], steps[start : start + width]
            whole = width if indices.size > width else i.size
            missing = (min(width, 2 ** (i.size - 1).bit_length()) if pad else whole) - i.size
            i = np.concatenate([i, np.repeat(i[-1:], missing)])
            t = np.concatenate([t, np.repeat(t[-1:], missing, axis=0)])
            with float64_enabled():
                values = np.asarray(self.programs[name](*self.arguments, i, t))
            out.append(values[: values.shape[0] - missing])
        return np.concatenate(out) if out else np.zeros(steps.shape)


def build_float64_loss(loss: Loss, params: Params, *data: Batch, dtype: Any = np.float64) -> Float64Loss:
    """`loss(·, *data)` around `params`, evaluated in float64 wherever it can be; or in `dtype`, as it is."""
    check_loss_and_data(loss, params, *data)
    layout, x, others = ravel_params(params)
    with float64_enabled():
        on = jax.device_put(x)
        arguments = (others, _on_device(cast_floating(data, dtype)))
        try:
            programs, eps, program_eps, digest = _compiled(loss, layout, np.dtype(dtype).name, on, arguments)
            native = dtype != np.float64
        except (TypeError, ValueError) as error:
            if isinstance(error, checks.JgdError):
                raise
            arguments, native = (others, data), True
            programs, eps, program_eps, digest = _compiled(loss, layout, None, on, arguments)
    if native:  # x itself is rounded to its leaves' dtypes
        own = [dtype] if dtype != np.float64 else [d for d, p in zip(layout.dtypes, layout.spans, strict=True) if p]
        program_eps = max([program_eps, *(float(jnp.finfo(d).eps) for d in own)])
        eps = max(eps, program_eps) if dtype != np.float64 or eps > FLOAT64_LIMIT else eps
    return Float64Loss(layout, x, eps, program_eps, native, (on, *arguments), programs, "" if native else digest)


def _on_device(tree: Any) -> Any:
    """Arrays are copied there once, not by every call."""
    return jax.tree.map(lambda leaf: jax.device_put(leaf) if isinstance(leaf, np.ndarray) else leaf, tree)


def _compiled(loss: Loss, layout: LeafLayout, dtype: str | None, x: Any, arguments: Any) -> tuple:
    """-> (programs, eps of the coarsest operation, program_eps, digest); programs of an earlier call for the same loss.

    dtype: float64, float32 (nothing is promoted then), or None: each leaf in its own, as far as the tracing goes.
    """

    def at(x, others, data):
        value = loss(layout.unravel(x, others, dtype), *data)
        value = np.float64(value) if isinstance(value, float) else value  # a constant, without a dtype of its own
        return jnp.asarray(one_number(loss, value)).astype(jnp.float64)

    value: Callable[..., Any] = at
    try:
        traced = jax.make_jaxpr(at)(x, *arguments)
    except jax.errors.ConcretizationTypeError as error:
        raise untraceable(loss) from error
    program_eps = eps = coarsest_eps(traced.jaxpr)
    if dtype != "float32" and (program_eps > FLOAT64_LIMIT or dtype is None):
        whole = jax.make_jaxpr(at)
        smooth = lambda *given: promote(whole(*given))(*jax.tree.leaves(given))[0]
        try:
            traced, value = jax.make_jaxpr(smooth)(x, *arguments), smooth
            eps = coarsest_eps(traced.jaxpr)
        except PROMOTION_ERRORS:
            pass
    key, digest = ("loss", loss, layout, dtype), jaxpr_digest(traced)
    programs = lookup(key, digest) or store(key, digest, _programs(loss, value, layout, dtype))
    return programs, eps, program_eps, "" if has_custom_derivatives(traced) else digest


def _programs(
    loss: Loss, value: Callable[..., Any], layout: LeafLayout, dtype: str | None
) -> dict[str, Callable[..., Any]]:
    def along(x, others, data, directions, steps):
        row = lambda pair: jax.lax.map(lambda t: value(x + t * pair[0], others, data), pair[1])
        return jax.lax.map(row, (directions, steps))

    def entries(x, others, data, indices, steps):
        one = lambda i, t: value(x.at[i].add(t), others, data)
        return jax.vmap(jax.vmap(one, in_axes=(None, 0)), in_axes=(0, 0))(indices, steps)

    complex_dtype = jnp.complex64 if dtype == "float32" else jnp.complex128

    def imaginary_part(z, others, data):
        return jnp.imag(jnp.asarray(loss(layout.unravel(z, others, complex_dtype), *data))).astype(jnp.float64)

    def along_imaginary(x, others, data, direction, steps):
        return jax.lax.map(lambda t: imaginary_part(x + 1j * t * direction, others, data), steps)

    def entries_imaginary(x, others, data, indices, steps):
        one = lambda i, t: imaginary_part(x.astype(jnp.complex128).at[i].add(1j * t), others, data)
        return jax.vmap(jax.vmap(one, in_axes=(None, 0)), in_axes=(0, 0))(indices, steps)

    programs = {
        "value": value,
        "along": along,
        "along_imaginary": along_imaginary,
        "entries": entries,
        "entries_imaginary": entries_imaginary,
    }
    return {name: jax.jit(program) for name, program in programs.items()}
