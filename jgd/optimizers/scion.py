"""Scion: the step goes to the point of a norm ball that the momentum points away from; each layer has a norm of its own.

m ← μ m + (1 − μ) g                      the paper's α is 1 − μ
θ ← θ + η lmo(m)                         unconstrained
θ ← (1 − η) θ + η lmo(m)                 constrained: θ stays in the balls once it is in them
lmo(m) = −ρ times
  hidden layers   √(out / in) U Vᵀ of m = U S Vᵀ, by Newton–Schulz; a convolution's is divided by its taps
  first layers    sign(m), of one-hot inputs (embeddings)
  last layers     sign(m) / in
  vectors         m / rms(m), the biases

Source: Pethick et al. 2025, arXiv:2502.07529, algorithms 1 and 2 and tables 2 to 4, with the defaults of the authors'
code: ρ = 1, momentum as in their examples. (Their language models have ρ = 50 in hidden and 3000 in last layers.) They
iterate in bfloat16, we in the compute dtype. The paper starts in the balls; initial weights are the model's affair.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp

from jgd.core import checks, tree
from jgd.core.composite import Chain
from jgd.core.optimizer import Optimizer, chain
from jgd.core.paths import listed
from jgd.core.record import hyper, record, static_field
from jgd.core.spellings import builder
from jgd.core.transform import Context, Transform
from jgd.core.types import Params, Scalar
from jgd.optimizers.muon import MeanMomentum, Orthogonalize
from jgd.optimizers.newton_schulz import QUINTIC
from jgd.transforms import AddDecayedWeights, Partition, ScaleByLearningRate
from jgd.transforms.matrices import Matrices, MatrixGroups, axes_of, named_axes


@record
class SignOfMatrix(Transform):
    """updates ← sign of the updates, divided by each matrix's inputs where `per_input`."""

    per_input: bool = static_field()
    matrices: Matrices = static_field(default=())
    per_leaf = True

    def update(self, updates: Params, state: tuple[()], context: Context) -> tuple[Params, tuple[()]]:
        leaves, structure = jax.tree.flatten(updates)
        rows = [axes.sizes(x.shape)[0] for axes, x in zip(axes_of(updates, self.matrices), leaves, strict=True)]
        signs = [jnp.sign(x) / (max(1, n) if self.per_input else 1) for n, x in zip(rows, leaves, strict=True)]
        return jax.tree.unflatten(structure, signs), state


@record
class OverRms(Transform):
    """Each leaf of the updates ← itself / (its root mean square + eps)."""

    eps: Scalar = hyper(">= 0")
    per_leaf = True

    def update(self, updates: Params, state: tuple[()], context: Context) -> tuple[Params, tuple[()]]:
        eps = context.at(self.eps)
        rms = lambda x: tree.norm(x) / math.sqrt(max(1, x.size))
        return tree.map(lambda x: tree.safe_divide(x, rms(x) + eps), updates), state


@record
class Radius(Transform):
    """updates ← radius · updates."""

    radius: Scalar = hyper("> 0")

    def update(self, updates: Params, state: tuple[()], context: Context) -> tuple[Params, tuple[()]]:
        return tree.scale(context.at(self.radius), updates), state


@builder
def scion(
    learning_rate: Scalar,
    momentum: Scalar = 0.9,
    *,
    radius: Scalar = 1.0,
    first_radius: Scalar = 1.0,
    last_radius: Scalar = 1.0,
    eps: Scalar = 1e-8,
    unconstrained: bool = False,
    first_layers: str | Sequence[str] = (),
    last_layers: str | Sequence[str] = (),
    ns_steps: int = 5,
    matrices: Mapping[str, Any] | None = None,
) -> Optimizer:
    """Scion: θ ← (1 − η) θ + η lmo(m) in balls of the given radii; unconstrained, θ ← θ + η lmo(m).

    Args:
        learning_rate: η > 0, in (0, 1] if constrained; a number or a schedule.
        momentum: μ in [0, 1); the authors' momentum is 1 − μ. Default: 0.9.
        radius: ρ > 0, of hidden layers and vectors. Default: 1.0.
        first_radius: > 0, of the matrices that first_layers match. Default: 1.0.
        last_radius: > 0, of the matrices that last_layers match. Default: 1.0.
        eps: ≥ 0, in both normalizations. Default: 1e-8.
        unconstrained: Whether weights may leave the balls; structure. Default: False.
        first_layers: Patterns of the paths of layers with one-hot inputs; structure. Default: ().
        last_layers: Patterns of the paths of output layers; structure. Default: ().
        ns_steps: Newton–Schulz iterations, ≥ 1; structure. Default: 5.
        matrices: {pattern: (in_axes, out_axes)} for leaves that are laid out otherwise, see `muon`; structure.

    Returns:
        The optimizer, a record whose numbers are leaves.

    Raises:
        JgdValueError: For a number outside its range.
        JgdTypeError: For an argument of another kind.

    Example:
        >>> import jax.numpy as jnp
        >>> optimizer = scion(0.1, radius=2.0, last_layers="head")
        >>> params = {"bias": jnp.ones(2), "head": jnp.ones((4, 1))}
        >>> grads = {"bias": jnp.array([3.0, -3.0]), "head": jnp.ones((4, 1))}
        >>> updates, _ = optimizer.update(grads, optimizer.init(params), params)
        >>> updates["bias"].tolist(), updates["head"].ravel().tolist()
        ([-0.3, 0.1], [-0.125, -0.125, -0.125, -0.125])
    """
    axes, steps = named_axes(matrices), checks.count("ns_steps", ns_steps, 1)
    size = Radius(radius)
    with checks.renamed(radius="first_radius"):
        first_size = Radius(first_radius)
    with checks.renamed(radius="last_radius"):
        last_size = Radius(last_radius)
    balls = (
        Chain((Orthogonalize(eps, steps, "spectral", QUINTIC, axes), size)),
        Chain((SignOfMatrix(False), first_size)),
        Chain((SignOfMatrix(True, axes), last_size)),
        Chain((OverRms(eps), size)),
    )
    rule = MatrixGroups(
        (listed("first_layers", first_layers), listed("last_layers", last_layers)), vectors=3, axes=axes
    )
    shrink = () if unconstrained else (AddDecayedWeights(1.0),)
    return chain(MeanMomentum(momentum), Partition((), balls, rule), *shrink, ScaleByLearningRate(learning_rate))
