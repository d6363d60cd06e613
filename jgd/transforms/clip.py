"""Clipping: a long gradient is made shorter, a short one stays exactly as it is.

by value        u ← max(−c, min(c, g)), entry by entry
by global norm  u ← g · min(1, c / ‖g‖), one ‖g‖ over all leaves: it keeps the direction
by leaf norm    u ← g · min(1, c / ‖g‖), leaf by leaf
by block RMS    u ← g · min(1, c / RMS(g)), leaf by leaf
adaptively      u ← g · min(1, c · max(‖θ‖, eps) / ‖g‖), unit by unit: it knows how long the weights are

Sources: Pascanu, Mikolov & Bengio 2013, arXiv:1211.5063, algorithm 1 (global norm); Shazeer & Stern 2018,
arXiv:1804.04235, section 6 (block RMS); Brock et al. 2021, arXiv:2102.06171, section 4 (adaptive). torch divides by
‖g‖ + 1e-6 when it clips by the global norm; here, as in optax, a gradient longer than c ends with the norm c.

Around a group of leaves, `only("encoder/*", ClipByGlobalNorm(1.0))`, the global norm is the group's.
"""

import jax
import jax.numpy as jnp
from jax import Array

from jgd.core import tree
from jgd.core.record import hyper, record
from jgd.core.transform import Context, Transform
from jgd.core.types import Params, Scalar


@record
class ClipByValue(Transform):
    """u ← max(−max_delta, min(max_delta, g)), entry by entry.

    Args:
        max_delta: The largest entry that passes, also a schedule. > 0.

    Example:
        >>> import jgd
        >>> optimizer = jgd.chain(ClipByValue(1.0), jgd.transforms.ScaleByLearningRate(1.0))
        >>> optimizer.update(jnp.array([3.0, -0.5]), optimizer.init(jnp.ones(2)), jnp.ones(2))[0].tolist()
        [-1.0, 0.5]
    """

    entrywise = True

    max_delta: Scalar = hyper("> 0")

    def update(self, updates: Params, state: tuple[()], context: Context) -> tuple[Params, tuple[()]]:
        most = context.at(self.max_delta)
        return tree.map(lambda g: jnp.clip(g, -most, most), updates), state


@record
class ClipByGlobalNorm(Transform):
    """u ← g · min(1, max_norm / ‖g‖), ‖g‖ over all leaves together.

    Args:
        max_norm: The longest gradient that passes, also a schedule. > 0.

    Example:
        >>> import jgd
        >>> optimizer = jgd.chain(ClipByGlobalNorm(1.0), jgd.transforms.ScaleByLearningRate(1.0))
        >>> params = {"a": jnp.zeros(1), "b": jnp.zeros(1)}
        >>> grads = {"a": jnp.array([3.0]), "b": jnp.array([4.0])}
        >>> updates, _ = optimizer.update(grads, optimizer.init(params), params)
        >>> updates["a"].tolist(), updates["b"].tolist()
        ([-0.6], [-0.8])
    """

    entrywise = True

    max_norm: Scalar = hyper("> 0")

    def update(self, updates: Params, state: tuple[()], context: Context) -> tuple[Params, tuple[()]]:
        return tree.scale(_factor(context.at(self.max_norm), tree.norm(updates)), updates), state


@record
class ClipByLeafNorm(Transform):
    """u ← g · min(1, max_norm / ‖g‖), the norm of each leaf for itself, Keras's `clipnorm`.

    Args:
        max_norm: The longest gradient of a leaf that passes, also a schedule. > 0.

    Example:
        >>> import jgd
        >>> optimizer = jgd.chain(ClipByLeafNorm(1.0), jgd.transforms.ScaleByLearningRate(1.0))
        >>> params = {"a": jnp.zeros(2), "b": jnp.zeros(1)}
        >>> grads = {"a": jnp.array([3.0, 4.0]), "b": jnp.array([0.5])}
        >>> updates, _ = optimizer.update(grads, optimizer.init(params), params)
        >>> updates["a"].round(6).tolist(), updates["b"].tolist()
        ([-0.6, -0.8], [-0.5])
    """

    max_norm: Scalar = hyper("> 0")
    per_leaf = True

    def update(self, updates: Params, state: tuple[()], context: Context) -> tuple[Params, tuple[()]]:
        most = context.at(self.max_norm)
        return tree.map(lambda g: _factor(most, tree.norm(g)) * g, updates), state


