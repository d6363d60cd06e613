"""Transform, what a chain is made of, with the Context that it sees and the UpdateInfo that it reports."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array

from jgd.core import checks, functions, seeds, tree
from jgd.core.loss_protocol import OnBatch
from jgd.core.record import record
from jgd.core.types import Params, Scalar


@dataclass(frozen=True)
class Context:
    """What a transform may look at besides the updates. It lives inside one update and never crosses jit."""

    params: Params  # in the compute dtype (float32 or wider)
    grads: Params  # as the optimizer received them, in the compute dtype
    step: Array  # () int32: updates made so far, the only clock
    stored: Params  # the parameters in the dtypes that they are kept in
    value: Array | None = None  # () the loss at params, where the caller has it
    loss: Callable[[Params], Array] | None = None  # params -> the loss on this batch, to look elsewhere
    examples: Callable[[Params], Params] | None = None  # params -> each example's gradient, leaves (rows, …)
    gauss_newton: Callable[[Params, Params], Params] | None = None  # params, vector -> Jᵀ L J · vector

    def at(self, hyperparameter: Scalar) -> Array:
        """A hyperparameter's value now, () in the compute dtype, be it a number or a schedule."""
        value = functions.scheduled(hyperparameter, self.step) if callable(hyperparameter) else hyperparameter
        if jnp.ndim(value) != 0:
            raise checks.JgdValueError(
                f"a hyperparameter must be one number inside an update, got shape {jnp.shape(value)}: "
                "jax.vmap over a batch of optimizers, or use jgd.sweep"
            )
        return jnp.asarray(value).astype(tree.compute_dtype(self.params))

    def loss_for(self, who: str) -> Callable[[Params], Array]:
        """params -> the loss on this batch; refused where the caller gave none."""
        if self.loss is None:
            raise checks.JgdTypeError(
                f"{who} looks at other parameters and needs the loss on this batch: "
                "call optimizer.update(..., loss=lambda params: ...), or use jgd.step, which does"
            )
        return self.loss

    def value_for(self, who: str) -> Array:
        """The loss at the parameters, () in the compute dtype; refused where the caller gave none."""
        if self.value is None:
            raise checks.JgdTypeError(
                f"{who} uses the value of the loss: call optimizer.update(..., value=loss(params)), "
                "or use jgd.step, which does"
            )
        value = jnp.asarray(self.value)
        if value.shape != () or not jnp.issubdtype(value.dtype, jnp.floating):
            raise checks.JgdTypeError(
                f"value must be one real floating number, got shape {value.shape}, dtype {value.dtype}",
                argument="value",
            )
        return value.astype(tree.compute_dtype(self.params))

    def example_gradients(self, who: str) -> Params:
        """Each example's gradient at the parameters, leaves (rows, …); refused where the caller gave no examples."""
        if self.examples is None:
            raise checks.JgdTypeError(
                f"{who} needs the gradient of each example: "
                "call optimizer.update(..., loss=jgd.OnBatch(loss, batch)), or use jgd.step, which does"
            )
        return self.examples(self.params)

    def gradient_at(self, params: Params, who: str) -> Params:
        """The gradient of the loss on this batch at other parameters; refused where the caller gave no loss."""
        return jax.grad(self.loss_for(who))(params)

    def hessian_product(self, vector: Params, who: str) -> Params:
        """The Hessian of the loss on this batch at the parameters times `vector`, a tree like them."""
        return jax.jvp(jax.grad(self.loss_for(who)), (self.params,), (vector,))[1]

    def gauss_newton_product(self, vector: Params, who: str) -> Params:
        """The Gauss–Newton matrix at the parameters times `vector`; refused where the loss knows no outputs."""
        if self.loss is None or self.gauss_newton is None:
            raise checks.JgdTypeError(
                f"{who} needs the loss as a function of a model's outputs: call optimizer.update(..., "
                "loss=jgd.OnBatch(loss, batch)), or use jgd.step, with a jgd.SupervisedLoss or another record that has "
                "outputs(params, batch) and of_outputs(outputs, batch); for any other loss there is newton"
            )
        return self.gauss_newton(self.params, vector)

    def among(self, **changes: Any) -> "Context":
        """This context with other fields, for the transforms inside a wrapper."""
        return replace(self, **changes)


def context_of(
    params: Params, grads: Params, step: Array, value: Array | None, loss: Callable[[Params], Array] | None
) -> Context:
    """The context of one update: parameters and gradients in the compute dtype, and what the loss can tell."""
    if loss is not None and not callable(loss):
        raise checks.JgdTypeError(f"loss must be a function of params, got {checks.shown(loss)}", argument="loss")
    wide = tree.compute_dtype(params)
    narrow = lambda at: tree.cast_like(at, params)
    on_wide = None if loss is None else lambda at: loss(narrow(at))
    each = None
    if isinstance(loss, OnBatch):
        each = lambda at: tree.widen(loss.example_gradients(narrow(at)), wide)
    curved = None
    if isinstance(loss, OnBatch) and loss.has_outputs:
        curved = lambda at, vector: tree.widen(loss.gauss_newton_product(narrow(at), narrow(vector)), wide)
    return Context(
        params=tree.widen(params, wide),
        grads=tree.widen(grads, wide),
        step=step,
        stored=params,
        value=value,
        loss=on_wide,
        examples=each,
        gauss_newton=curved,
    )


