"""The words of the library: parameters, schedules, losses, the Transform protocol and the Context that a transform sees."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Protocol, TypeAlias

import jax
import jax.numpy as jnp
from jax import Array

from jgd.core import checks, tree

Params: TypeAlias = Any  # a pytree of floating arrays
Batch: TypeAlias = Any  # a pytree of arrays that share their leading axis, the examples
Schedule: TypeAlias = Callable[[Array], Array]  # () int32 step, or an array of steps -> the value there
Scalar: TypeAlias = float | Array | Schedule  # a hyperparameter: a number, a traced number, or a schedule
Loss: TypeAlias = Callable[[Params, Batch], Array]  # -> () floating


@dataclass(frozen=True)
class Context:
    """What a transform may look at besides the updates. It lives inside one update and never crosses jit."""

    params: Params  # in the compute dtype (float32 or wider)
    grads: Params  # as the optimizer received them, in the compute dtype
    step: Array  # () int32: updates made so far, the only clock
    stored: Params  # the parameters in the dtypes that they are kept in
    value: Array | None = None  # () the loss at params, where the caller has it
    loss: Callable[[Params], Array] | None = (
        None  # params -> the loss on this batch, for transforms that look elsewhere
    )
    examples: Callable[[Params], Params] | None = None  # params -> each example's gradient, leaves (rows, …)
    gauss_newton: Callable[[Params, Params], Params] | None = None  # params, vector -> Jᵀ L J · vector

    def at(self, hyperparameter: Scalar) -> Array:
        """A hyperparameter's value now, () in the compute dtype, be it a number or a schedule."""
        value = hyperparameter(self.step) if callable(hyperparameter) else hyperparameter
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
                f"value must be one real floating number, got shape {value.shape}, dtype {value.dtype}"
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


class Transform(Protocol):
    """What a chain is made of. Pure: all that is remembered is in `state`, a record or ().

    A class may set `ignores_updates = True` when its result doesn't depend on the updates it is given; `chain` then
    accepts it in first place only, where nothing before it is lost. It may set `must_be_last = True` when it has to see
    the step that is really made (an average of the parameters); `chain` then accepts it in last place only, or before
    transforms that set `only_looks = True`, which give back the updates they are given. And it may have
    `eval_params(params, state) -> params`: the parameters to evaluate and deploy, where they are not those that descend.
    It sets `per_leaf = True` when its result depends on how the entries are cut into leaves (a norm of each leaf, a
    matrix method), so that `Flatten`, which makes one vector of all leaves, refuses it.
    """

    def init(self, params: Params, /) -> Any:
        """The state before the first update."""
        ...

    def update(self, updates: Params, state: Any, context: Context, /) -> tuple[Params, Any]:
        """One update: -> (updates, state)."""
        ...
