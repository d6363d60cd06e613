"""NorMuon: Muon whose orthogonal step is divided by the mean size that it had at each neuron.

O = NS(d)                               Muon's, before its scale
v ← b2 v + (1 − b2) mean(O²)            the mean over each neuron's inputs: one number a neuron
Ô = O / (√v + eps)
θ ← θ − η (s ‖O‖ / (‖Ô‖ + eps) · Ô + weight_decay θ)      s as `muon`'s
θ ← θ − η (0.2 √(in out) / (‖Ô‖ + eps) · Ô + weight_decay θ)      scale="rms"

Source: Li et al. 2025, arXiv:2510.05491, algorithm 1, which is "rms" without Nesterov's form; by default the authors' code,
which keeps the step as long as it was. A neuron is an output: a column here, a row in torch.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp

from jgd.core import checks, tree
from jgd.core.masks import Mask
from jgd.core.optimizer import Optimizer
from jgd.core.record import hyper, record, static_field
from jgd.core.spellings import builder
from jgd.core.transform import Context, Transform
from jgd.core.types import Params, Scalar
from jgd.optimizers.beside_adamw import beside_adamw
from jgd.optimizers.muon import MeanMomentum, Orthogonalize, as_scale, scale_of
from jgd.optimizers.newton_schulz import QUINTIC, as_coefficients
from jgd.transforms.matrices import Matrices, axes_of, named_axes


@record
class NormalizeMatrices(Transform):
    """v ← b2 v + (1 − b2) O², Ô = O / (√v + eps), u = s ‖O‖ / (‖Ô‖ + eps) · Ô for each matrix; all leaves have two axes."""

    b2: Scalar = hyper("[0, 1)")
    eps: Scalar = hyper(">= 0")
    by_neuron: bool = static_field(default=True)  # v is the mean over each neuron's inputs; else each entry's own
    scale: Any = static_field(default="original")  # as `muon`'s, or "rms": ‖u‖ = 0.2 √(in out)
    matrices: Matrices = static_field(default=())
    per_leaf = True

    def init(self, params: Params) -> Params:
        leaves, structure = jax.tree.flatten(tree.zeros_like(params))
        stacks = [axis.stack(x) for axis, x in zip(axes_of(params, self.matrices), leaves, strict=True)]
        return structure.unflatten([x[:, :1] if self.by_neuron else x for x in stacks])

    def update(self, updates: Params, squares: Params, context: Context) -> tuple[Params, Params]:
        leaves, structure = jax.tree.flatten(updates)
        b2, eps, norm = context.at(self.b2), context.at(self.eps), jax.vmap(tree.norm)
        made, after = [], []
        for axis, x, v in zip(axes_of(context.params, self.matrices), leaves, jax.tree.leaves(squares), strict=True):
            o, (rows, columns, taps) = axis.stack(x), axis.sizes(x.shape)
            now = jnp.square(o)
            if self.by_neuron:
                now = jnp.sum(now, axis=1, keepdims=True) / max(1, rows)
            after.append(b2 * v + (1 - b2) * now)
            even = tree.safe_divide(o, tree.safe_sqrt(after[-1]) + eps)
            if self.scale == "rms":
                length = jnp.full(o.shape[0], 0.2 * math.sqrt(rows * columns), o.dtype)
            else:
                length = scale_of(self.scale, rows, columns, taps) * norm(o)
            factor = tree.safe_divide(length, norm(even) + eps)[:, None, None]
            made.append(axis.unstack(factor * even, x.shape))
        return structure.unflatten(made), structure.unflatten(after)


@builder
def normuon(
    learning_rate: Scalar,
    beta: Scalar = 0.95,
    b2: Scalar = 0.95,
    eps: Scalar = 1e-10,
    *,
    weight_decay: Scalar = 0.0,
    mask: Mask | None = None,
    nesterov: bool = True,
    ns_steps: int = 5,
    ns_coeffs: str | Sequence[Any] = QUINTIC,
    ns_eps: Scalar = 1e-7,
    scale: str | float = "original",
    adam: str | Sequence[str] = (),
    adam_learning_rate: Scalar | None = None,
    adam_b1: Scalar = 0.9,
    adam_b2: Scalar = 0.95,
    adam_eps: Scalar = 1e-10,
    adam_weight_decay: Scalar = 0.0,
    matrices: Mapping[str, Any] | None = None,
) -> Optimizer:
    """NorMuon: v ← b2 v + (1 − b2) mean(O²) of each neuron, θ ← θ − η (s ‖O‖ / ‖Ô‖ · Ô + λ θ), Ô = O / (√v + eps).

    Args:
        learning_rate: η > 0, a number or a schedule.
        beta: μ in [0, 1), what the momentum keeps at a step. Default: 0.95.
        b2: In [0, 1), what a neuron's mean square keeps at a step. Default: 0.95.
        eps: ≥ 0, added to the root of v and to ‖Ô‖. Default: 1e-10.
        weight_decay: λ ≥ 0, of the matrices, decoupled. Default: 0.0.
        mask: The leaves that decay, matrices and others: patterns of their paths, a tree of bools, or a predicate of
            the leaf; structure. None for all.
        nesterov: Nesterov's form of the momentum; structure. Default: True.
        ns_steps: Newton–Schulz iterations, ≥ 1; structure. Default: 5.
        ns_coeffs: As `muon`'s; structure. Default: QUINTIC.
        ns_eps: ≥ 0, added to the norm before Newton–Schulz. Default: 1e-7.
        scale: s, as `muon`'s; or "rms", the paper's, under which each step's root mean square is 0.2. Structure. Default:
            "original".
        adam: Patterns of the paths of matrices that AdamW should have (embeddings and output heads); structure. Default:
            ().
        adam_learning_rate: > 0, of AdamW. None for learning_rate.
        adam_b1: As `adamw`'s b1. Default: 0.9.
        adam_b2: As `adamw`'s b2. Default: 0.95.
        adam_eps: As `adamw`'s eps. Default: 1e-10.
        adam_weight_decay: As `adamw`'s weight_decay. Default: 0.0.
        matrices: {pattern: (in_axes, out_axes)} for leaves that are laid out otherwise, see `muon`; structure.

    Returns:
        The optimizer, a record whose numbers are leaves.

    Raises:
        JgdValueError: For a number outside its range.
        JgdTypeError: For an argument of another kind.

    Example:
        >>> optimizer, grads = normuon(0.1), {"w": jnp.array([[3.0, 0.0], [0.0, -2.0]])}
        >>> updates, _ = optimizer.update(grads, optimizer.init(grads), grads)
        >>> [[round(float(u), 3) for u in row] for row in updates["w"]]  # one size for both neurons
        [[-0.093, -0.0], [-0.0, 0.093]]
    """
    axes, coefficients = named_axes(matrices), as_coefficients("ns_coeffs", ns_coeffs)
    steps, scale = checks.count("ns_steps", ns_steps, 1), as_scale(scale, ("rms",))
    with checks.renamed(momentum="beta"):
        momentum = MeanMomentum(beta, nesterov)
    with checks.renamed(eps="ns_eps"):
        orthogonal = Orthogonalize(ns_eps, steps, "none", coefficients, axes)
    direction = momentum, orthogonal, NormalizeMatrices(b2, eps, True, scale, axes)
    return beside_adamw(
        direction,
        learning_rate,
        weight_decay,
        mask,
        axes,
        adam,
        adam_learning_rate,
        adam_b1=adam_b1,
        adam_b2=adam_b2,
        adam_eps=adam_eps,
        adam_weight_decay=adam_weight_decay,
    )
