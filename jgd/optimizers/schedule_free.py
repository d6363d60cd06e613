"""Schedule-free descent: gradients at y, steps from z, and an average x that replaces the decay of the rate.

y_t = (1 − b1) z_t + b1 x_t
z_{t+1} = z_t + u_t, the base's update for the gradient at y_t: −γ_t g for SGD
x_{t+1} = (1 − c) x_t + c z_{t+1}, where c = w_t / Σ_{i≤t} w_i and w_t = t^r (max_{i≤t} γ_i)^p

The parameters that descend are y; `Optimizer.eval_params` gives x, the parameters to evaluate and deploy, as `jgd.train`
and `jgd.sweep` do.

Source: Defazio, Yang, Mehta, Mishchenko, Khaled & Cutkosky 2024, "The Road Less Scheduled", arXiv:2405.15682,
algorithm 1 (AdamW) and equations 6 to 8, with p = 2 (`weight_lr_power`), r = 0 and the largest rate so far as in the
authors' code: it is γ_t² while the rate warms up, and a later decay of the rate doesn't touch the weights. The
decay acts at y. AdamW divides by the corrected √v̂ + eps, as their package and optax do; their published experiments
corrected the rate, γ_t √(1 − b2ᵗ), instead. Warm-up is theirs, γ min(1, t / warmup_steps) from t = 1; optax's starts
at 0, and its weights are one step ahead of its rates.

x and z are both remembered. optax and torch keep z and solve y for x, which divides by b1: here b1 = 0 (averaging
beside plain descent) is a method like any other, a scheduled b1 is exact, and low-precision parameters lose nothing.
"""

from typing import Any

import jax.numpy as jnp
from jax import Array

from jgd.core import checks, tree
from jgd.core.composite import Chain
from jgd.core.masks import Mask
from jgd.core.optimizer import Optimizer, as_transform, chain
from jgd.core.record import hyper, record
from jgd.core.spellings import builder
from jgd.core.transform import Context, Transform
from jgd.core.types import Params, Scalar
from jgd.optimizers.masked_decay import decay
from jgd.optimizers.rmsprop import ScaleByRms
from jgd.transforms import ScaleByLearningRate, Wrapper


@record
class ScheduleFreeState:
    """The base's state, the base's iterate z, the average x that is evaluated, and the weights so far."""

    inner: Any  # the base's own state
    z: Params
    x: Params
    weight_sum: Array  # (), Σ w
    largest_rate: Array  # (), max γ


@record
class ScheduleFree(Wrapper):
    """y ← (1 − b1) z + b1 x, where the base's updates move z, and x is their weighted average."""

    transform: Transform
    b1: Scalar = hyper("[0, 1]")
    weight_lr_power: Scalar = hyper(">= 0")
    r: Scalar = hyper(">= 0")

    def __post_init__(self) -> None:
        self._accept()

    @property
    def must_be_last(self) -> bool:
        return True

    def init(self, params: Params) -> ScheduleFreeState:
        zero = jnp.zeros((), tree.compute_dtype(params))
        return ScheduleFreeState(self.transform.init(params), tree.copy(params), tree.copy(params), zero, zero)

    def update(self, updates: Params, state: ScheduleFreeState, context: Context) -> tuple[Params, ScheduleFreeState]:
        updates, base = self.transform.update(updates, state.inner, context)
        z = tree.add(state.z, updates)

        rate = self.transform.info(base).learning_rate
        rate = (jnp.ones(()) if rate is None else rate).astype(state.largest_rate.dtype)
        largest = jnp.fmax(state.largest_rate, rate)  # NaN from a base that has made no step yet, as it gathers batches
        t = context.step.astype(largest.dtype) + 1
        weight = t ** context.at(self.r) * largest ** context.at(self.weight_lr_power)
        weight_sum = state.weight_sum + weight
        c = tree.safe_divide(weight, weight_sum)

        x = tree.map(lambda x, z: x + c * (z - x), state.x, z)  # in this form exact where x = z
        y = tree.map(lambda x, z: x + (1 - context.at(self.b1)) * (z - x), x, z)
        return tree.subtract(y, context.params), ScheduleFreeState(base, z, x, weight_sum, largest)

    def eval_params(self, params: Params, state: ScheduleFreeState) -> Params:
        return state.x


@record
class MovingWarmup:
    """γ_t = learning_rate · min(1, t / warmup_steps), counted from t = 1: the first update already moves."""

    learning_rate: Scalar = hyper("> 0")
    warmup_steps: float = hyper(">= 0", schedule=False, length=True)
    holds_hyperparameters = True  # with_hyperparameters(learning_rate=…) sets the γ within, and the warm-up stays

    def __call__(self, step: Array) -> Array:
        dtype = jnp.result_type(float)
        peak = self.learning_rate(step) if callable(self.learning_rate) else self.learning_rate
        t, steps = jnp.asarray(step).astype(dtype) + 1, jnp.asarray(self.warmup_steps).astype(dtype)
        return jnp.asarray(peak).astype(dtype) * jnp.minimum(1, t / jnp.maximum(1, steps))


