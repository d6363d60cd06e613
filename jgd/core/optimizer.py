"""Chain, a transform made of transforms, and Optimizer, the door: the only place that knows the counter, dtypes and shapes."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array

from jgd.core import checks, tree
from jgd.core.functions import OnBatch
from jgd.core.record import record
from jgd.core.types import Context, Params, Transform


@record
class Chain:
    """A transform made of transforms: each one's updates are the next one's input."""

    transforms: tuple[Transform, ...]

    def init(self, params: Params) -> tuple[Any, ...]:
        return tuple(transform.init(params) for transform in self.transforms)

    def update(self, updates: Params, states: tuple[Any, ...], context: Context) -> tuple[Params, tuple[Any, ...]]:
        out = []
        for transform, state in zip(self.transforms, states, strict=True):
            updates, state = transform.update(updates, state, context)
            out.append(state)
        return updates, tuple(out)

    def eval_params(self, params: Params, states: tuple[Any, ...]) -> Params:
        for transform, state in zip(self.transforms, states, strict=True):
            params = eval_params(transform, params, state)
        return params

    @property
    def ignores_updates(self) -> bool:
        return getattr(self.transforms[0], "ignores_updates", False)

    @property
    def must_be_last(self) -> bool:
        return getattr(self.transforms[-1], "must_be_last", False)

    @property
    def per_leaf(self) -> bool:
        return any(getattr(transform, "per_leaf", False) for transform in self.transforms)


def eval_params(transform: Any, params: Params, state: Any) -> Params:
    """The parameters that a transform would have evaluated: its own answer, or those that descend."""
    return transform.eval_params(params, state) if hasattr(transform, "eval_params") else params


@record
class OptimizerState:
    """What an optimizer remembers: the number of updates made, () int32, and its transforms' own states."""

    step: Array
    inner: Any


@record
class Optimizer:
    """A method of descent: a record whose numbers are leaves, so that changing one never recompiles.

    It fits any training loop in the ecosystem's shape:

    >>> import jgd
    >>> optimizer = jgd.optimizers.adam(learning_rate=0.1)
    >>> params = {"w": jnp.ones(2)}
    >>> state = optimizer.init(params)
    >>> updates, state = optimizer.update({"w": jnp.array([1.0, -3.0])}, state, params)
    >>> jgd.apply_updates(params, updates)["w"].tolist()
    [0.9, 1.1]
    """

    transform: Transform

    def init(self, params: Params) -> OptimizerState:
        """The state before the first update.

        `params`: a pytree of floating arrays, of any shapes. State is float32 or wider whatever the parameters are,
        aliases nothing, and works under `jax.eval_shape`. Raises `JgdTypeError` for a leaf that is not floating.
        """
        checks.parameters(params)
        state = self.transform.init(tree.map(jnp.asarray, params))
        strong = tree.map(lambda x: jnp.array(x, dtype=x.dtype), state)  # a copy: state may not alias params
        return OptimizerState(jnp.zeros((), jnp.int32), strong)

    def update(
        self,
        grads: Params,
        state: OptimizerState,
        params: Params,
        *,
        value: Array | None = None,
        loss: Callable[[Params], Array] | None = None,
    ) -> tuple[Params, OptimizerState]:
        """-> (updates, state). Add the updates with `apply_updates`.

        `grads` and `params` have one tree and the same shapes. `value` is the loss at `params`, `loss` maps
        parameters to the loss on this batch; only transforms that look elsewhere need them. Gradients, parameters and
        state are widened to the compute dtype (float32 or wider) here, once for all transforms; updates stay wide, and
        each state slot goes back to the dtype it was born with. Raises `JgdValueError` or `JgdTypeError`, at trace
        time, for a missing or unexpected leaf, a wrong shape or a leaf that is not floating, and for the state of
        another optimizer or of other parameters.
        """
        checks.parameters(params)
        checks.same_structure(grads, params)
        self._check(state, params)
        if loss is not None and not callable(loss):
            raise checks.JgdTypeError(f"loss must be a function of the parameters, got {loss!r}")
        wide = tree.compute_dtype(params)
        narrow = lambda at: tree.cast_like(at, params)
        on_wide = None if loss is None else lambda at: loss(narrow(at))
        each = None
        if isinstance(loss, OnBatch):
            each = lambda at: tree.widen(loss.example_gradients(narrow(at)), wide)
        curved = None
        if isinstance(loss, OnBatch) and loss.has_outputs:
            curved = lambda at, vector: tree.widen(loss.gauss_newton_product(narrow(at), narrow(vector)), wide)
        context = Context(
            params=tree.widen(params, wide),
            grads=tree.widen(grads, wide),
            step=state.step,
            stored=params,
            value=value,
            loss=on_wide,
            examples=each,
            gauss_newton=curved,
        )
        updates, inner = self.transform.update(context.grads, tree.widen(state.inner, wide), context)
        last = jnp.iinfo(jnp.int32).max
        step = jnp.where(state.step < last, state.step + 1, last)  # saturates: a wrapped clock would run schedules anew
        inner = tree.own(tree.cast_like(inner, state.inner), (grads, params, context.grads, context.params, updates))
        return updates, OptimizerState(step, inner)

    def eval_params(self, state: OptimizerState, params: Params) -> Params:
        """The parameters to evaluate and deploy: an average, where a transform keeps one, else `params` themselves."""
        self._check(state, params)
        wide = tree.compute_dtype(params)
        read = eval_params(self.transform, tree.widen(params, wide), tree.widen(state.inner, wide))
        return tree.cast_like(read, params)

    def _check(self, state: Any, params: Params) -> None:
        """Refuse what `init` would not make for such parameters; no array is made to find out."""
        if not isinstance(state, OptimizerState):
            got = type(state).__name__
            raise checks.JgdTypeError(f"state must be an OptimizerState, as optimizer.init(params) makes it, got {got}")
        checks.same_state(state, jax.eval_shape(self.init, params))


