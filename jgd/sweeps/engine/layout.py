"""Matrices of a block kept transposed while it runs, (out, in), where a CPU multiplies them faster so.

The products of lanes x · W with one batch are a single product of matrices if W is stored as (lanes, out, in): a step of
the digits' MLP takes 0.75 of the time, one of softmax regression 0.7. The optimizer must not mind, so that only methods
whose transforms are all `entrywise` see what is stored; the loss sees (in, out) as ever.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array

from jgd.core.composite import is_entrywise
from jgd.core.functions import can_weigh
from jgd.core.loss_protocol import OnBatch
from jgd.core.record import record, static_field
from jgd.core.types import Batch, Loss, Params
from jgd.descent import TrainState
from jgd.lane import Lane
from jgd.sweeps.run_spec import RunSpec


@record
class TurnedLoss:
    """A loss as a function of parameters some of whose matrices are transposed."""

    loss: Loss
    turned: tuple[bool, ...] = static_field()  # of each leaf

    @property
    def passes_on_to(self) -> Loss:
        """Whose optional parameters it has."""
        return self.loss

    def __call__(self, params: Params, batch: Batch, **extra: Any) -> Any:
        return self.loss(_turned_back(params, self.turned), batch, **extra)


@record
class TurnedWeightedLoss(TurnedLoss):
    """The same of a loss that can weigh rows."""

    def weighted(self, batch: Batch, weights: Array) -> Batch:
        loss: Any = self.loss
        return loss.weighted(batch, weights)


@dataclass(frozen=True)
class Layout:
    """Which leaves of the parameters a block keeps transposed."""

    structure: Any  # of the parameters
    turned: tuple[bool, ...]

    @classmethod
    def of(
        cls, spec: RunSpec, loss: Loss, loss_axis: int | None, state: TrainState, rows: Batch, key: Array
    ) -> "Layout":
        """Those that the loss only multiplies by, from the left; none under an optimizer that minds.

        Nor under one that remembers matrices otherwise than in trees like the parameters. state: all but the
        step (lanes, …); loss_axis: 0 where the loss has an axis of lanes.
        """
        leaves, structure = jax.tree.flatten(state.params)
        like_params = lambda tree: jax.tree.structure(tree) == structure
        states = jax.tree.leaves(state.opt_state.inner, is_leaf=like_params)
        if not is_entrywise(spec.optimizer.transform) or any(jnp.ndim(x) > 2 for x in states if not like_params(x)):
            return cls(structure, (False,) * len(leaves))
        lane = lambda tree: jax.tree.map(lambda x: jax.ShapeDtypeStruct(x.shape[1:], x.dtype), tree)
        loss = loss if loss_axis is None else lane(loss)
        once = lambda params, own, loss, rows, key: OnBatch(loss, rows, key, own)(params)
        traced = jax.make_jaxpr(once)(lane(state.params), lane(state.model_state), loss, rows, key)
        inputs = traced.jaxpr.invars[: len(leaves)]
        return cls(structure, tuple(_multiplied(traced.jaxpr, each) for each in inputs))

    def loss(self, loss: Loss) -> Loss:
        """The loss of parameters so stored."""
        if not any(self.turned):
            return loss
        return (TurnedWeightedLoss if can_weigh(loss) else TurnedLoss)(loss, self.turned)

    def of_params(self, function: Callable[[Params], Any]) -> Callable[[Params], Any]:
        """A function of one lane's parameters as a function of them so stored."""
        return (lambda params: function(_turned_back(params, self.turned))) if any(self.turned) else function

    def turn(self, lanes: Lane) -> Lane:
        """The lanes so stored, or as they were: parameters, and whatever of the optimizer's state is like them."""
        if not any(self.turned):
            return lanes
        like_params = lambda tree: jax.tree.structure(tree) == self.structure
        own = lanes.train_state.model_state  # as the loss made it, also where it is like the parameters
        bare = replace(lanes, train_state=replace(lanes.train_state, model_state=None))
        turned = jax.tree.map(self._turn, bare, is_leaf=like_params)
        return replace(turned, train_state=replace(turned.train_state, model_state=own))

    def _turn(self, tree: Any) -> Any:
        if jax.tree.structure(tree) != self.structure:
            return tree
        leaves = zip(jax.tree.leaves(tree), self.turned, strict=True)
        return self.structure.unflatten([jnp.swapaxes(x, 1, 2) if turn and x.ndim == 3 else x for x, turn in leaves])


def _turned_back(params: Params, turned: tuple[bool, ...]) -> Params:
    """One lane's parameters as they are to their loss."""
    leaves, structure = jax.tree.flatten(params)
    return structure.unflatten([leaf.T if turn else leaf for leaf, turn in zip(leaves, turned, strict=True)])


def _multiplied(jaxpr: Any, variable: Any) -> bool:
    """Whether a matrix is used, and only in products that sum over its first axis."""
    uses = [(each, place) for each in jaxpr.eqns for place, x in enumerate(each.invars) if x is variable]
    return bool(uses) and not any(x is variable for x in jaxpr.outvars) and all(_by_product(*use) for use in uses)


def _by_product(equation: Any, place: int) -> bool:
    if equation.primitive.name == "dot_general":
        contracted, batched = equation.params["dimension_numbers"]
        matrix = len(equation.invars[place].aval.shape) == 2
        return matrix and tuple(contracted[place]) == (0,) and not batched[place]
    inner: Any = getattr(equation.params.get("jaxpr"), "jaxpr", None)  # of a call
    if inner is None or equation.primitive.name not in ("jit", "pjit"):
        return False
    return len(inner.invars) == len(equation.invars) and _multiplied(inner, inner.invars[place])
