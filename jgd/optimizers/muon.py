"""Muon: momentum whose every matrix is made orthogonal, all its singular values near 1; AdamW for what is no matrix.

m ← μ m + (1 − μ) g                      the momentum
d = μ m + (1 − μ) g                      Nesterov's form (else d = m)
X = d / (‖d‖_F + eps)                    then, five times:
X ← a X + (b A + c A²) X,  A = X Xᵀ      Newton–Schulz, (a, b, c) = (3.4445, −4.7750, 2.0315)
θ ← θ − η (s X + weight_decay θ)         s = √max(1, out / in), or 0.2 √max(in, out)

Source: Jordan et al. 2024, https://kellerjordan.github.io/posts/muon, and its reference implementation; the decay and
the second scale s are Liu et al. 2025 (Moonlight), arXiv:2502.16982, section 2.2. The quintic maximises the slope at
0, so singular values end in about [0.7, 1.2], not at 1.

Weights are (in, out) here, as x W has them; torch's are (out, in), so its rows / columns is our out / in. The peers:
the reference and torch iterate in bfloat16, we in the compute dtype; torch divides by max(‖d‖, eps). The reference
leaves convolutions unscaled (it reads the ratio off the kernel's spatial axes); here s is that of the (spatial·in,
out) matrix, as in optax. optax corrects the bias of m and of g before it adds them for Nesterov, which turns d a
little in the first steps (`bias_correction=True`), and gives its vectors Nesterov's Adam. The reference's defaults are
μ = 0.95, AdamW's b2 = 0.95 and eps = 1e-10, and no decay.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import jax
from jax import Array

from jgd.core import checks, tree
from jgd.core.optimizer import Chain, Optimizer, chain
from jgd.core.paths import listed
from jgd.core.record import hyper, record, static_field
from jgd.core.spellings import builder
from jgd.core.transform import Context, Transform
from jgd.core.types import Params, Scalar
from jgd.optimizers.adamw import adamw
from jgd.transforms import AddDecayedWeights, Mean, Partition, ScaleByLearningRate
from jgd.transforms.matrices import Matrices, MatrixGroups, axes_of, each_shape, named_axes

QUINTIC = (3.4445, -4.7750, 2.0315)
SCALES = {  # by the matrix's rows (inputs), columns (outputs) and, of a convolution, taps
    "original": lambda rows, columns, taps: math.sqrt(max(1, columns / max(1, rows))),
    "match_rms_adamw": lambda rows, columns, taps: 0.2 * math.sqrt(max(rows, columns)),
    "spectral": lambda rows, columns, taps: math.sqrt(columns / max(1, rows * taps)),  # √(out / in) / taps
    "none": lambda rows, columns, taps: 1.0,
}


def newton_schulz(stack: Array, eps: Array, steps: int, coefficients: tuple[float, ...] = QUINTIC) -> Array:
    """U Vᵀ, nearly, of every matrix U S Vᵀ in a (stack, m, n); 0 of 0."""
    if stack.shape[1] > stack.shape[2]:
        return newton_schulz(stack.mT, eps, steps, coefficients).mT
    a, b, c = coefficients

    def improve(_, x):
        gram = x @ x.mT
        return a * x + (b * gram + c * gram @ gram) @ x

    norms = jax.vmap(tree.norm)(stack)[:, None, None]
    return jax.lax.fori_loop(0, steps, improve, tree.safe_divide(stack, norms + eps))


@record
class Orthogonalize(Transform):
    """Each matrix U S Vᵀ of the updates ← s · U Vᵀ, nearly; all leaves have two axes or more."""

    eps: Scalar = hyper(">= 0")
    steps: int = static_field(default=5)
    scale: str = static_field(default="original")
    coefficients: tuple[float, ...] = static_field(default=QUINTIC)
    matrices: Matrices = static_field(default=())
    per_leaf = True

    def update(self, updates: Params, state: tuple[()], context: Context) -> tuple[Params, tuple[()]]:
        leaves, structure = jax.tree.flatten(updates)
        axes, eps = axes_of(context.params, self.matrices), context.at(self.eps)
        near = lambda stack: newton_schulz(stack, eps, self.steps, self.coefficients)
        stacks = each_shape(near, [axis.stack(x) for axis, x in zip(axes, leaves, strict=True)])
        factors = [SCALES[self.scale](*axis.sizes(x.shape)) for axis, x in zip(axes, leaves, strict=True)]
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
    momentum: Scalar = 0.95,
    eps: Scalar = 1e-7,
    weight_decay: Scalar = 0.0,
    nesterov: bool = True,
    ns_steps: int = 5,
    ns_coefficients: Sequence[float] = QUINTIC,
    scale: str = "original",
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

    learning_rate: > 0. momentum: μ in [0, 1). eps, weight_decay: ≥ 0. The adam_ numbers: as `adamw`'s, and
    adam_learning_rate=None takes learning_rate. All else is structure. nesterov, bias_correction: see above. ns_steps
    (≥ 1), ns_coefficients: of Newton–Schulz. scale: "original" (√max(1, out / in)), "match_rms_adamw" (0.2 √max(in,
    out)), "spectral" (√(out / in), as `scion`) or "none". adam: patterns of the paths of matrices that AdamW should
    have (the paper: embeddings and output heads). matrices: {pattern: (in_axes, out_axes)} for leaves that are not
    (in, out), (stack, in, out) with three axes, or (spatial…, in, out) with more; the other axes are a stack of
    matrices. torch's layout is {"*": (1, 0)}, its convolutions' (1, 0, (2, 3)).

    >>> import jax.numpy as jnp
    >>> optimizer, grads = muon(0.1), {"bias": jnp.ones(1), "weights": jnp.array([[3.0, 0.0], [0.0, -2.0]])}
    >>> updates, _ = optimizer.update(grads, optimizer.init(grads), grads)
    >>> [[round(float(u), 3) for u in row] for row in updates["weights"]], updates["bias"].tolist()
    ([[-0.112, -0.0], [-0.0, 0.068]], [-0.1])
    """
    axes = named_axes(matrices)
    rule = MatrixGroups((listed("adam", adam),), vectors=1, axes=axes)
    steps = checks.count("ns_steps", ns_steps, 1)
    if not isinstance(ns_coefficients, Sequence) or len(ns_coefficients) != 3:
        raise checks.JgdValueError(f"ns_coefficients must be a tuple of three numbers, got {ns_coefficients!r}")
    coefficients = tuple(checks.number("ns_coefficients", c, "(-inf, inf)") for c in ns_coefficients)
    checks.choice("scale", scale, SCALES)
    matrix = chain(
        MeanMomentum(momentum, nesterov, bias_correction),
        Orthogonalize(eps, steps, scale, coefficients, axes),
        AddDecayedWeights(weight_decay),
        ScaleByLearningRate(learning_rate),
    )
    rate = learning_rate if adam_learning_rate is None else adam_learning_rate
    other = adamw(rate, adam_b1, adam_b2, adam_eps, adam_weight_decay)
    return Optimizer(Chain((Partition((), (matrix.transform, other.transform), rule),)))