def chain(*transforms: Transform) -> Optimizer:
    """An optimizer from transforms, applied left to right.

    >>> import jgd
    >>> from jgd.transforms import AddDecayedWeights, ScaleByLearningRate
    >>> jgd.chain(AddDecayedWeights(0.01), ScaleByLearningRate(0.1))
    Optimizer(transform=Chain(transforms=(AddDecayedWeights(weight_decay=0.01), ScaleByLearningRate(learning_rate=0.1))))

    Raises `JgdTypeError` for something that is no transform (an `Optimizer` is none: pass its `.transform`), and
    `JgdValueError` for a transform that ignores the updates it is given anywhere but first, or one that must be last
    anywhere else.
    """
    if not transforms:
        raise checks.JgdValueError("chain needs at least one transform, got none")
    last = max((i for i, transform in enumerate(transforms) if not getattr(transform, "only_looks", False)), default=0)
    for place, transform in enumerate(transforms):
        if isinstance(transform, Optimizer):
            raise checks.JgdTypeError(f"chain takes transforms, got an Optimizer at place {place}; pass its .transform")
        if isinstance(transform, type) or not (hasattr(transform, "init") and hasattr(transform, "update")):
            raise checks.JgdTypeError(f"chain takes transforms (init and update), got {transform!r} at place {place}")
        if place > 0 and getattr(transform, "ignores_updates", False):
            raise checks.JgdValueError(
                f"{type(transform).__name__} takes its own gradient and ignores the updates before it: "
                f"it must be first in a chain, got place {place}"
            )
        if place < last and getattr(transform, "must_be_last", False):
            raise checks.JgdValueError(
                f"{type(transform).__name__} must see the step that is really made: "
                f"it must be last in a chain, got place {place} of {len(transforms)}"
            )
    return Optimizer(Chain(tuple(transforms)))


def apply_updates(params: Params, updates: Params) -> Params:
    """params + updates, summed in the wider dtype and then cast to each parameter's own.

    >>> apply_updates({"w": jnp.array([1.0, 2.0])}, {"w": jnp.array([0.5, -0.5])})["w"].tolist()
    [1.5, 1.5]
    """

    def one(p, u):
        p, u = jnp.asarray(p), jnp.asarray(u)
        wide = tree.compute_dtype((p, u))
        return (p.astype(wide) + u.astype(wide)).astype(p.dtype)

    checks.same_structure(updates, params, "updates")
    return tree.map(one, params, updates)
