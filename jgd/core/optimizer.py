"""Optimizer, a transform as a user calls it: the only place that knows the counter, dtypes and shapes."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, TypeAlias

import jax
import jax.numpy as jnp
from jax import Array

from jgd.core import checks, hyperparameters, tree, tree_xla
from jgd.core.composite import Chain, blamed
from jgd.core.functions import OnBatch
from jgd.core.record import record
from jgd.core.seeds import NoiseKeys
from jgd.core.transform import Context, Transform, UpdateInfo
from jgd.core.types import Params, Scalar


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

    def __post_init__(self) -> None:
        object.__setattr__(self, "transform", as_transform(self.transform, "Optimizer"))

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
        inner = tree_xla.copy_aliased(
            tree.cast_like(inner, state.inner), (grads, params, context.grads, context.params, updates)
        )
        return updates, OptimizerState(step, inner)

    def eval_params(self, state: OptimizerState, params: Params) -> Params:
        """The parameters to evaluate and deploy: an average, where a transform keeps one, else `params` themselves."""
        self._check(state, params)
        wide = tree.compute_dtype(params)
        read = self.transform.eval_params(tree.widen(params, wide), tree.widen(state.inner, wide))
        return tree.cast_like(read, params)

    def info(self, state: OptimizerState) -> UpdateInfo:
        """What the last update reports, () each: the learning rate used (NaN where none is), and whether it was skipped.

        >>> import jgd
        >>> optimizer = jgd.optimizers.sgd(jgd.schedules.StepDecay(0.5, step_size=1, decay_rate=0.5))
        >>> state = optimizer.init(jnp.ones(2))
        >>> for _ in range(2):
        ...     _, state = optimizer.update(jnp.ones(2), state, jnp.ones(2))
        >>> float(optimizer.info(state).learning_rate)
        0.25
        """
        info = self.transform.info(state.inner)
        rate = jnp.full((), jnp.nan, jnp.float32) if info.learning_rate is None else info.learning_rate
        return UpdateInfo(rate, skipped=jnp.zeros((), bool) if info.skipped is None else info.skipped)

    def reseed(self, state: OptimizerState, key: Array) -> OptimizerState:
        """The state whose random numbers are those of `key`, a run's own: no two transforms, and no two runs, share them."""
        return replace(state, inner=self.transform.reseed(state.inner, NoiseKeys(key)))

    def observe(self, state: OptimizerState, metric: Any) -> OptimizerState:
        """The state that has seen a validation metric, (), for transforms that act on it at the next update.

        >>> import jgd
        >>> plateau = jgd.transforms.ReduceOnPlateau(factor=0.5, patience=0, of="validation")
        >>> optimizer = jgd.chain(jgd.optimizers.sgd(1.0), plateau)
        >>> state = optimizer.init(jnp.zeros(()))
        >>> for metric in (0.3, 0.4):
        ...     updates, state = optimizer.update(jnp.ones(()), optimizer.observe(state, metric), jnp.zeros(()))
        >>> float(updates)
        -0.5
        """
        return replace(state, inner=self.transform.observe(state.inner, metric))

    @property
    def hyperparameters(self) -> dict[str, Scalar]:
        """Its numbers and schedules by name, in the order of the chain.

        A name is the field's; "Class.field" where several have it, "Class[0].field" where they are of one class.

        Example:
            >>> import jgd
            >>> jgd.optimizers.adamw(0.1, weight_decay=0.01).hyperparameters["weight_decay"]
            0.01
        """
        return {name: each.value for name, each in hyperparameters.named(self).items()}

    def with_hyperparameters(self, changes: Mapping[str, Scalar] | None = None, /, **named: Scalar) -> "Optimizer":
        """The same method with other numbers, for a new run or for one that goes on with its state.

        A number for a number compiles nothing anew, and may be traced; a schedule for a number, or the other way round,
        does. What a state remembers, such as the scale of a plateau, stays.

        Args:
            changes: New values by name, for names that are no Python words.
            **named: New values by name: numbers, arrays or schedules.

        Returns:
            A new optimizer.

        Raises:
            JgdError: For a name that is not in `hyperparameters`, with the nearest, and for a value outside its rule.

        Example:
            >>> import jgd
            >>> optimizer = jgd.optimizers.adam(0.1)
            >>> optimizer.with_hyperparameters(learning_rate=0.2, b1=0.5) == jgd.optimizers.adam(0.2, b1=0.5)
            True
        """
        given = {} if changes is None else checks.instance("changes", changes, Mapping, "{'learning_rate': 0.1}")
        return hyperparameters.changed(self, {**given, **named})

    def _check(self, state: Any, params: Params) -> None:
        """Refuse what `init` would not make for such parameters; no array is made to find out."""
        if not isinstance(state, OptimizerState):
            got = type(state).__name__
            raise checks.JgdTypeError(f"state must be an OptimizerState, as optimizer.init(params) makes it, got {got}")
        checks.same_state(state, jax.eval_shape(self.init, params))


TransformLike: TypeAlias = Any  # a transform, or an optimizer, which counts as its transform


def as_transform(value: Any, who: str) -> Transform:
    """`value`, a transform or an optimizer's transform; anything else is refused in the name of `who`."""
    transform = value.transform if isinstance(value, Optimizer) else value
    if not isinstance(transform, Transform):
        raise checks.JgdTypeError(
            f"{who} takes transforms (records that derive from jgd.Transform) and optimizers, got {value!r}"
        )
    if jax.tree_util.all_leaves([transform]):
        raise checks.JgdTypeError(
            f"{who} takes transforms that are records, got {value!r}: put @jgd.record above {type(value).__name__}"
        )
    return transform


def chain(*transforms: TransformLike) -> Optimizer:
    """An optimizer from transforms, applied left to right.

    Args:
        *transforms: Transforms, and optimizers, of which each counts as one transform.

    Returns:
        The optimizer, its one field `transform` a `Chain`.

    Raises:
        JgdTypeError: For something that is neither; your own method derives from `jgd.Transform`.
        JgdValueError: For a transform that ignores the updates it is given anywhere but first, or one that must be last
            anywhere else.

    Example:
        >>> import jgd
        >>> from jgd.transforms import ClipByGlobalNorm
        >>> jgd.chain(ClipByGlobalNorm(1.0), jgd.optimizers.sgd(0.1)).transform.transforms[0]
        ClipByGlobalNorm(max_norm=1.0)
    """
    if not transforms:
        raise checks.JgdValueError("chain needs at least one transform, got none")
    taken = tuple(as_transform(each, "chain") for each in transforms)
    last = max((i for i, transform in enumerate(taken) if not transform.only_observes), default=0)
    for place, transform in enumerate(taken):
        if place > 0 and transform.ignores_updates:
            raise checks.JgdValueError(
                f"{blamed(transform, 'ignores_updates')} takes its own gradient and ignores the updates before it: "
                f"it must be first in a chain, got place {place}"
            )
        if place < last and transform.must_be_last:
            raise checks.JgdValueError(
                f"{blamed(transform, 'must_be_last')} must see the step that is really made: "
                f"it must be last in a chain, got place {place} of {len(taken)}"
            )
    return Optimizer(Chain(taken))
