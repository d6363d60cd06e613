"""Penalties that are no smooth part of the loss: every step ends at their proximal point, where weights can be exactly 0.

θ ← prox_{η h}(θ + u),   prox_h(x) = argmin_z h(z) + ½ ‖z − x‖²

L1Penalty    λ Σ|x|            prox: sign(x) max(|x| − η λ, 0), the soft threshold
ElasticNet   λ Σ|x| + ½ μ Σx²  prox: the soft threshold, divided by 1 + η μ
GroupLasso   λ Σ ‖group‖       prox: x · max(1 − η λ / ‖group‖, 0) for each group
NuclearNorm  λ Σ singular values of a matrix   prox: their soft threshold

Source: Parikh & Boyd 2014, "Proximal algorithms", sections 4.2 and 6.5 to 6.7. The penalty is not in the loss that a run
reports: `penalty.value(params)` is.
"""

from typing import Any, Protocol

import jax
import jax.numpy as jnp
from jax import Array

from jgd.core import checks, tree
from jgd.core.optimizer import TransformLike
from jgd.core.record import hyper, record, static_field
from jgd.core.transform import Context
from jgd.core.types import Params, Scalar
from jgd.transforms.wrapper import Wrapper


class Penalty(Protocol):
    """What `Proximal` takes."""

    def prox(self, x: Array, rate: Array, at: Any, /) -> Array:
        """argmin_z rate · h(z) + ½ ‖z − x‖² for one leaf; `at` is `context.at`, for numbers that are schedules."""
        ...


class _Summed(Penalty):
    """A penalty whose value is a sum over leaves."""

    def _of(self, x: Array) -> Array:
        raise NotImplementedError

    def value(self, params: Params) -> Array:
        """h of the parameters, (); a number that is a schedule counts as at step 0."""
        return sum((self._of(jnp.asarray(x)) for x in jax.tree.leaves(params)), start=jnp.zeros(()))


def _now(number: Any) -> Any:
    return number(jnp.zeros((), jnp.int32)) if callable(number) else number


def _soft(x: Array, by: Array) -> Array:
    return jnp.sign(x) * jnp.maximum(jnp.abs(x) - by, 0)


@record
class L1Penalty(_Summed):
    """λ Σ|x|: weights that matter little become 0.

    Args:
        strength: λ, a number or a schedule. ≥ 0.
    """

    strength: Scalar = hyper(">= 0")

    def prox(self, x: Array, rate: Array, at: Any) -> Array:
        return _soft(x, rate * at(self.strength))

    def _of(self, x: Array) -> Array:
        return _now(self.strength) * jnp.sum(jnp.abs(x))


@record
class ElasticNet(_Summed):
    """λ Σ|x| + ½ μ Σx².

    Args:
        l1: λ, a number or a schedule. ≥ 0.
        l2: μ, a number or a schedule. ≥ 0.
    """

    l1: Scalar = hyper(">= 0")
    l2: Scalar = hyper(">= 0")

    def prox(self, x: Array, rate: Array, at: Any) -> Array:
        return _soft(x, rate * at(self.l1)) / (1 + rate * at(self.l2))

    def _of(self, x: Array) -> Array:
        return _now(self.l1) * jnp.sum(jnp.abs(x)) + _now(self.l2) / 2 * jnp.sum(jnp.square(x))


@record
class GroupLasso(_Summed):
    """λ Σ ‖group‖: whole groups become 0. A group is what shares its places on all axes but `axis`.

    Args:
        strength: λ, a number or a schedule. ≥ 0. (Yuan & Lin 2006 multiply it by the root of the group's size.)
        axis: The axis along a group, or a tuple of them; None for the whole leaf. Of a (in, out) matrix 1 are the weights of an
            input, 0 those of an output. Structure. Default: None.
    """

    strength: Scalar = hyper(">= 0")
    axis: Any = static_field(default=None)

    def _norms(self, x: Array) -> Array:
        return tree.safe_sqrt(jnp.sum(jnp.square(x), axis=self.axis, keepdims=True))

    def prox(self, x: Array, rate: Array, at: Any) -> Array:
        norms = self._norms(x)
        return x * tree.safe_divide(jnp.maximum(norms - rate * at(self.strength), 0), norms)

    def _of(self, x: Array) -> Array:
        return _now(self.strength) * jnp.sum(self._norms(x))


@record
class NuclearNorm(_Summed):
    """λ Σ singular values of each matrix, the last two axes of a leaf; other leaves are free. Ranks fall.

    Args:
        strength: λ, a number or a schedule. ≥ 0.
    """

    strength: Scalar = hyper(">= 0")

    def prox(self, x: Array, rate: Array, at: Any) -> Array:
        if x.ndim < 2:
            return x
        u, s, vt = jnp.linalg.svd(x, full_matrices=False)
        return (u * jnp.maximum(s - rate * at(self.strength), 0)[..., None, :]) @ vt

    def _of(self, x: Array) -> Array:
        return _now(self.strength) * jnp.sum(jnp.linalg.svd(x, compute_uv=False)) if x.ndim > 1 else jnp.zeros(())


def as_penalty(name: str, given: Any) -> Any:
    """A penalty; anything else is refused."""
    if isinstance(given, type) or not hasattr(given, "prox"):
        raise checks.JgdTypeError(
            f"{name} must be a penalty such as jgd.transforms.L1Penalty(1e-3), got {checks.shown(given)}", argument=name
        )
    return given


@record
class ProximalState:
    """The state of the optimizer inside."""

    inner: Any


@record
class Proximal(Wrapper):
    """θ ← prox_{η h}(θ + u): every step of the optimizer inside ends at the proximal point of a penalty h.

    η is the learning rate that the optimizer reports. Around `sgd` it is the proximal gradient method; around one that scales
    each weight by itself, such as Adam, the weights' own rates don't enter the penalty, as in decoupled decay.

    Args:
        transform: A transform or an optimizer that has a learning rate.
        penalty: h: `L1Penalty`, `ElasticNet`, `GroupLasso`, `NuclearNorm`, or a record of your own with `prox`.

    Raises:
        JgdTypeError: For something that is no transform or no penalty.
        JgdValueError: At the first update, for an optimizer that has no learning rate.

    Example:
        >>> import jgd
        >>> optimizer = jgd.chain(Proximal(jgd.optimizers.sgd(0.5), L1Penalty(0.5)))
        >>> params = jnp.array([1.0, 0.125])
        >>> updates, _ = optimizer.update(jnp.zeros(2), optimizer.init(params), params)
        >>> (params + updates).tolist()
        [0.75, 0.0]
    """

    transform: TransformLike
    penalty: Penalty

    @property
    def must_be_last(self) -> bool:
        return True

    @property
    def per_leaf(self) -> bool:
        return True

    def __post_init__(self) -> None:
        as_penalty("penalty", self.penalty)
        self._accept()

    def init(self, params: Params) -> ProximalState:
        return ProximalState(self.transform.init(params))

    def update(self, updates: Params, state: ProximalState, context: Context) -> tuple[Params, ProximalState]:
        updates, inner = self.transform.update(updates, state.inner, context)
        info = self.transform.info(inner)
        rate = info.learning_rate
        if rate is None:
            raise checks.JgdValueError(
                "Proximal needs the learning rate of the optimizer inside, which has none: chain it with "
                "jgd.transforms.ScaleByLearningRate",
                argument="transform",
            )
        if info.skipped is not None:
            rate = jnp.where(info.skipped, 0, rate)  # prox of 0 · h is no step
        to = lambda w, u: self.penalty.prox(w + u, rate, context.at) - w
        return tree.map(to, context.params, updates), ProximalState(inner)