@builder
def schedule_free(
    base_optimizer: Optimizer | Transform,
    b1: Scalar = 0.9,
    *,
    weight_lr_power: Scalar = 2.0,
    r: Scalar = 0.0,
) -> Optimizer:
    """Any optimizer without a schedule: its updates move z, gradients are taken at y, and x is evaluated.

    Defaults: the authors'.

    Args:
        base_optimizer: An `Optimizer`, or a transform whose updates are steps; without momentum of its own, which b1
            replaces. Its state sees the gradients and parameters at y.
        b1: In [0, 1]; 0 is plain averaging of the base's iterates, 1 takes gradients at the average. Default: 0.9.
        weight_lr_power: p ≥ 0, of the weights t^r γ^p; γ is the largest rate that the base has reported (its
            `ScaleByLearningRate`), or constant where it reports none. Default: 2.0.
        r: ≥ 0, of the weights. Default: 0.0.

    Returns:
        The optimizer, a record whose numbers are leaves.

    Raises:
        JgdValueError: For a number outside its range.
        JgdTypeError: For an argument of another kind.

    Example:
        >>> import jgd
        >>> optimizer, params = schedule_free(jgd.optimizers.sgd(0.5)), jnp.ones(1)
        >>> state = optimizer.init(params)
        >>> for gradient in (1.0, 1.0):
        ...     updates, state = optimizer.update(jnp.array([gradient]), state, params)
        ...     params = jgd.apply_updates(params, updates)
        >>> params.tolist(), optimizer.eval_params(state, params).tolist()
        ([0.225], [0.25])
    """
    return chain(ScheduleFree(base_transform(base_optimizer), b1, weight_lr_power, r))


def base_transform(base_optimizer: Optimizer | Transform) -> Transform:
    """The transform of what is wrapped; refused where it averages parameters, for its steps are not those that are made."""
    base = as_transform(base_optimizer, "base_optimizer")
    if base.must_be_last:
        raise checks.JgdValueError(
            f"base_optimizer averages parameters, but its own steps are not those that are made, got {checks.shown(base_optimizer)}"
        )
    return base


@builder
def schedule_free_sgd(
    learning_rate: Scalar = 1.0,
    warmup_steps: float = 0,
    b1: Scalar = 0.9,
    *,
    weight_decay: Scalar = 0.0,
    mask: Mask | None = None,
    weight_lr_power: Scalar = 2.0,
    r: Scalar = 0.0,
) -> Optimizer:
    """Schedule-free SGD: z ← z − γ_t (g + weight_decay y).

    Defaults: the authors'.

    Args:
        learning_rate: γ > 0, a number or a schedule. Default: 1.0.
        warmup_steps: ≥ 0, a number and no schedule: γ grows linearly over the first ones. Default: 0.
        b1: In [0, 1], as in `schedule_free`. Default: 0.9.
        weight_decay: ≥ 0, at y. Default: 0.0.
        mask: The leaves that decay: patterns of their paths, a tree of bools, or a predicate of the leaf such as
            `lambda x: x.ndim > 1`; structure. None for all.
        weight_lr_power: p ≥ 0, as in `schedule_free`. Default: 2.0.
        r: ≥ 0, as in `schedule_free`. Default: 0.0.

    Returns:
        The optimizer, a record whose numbers are leaves.

    Raises:
        JgdValueError: For a number outside its range.
        JgdTypeError: For an argument of another kind.

    Example:
        >>> optimizer = schedule_free_sgd(0.5, warmup_steps=2)
        >>> updates, _ = optimizer.update(jnp.ones(1), optimizer.init(jnp.ones(1)), jnp.ones(1))
        >>> updates.tolist()
        [-0.25]
    """
    base = Chain((decay(weight_decay, mask), ScaleByLearningRate(MovingWarmup(learning_rate, warmup_steps))))
    return schedule_free(base, b1, weight_lr_power=weight_lr_power, r=r)


@builder
def schedule_free_adamw(
    learning_rate: Scalar = 0.0025,
    warmup_steps: float = 0,
    b1: Scalar = 0.9,
    b2: Scalar = 0.999,
    eps: Scalar = 1e-8,
    *,
    weight_decay: Scalar = 0.0,
    mask: Mask | None = None,
    weight_lr_power: Scalar = 2.0,
    r: Scalar = 0.0,
) -> Optimizer:
    """Schedule-free AdamW: z ← z − γ_t (g / (√v̂ + eps) + weight_decay y).

    Defaults: the authors'.

    Args:
        learning_rate: γ > 0, a number or a schedule. Default: 0.0025.
        warmup_steps: ≥ 0, a number and no schedule: γ grows linearly over the first ones. Default: 0.
        b1: In [0, 1], as in `schedule_free`. Default: 0.9.
        b2: In [0, 1), what the mean of their squares keeps at a step. Default: 0.999.
        eps: ≥ 0, added to the root. Default: 1e-8.
        weight_decay: ≥ 0, at y. Default: 0.0.
        mask: The leaves that decay: patterns of their paths, a tree of bools, or a predicate of the leaf such as
            `lambda x: x.ndim > 1`; structure. None for all.
        weight_lr_power: p ≥ 0, as in `schedule_free`. Default: 2.0.
        r: ≥ 0, as in `schedule_free`. Default: 0.0.

    Returns:
        The optimizer, a record whose numbers are leaves.

    Raises:
        JgdValueError: For a number outside its range.
        JgdTypeError: For an argument of another kind.

    Example:
        >>> optimizer = schedule_free_adamw(0.5)
        >>> updates, _ = optimizer.update(jnp.array([-4.0]), optimizer.init(jnp.ones(1)), jnp.ones(1))
        >>> updates.tolist()
        [0.5]
    """
    with checks.renamed(decay="b2"):
        rms = ScaleByRms(b2, eps, eps_in_sqrt=False, bias_correction=True)
    warm = MovingWarmup(learning_rate, warmup_steps)
    base = Chain((rms, decay(weight_decay, mask), ScaleByLearningRate(warm)))
    return schedule_free(base, b1, weight_lr_power=weight_lr_power, r=r)
