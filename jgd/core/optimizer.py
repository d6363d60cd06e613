"""Optimizer, a transform as a user calls it: the only place that knows the counter, dtypes and shapes."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, TypeAlias

import jax
import jax.numpy as jnp
from jax import Array

from jgd.core import checks, eager, hyperparameters, short_repr, tree, tree_xla
from jgd.core.composite import Chain, check_order, hint
from jgd.core.nan_traps import nan_is_a_value
from jgd.core.record import record
from jgd.core.seeds import NoiseKeys
from jgd.core.transform import Transform, UpdateInfo, context_of
from jgd.core.types import Params, Scalar


@record
class OptimizerState:
    """What an optimizer remembers: the number of updates made, () int32, and its transforms' own states."""

    step: Array
    inner: Any


@record
class Optimizer:
    """A method of descent in optax's shape: a record whose numbers are leaves, so that changing one never recompiles.

    Example:
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
        """The state before the first update: float32 or wider, aliasing nothing; works under `jax.eval_shape`.

        Args:
            params: A pytree of floating arrays, of any shapes.

        Returns:
            The state.

        Raises:
            JgdTypeError: For a leaf that is not floating.
        """
        checks.parameters(params)
        given = tree.map(jnp.asarray, params)
        with nan_is_a_value():  # as a learning rate before the first update is
            state = tree.map(tree_xla.strong, self.transform.init(given))
            return OptimizerState(jnp.zeros((), jnp.int32), tree_xla.copy_aliased(state, (params, given, self)))

    def update(
        self,
        grads: Params,
        state: OptimizerState,
        params: Params,
        *,
        value: Array | None = None,
        loss: Callable[[Params], Array] | None = None,
    ) -> tuple[Params, OptimizerState]:
        """One update; add what it returns to the parameters with `apply_updates`.

        Gradients, parameters and state are widened to the compute dtype (float32 or wider) here, once for all transforms;
        updates stay wide, and each state slot goes back to the dtype it was born with. Outside jit, and without `loss`, it
        is compiled when it first sees a structure, with a jitted call's bits; `jax.disable_jit()` runs it step by step.

        Args:
            grads: The gradients, a tree like `params` of the same shapes.
            state: What `init` or the last update returned.
            params: The parameters.
            value: The loss at `params`, (), where the caller has it and a transform uses it.
            loss: Parameters -> the loss on this batch, for transforms that look elsewhere; `jgd.OnBatch(loss, batch)` also
                serves those that want each example's gradient or a Gauss–Newton product.

        Returns:
            (updates, state).

        Raises:
            JgdError: At trace time, for a leaf that is missing, unexpected, of another shape or not floating, for the state
                of another optimizer or of other parameters, and for a `loss` or `value` that a transform misses.
        """
        updates, after = eager.call(_update, self, grads, state, params, value, loss)
        return updates, replace(after, inner=tree_xla.copy_aliased(after.inner, (grads, params, updates)))

    def eval_params(self, state: OptimizerState, params: Params) -> Params:
        """The parameters to evaluate and deploy: an average, where a transform keeps one, else `params` themselves."""
        self._check(state, params)
        wide = tree.compute_dtype(params)
        read = self.transform.eval_params(tree.widen(params, wide), tree.widen(state.inner, wide))
        return tree.cast_like(read, params)

    def info(self, state: OptimizerState) -> UpdateInfo:
        """What the last update reports, () each: the learning rate used (NaN where none is), and whether it was skipped.

        Example:
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

        Example:
            >>> import jgd
            >>> plateau = jgd.transforms.ReduceOnPlateau(factor=0.5, patience=0, metric="validation")
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
            **named: New values by name: numbers, arrays or schedules. The field's name alone stands for that of all
                transforms of one class: `learning_rate` for the rates of all groups.

        Returns:
            A new optimizer.

        Raises:
            JgdTypeError: For a name that is not in `hyperparameters`, with the nearest, or that transforms of several
                classes have; and for a value of another kind.
            JgdValueError: For a value outside its rule.

        Example:
            >>> import jgd
            >>> optimizer = jgd.optimizers.adam(0.1)
            >>> optimizer.with_hyperparameters(learning_rate=0.2, b1=0.5) == jgd.optimizers.adam(0.2, b1=0.5)
            True
        """
        given = {} if changes is None else checks.instance("changes", changes, Mapping, "{'learning_rate': 0.1}")
        return hyperparameters.changed(self, {**given, **named})

    __repr__ = short_repr.optimizer_line
    _repr_html_ = short_repr.optimizer_html  # a notebook's cell

    def _check(self, state: Any, params: Params) -> None:
        """Refuse what `init` would not make for such parameters; no array is made to find out."""
        if not isinstance(state, OptimizerState):
            rule = "must be an OptimizerState, as optimizer.init(params) makes it"
            raise checks.JgdTypeError(f"state {rule}, got {type(state).__name__}", argument="state")
        checks.same_state(state, jax.eval_shape(self.init, params))


def _update(self: Optimizer, grads: Params, state: Any, params: Params, value: Any, loss: Any) -> Any:
    checks.parameters(params)
    checks.same_structure(grads, params)
    self._check(state, params)
    context = context_of(params, grads, state.step, value, loss)
    inner = tree.widen(state.inner, tree.compute_dtype(params))
    updates, inner = self.transform.update(context.grads, inner, context)
    step = jnp.where(state.step < 2**31 - 1, state.step + 1, state.step)  # a wrapped clock would run schedules anew
    return updates, OptimizerState(step, tree.cast_like(inner, state.inner))


TransformLike: TypeAlias = Any  # a transform, or an optimizer, which counts as its transform


def as_transform(value: Any, who: str) -> Transform:
    """`value`, a transform or an optimizer's transform; anything else is refused in the name of `who`."""
    transform = value.transform if isinstance(value, Optimizer) else value
    if not isinstance(transform, Transform):
        raise checks.JgdTypeError(
            f"{who} takes transforms (records that derive from jgd.Transform) and optimizers, got {checks.shown(value)}{hint(value)}"
        )
    if jax.tree_util.all_leaves([transform]):
        raise checks.JgdTypeError(
            f"{who} takes transforms that are records, got {checks.shown(value)}: put @jgd.record above {type(value).__name__}"
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
        JgdValueError: For a transform that ignores the updates it is given anywhere but first, one that must be last
            anywhere else, and one on the wrong side of the learning rate, as weight decay behind it, which would climb.

    Example:
        >>> import jgd
        >>> from jgd.transforms import ClipByGlobalNorm
        >>> jgd.chain(ClipByGlobalNorm(1.0), jgd.optimizers.sgd(0.1)).transform.transforms[0]
        ClipByGlobalNorm(max_norm=1.0)
    """
    if not transforms:
        raise checks.JgdValueError("chain needs at least one transform, got none")
    taken = tuple(as_transform(each, "chain") for each in transforms)
    check_order(taken)
    return Optimizer(Chain(taken))
