"""Flatten: a transform on one vector that holds all leaves, for models of many small ones: one operation instead of hundreds."""

import itertools
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from jgd.core import checks
from jgd.core.composite import Composite
from jgd.core.optimizer import TransformLike
from jgd.core.record import record
from jgd.core.transform import Context
from jgd.core.types import Params
from jgd.transforms.wrapper import Wrapper


@record
class FlattenState:
    """The inner transform's state, for the vector."""

    inner: Any  # the transform's state for the vector


@record
class Flatten(Wrapper):
    """`transform` on the vector of all entries, leaf after leaf. What it computes is the same: its transforms may not tell leaves.

    The leaves must share one dtype (`partition` makes groups that do), and should lie on one device: a vector of
    sharded leaves gathers them.

    Args:
        transform: A transform or an optimizer that does not work leaf by leaf.

    Raises:
        JgdTypeError: For something that is no transform, and when it first sees the parameters, for leaves of several dtypes.
        JgdValueError: For a transform that works leaf by leaf (a norm or a factor of each leaf, matrix methods, groups by
            path), which says so by `per_leaf`.

    Example:
        >>> import jgd
        >>> optimizer = jgd.chain(Flatten(jgd.optimizers.adam(0.5).transform))
        >>> params = {"a": jnp.ones(2), "b": jnp.ones((1, 3))}
        >>> jax.tree.map(jnp.shape, optimizer.init(params).inner[0].inner[0].mean.total)
        (5,)
    """

    transform: TransformLike

    def __post_init__(self) -> None:
        self._accept()
        if self.per_leaf:
            names = " and ".join(_leaf_by_leaf(self.transform))
            raise checks.JgdValueError(
                f"Flatten takes no transform that works leaf by leaf: {names} does, outside of it",
                argument="transform",
            )

    def init(self, params: Params) -> FlattenState:
        return FlattenState(self.transform.init(_Vector(params).join(params)))

    def update(self, updates: Params, state: FlattenState, context: Context) -> tuple[Params, FlattenState]:
        vector = _Vector(context.params)
        loss, examples, product = context.loss, context.examples, context.gauss_newton

        def flat_product(flat: Array, along: Array) -> Array:
            assert product is not None
            return vector.join(product(vector.cut(flat), vector.cut(along)))

        within = context.among(
            params=vector.join(context.params),
            grads=vector.join(context.grads),
            stored=vector.join(context.stored),
            loss=None if loss is None else lambda flat: loss(vector.cut(flat)),
            examples=None if examples is None else lambda flat: jax.vmap(vector.join)(examples(vector.cut(flat))),
            gauss_newton=None if product is None else flat_product,
        )
        flat, inner = self.transform.update(vector.join(updates), state.inner, within)
        return vector.cut(flat), FlattenState(inner)

    def eval_params(self, params: Params, state: FlattenState) -> Params:
        vector = _Vector(params)
        return vector.cut(self.transform.eval_params(vector.join(params), state.inner))


class _Vector:
    """A tree's leaves end to end, and back."""

    def __init__(self, like: Params):
        leaves, self.structure = jax.tree.flatten(like)
        self.shapes = [jnp.shape(leaf) for leaf in leaves]

    def join(self, tree: Params) -> Array:
        leaves = jax.tree.leaves(tree)
        dtypes = {jnp.asarray(leaf).dtype for leaf in leaves}
        if len(dtypes) > 1:
            names = ", ".join(sorted(str(dtype) for dtype in dtypes))
            raise checks.JgdTypeError(
                f"Flatten makes one vector of all leaves, which must share one dtype, got {names}",
                argument="params",
            )
        return jnp.concatenate([jnp.ravel(leaf) for leaf in leaves]) if leaves else jnp.zeros(0)

    def cut(self, flat: Array) -> Params:
        ends = list(itertools.accumulate(int(np.prod(shape)) for shape in self.shapes))
        pieces = jnp.split(flat, ends[:-1]) if ends else []
        return jax.tree.unflatten(self.structure, [x.reshape(s) for x, s in zip(pieces, self.shapes, strict=True)])


def _leaf_by_leaf(transform: Any) -> list[str]:
    """The names of the transforms that are to blame."""
    within = ()
    if isinstance(transform, Composite):
        within = transform.transforms
    elif isinstance(transform, Wrapper):
        within = (transform.transform,)
    blamed = [name for inner in within if inner.per_leaf for name in _leaf_by_leaf(inner)]
    return blamed or [type(transform).__name__]
