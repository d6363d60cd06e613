"""Muon: momentum whose every matrix is made orthogonal, all its singular values near 1; AdamW for what is no matrix.

m ← μ m + (1 − μ) g                      the momentum
d = μ m + (1 − μ) g                      Nesterov's form (else d = m)
X = NS(d)                                Newton–Schulz, see newton_schulz.py
θ ← θ − η (s X + weight_decay θ)         s = √max(1, out / in), or 0.2 √max(in, out)

Source: Jordan et al. 2024, https://kellerjordan.github.io/posts/muon, and its reference implementation; the decay and
the second scale s are Liu et al. 2025 (Moonlight), arXiv:2502.16982, section 2.2.

Weights are (in, out) here, as x W has them; torch's are (out, in), so its rows / columns is our out / in. The peers:
the reference and torch iterate in bfloat16, we in the compute dtype; torch divides by max(‖d‖, eps). The reference
leaves convolutions unscaled (it reads the ratio off the kernel's spatial axes); here s is that of the (spatial·in,
out) matrix, as in optax. optax corrects the bias of m and of g before it adds them for Nesterov, which turns d a
little in the first steps (`bias_correction=True`), and gives its vectors Nesterov's Adam. The reference's defaults are
μ = 0.95, AdamW's b2 = 0.95 and eps = 1e-10, and no decay.
"""

import math
import numbers
from collections.abc import Mapping, Sequence
from typing import Any

import jax

from jgd.core import checks, tree
from jgd.core.masks import Mask
from jgd.core.optimizer import Optimizer
from jgd.core.record import hyper, record, static_field
from jgd.core.spellings import builder
from jgd.core.transform import Context, Transform
from jgd.core.types import Params, Scalar
from jgd.optimizers.beside_adamw import beside_adamw
from jgd.optimizers.newton_schulz import QUINTIC, as_coefficients, newton_schulz
from jgd.transforms import Mean
from jgd.transforms.matrices import Matrices, axes_of, each_shape, named_axes

SCALES = {  # by the matrix's rows (inputs), columns (outputs) and, of a convolution, taps
    "original": lambda rows, columns, taps: math.sqrt(max(1, columns / max(1, rows))),
    "match_rms_adamw": lambda rows, columns, taps: 0.2 * math.sqrt(max(rows, columns)),
    "spectral": lambda rows, columns, taps: math.sqrt(columns / max(1, rows * taps)),  # √(out / in) / taps
    "none": lambda rows, columns, taps: 1.0,
}


def scale_of(scale: str | float, rows: int, columns: int, taps: int) -> float:
    """s of a matrix: by its name, or a number c for c √max(in, out)."""
    return SCALES[scale](rows, columns, taps) if isinstance(scale, str) else scale * math.sqrt(max(rows, columns))


def as_scale(scale: Any, also: tuple[str, ...] = ()) -> Any:
    """One of `SCALES` or of `also`, or a positive number; anything else is refused."""
    if isinstance(scale, numbers.Real) and not isinstance(scale, bool):
        return float(checks.number("scale", scale, "> 0"))
    return checks.choice("scale", scale, (*SCALES, *also))


@record
class Orthogonalize(Transform):
    """Each matrix U S Vᵀ of the updates ← s · U Vᵀ, nearly; all leaves have two axes or more."""

    eps: Scalar = hyper(">= 0")
    steps: int = static_field(default=5)
    scale: Any = static_field(default="original")  # a name, or a number
    coefficients: tuple[Any, ...] = static_field(default=QUINTIC)  # a triple, or one for each step
    matrices: Matrices = static_field(default=())
    per_leaf = True

    def update(self, updates: Params, state: tuple[()], context: Context) -> tuple[Params, tuple[()]]:
        leaves, structure = jax.tree.flatten(updates)
        axes, eps = axes_of(context.params, self.matrices), context.at(self.eps)
        near = lambda stack: newton_schulz(stack, eps, self.steps, self.coefficients)
        stacks = each_shape(near, [axis.stack(x) for axis, x in zip(axes, leaves, strict=True)])
        factors = [scale_of(self.scale, *axis.sizes(x.shape)) for axis, x in zip(axes, leaves, strict=True)]
        made = [s * axis.unstack(u, x.shape) for s, axis, u, x in zip(factors, axes, stacks, leaves, strict=True)]
        return jax.tree.unflatten(structure, made), state


