"""Layer 2: a loss over a batch in pieces, in a fraction of the memory."""

from typing import Any

import jax
import jax.numpy as jnp
from jax import Array

from jgd.core import checks, tree
from jgd.core.functions import COMPUTING, vouches
from jgd.core.loss_protocol import OnBatch, takes
from jgd.core.record import record, static_field
from jgd.core.types import Batch, Loss, Params


@record
class InPieces:
    """The mean of a loss over pieces of the batch, one piece after another. See `in_pieces`."""

    loss: Loss
    pieces: int = static_field()

    def __post_init__(self) -> None:
        if not callable(self.loss):
            raise checks.JgdTypeError(
                f"loss must be callable as loss(params, batch), got {checks.shown(self.loss)}", argument="loss"
            )
        checks.count("pieces", self.pieces, least=1)
        asks = takes(self.loss)
        if asks.key or asks.state:
            raise checks.JgdTypeError(
                "in_pieces takes a loss without key and state: pieces would share the one, and race for the other"
            )

    def __call__(self, params: Params, batch: Batch) -> Array:
        rows = checks.rows("batch", batch)
        if rows == 1:  # one example for itself, as per-example gradients ask for it
            return OnBatch(self.loss, batch)(params)
        size = -(-rows // self.pieces)
        many = rows // size  # pieces of that size; what is left over is one more, and shorter
        cut = jax.tree.map(lambda x: x[: many * size].reshape(many, size, *x.shape[1:]), batch)
        wide = tree.compute_dtype(params)

        @jax.checkpoint  # a piece's activations are computed again for its gradient, and never stored beside another's
        def add(total: Array, params: Params, piece: Batch) -> tuple[Array, Array]:
            value = OnBatch(self.loss, piece)(tree.cast_like(params, narrow))
            return total + value.astype(wide), jnp.zeros((), value.dtype)

        # wide outside the scan, so that the pieces' gradients are summed in float32 whatever the parameters are
        narrow, params = params, tree.widen(params, wide)
        total, kind = jax.lax.scan(lambda total, piece: add(total, params, piece), jnp.zeros((), wide), cut)
        if many * size == rows:
            return (total / many).astype(kind.dtype)
        last, _ = add(jnp.zeros((), wide), params, jax.tree.map(lambda x: x[many * size :], batch))
        return ((size * total + (rows - many * size) * last) / rows).astype(kind.dtype)

    @property
    def row_share(self) -> Any:
        """What the loss says of itself, so that evaluations cut many rows further."""
        return getattr(self.loss, "row_share", None) if vouches(self.loss, "row_share", *COMPUTING) else None


def in_pieces(loss: Loss, pieces: int) -> InPieces:
    """The same loss in a fraction of the memory: the mean over `pieces` parts of the batch, checkpointed.

    It is the loss of the whole batch, to rounding, where that is a mean over rows (plus terms of the parameters
    alone); a sum over rows comes out divided by `pieces`, and weights count within their piece. Where `pieces` doesn't
    divide the rows the last part is shorter, and counts by its rows. Every transform works with
    it, also those that look elsewhere (SAM, line searches), which `jgd.transforms.Accumulate` can't offer. The price is one
    more forward pass.

    Args:
        loss: (params, batch) -> (), a mean over rows.
        pieces: Parts of the batch, ≥ 1; structure.

    Returns:
        The loss, a record called as `loss` is.

    Raises:
        JgdValueError: For `pieces` below 1.
        JgdTypeError: For a loss that can't be called, or takes a key or a state.

    Example:
        >>> loss = in_pieces(lambda w, x: jnp.mean((w - x) ** 2), 2)
        >>> float(loss(jnp.zeros(()), jnp.array([1.0, 2.0, 3.0, 4.0])))
        7.5
    """
    return InPieces(loss, pieces)