@record
class UpdateInfo:
    """What a transform reports of its last update, () each; None: nothing.

    Attributes:
        learning_rate: The rate that it used.
        factor: What it multiplies all updates of its chain by; the rate in use is the chain's learning rate times this.
        skipped: bool, it skipped the update on purpose, which is no divergence.
    """

    learning_rate: Any = None
    factor: Any = None
    skipped: Any = None

    def __post_init__(self) -> None:
        for name in ("learning_rate", "factor", "skipped"):
            value = getattr(self, name)
            object.__setattr__(self, name, None if value is None else jnp.asarray(value))


class Transform:
    """What a chain is made of, and the base class of your own method: a record with `update`, the rest as it needs.

    Pure: all that is remembered is in the state, a record or ().

    Attributes:
        ignores_updates: The result doesn't depend on the updates given; `chain` takes it in first place only, where
            nothing before it is lost. Default: False, as for all these flags.
        must_be_last: It has to see the step that is really made (an average of the parameters); `chain` takes it in last
            place only, or before transforms that only observe.
        only_observes: It gives back the updates it is given.
        per_leaf: The result depends on how the entries are cut into leaves (a norm of each leaf, a matrix method);
            `Flatten`, which makes one vector of all leaves, refuses it.
        entrywise: An entry of the result depends on the entries at its own place, on numbers, and on norms of all leaves
            together, so that transposed matrices give the transposed result, bits of norms aside, and sweeps may store them
            so. A class that derives from such a one and overrides `init`, `update` or `eval_params` must say it again.
        sign: "turns" of what makes a step downhill of a direction along the gradient, as a learning rate does; "uphill" of
            what must stand before that in a chain, "downhill" of what must stand behind. Default: "", of what may be
            anywhere.

    Example:
        >>> import jgd
        >>> @jgd.record
        ... class Sign(jgd.Transform):
        ...     def update(self, updates, state, context):
        ...         return jax.tree.map(jnp.sign, updates), state
        >>> optimizer = jgd.chain(Sign(), jgd.transforms.ScaleByLearningRate(0.5))
        >>> optimizer.update(jnp.array([3.0]), optimizer.init(jnp.ones(1)), jnp.ones(1))[0].tolist()
        [-0.5]
    """

    # bools: class attributes, or properties where they depend on what is inside
    ignores_updates: Any = False
    must_be_last: Any = False
    only_observes: Any = False
    per_leaf: Any = False
    entrywise: Any = False
    sign: Any = ""

    def init(self, params: Params, /) -> Any:
        """The state before the first update; () unless a transform remembers something.

        Args:
            params: The parameters.

        Returns:
            A record or another pytree of arrays, which keeps its tree, shapes and dtypes from then on.
        """
        return ()

    def update(self, updates: Params, state: Any, context: Context, /) -> tuple[Params, Any]:
        """One update.

        Args:
            updates: A tree like the parameters, in the compute dtype; the first transform's are the gradients.
            state: What `init` or the last update returned, in the compute dtype.
            context: The parameters, the gradients, the clock, and the loss where the caller gave it.

        Returns:
            (updates, state), the state with the same tree and shapes.
        """
        raise NotImplementedError(f"{type(self).__name__} must define update(updates, state, context)")

    def eval_params(self, params: Params, state: Any, /) -> Params:
        """The parameters to evaluate and deploy, where they are not those that descend.

        Args:
            params: Those that descend, in the compute dtype.
            state: The transform's own.

        Returns:
            A tree like `params`.
        """
        return params

    def info(self, state: Any, /) -> UpdateInfo:
        """What there is to report of the last update.

        Args:
            state: The transform's own, after that update.

        Returns:
            The `UpdateInfo`; empty by default.
        """
        return UpdateInfo()

    def reseed(self, state: Any, keys: seeds.NoiseKeys, /) -> Any:
        """The state with the run's own random numbers: replace each key's raw data by `keys.mix(data)`, in order.

        Args:
            state: The transform's own.
            keys: Of the run; each `mix` gives another, so that no two transforms share one.

        Returns:
            The state.
        """
        return state

    def observe(self, state: Any, metric: Any, /) -> Any:
        """The state that has seen a validation metric, for the next update.

        Args:
            state: The transform's own.
            metric: The metric that choices are made by, ().
        """
        return state
