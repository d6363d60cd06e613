"""Mechanic: any optimizer, whose way from the start is scaled by an s that is learned by coin betting.

u, the base's update for the gradient g at θ = θ₀ + (Σ s) Δ
h ← −⟨Δ, g + weight_decay (Σ s) ‖g‖ / (‖θ‖ + eps) · θ⟩
c ← h clipped to ±m
m ← max(β m, |h| + eps)
v ← β² v + h²
r ← β r + c s
s ← (s_init / n · m + max(0, r)) / (√v + eps)
Δ ← Δ + u
θ ← θ₀ + (Σ s) Δ

β = (0.9, 0.99, …), m, v, r and s are vectors of n entries, gamblers of different memory; products and norms are over
the whole tree.

Source: Cutkosky, Defazio & Mehta 2023, "Mechanic: A Learning Rate Tuner", arXiv:2306.00144, algorithm 1, in the form
of the authors' JAX code, with which the paper's experiments were made: optax's `mechanize`. Against the algorithm
as printed it clips h before it is a reward, keeps r itself below 0, adds eps to m so that the first step is
s_init / n each, and doesn't remember Δ but solves θ for it, (θ − θ₀) / (Σ s + eps). That loses the first digits of Δ,
and all of them for bfloat16 parameters; `store_delta` remembers it, for one more copy of the weights.
"""

from dataclasses import replace
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import Array

from jgd.core import checks, tree
from jgd.core.optimizer import Optimizer, chain
from jgd.core.record import hyper, record, static_field
from jgd.core.spellings import builder
from jgd.core.transform import Context, Transform, UpdateInfo
from jgd.core.types import Params, Scalar
from jgd.optimizers.schedule_free import base_transform
from jgd.transforms import LearningRateState, Wrapper


@record
class MechanicState:
    """The base's state, the start, and what the n gamblers remember."""

    rate: LearningRateState  # Σ s times the base's own
    inner: Any  # the base's own state
    start: Params  # θ₀
    delta: Params  # Δ; () where it is not remembered
    s: Array  # (n,), as are the others
    m: Array
    v: Array
    r: Array


@record
class Mechanic(Wrapper):
    """u ← θ₀ + (Σ s) Δ − θ, where the base's updates move Δ."""

    transform: Transform
    weight_decay: Scalar = hyper(">= 0")
    eps: Scalar = hyper("> 0")
    s_init: float = hyper("> 0", schedule=False)
    num_betas: int = static_field()
    store_delta: bool = static_field()

    def __post_init__(self) -> None:
        self._accept()
        checks.count("num_betas", self.num_betas, 1)

    def info(self, state: MechanicState) -> UpdateInfo:
        """The base's, with Σ s times its learning rate in use."""
        return replace(super().info(state), learning_rate=state.rate.learning_rate, factor=None)

    def eval_params(self, params: Params, state: MechanicState) -> Params:
        return params

    def init(self, params: Params) -> MechanicState:
        zeros = lambda: jnp.zeros(self.num_betas, tree.compute_dtype(params))
        return MechanicState(
            rate=LearningRateState.unused(params),
            inner=self.transform.init(params),
            start=tree.copy(params),
            delta=tree.zeros_like(params) if self.store_delta else (),
            s=zeros() + jnp.asarray(self.s_init).astype(tree.compute_dtype(params)),
            m=zeros(),
            v=zeros(),
            r=zeros(),
        )

    def update(self, grads: Params, state: MechanicState, context: Context) -> tuple[Params, MechanicState]:
        params, eps, s_init = context.params, context.at(self.eps), context.at(self.s_init)
        beta = jnp.asarray(1 - 0.1 ** np.arange(1, self.num_betas + 1), eps.dtype)
        updates, base = self.transform.update(grads, state.inner, context)
        moved = tree.subtract(params, state.start)
        before = jnp.sum(state.s)
        delta = state.delta if self.store_delta else tree.scale(1 / (before + eps), moved)

        pull = context.at(self.weight_decay) * before * tree.norm(grads) / (tree.norm(params) + eps)
        h = -tree.dot(delta, tree.map(lambda g, p: g + pull * p, grads, params))
        clipped = jnp.clip(h, -state.m, state.m)
        m = jnp.maximum(beta * state.m, jnp.abs(h) + eps)
        v = beta**2 * state.v + h**2
        r = beta * state.r + clipped * state.s
        s = (s_init / self.num_betas * m + jnp.maximum(0, r)) / (tree.safe_sqrt(v) + eps)

        delta, scale = tree.add(delta, updates), jnp.sum(s)
        told = self.transform.info(base).learning_rate
        told = jnp.ones(()) if told is None else told
        rate = LearningRateState(scale * told.astype(scale.dtype))
        updates = tree.map(lambda d, from_start: scale * d - from_start, delta, moved)
        kept = delta if self.store_delta else ()
        return updates, MechanicState(rate, base, state.start, kept, s, m, v, r)


@builder
def mechanic(
    base_optimizer: Optimizer | Transform,
    *,
    weight_decay: Scalar = 1e-2,
    eps: Scalar = 1e-8,
    s_init: float = 1e-6,
    num_betas: int = 6,
    store_delta: bool = False,
) -> Optimizer:
    """Any optimizer with its learning rate scaled by a learned s: θ ← θ₀ + s Δ, Δ the sum of its updates.

    optax calls it `mechanize`. Defaults: the authors'.

    Args:
        base_optimizer: An `Optimizer`, or a transform whose updates are steps, with a rate or schedule of scale 1: what
            it is hardly matters.
        weight_decay: ≥ 0, in the tuner's reward only (the base's own is beside it). Default: 1e-2.
        eps: > 0. Default: 1e-8.
        s_init: > 0, a number, no schedule: an underestimate of s. Default: 1e-6.
        num_betas: How many gamblers; structure. Default: 6.
        store_delta: Whether Δ is remembered; structure. Default: False.

    Returns:
        The optimizer, a record whose numbers are leaves.

    Raises:
        JgdValueError: For a number outside its range.
        JgdTypeError: For an argument of another kind.

    Example:
        >>> import jgd
        >>> optimizer = mechanic(jgd.optimizers.sgd(1.0), s_init=0.5, num_betas=2)
        >>> updates, _ = optimizer.update(jnp.array([-4.0]), optimizer.init(jnp.ones(1)), jnp.ones(1))
        >>> updates.tolist()
        [2.0]
    """
    return chain(Mechanic(base_transform(base_optimizer), weight_decay, eps, s_init, num_betas, store_delta))