@record
class ZeroNans(Transform):
    """u ← 0 where g is NaN, entry by entry; infinities pass. `SkipNonFinite` leaves out the whole step instead.

    Example:
        >>> import jgd
        >>> optimizer = jgd.chain(ZeroNans(), jgd.transforms.ScaleByLearningRate(1.0))
        >>> updates, _ = optimizer.update(jnp.array([jnp.nan, 2.0]), optimizer.init(jnp.ones(2)), jnp.ones(2))
        >>> (updates + 0).tolist()
        [0.0, -2.0]
    """

    entrywise = True

    def update(self, updates: Params, state: tuple[()], context: Context) -> tuple[Params, tuple[()]]:
        return tree.map(lambda g: jnp.where(jnp.isnan(g), jnp.zeros_like(g), g), updates), state


@record
class ClipByBlockRms(Transform):
    """u ← g · min(1, threshold / RMS(g)), the root mean square of each leaf for itself.

    Args:
        threshold: The largest root mean square that passes, also a schedule. > 0.

    Example:
        >>> import jgd
        >>> optimizer = jgd.chain(ClipByBlockRms(1.0), jgd.transforms.ScaleByLearningRate(1.0))
        >>> optimizer.update(jnp.array([4.0, -4.0]), optimizer.init(jnp.ones(2)), jnp.ones(2))[0].tolist()
        [-1.0, 1.0]
    """

    threshold: Scalar = hyper("> 0")
    per_leaf = True

    def update(self, updates: Params, state: tuple[()], context: Context) -> tuple[Params, tuple[()]]:
        most = context.at(self.threshold)
        rms = lambda g: tree.norm(g) / max(g.size, 1) ** 0.5
        return tree.map(lambda g: _factor(most, rms(g)) * g, updates), state


@record
class ClipAdaptively(Transform):
    """u ← g · min(1, clipping · max(‖θ‖, eps) / ‖g‖), the norms of each unit: what feeds one output.

    A unit is what the authors' code takes: a whole vector (also one with axes of length 1), a column of a (in, out) matrix
    or of its stack (in, heads, out), a (height, width, in) filter of a convolution. The paper leaves out the last layer:
    `all_but("head/*", ClipAdaptively(0.01))`.

    Args:
        clipping: The paper's λ, 0.01 there at batch size 4096; also a schedule. > 0. Default: 0.01.
        eps: The least norm that weights count with, so that those at 0 can leave it; also a schedule. > 0. Default: 0.001.

    Example:
        >>> import jgd
        >>> optimizer = jgd.chain(ClipAdaptively(0.5), jgd.transforms.ScaleByLearningRate(1.0))
        >>> optimizer.update(jnp.array([3.0]), optimizer.init(jnp.ones(1)), jnp.ones(1))[0].tolist()
        [-0.5]
    """

    clipping: Scalar = hyper("> 0", default=0.01)
    eps: Scalar = hyper("> 0", default=1e-3)
    per_leaf = True

    def update(self, updates: Params, state: tuple[()], context: Context) -> tuple[Params, tuple[()]]:
        clipping, eps = context.at(self.clipping), context.at(self.eps)
        longest = lambda p: clipping * jnp.maximum(_unit_norms(p), eps)
        return tree.map(lambda g, p: _factor(longest(p), _unit_norms(g)) * g, updates, context.params), state


def _factor(most: Array, norm: Array) -> Array:
    """min(1, most / norm): exactly 1 for a norm up to `most`, 0 where a schedule's `most` is 0, never a division by 0."""
    longest = jnp.maximum(norm, most)
    none = longest == 0
    return jnp.where(none, 0, most / jnp.where(none, 1, longest))


def _unit_norms(x: Array) -> Array:
    """The norm of each unit of a leaf, kept as axes of length 1; scaled as in `tree.norm`."""
    longer = sum(length != 1 for length in x.shape)
    axes = tuple(range(x.ndim)) if longer <= 1 else (0,) if x.ndim <= 3 else tuple(range(x.ndim - 1))
    largest = jnp.max(jnp.abs(x), axis=axes, keepdims=True, initial=0)
    unit = jax.lax.stop_gradient(jnp.where((largest > 0) & jnp.isfinite(largest), largest, jnp.ones_like(largest)))
    return unit * tree.safe_sqrt(jnp.sum(jnp.square(x / unit), axis=axes, keepdims=True))
