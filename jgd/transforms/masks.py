"""Transforms for some of the leaves: those that a mask names; all other leaves' updates pass through.

A mask is a pattern of paths or several, a tree of bools, or a predicate of the leaf or of (path, leaf), which sees its
shape. Freezing is explicit: `only("embedding", Freeze())`.
"""

from typing import Any

from jgd.core import tree
from jgd.core.masks import Mask, as_mask, chosen
from jgd.core.optimizer import TransformLike
from jgd.core.record import record, static_field
from jgd.core.seeds import NoiseKeys
from jgd.core.transform import Context, Transform, UpdateInfo
from jgd.core.types import Params
from jgd.transforms.subtree import merged, pick, update_part
from jgd.transforms.wrapper import Wrapper


@record
class Freeze(Transform):
    """updates ← 0: these parameters stay as they are.

    Example:
        >>> import jgd, jax.numpy as jnp
        >>> optimizer = jgd.chain(jgd.optimizers.sgd(1.0), only("embedding", Freeze()))
        >>> params = {"embedding": jnp.ones(1), "head": jnp.ones(1)}
        >>> updates, _ = optimizer.update(params, optimizer.init(params), params)
        >>> updates["embedding"].tolist(), updates["head"].tolist()
        ([0.0], [-1.0])
    """

    def update(self, updates: Params, state: tuple[()], context: Context) -> tuple[Params, tuple[()]]:
        return tree.zeros_like(updates), state


@record
class Only(Wrapper):
    """The transform on the leaves that the mask names; the others' updates pass through unchanged. See `only`."""

    mask: Any = static_field()
    transform: TransformLike
    but: bool = static_field(default=False)  # the leaves that the mask does not name instead

    def __post_init__(self) -> None:
        object.__setattr__(self, "mask", as_mask("mask", self.mask))
        self._accept()

    @property
    def per_leaf(self) -> bool:
        return True

    @property
    def sign(self) -> str:
        own = self.transform.sign
        return "" if own == "turns" else own  # others may do that for the other leaves

    def _chosen(self, params: Params) -> list[bool]:
        return [named != self.but for named in chosen("mask", self.mask, params, some=not self.but)]

    def init(self, params: Params) -> Any:
        return self.transform.init(pick(params, self._chosen(params)))

    def update(self, updates: Params, state: Any, context: Context) -> tuple[Params, Any]:
        chosen = self._chosen(context.params)
        changed, state = update_part(self.transform, updates, state, context, chosen)
        return merged(updates, chosen, changed), state

    def eval_params(self, params: Params, state: Any) -> Params:
        chosen = self._chosen(params)
        return merged(params, chosen, self.transform.eval_params(pick(params, chosen), state))

    def info(self, state: Any) -> UpdateInfo:
        return self.transform.info(state)

    def reseed(self, state: Any, keys: NoiseKeys) -> Any:
        return self.transform.reseed(state, keys)

    def observe(self, state: Any, metric: Any) -> Any:
        return self.transform.observe(state, metric)


def only(mask: Mask, transform: TransformLike) -> Only:
    """`transform` on the leaves that the mask names, the others' updates unchanged.

    Args:
        mask: Shell patterns of paths such as "layers/0/*" ("bias" is every leaf of that name); or a tree of bools like
            the parameters or a prefix of them; or a function of a leaf, or of (path, leaf), that returns True or False.
            The leaf has `shape`, `ndim` and `size`; the path is text such as "layers/0/bias".
        transform: A transform or an optimizer.

    Returns:
        The transform, for a `jgd.chain`.

    Raises:
        JgdTypeError: For something that is no mask or no transform, and for a predicate that returns no bool.
        JgdValueError: When it first sees the parameters, for a pattern or mask that names no leaf, and for a tree of
            bools that is not like them.

    Example:
        >>> import jgd, jax.numpy as jnp
        >>> from jgd.transforms import AddDecayedWeights, ScaleByLearningRate
        >>> decayed = jgd.chain(only(lambda leaf: leaf.ndim > 1, AddDecayedWeights(0.5)), ScaleByLearningRate(1.0))
        >>> params = {"bias": jnp.ones(1), "weights": jnp.ones((1, 1))}
        >>> grads = tree.zeros_like(params)
        >>> updates, _ = decayed.update(grads, decayed.init(params), params)
        >>> updates["bias"].tolist(), updates["weights"].tolist()
        ([-0.0], [[-0.5]])
    """
    return Only(as_mask("mask", mask), transform)


def all_but(mask: Mask, transform: TransformLike) -> Only:
    """`transform` on the leaves that the mask does not name: `all_but(("bias", "scale"), AddDecayedWeights(0.01))`.

    Args:
        mask: As for `only`; it may name no leaf.
        transform: A transform or an optimizer.

    Returns:
        The transform, for a `jgd.chain`.

    Raises:
        JgdTypeError: For something that is no mask or no transform, and for a predicate that returns no bool.
    """
    return Only(as_mask("mask", mask), transform, but=True)