@record
class MeanMomentum(Transform):
    """m ← μ m + (1 − μ) g, and d = m; with nesterov d = μ m + (1 − μ) g."""

    momentum: Scalar = hyper("[0, 1)")
    nesterov: bool = static_field(default=False)
    bias_correction: bool = static_field(default=False)

    def init(self, params: Params) -> Mean:
        return Mean.like(params)

    def update(self, grads: Params, mean: Mean, context: Context) -> tuple[Params, Mean]:
        momentum = context.at(self.momentum)
        mean = mean.absorb(momentum, grads)
        if not self.nesterov:
            return mean.value() if self.bias_correction else mean.total, mean
        if not self.bias_correction:
            return tree.lerp(momentum, mean.total, grads), mean
        ahead = momentum * mean.weight + (1 - momentum)  # the weight of one more gradient
        corrected = tree.map(lambda m, g: momentum * m / ahead + (1 - momentum) * g / mean.weight, mean.total, grads)
        return corrected, mean


@builder
def muon(
    learning_rate: Scalar,
    beta: Scalar = 0.95,
    eps: Scalar = 1e-7,
    *,
    weight_decay: Scalar = 0.0,
    mask: Mask | None = None,
    nesterov: bool = True,
    ns_steps: int = 5,
    ns_coeffs: str | Sequence[Any] = QUINTIC,
    scale: str | float = "original",
    bias_correction: bool = False,
    adam: str | Sequence[str] = (),
    adam_learning_rate: Scalar | None = None,
    adam_b1: Scalar = 0.9,
    adam_b2: Scalar = 0.95,
    adam_eps: Scalar = 1e-10,
    adam_weight_decay: Scalar = 0.0,
    matrices: Mapping[str, Any] | None = None,
) -> Optimizer:
    """Muon on matrices, θ ← θ − η (s · NS(μ m + (1 − μ) g) + weight_decay θ); AdamW on vectors, numbers and `adam`.

    Args:
        learning_rate: η > 0, a number or a schedule.
        beta: μ in [0, 1), what the momentum keeps at a step. Default: 0.95.
        eps: ≥ 0, added to the norm of d. Default: 1e-7.
        weight_decay: λ ≥ 0, of the matrices, decoupled. Default: 0.0.
        mask: The leaves that decay, matrices and others: patterns of their paths, a tree of bools, or a predicate of
            the leaf; structure. None for all.
        nesterov: Nesterov's form of the momentum; structure. Default: True.
        ns_steps: Newton–Schulz iterations, ≥ 1; structure. Default: 5.
        ns_coeffs: (a, b, c) of Newton–Schulz, or such a triple for each step, whose number then replaces ns_steps; or
            "standard", "dion" or "polar_express", see newton_schulz.py; structure. Default: QUINTIC.
        scale: s: "original" (√max(1, out / in)), "match_rms_adamw" (0.2 √max(in, out)), "spectral" (√(out / in), as
            `scion`) or "none"; or a number c > 0 for c √max(in, out), optax's `consistent_rms`. Structure. Default:
            "original".
        bias_correction: Whether m and g are corrected as in optax; structure. Default: False.
        adam: Patterns of the paths of matrices that AdamW should have (the paper: embeddings and output heads);
            structure. Default: ().
        adam_learning_rate: > 0, of AdamW. None for learning_rate.
        adam_b1: As `adamw`'s b1. Default: 0.9.
        adam_b2: As `adamw`'s b2. Default: 0.95.
        adam_eps: As `adamw`'s eps. Default: 1e-10.
        adam_weight_decay: As `adamw`'s weight_decay. Default: 0.0.
        matrices: {pattern: (in_axes, out_axes)} for leaves that are not (in, out), (stack, in, out) with three axes, or
            (spatial…, in, out) with more; the other axes are a stack of matrices. torch's layout is {"*": (1, 0)}, its
            convolutions' (1, 0, (2, 3)). Structure.

    Returns:
        The optimizer, a record whose numbers are leaves.

    Raises:
        JgdValueError: For a number outside its range.
        JgdTypeError: For an argument of another kind.

    Example:
        >>> import jax.numpy as jnp
        >>> optimizer, grads = muon(0.1), {"bias": jnp.ones(1), "weights": jnp.array([[3.0, 0.0], [0.0, -2.0]])}
        >>> updates, _ = optimizer.update(grads, optimizer.init(grads), grads)
        >>> [[round(float(u), 3) for u in row] for row in updates["weights"]], updates["bias"].tolist()
        ([[-0.112, -0.0], [-0.0, 0.068]], [-0.1])
    """
    axes, coefficients = named_axes(matrices), as_coefficients("ns_coeffs", ns_coeffs)
    steps, scale = checks.count("ns_steps", ns_steps, 1), as_scale(scale)
    with checks.renamed(momentum="beta"):
        direction = MeanMomentum(beta, nesterov, bias_correction), Orthogonalize(eps, steps, scale, coefficients, axes)
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
