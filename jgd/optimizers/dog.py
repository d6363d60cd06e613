"""DoG, distance over gradients: SGD whose rate is the way made so far over the root of the gradients' sum of squares.

r̄ ← max(r̄, ‖θ − θ₀‖), from r̄ = r_ε
G ← G + ‖g‖²
θ ← θ − η r̄ / √(G + eps) · g

Norms are over the whole tree, or leaf by leaf in the layer-wise form (L-DoG), where each leaf has its own r̄ and G.
The paper evaluates the polynomial-decay average of the weights (Shamir & Zhang 2013),
x̄_t = (1 − w) x̄_{t−1} + w θ_t, w = (1 + γ) / (t + γ), which `averaging=γ` reads out: 8 in the paper.

Source: Ivgi, Hinder & Carmon 2023, "DoG is SGD's Best Friend", arXiv:2302.12022, equation (DoG) and appendix B; eps, the
L2 decay inside g and the start r_ε = init_step (1 + ‖θ₀‖) as in the authors' code and in optax, whose
init_step=("heuristic", 1e-6) is init_step=1e-6, init_step_kind="heuristic". An init_step that is the first
rate (kind "learning_rate") holds until the weights have moved: a zero first gradient doesn't stop the method for good.
√G is remembered, not G, so that no square over- or underflows.
"""

from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
from jax import Array

from jgd.core import checks, tree
from jgd.core.masks import Mask
from jgd.core.optimizer import Optimizer, chain
from jgd.core.record import hyper, record, static_field
from jgd.core.spellings import builder
from jgd.core.transform import Context, Transform
from jgd.core.types import Params, Scalar
from jgd.optimizers.masked_decay import decay
from jgd.transforms import LearningRateState, ReportsLearningRate

KINDS = ("heuristic", "distance", "learning_rate")


@record
class DistanceState:
    """The start, the largest distance from it, and the gradients' sum of squares."""

    start: Params  # θ₀
    distance: Any  # r̄: (), or a tree of () in the layer-wise form
    gradients: Any  # √G (DoWG: √v), likewise
    rate: LearningRateState  # the one used, the largest of the layers'


@record
class DescendByDog(ReportsLearningRate):
    """u = −η r̄ / √(G + eps) · g."""

    learning_rate: Scalar = hyper("> 0")
    init_step: float = hyper("> 0", schedule=False)
    eps: Scalar = hyper(">= 0")
    init_step_kind: str = static_field()
    layerwise: bool = static_field()

    def __post_init__(self) -> None:
        checks.choice("init_step_kind", self.init_step_kind, KINDS)

    @property
    def per_leaf(self) -> bool:
        return self.layerwise

    def _each(self, f: Callable[..., Any], *trees: Any) -> Any:
        return tree.map(f, *trees) if self.layerwise else f(*trees)

    def init(self, params: Params) -> DistanceState:
        zero = jnp.zeros((), tree.compute_dtype(params))
        step = jnp.asarray(self.init_step).astype(zero.dtype)
        first = {
            "heuristic": lambda p: step * (1 + tree.norm(tree.widen(p, zero.dtype))),
            "distance": lambda p: step,
            "learning_rate": lambda p: zero,
        }[self.init_step_kind]
        return DistanceState(
            tree.copy(params),
            self._each(first, params),
            self._each(lambda p: zero, params),
            LearningRateState.unused(params),
        )

    def update(self, grads: Params, state: DistanceState, context: Context) -> tuple[Params, DistanceState]:
        root_eps = tree.safe_sqrt(context.at(self.eps))
        away = self._each(lambda p, start: tree.norm(tree.subtract(p, start)), context.params, state.start)
        distance = tree.map(jnp.maximum, state.distance, away)
        gradients = tree.map(hypotenuse, state.gradients, self._each(tree.norm, grads))
        rates = tree.map(lambda r, G: tree.safe_divide(r, hypotenuse(G, root_eps)), distance, gradients)
        if self.init_step_kind == "learning_rate":
            first = context.at(self.init_step)
            rates = tree.map(lambda r, rate: jnp.where(r == 0, first, rate), distance, rates)
        rates = tree.scale(context.at(self.learning_rate), rates)
        updates = self._each(lambda rate, g: tree.scale(-rate, g), rates, grads)
        used = jnp.max(jnp.stack([jnp.zeros_like(root_eps), *tree.leaves(rates)]))
        return updates, DistanceState(state.start, distance, gradients, LearningRateState(used))


def hypotenuse(a: Array, b: Array) -> Array:
    """√(a² + b²), which neither over- nor underflows, with a derivative at 0."""
    return tree.norm((a, b))


@record
class PolynomialAverage(Transform):
    """x̄ ← x̄ + (1 + γ) / (t + γ) · (θ_t − x̄), which is read out. The state is x̄."""

    averaging: Scalar = hyper(">= 0")
    must_be_last = True

    def init(self, params: Params) -> Params:
        return tree.copy(params)

    def update(self, updates: Params, average: Params, context: Context) -> tuple[Params, Params]:
        gamma = context.at(self.averaging)
        weight = (1 + gamma) / (context.step.astype(gamma.dtype) + 1 + gamma)
        moved = tree.add(context.params, updates)
        return updates, tree.map(lambda mean, p: mean + weight * (p - mean), average, moved)

    def eval_params(self, params: Params, average: Params) -> Params:
        return average


@builder
def dog(
    learning_rate: Scalar = 1.0,
    *,
    init_step: float = 1e-6,
    eps: Scalar = 1e-8,
    weight_decay: Scalar = 0.0,
    mask: Mask | None = None,
    averaging: Scalar | None = None,
    init_step_kind: str = "heuristic",
    layerwise: bool = False,
) -> Optimizer:
    """DoG: θ ← θ − η r̄ / √(Σ ‖g‖² + eps) · g, where r̄ is the largest distance from the start so far.

    The first steps are as long as r_ε; bfloat16 parameters lose them. Defaults: the authors'.

    Args:
        learning_rate: η > 0, a number or a schedule; the paper's method is 1. Default: 1.0.
        init_step: > 0, a number, no schedule; what it is says init_step_kind. Default: 1e-6.
        eps: ≥ 0, inside the root. Default: 1e-8.
        weight_decay: λ ≥ 0, inside the gradient (L2). Default: 0.0.
        mask: The leaves that decay: patterns of their paths, a tree of bools, or a predicate of the leaf such as
            `lambda x: x.ndim > 1`; structure. None for all.
        averaging: γ ≥ 0 of the average that is evaluated (8 in the paper), or None for none.
        init_step_kind: "heuristic": init_step is the first r̄ over 1 + ‖θ₀‖ (1e-4 for models with batch normalization);
            "distance": the first r̄; "learning_rate": the first rate. Structure. Default: "heuristic".
        layerwise: Whether each leaf has norms of its own (L-DoG); structure. Default: False.

    Returns:
        The optimizer, a record whose numbers are leaves.

    Raises:
        JgdValueError: For a number outside its range.
        JgdTypeError: For an argument of another kind.

    Example:
        >>> optimizer = dog(init_step=0.01, eps=0.0, init_step_kind="distance")
        >>> updates, _ = optimizer.update(jnp.array([-4.0]), optimizer.init(jnp.ones(1)), jnp.ones(1))
        >>> updates.tolist()
        [0.01]
    """
    average: tuple[Transform, ...] = () if averaging is None else (PolynomialAverage(averaging),)
    step = DescendByDog(learning_rate, init_step, eps, init_step_kind, layerwise)
    return chain(decay(weight_decay, mask), step, *average)
