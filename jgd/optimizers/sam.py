"""Sharpness-aware minimization: descend by the gradient of the worst point nearby.

e = ρ g / ‖g‖                  (SAM: the worst point of a ball)
e = ρ T² g / ‖T g‖             (ASAM, T = |θ| + eta: of a ball that scales with the weights)
g' = ∇L(θ + e), which any method then descends by

Source: SAM, Foret, Kleiner, Mobahi & Neyshabur 2021, arXiv:2010.01412, equations 2 and 3 with p = 2; ASAM, Kwon, Kim, Park
& Choi 2021, arXiv:2102.11600, algorithm 1, element by element. As in both papers g' is not differentiated through e.
The norm is over all leaves. The authors of ASAM leave T = 1 for biases: `unscaled=("bias",)`. Each step costs two
gradients, both on the same batch.
"""

import jax.numpy as jnp
from jax import Array

from jgd.core import tree
from jgd.core.masks import first_match
from jgd.core.optimizer import Optimizer, chain
from jgd.core.paths import listed, matches, paths
from jgd.core.record import hyper, record, static_field
from jgd.core.spellings import builder
from jgd.core.transform import Context, Transform
from jgd.core.types import Params, Scalar


@record
class SharpnessAware(Transform):
    """updates ← ∇L(θ + ρ g / ‖g‖). It takes its own gradient, so it ignores the updates and must be first."""

    rho: Scalar = hyper(">= 0")
    ignores_updates = True

    def update(self, updates: Params, state: tuple[()], context: Context) -> tuple[Params, tuple[()]]:
        factor = tree.safe_divide(context.at(self.rho), tree.norm(context.grads))
        worst = tree.add(context.params, tree.scale(factor, context.grads))
        return context.gradient_at(worst, "sam"), state


@record
class AdaptiveSharpnessAware(Transform):
    """updates ← ∇L(θ + ρ T² g / ‖T g‖), T = |θ| + eta, and 1 on the unscaled leaves. It ignores the updates too."""

    rho: Scalar = hyper(">= 0")
    eta: Scalar = hyper(">= 0")
    unscaled: tuple[str, ...] = static_field(default=())
    ignores_updates = True

    @property
    def per_leaf(self) -> bool:
        return bool(self.unscaled)

    def _scales(self, params: Params, eta: Array) -> Params:
        for pattern in self.unscaled:
            first_match((pattern, "*"), params)  # refuses a pattern that matches nothing
        plain = iter([any(matches(pattern, path) for pattern in self.unscaled) for path in paths(params)])
        return tree.map(lambda w: jnp.ones_like(w) if next(plain) else jnp.abs(w) + eta, params)

    def update(self, updates: Params, state: tuple[()], context: Context) -> tuple[Params, tuple[()]]:
        scales = self._scales(context.params, context.at(self.eta))
        scaled = tree.map(jnp.multiply, scales, context.grads)
        factor = tree.safe_divide(context.at(self.rho), tree.norm(scaled))
        worst = tree.map(lambda w, T, Tg: w + factor * T * Tg, context.params, scales, scaled)
        return context.gradient_at(worst, "asam"), state


@builder
def sam(
    base_optimizer: Optimizer | Transform,
    rho: Scalar = 0.05,
) -> Optimizer:
    """SAM: any optimizer (or transform) on the gradient at θ + ρ g / ‖g‖.

    `update` needs `loss=`, params -> loss on this batch; `jgd.step`, `jgd.train` and `jgd.sweep` give it. Default: the
    paper's.

    Args:
        base_optimizer: An `Optimizer` or a transform. One that takes its own gradient is refused (Nesterov's
            look-ahead, another SAM).
        rho: ρ ≥ 0, the radius; 0 is the base itself. Default: 0.05.

    Returns:
        The optimizer, a record whose numbers are leaves.

    Raises:
        JgdValueError: For a number outside its range.
        JgdTypeError: For an argument of another kind.

    Example:
        >>> import jgd
        >>> bowl, w = lambda w: jnp.sum(w**2), jnp.array([3.0, 4.0])
        >>> optimizer = sam(jgd.optimizers.sgd(0.1), rho=1.0)
        >>> updates, _ = optimizer.update(2 * w, optimizer.init(w), w, loss=bowl)
        >>> updates.tolist()  # of the gradient at (3.6, 4.8)
        [-0.72, -0.96]
    """
    return chain(SharpnessAware(rho), base_optimizer)


@builder
def asam(
    base_optimizer: Optimizer | Transform,
    rho: Scalar = 0.5,
    *,
    eta: Scalar = 0.01,
    unscaled: tuple[str, ...] = (),
) -> Optimizer:
    """ASAM: any optimizer (or transform) on the gradient at θ + ρ T² g / ‖T g‖, T = |θ| + eta.

    `update` needs `loss=`, params -> loss on this batch; `jgd.step`, `jgd.train` and `jgd.sweep` give it. Defaults: the
    paper's.

    Args:
        base_optimizer: An `Optimizer` or a transform. One that takes its own gradient is refused.
        rho: ρ ≥ 0, the radius in units of the weights, about ten times SAM's. Default: 0.5.
        eta: ≥ 0, for weights near 0. Default: 0.01.
        unscaled: Patterns of paths such as ("bias",) whose leaves keep T = 1; structure. Default: ().

    Returns:
        The optimizer, a record whose numbers are leaves.

    Raises:
        JgdValueError: For a number outside its range.
        JgdTypeError: For an argument of another kind.

    Example:
        >>> import jgd
        >>> bowl, w = lambda w: jnp.sum(w**2), jnp.array([3.0, 4.0])
        >>> optimizer = asam(jgd.optimizers.sgd(0.1), rho=1.0, eta=0.0)
        >>> updates, _ = optimizer.update(2 * w, optimizer.init(w), w, loss=bowl)
        >>> updates.tolist()
        [-0.8942, -1.4973]
    """
    return chain(AdaptiveSharpnessAware(rho, eta, listed("unscaled", unscaled)), base_optimizer)
