"""AdaMuon: Muon on the signs of its momentum, and Adam's second moment on the orthogonal step.

m ← μ m + (1 − μ) g
d = μ m + (1 − μ) g                      Nesterov's form (else d = m)
O = NS(sign(d))
v ← μ v + (1 − μ) O²                     entry by entry
Ô = O / (√v + eps)
θ ← θ − η (0.2 √(in out) / (‖Ô‖ + eps) · Ô + weight_decay θ)

Source: Si, Zhang & Shen 2025, arXiv:2507.11005, algorithm 1, and the authors' code, whose defaults these are; it iterates in
bfloat16, we in the compute dtype. (optax's `muon(adaptive=True)` is another method of that name.)
"""

from collections.abc import Mapping, Sequence
from typing import Any

from jgd.core import checks
from jgd.core.masks import Mask
from jgd.core.optimizer import Optimizer
from jgd.core.spellings import builder
from jgd.core.types import Scalar
from jgd.optimizers.beside_adamw import beside_adamw
from jgd.optimizers.muon import MeanMomentum, Orthogonalize
from jgd.optimizers.newton_schulz import QUINTIC, as_coefficients
from jgd.optimizers.normuon import NormalizeMatrices
from jgd.optimizers.sign import ScaleBySign
from jgd.transforms.matrices import named_axes


@builder
def adamuon(
    learning_rate: Scalar,
    beta: Scalar = 0.95,
    eps: Scalar = 1e-8,
    *,
    weight_decay: Scalar = 0.01,
    mask: Mask | None = None,
    nesterov: bool = True,
    ns_steps: int = 5,
    ns_coeffs: str | Sequence[Any] = QUINTIC,
    ns_eps: Scalar = 1e-7,
    adam: str | Sequence[str] = (),
    adam_learning_rate: Scalar | None = None,
    adam_b1: Scalar = 0.9,
    adam_b2: Scalar = 0.95,
    adam_eps: Scalar = 1e-10,
    adam_weight_decay: Scalar = 0.0,
    matrices: Mapping[str, Any] | None = None,
) -> Optimizer:
    """AdaMuon: O = NS(sign(d)), v ← μ v + (1 − μ) O², θ ← θ − η (0.2 √(in out) Ô / ‖Ô‖ + λ θ), Ô = O / (√v + eps).

    Args:
        learning_rate: η > 0, a number or a schedule.
        beta: μ in [0, 1), what the momentum and the squares keep at a step. Default: 0.95.
        eps: ≥ 0, added to the root of v and to ‖Ô‖. Default: 1e-8.
        weight_decay: λ ≥ 0, of the matrices, decoupled. Default: 0.01.
        mask: The leaves that decay, matrices and others: patterns of their paths, a tree of bools, or a predicate of
            the leaf; structure. None for all.
        nesterov: Nesterov's form of the momentum; structure. Default: True.
        ns_steps: Newton–Schulz iterations, ≥ 1; structure. Default: 5.
        ns_coeffs: As `muon`'s; structure. Default: QUINTIC.
        ns_eps: ≥ 0, added to the norm before Newton–Schulz. Default: 1e-7.
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
        >>> import jax.numpy as jnp
        >>> optimizer, grads = adamuon(0.1, weight_decay=0.0), {"w": jnp.array([[3.0, 0.0], [0.0, -2.0]])}
        >>> updates, _ = optimizer.update(grads, optimizer.init(grads), grads)
        >>> [[round(float(u), 3) for u in row] for row in updates["w"]]  # a root mean square of 0.2 · η
        [[-0.028, -0.0], [-0.0, 0.028]]
    """
    axes, coefficients = named_axes(matrices), as_coefficients("ns_coeffs", ns_coeffs)
    steps = checks.count("ns_steps", ns_steps, 1)
    with checks.renamed(momentum="beta", b2="beta"):
        momentum, normalized = MeanMomentum(beta, nesterov), NormalizeMatrices(beta, eps, False, "rms", axes)
    with checks.renamed(eps="ns_eps"):
        orthogonal = Orthogonalize(ns_eps, steps, "none", coefficients, axes)
    direction = momentum, ScaleBySign(), orthogonal, normalized
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
