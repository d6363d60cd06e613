"""Shampoo: a gradient between the inverse roots of its own rows' and columns' second moments.

L ← L + G Gᵀ,  R ← R + Gᵀ G
θ ← θ − η (L + eps I)^(−1/4) G (R + eps I)^(−1/4)

and for a tensor of k axes, the matrix H of each axis to the power −1 / 2k (a vector: full-matrix AdaGrad; a number:
AdaGrad).

Source: Gupta, Koren & Singer 2018, arXiv:1802.09568, algorithms 1 and 2, where L and R start at eps I: the same. The
roots are taken anew every `update_every` steps, as the paper's implementation does, the first time at
the first step. An axis longer than `max_precond_dim` is left alone, and k counts the others only, so that the powers
still sum to −1/2 (with one side: L^(−1/2) G). Neither torch nor optax has it; the package torch_optimizer takes the power −1 / k.

The state stacks the leaves of a shape, so it doesn't keep their sharding.
"""

import jax
import jax.numpy as jnp
from jax import Array

from jgd.core import checks
from jgd.core.optimizer import Optimizer, chain
from jgd.core.record import hyper, record, static_field
from jgd.core.spellings import builder
from jgd.core.transform import Context, Transform
from jgd.core.types import Params, Scalar
from jgd.transforms import ScaleByLearningRate
from jgd.transforms.kronecker import along, axes_with_matrix, gram, inverse_root, stacked, unstacked


@record
class ShampooState:
    """For the leaves of each shape, and each of their preconditioned axes, the matrices (leaves, n, n)."""

    sums: tuple[tuple[Array, ...], ...]  # L and R
    roots: tuple[tuple[Array, ...], ...]  # their inverse roots, as of the last refresh


@record
class ScaleByShampoo(Transform):
    """u = (L + eps I)^(−1/4) G (R + eps I)^(−1/4)."""

    eps: Scalar = hyper("> 0")
    update_every: int = static_field(default=1)
    max_precond_dim: int = static_field(default=1024)
    per_leaf = True

    def init(self, params: Params) -> ShampooState:
        zeros = lambda: tuple(map(self._zeros, stacked(params)))
        return ShampooState(zeros(), zeros())

    def _zeros(self, g: Array) -> tuple[Array, ...]:
        sizes = [g.shape[1 + axis] for axis in axes_with_matrix(g, self.max_precond_dim)]
        return tuple(jnp.zeros((len(g), n, n), g.dtype) for n in sizes)

    def update(self, grads: Params, factors: ShampooState, context: Context) -> tuple[Params, ShampooState]:
        due, eps = context.step % self.update_every == 0, context.at(self.eps)

        def one_shape(g: Array, sums: tuple[Array, ...], roots: tuple[Array, ...]):
            axes = axes_with_matrix(g, self.max_precond_dim)
            sums = tuple(h + gram(g, axis) for axis, h in zip(axes, sums, strict=True))
            power = 1 / (2 * max(1, len(axes)))
            renew = lambda: tuple(inverse_root(h, eps, power) for h in sums)
            roots = jax.lax.cond(due, renew, lambda: roots)
            for axis, root in zip(axes, roots, strict=True):
                g = along(root, g, axis)
            return g, sums, roots

        done = [one_shape(*given) for given in zip(stacked(grads), factors.sums, factors.roots, strict=True)]
        updates = unstacked([u for u, _, _ in done], grads)
        return updates, ShampooState(tuple(sums for _, sums, _ in done), tuple(roots for _, _, roots in done))


@builder
def shampoo(
    learning_rate: Scalar,
    eps: Scalar = 1e-4,
    *,
    update_every: int = 1,
    max_precond_dim: int = 1024,
) -> Optimizer:
    """Shampoo: L ← L + G Gᵀ, R ← R + Gᵀ G, θ ← θ − η (L + eps I)^(−1/4) G (R + eps I)^(−1/4).

    Args:
        learning_rate: η > 0, a number or a schedule.
        eps: > 0, of the matrices at the start. Default: 1e-4.
        update_every: Steps from one eigendecomposition to the next, ≥ 1; structure. Default: 1.
        max_precond_dim: The longest axis that gets a matrix, ≥ 1; structure. Default: 1024.

    Returns:
        The optimizer, a record whose numbers are leaves.

    Raises:
        JgdValueError: For a number outside its range.
        JgdTypeError: For an argument of another kind.

    Example:
        >>> import jax.numpy as jnp
        >>> optimizer, grads = shampoo(0.1, eps=1e-8), jnp.array([[3.0, 0.0], [0.0, -2.0]])
        >>> updates, _ = optimizer.update(grads, optimizer.init(grads), grads)
        >>> jnp.diag(updates).tolist()
        [-0.1, 0.1]
    """
    period = checks.count("update_every", update_every, 1)
    return chain(
        ScaleByShampoo(eps, period, checks.count("max_precond_dim", max_precond_dim, 1)),
        ScaleByLearningRate(learning_rate),
    )
