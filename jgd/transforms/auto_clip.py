"""Clipping that finds its own threshold: from the gradient norms that it has seen.

by percentile  u ← g · min(1, c / ‖g‖), c the p-th percentile of the last norms, this one among them
by z-score     z = (‖g‖ − μ) / (σ + eps); where z > z*:  u ← g · c / ‖g‖, c = μ + z*² σ / z
               μ ← b μ + (1 − b) n,  σ² ← b σ² + (1 − b) (n − μ)²,  n = c where it clipped, else ‖g‖

‖g‖ is that of all leaves together. A norm that is not finite is not remembered, and such a gradient passes: `SkipNonFinite` is
for those.

Sources: Seetharaman et al. 2020, "AutoClip: adaptive gradient clipping for source separation networks", algorithm 1 (over all
norms so far; here over a window, which a state of one shape needs); Kumar et al. 2025 (ZClip), arXiv:2504.02507, algorithm 1, and
the authors' code, whose defaults these are: μ and σ start as those of the first steps' norms, which are not clipped.
"""

import jax.numpy as jnp
from jax import Array

from jgd.core import checks, tree
from jgd.core.record import hyper, record, static_field
from jgd.core.transform import Context, Transform
from jgd.core.types import Params, Scalar


@record
class PercentileState:
    """The last norms, (window,), in no order; how many there are, and where the next one goes, () int32."""

    norms: Array
    seen: Array
    place: Array


@record
class ClipByPercentile(Transform):
    """u ← g · min(1, c / ‖g‖), c the percentile of the last norms: AutoClip.

    Args:
        percentile: In [0, 100], also a schedule; 10 clips nine of ten gradients. Default: 10.0.
        window: How many norms are remembered, ≥ 1; structure. Default: 1000.

    Example:
        >>> import jgd
        >>> optimizer = jgd.chain(ClipByPercentile(50.0), jgd.transforms.ScaleByLearningRate(1.0))
        >>> params, state = jnp.zeros(1), optimizer.init(jnp.zeros(1))
        >>> for g in (1.0, 2.0, 8.0):
        ...     updates, state = optimizer.update(jnp.array([g]), state, params)
        >>> updates.tolist()
        [-2.0]
    """

    percentile: Scalar = hyper("[0, 100]", default=10.0)
    window: int = static_field(default=1000)
    entrywise = True

    def __post_init__(self) -> None:
        checks.count("window", self.window, 1)

    def init(self, params: Params) -> PercentileState:
        nothing = jnp.zeros((), jnp.int32)
        return PercentileState(jnp.zeros(self.window, tree.compute_dtype(params)), nothing, nothing)

    def update(self, updates: Params, state: PercentileState, context: Context) -> tuple[Params, PercentileState]:
        norm = tree.norm(updates)
        good, places = jnp.isfinite(norm), jnp.arange(self.window, dtype=jnp.int32)
        norms = jnp.where(good & (places == state.place), norm, state.norms)
        seen = jnp.minimum(state.seen + good.astype(jnp.int32), self.window)
        most = _percentile(norms, places < seen, context.at(self.percentile))
        long = good & (norm > most)
        place = (state.place + good.astype(jnp.int32)) % self.window
        factor = jnp.where(long, most / jnp.where(long, norm, 1), 1)
        return tree.scale(factor, updates), PercentileState(norms, seen, place)


def _percentile(values: Array, valid: Array, percent: Array) -> Array:
    """np.percentile of the valid values, which interpolates between two; any number where there is none."""
    in_order = jnp.sort(jnp.where(valid, values, jnp.inf))
    last = jnp.maximum(jnp.sum(valid, dtype=jnp.int32) - 1, 0)
    rank = percent / 100 * last.astype(percent.dtype)
    low = jnp.clip(jnp.floor(rank).astype(jnp.int32), 0, last)
    high = jnp.minimum(low + 1, last)
    share = rank - low.astype(percent.dtype)
    return (1 - share) * in_order[low] + share * in_order[high]


@record
class ZScoreState:
    """The mean and variance of the norms, and how many of the first ones were seen, () each."""

    mean: Array
    variance: Array
    seen: Array


@record
class ClipByZScore(Transform):
    """u ← g · c / ‖g‖ where ‖g‖ lies more than z_threshold deviations above its mean, the shorter the further: ZClip.

    Args:
        z_threshold: z* > 0, also a schedule. Default: 2.5.
        decay: b in [0, 1), what mean and variance keep at a step, also a schedule. Default: 0.97.
        eps: ≥ 0, added to the deviation. Default: 1e-6.
        warmup_steps: How many norms make the first mean and variance, ≥ 1; structure. Default: 25.

    Example:
        >>> import jgd
        >>> optimizer = jgd.chain(ClipByZScore(2.0, eps=0.0, warmup_steps=2), jgd.transforms.ScaleByLearningRate(1.0))
        >>> params, state = jnp.zeros(1), optimizer.init(jnp.zeros(1))
        >>> for g in (1.0, 3.0, 6.0):  # mean 2, deviation 1: z is 4
        ...     updates, state = optimizer.update(jnp.array([g]), state, params)
        >>> updates.tolist()
        [-3.0]
    """

    z_threshold: Scalar = hyper("> 0", default=2.5)
    decay: Scalar = hyper("[0, 1)", default=0.97)
    eps: Scalar = hyper(">= 0", default=1e-6)
    warmup_steps: int = static_field(default=25)
    entrywise = True

    def __post_init__(self) -> None:
        checks.count("warmup_steps", self.warmup_steps, 1)

    def init(self, params: Params) -> ZScoreState:
        zero = lambda: jnp.zeros((), tree.compute_dtype(params))
        return ZScoreState(zero(), zero(), zero())

    def update(self, updates: Params, state: ZScoreState, context: Context) -> tuple[Params, ZScoreState]:
        longest, decay, eps = context.at(self.z_threshold), context.at(self.decay), context.at(self.eps)
        norm = tree.norm(updates)
        mean, variance, n = state.mean, state.variance, state.seen
        deviation = tree.safe_sqrt(variance)
        z = tree.safe_divide(norm - mean, deviation + eps)
        clips = (n >= self.warmup_steps) & (z > longest) & jnp.isfinite(norm)
        most = mean + longest**2 * deviation / jnp.where(clips, z, 1)
        kept = jnp.where(clips, most, norm)
        after = decay * mean + (1 - decay) * kept
        first = mean + (norm - mean) / (n + 1)  # Welford's, of the first norms
        spread = (n * variance + (norm - mean) * (norm - first)) / (n + 1)
        warm = n < self.warmup_steps
        new = ZScoreState(
            jnp.where(warm, first, after),
            jnp.where(warm, spread, decay * variance + (1 - decay) * jnp.square(kept - after)),
            jnp.minimum(n + 1, self.warmup_steps),
        )
        new = tree.select(jnp.isfinite(norm), new, state)
        return tree.scale(jnp.where(clips, most / jnp.where(clips, norm, 1), 1), updates), new
