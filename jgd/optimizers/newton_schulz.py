"""Newton–Schulz: U Vᵀ of a matrix U S Vᵀ by products of matrices only.

X = d / (‖d‖_F + eps)                    then, step by step:
X ← a X + (b A + c A²) X,  A = X Xᵀ

"standard" repeats Jordan's triple, which maximizes the slope at 0 (https://kellerjordan.github.io/posts/muon): after five
steps singular values from 0.005 to 1 of the norm lie in [0.68, 1.15]. Triples that change from step to step do better:
"dion", optax's of that name, [0.98, 1.11]; "polar_express", the first five of Amsel et al. 2025, arXiv:2505.16932, as in
microsoft/dion, [0.85, 1.14] down to 0.001 of the norm. There the norm is multiplied by 1.02 for safety; here the first triple
is that of x / 1.02.
"""

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array

from jgd.core import checks, tree

Triple = tuple[float, float, float]
QUINTIC: Triple = (3.4445, -4.7750, 2.0315)
NAMED: dict[str, Any] = {
    "standard": QUINTIC,
    "dion": (
        (4.0848, -6.8946, 2.9270),
        (3.9505, -6.3029, 2.6377),
        (3.7418, -5.5913, 2.3037),
        (2.8769, -3.1427, 1.2046),
        (2.8366, -3.0525, 1.2012),
    ),
    "polar_express": (
        (8.156554524902461 / 1.02, -22.48329292557795 / 1.02**3, 15.878769915207462 / 1.02**5),
        (4.042929935166739, -2.808917465908714, 0.5000178451051316),
        (3.8916678022926607, -2.772484153217685, 0.5060648178503393),
        (3.285753657755655, -2.3681294933425376, 0.46449024233003106),
        (2.3465413258596377, -1.7097828382687081, 0.42323551169305323),
    ),
}


def newton_schulz(stack: Array, eps: Array, steps: int, coefficients: Any = QUINTIC) -> Array:
    """U Vᵀ, nearly, of every matrix U S Vᵀ in a (stack, m, n); 0 of 0. coefficients: one triple, or one for each step."""
    if stack.shape[1] > stack.shape[2]:
        return newton_schulz(stack.mT, eps, steps, coefficients).mT

    def improved(x, triple):
        a, b, c = triple
        gram = x @ x.mT
        return a * x + (b * gram + c * gram @ gram) @ x

    norms = jax.vmap(tree.norm)(stack)[:, None, None]
    x = tree.safe_divide(stack, norms + eps)
    if not isinstance(coefficients[0], tuple):
        return jax.lax.fori_loop(0, steps, lambda _, x: improved(x, coefficients), x)
    return jax.lax.scan(lambda x, triple: (improved(x, triple), None), x, jnp.asarray(coefficients, x.dtype))[0]


def as_coefficients(name: str, given: Any) -> Any:
    """A triple of numbers, or a tuple of triples, from what a user may write: these, lists of them, or a name.

    Args:
        name: What the message calls the argument.
        given: The argument.

    Returns:
        A tuple that can be hashed.

    Raises:
        JgdTypeError: For an entry that is no number.
        JgdValueError: For an unknown name, or another number of numbers.

    Example:
        >>> as_coefficients("ns_coeffs", [[2, -1.5, 0.5], [1.875, -1.25, 0.375]])
        ((2.0, -1.5, 0.5), (1.875, -1.25, 0.375))
    """
    if isinstance(given, str):
        return NAMED[checks.choice(name, given, NAMED)]
    if isinstance(given, Sequence) and given and all(isinstance(each, Sequence) for each in given):
        return tuple(_triple(f"{name}[{i}]", each) for i, each in enumerate(given))
    return _triple(name, given)


def _triple(name: str, given: Any) -> Triple:
    if not isinstance(given, Sequence) or isinstance(given, str) or len(given) != 3:
        raise checks.JgdValueError(
            f"{name} must be a tuple of three numbers, one such for each step, or one of {', '.join(NAMED)}, "
            f"got {checks.shown(given)}",
            argument=name,
        )
    a, b, c = (float(checks.number(name, each, "(-inf, inf)")) for each in given)
    return a, b, c
