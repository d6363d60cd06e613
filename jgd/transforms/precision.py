"""Narrow parameters that still move: a float32 master copy, or rounding by chance.

Near 1 bfloat16 has steps of 1/128, so an update of 1e-3 rounds to nothing, every time.
master copy          M ← M + u in float32, θ ← round(M)                        the sum remembers what θ can't hold
stochastic rounding  θ ← one of θ + u's two neighbors, the nearer the likelier  right on average, no memory

Sources: Micikevicius et al. 2018, arXiv:1710.03740, section 3.1 (master copy); Gupta et al. 2015, arXiv:1502.02551,
section 2.2 (stochastic rounding); Zamirai et al. 2020, arXiv:2010.06192, algorithm 1 (for bfloat16 weights).
"""

from typing import Any

import jax
import jax.numpy as jnp
from jax import Array

from jgd.core import seeds, tree
from jgd.core.optimizer import TransformLike
from jgd.core.record import record, static_field
from jgd.core.transform import Context
from jgd.core.types import Params
from jgd.transforms.noise import DrawsNoise, Noise
from jgd.transforms.wrapper import Wrapper


@record
class MasterCopyState:
    """The master copy, in float32 or wider, and the inner transform's state."""

    params: Params  # in float32 or wider
    inner: Any


@record
class MasterCopy(Wrapper):
    """`transform` descends on a float32 copy; the parameters are that copy, rounded to their own dtype.

    The gradient is still taken at the rounded parameters. Nothing but the optimizer may change them: what others
    change is overwritten by the next step. Around the whole chain, or at its end.

    Args:
        transform: A transform or an optimizer.

    Raises:
        JgdTypeError: For something that is no transform.

    Example:
        >>> import jgd
        >>> optimizer = jgd.chain(MasterCopy(jgd.optimizers.sgd(1e-3).transform))
        >>> params = jnp.ones(1, jnp.bfloat16)
        >>> state = optimizer.init(params)
        >>> for _ in range(8):
        ...     updates, state = optimizer.update(jnp.ones(1, jnp.bfloat16), state, params)
        ...     params = jgd.apply_updates(params, updates)
        >>> params.tolist(), state.inner[0].params.tolist()
        ([0.992], [0.992])
    """

    transform: TransformLike

    def __post_init__(self) -> None:
        self._accept()

    def init(self, params: Params) -> MasterCopyState:
        master = tree.cast_like(params, tree.zeros_like(params))
        return MasterCopyState(master, self.transform.init(master))

    def update(self, updates: Params, state: MasterCopyState, context: Context) -> tuple[Params, MasterCopyState]:
        within = context.among(params=state.params, stored=state.params)
        updates, inner = self.transform.update(updates, state.inner, within)
        master = tree.add(state.params, updates)
        rounded = tree.widen(tree.cast_like(master, context.stored), tree.compute_dtype(context.params))
        return tree.subtract(rounded, context.params), MasterCopyState(master, inner)

    def eval_params(self, params: Params, state: MasterCopyState) -> Params:
        return self.transform.eval_params(state.params, state.inner)

    @property
    def must_be_last(self) -> bool:
        return True


@record
class StochasticRounding(DrawsNoise):
    """Rounds θ + u to a neighbor in the parameters' dtype, up with the probability of its distance from the lower.

    So the expected step is u, however small. float32 and float64 parameters are left alone. It must be last.

    Args:
        seed: Which numbers are drawn; `jgd.train` and `jgd.sweep` mix their own in. Structure. Default: 0.

    Raises:
        JgdValueError: For a seed outside 0 … 2**32 − 1.

    Example:
        >>> import jgd
        >>> optimizer = jgd.chain(jgd.transforms.ScaleByLearningRate(1e-3), StochasticRounding())
        >>> params = jnp.ones(1000, jnp.bfloat16)
        >>> updates, _ = optimizer.update(jnp.ones(1000, jnp.bfloat16), optimizer.init(params), params)
        >>> 0 < int((jgd.apply_updates(params, updates) != params).sum()) < 1000
        True
    """

    seed: int = static_field(default=0)
    must_be_last = True

    def __post_init__(self) -> None:
        seeds.check(self.seed)

    def init(self, params: Params) -> Noise:
        return Noise.of(self.seed)

    def update(self, updates: Params, noise: Noise, context: Context) -> tuple[Params, Noise]:
        drawn = noise.like(context.step, context.params, jax.random.uniform)

        def one(p: Array, stored: Array, u: Array, draw: Array) -> Array:
            if stored.dtype.itemsize > 2:
                return u
            exact = jax.lax.stop_gradient(p + u)
            nearest = exact.astype(stored.dtype)
            wide = nearest.astype(p.dtype)
            away = jnp.where(exact >= wide, jnp.inf, -jnp.inf).astype(stored.dtype)
            other = jnp.nextafter(nearest, away).astype(p.dtype)
            share = tree.safe_divide(exact - wide, other - wide)  # how far on the way to the other neighbor
            landed = jnp.where((draw < share) & jnp.isfinite(other), other, wide)
            # the step that lands there; its derivative is that of the step before the rounding, which is its mean
            return u + jax.lax.stop_gradient(landed - p - u)

        return tree.map(one, context.params, context.stored, updates, drawn), noise
