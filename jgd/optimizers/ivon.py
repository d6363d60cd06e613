"""IVON: the mean and the diagonal precision of a Gaussian over the weights, learned by steps like Adam's.

ε ~ N(0, 1 / (ess (h + δ))),  ĝ = ∇L(θ + ε)
m ← b1 m + (1 − b1) ĝ
ĥ = ess (h + δ) ε ĝ
h ← b2 h + (1 − b2) ĥ + (1 − b2)² (h − ĥ)² / (2 (h + δ))
θ ← θ − η (hess_init + δ) (m̂ + δ θ) / (h + δ)

Source: Shen et al. 2024, arXiv:2402.17641, algorithm 1, and the authors' code, whose defaults these are, with its rescaled rate
(`rescale_lr`) and Price's estimate of h. δ, the prior's precision over ess, is `prior_precision`, their weight_decay. With several
`samples` of ε, ĝ and ĥ are the means. h stays positive for any ĥ. θ is its mean, N(θ, 1 / (ess (h + δ))) the posterior;
h is in the state. Neither torch nor optax has it.
"""

import jax.numpy as jnp
from jax import Array

from jgd.core import checks, seeds, tree
from jgd.core.optimizer import Optimizer, chain
from jgd.core.record import hyper, record, static_field
from jgd.core.spellings import builder
from jgd.core.transform import Context
from jgd.core.types import Params, Scalar
from jgd.transforms import Mean, ScaleByLearningRate
from jgd.transforms.noise import DrawsNoise, Noise


@record
class IvonState:
    """m, h shaped as the parameters, and the noise's key."""

    mean: Mean
    hessian: Params
    noise: Noise


@record
class ScaleByIvon(DrawsNoise):
    """u = (hess_init + δ) (m̂ + δ θ) / (h + δ). It takes its gradients at sampled weights."""

    ess: Scalar = hyper("> 0")
    b1: Scalar = hyper("[0, 1)")
    b2: Scalar = hyper("[0, 1)")
    prior_precision: Scalar = hyper("> 0")
    hess_init: float = hyper("> 0", schedule=False)
    clip_radius: Scalar | None
    samples: int = static_field(default=1)
    seed: int = static_field(default=0)
    ignores_updates = True

    def __post_init__(self) -> None:
        seeds.check(self.seed)
        if self.clip_radius is not None:
            checks.hyperparameter("clip_radius", self.clip_radius, "> 0")

    def init(self, params: Params) -> IvonState:
        start = jnp.asarray(self.hess_init)
        hessian = tree.map(lambda z: z + start.astype(z.dtype), tree.zeros_like(params))
        return IvonState(Mean.like(params), hessian, Noise.of(self.seed))

    def update(self, updates: Params, state: IvonState, context: Context) -> tuple[Params, IvonState]:
        delta, ess, b2 = context.at(self.prior_precision), context.at(self.ess), context.at(self.b2)
        precision = tree.map(lambda h: ess * (h + delta), state.hessian)
        each = [self._sampled(i, precision, state.noise, context) for i in range(self.samples)]
        average = lambda trees: tree.scale(1 / self.samples, tree.map(lambda *x: sum(x[1:], start=x[0]), *trees))
        grads, seen = average([g for g, _ in each]), average([h for _, h in each])

        def moved(h: Array, f: Array) -> Array:
            return b2 * h + (1 - b2) * f + (1 - b2) ** 2 / 2 * (h - f) ** 2 / (h + delta)

        mean, hessian = state.mean.absorb(context.at(self.b1), grads), tree.map(moved, state.hessian, seen)
        factor = jnp.asarray(self.hess_init).astype(delta.dtype) + delta
        radius = None if self.clip_radius is None else context.at(self.clip_radius)

        def step(m: Array, w: Array, h: Array) -> Array:
            u = (m + delta * w) / (h + delta)
            return factor * (u if radius is None else jnp.clip(u, -radius, radius))

        made = tree.map(step, mean.value(), context.params, hessian)
        return made, IvonState(mean, hessian, state.noise)

    def _sampled(self, i: int, precision: Params, noise: Noise, context: Context) -> tuple[Params, Params]:
        """(ĝ, ĥ) of the i-th ε of this step."""
        z = noise.like(context.step * self.samples + i, precision)
        shift = tree.map(lambda z, p: z / jnp.sqrt(p), z, precision)
        grads = context.gradient_at(tree.add(context.params, shift), "ivon")
        return grads, tree.map(lambda p, e, g: p * e * g, precision, shift, grads)


@builder
def ivon(
    learning_rate: Scalar,
    ess: Scalar,
    *,
    b1: Scalar = 0.9,
    b2: Scalar = 0.99999,
    prior_precision: Scalar = 1e-4,
    hess_init: float = 1.0,
    clip_radius: Scalar | None = None,
    samples: int = 1,
    seed: int = 0,
) -> Optimizer:
    """IVON: θ ← θ − η (hess_init + δ) (m̂ + δ θ) / (h + δ), θ and 1 / (ess (h + δ)) a Gaussian's mean and variance.

    `update` needs `loss=`, params -> loss on this batch; `jgd.step`, `jgd.train` and `jgd.sweep` give it.

    Args:
        learning_rate: η > 0, a number or a schedule; the authors take 0.1 where SGD would have it.
        ess: > 0, the effective sample size, usually how many training rows there are; the loss is their mean.
        b1: In [0, 1), what the mean of the gradients keeps at a step. Default: 0.9.
        b2: In [0, 1), what h keeps at a step. Default: 0.99999.
        prior_precision: δ > 0, the prior's precision over ess; for every weight, as it is a part of the posterior.
            Default: 1e-4.
        hess_init: > 0, h at the start. Default: 1.0.
        clip_radius: > 0, the largest entry of a step before its factors. None for no clip.
        samples: How many ε a step draws, each with a gradient of its own, ≥ 1; structure. Default: 1.
        seed: Seed of the noise, a whole number; structure. `jgd.train` and `jgd.sweep` mix the run's own in. Default: 0.

    Returns:
        The optimizer, a record whose numbers are leaves.

    Raises:
        JgdValueError: For a number outside its range.
        JgdTypeError: For an argument of another kind.

    Example:
        >>> import jgd
        >>> loss = lambda w, rows: jnp.sum(w**2) / 2
        >>> optimizer = ivon(0.5, ess=1e6, hess_init=1.0)
        >>> end, _ = jgd.step(loss, optimizer, jgd.start(optimizer, jnp.ones(2)), None)
        >>> end.params.round(1).tolist()
        [0.5, 0.5]
    """
    count = checks.count("samples", samples, 1)
    scale = ScaleByIvon(ess, b1, b2, prior_precision, hess_init, clip_radius, count, seed)
    return chain(scale, ScaleByLearningRate(learning_rate))
