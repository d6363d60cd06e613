"""Line searches: transforms that choose the rate of each step by looking along the direction they are given.

φ(a) = L(θ − a u) for the updates u, so that φ'(a) = −∇L(θ − a u)ᵀ u. A rate a makes a sufficient decrease (Armijo) if
    φ(a) ≤ φ(0) + c1 a φ'(0)
and meets the strong Wolfe conditions if besides
    |φ'(a)| ≤ c2 |φ'(0)|.
`BacktrackingSearch` finds the first kind: Nocedal & Wright 2006, Numerical Optimization, algorithm 3.1. `ZoomSearch`
finds the second: algorithms 3.5 and 3.6, with the cubic of equation 3.59.

Both stand where `ScaleByLearningRate` stands and need `loss=`. Their loops have a bound, and what is left of it once a rate is found
costs nothing (except under vmap), so they can be differentiated (the derivative is NaN, though the step is sound, where
`ZoomSearch` tried a rate at which the gradient overflows). Where no rate is acceptable they take the best safe one they
saw, and 0 where there is none: the loss never rises beyond its rounding, and a direction that is not downhill makes no
step.
"""

from typing import Any

import jax
import jax.numpy as jnp
from jax import Array

from jgd.core import checks, tree
from jgd.core.record import hyper, record, static_field
from jgd.core.transform import Context, Transform
from jgd.core.types import Params, Scalar
from jgd.transforms.learning_rate import LearningRateState, ReportsLearningRate, ScaleByLearningRate


@record
class LineSearchState:
    """What the last search ended with: its rate, and whether that meets the search's conditions, () bool."""

    rate: LearningRateState
    succeeded: Array

    @staticmethod
    def nothing(params: Params) -> "LineSearchState":
        """The state before the first search."""
        return LineSearchState(LearningRateState.unused(params), jnp.zeros((), bool))


@record
class Point:
    """A place on the line: a, φ(a) and φ'(a), () each."""

    rate: Array
    value: Array
    slope: Array


def _start(context: Context, updates: Params, who: str) -> Point:
    loss = context.loss_for(who)
    value = loss(context.params) if context.value is None else context.value_for(who)
    zero = jnp.zeros((), tree.compute_dtype(context.params))
    return Point(zero, value.astype(zero.dtype), -tree.dot(context.grads, updates))


def _ahead(context: Context, updates: Params, rate: Array) -> Params:
    return tree.map(lambda p, u: p - rate * u, context.params, updates)


@record
class BacktrackingSearch(ReportsLearningRate):
    """The first of learning_rate · decrease_factorⁱ that makes a sufficient decrease; updates ← −a · updates.

    Nocedal & Wright 2006, Numerical Optimization, algorithm 3.1.

    Args:
        learning_rate: The first rate tried, also a schedule; 1 for Newton's directions. > 0. Default: 1.0.
        slope_rtol: c1, the share of the slope's promise that must be kept. In (0, 1). Default: 0.0001.
        decrease_factor: What a refused rate is multiplied by. In (0, 1). Default: 0.5.
        max_backtracking_steps: Refusals at most; then the tried rate of the lowest loss below φ(0) is taken. ≥ 0;
            structure. Default: 30.

    Raises:
        JgdTypeError: At an update without `loss=`.

    Example:
        >>> import jgd
        >>> optimizer = jgd.chain(BacktrackingSearch(learning_rate=4.0))
        >>> loss, params = (lambda w: jnp.sum(w**2)), jnp.array([1.0])
        >>> optimizer.update(2 * params, optimizer.init(params), params, loss=loss)[0].tolist()
        [-1.0]
    """

    learning_rate: Scalar = hyper("> 0", default=1.0)
    slope_rtol: Scalar = hyper("(0, 1)", default=1e-4)
    decrease_factor: Scalar = hyper("(0, 1)", default=0.5)
    max_backtracking_steps: int = static_field(default=30)

    def __post_init__(self) -> None:
        checks.count("max_backtracking_steps", self.max_backtracking_steps, 0)

    def init(self, params: Params) -> LineSearchState:
        return LineSearchState.nothing(params)

    def update(self, updates: Params, state: LineSearchState, context: Context) -> tuple[Params, LineSearchState]:
        origin = _start(context, updates, "BacktrackingSearch")
        c1, factor = context.at(self.slope_rtol), context.at(self.decrease_factor)

        def attempt(carry):
            rate, best, lowest, _ = carry
            value = context.loss_for("BacktrackingSearch")(_ahead(context, updates, rate)).astype(lowest.dtype)
            accepted = value <= origin.value + c1 * rate * origin.slope
            better = accepted | (value < lowest)  # false for NaN
            best, lowest = jnp.where(better, rate, best), jnp.where(better, value, lowest)
            return factor * rate, best, lowest, accepted

        carry = context.at(self.learning_rate), origin.rate, origin.value, jnp.zeros((), bool)
        carry = _until(lambda carry: carry[3], attempt, carry, origin, self.max_backtracking_steps + 1)
        return tree.scale(-carry[1], updates), LineSearchState(LearningRateState(carry[1]), carry[3])


@record
class ZoomSearch(ReportsLearningRate):
    """A rate that meets the strong Wolfe conditions; updates ← −a · updates.

    Nocedal & Wright 2006, Numerical Optimization, algorithms 3.5 and 3.6. Where the decrease is hidden in the rounding of
    φ, Hager & Zhang's approximate condition stands in for Armijo's (2005, SIAM J. Optim. 16, equation 4.1):
    φ'(a) ≤ (2 c1 − 1) φ'(0) and φ(a) not above φ(0) by more than rounding.

    Args:
        learning_rate: The first rate tried, also a schedule; 1 for quasi-Newton directions. > 0. Default: 1.0.
        slope_rtol: c1, the share of the slope's promise that must be kept. In (0, 1). Default: 0.0001.
        curv_rtol: c2, the share of the slope that may be left, above c1; 0.9 is loose, for (quasi-)Newton directions, 0.1
            tight, for conjugate gradients. In (0, 1). Default: 0.9.
        increase_factor: By how much the rate grows until an interval holds a minimum. In (1, inf). Default: 2.0.
        max_linesearch_steps: Gradients at most; then the lowest rate of sufficient decrease that was seen is taken. ≥ 1;
            structure. Default: 20.

    Raises:
        JgdTypeError: At an update without `loss=`.

    Example:
        >>> import jgd
        >>> optimizer = jgd.chain(ZoomSearch(learning_rate=0.25))
        >>> loss, params = (lambda w: jnp.sum(w**2)), jnp.array([1.0])
        >>> optimizer.update(2 * params, optimizer.init(params), params, loss=loss)[0].tolist()
        [-0.5]
    """

    learning_rate: Scalar = hyper("> 0", default=1.0)
    slope_rtol: Scalar = hyper("(0, 1)", default=1e-4)
    curv_rtol: Scalar = hyper("(0, 1)", default=0.9)
    increase_factor: Scalar = hyper("(1, inf)", default=2.0)
    max_linesearch_steps: int = static_field(default=20)

    def __post_init__(self) -> None:
        checks.count("max_linesearch_steps", self.max_linesearch_steps, 1)

    def init(self, params: Params) -> LineSearchState:
        return LineSearchState.nothing(params)

    def update(self, updates: Params, state: LineSearchState, context: Context) -> tuple[Params, LineSearchState]:
        origin = _start(context, updates, "ZoomSearch")
        c1, c2, growth = (context.at(h) for h in (self.slope_rtol, self.curv_rtol, self.increase_factor))

        def attempt(carry):
            rate, low, high, enclosed, _ = carry
            value, grads = jax.value_and_grad(context.loss_for("ZoomSearch"))(_ahead(context, updates, rate))
            rounding = 4 * jnp.abs(origin.value) * jnp.finfo(value.dtype).eps.astype(origin.value.dtype)
            new = Point(rate, value.astype(origin.value.dtype), -tree.dot(grads, updates))
            sound = jnp.isfinite(new.value) & jnp.isfinite(new.slope)
            lower = sound & (new.value <= origin.value + c1 * rate * origin.slope) & (new.value < low.value)
            hidden = (new.value <= origin.value + rounding) & (new.slope <= (2 * c1 - 1) * origin.slope)
            done = (lower | hidden) & (jnp.abs(new.slope) <= -c2 * origin.slope)
            # `low` has the lowest value of sufficient decrease; the minimum lies between it and `high`, once there is one
            beyond = lower & (new.slope * jnp.where(enclosed, high.rate - low.rate, jnp.ones_like(rate)) >= 0)
            high = tree.select(lower, tree.select(beyond, low, high), new)
            low = tree.select(lower | done, new, low)
            enclosed = enclosed | ~lower | beyond
            rate = jnp.where(enclosed, _between(low, high), growth * rate)
            return rate, low, high, enclosed, done

        carry = context.at(self.learning_rate), origin, origin, jnp.zeros((), bool), jnp.zeros((), bool)
        carry = _until(lambda carry: carry[4], attempt, carry, origin, self.max_linesearch_steps)
        rate = carry[1].rate
        return tree.scale(-rate, updates), LineSearchState(LearningRateState(rate), carry[4])


def _between(low: Point, high: Point) -> Array:
    """The minimum of the cubic through both points, or their middle where it is not well inside (or there is none)."""
    sound = jnp.isfinite(high.value) & jnp.isfinite(high.slope)
    high = tree.select(sound, high, Point(high.rate, low.value, low.slope))  # keeps NaN out of the derivative
    width = high.rate - low.rate
    d1 = low.slope + high.slope - 3 * tree.safe_divide(high.value - low.value, width)
    inside = d1**2 - low.slope * high.slope
    d2 = jnp.sign(width) * tree.safe_sqrt(jnp.maximum(inside, jnp.zeros_like(inside)))
    share = 1 - tree.safe_divide(high.slope + d2 - d1, high.slope - low.slope + 2 * d2)
    well = sound & (inside >= 0) & (share >= 0.1) & (share <= 0.9)
    return low.rate + width * jnp.where(well, share, jnp.full_like(share, 0.5))


def _until(found: Any, attempt: Any, carry: Any, origin: Point, most: int) -> Any:
    """`attempt` until it is found, `most` times at most; not at all where the direction is not downhill."""
    downhill = (origin.slope < 0) & jnp.isfinite(origin.slope) & jnp.isfinite(origin.value)
    again = lambda _, carry: jax.lax.cond(downhill & ~found(carry), attempt, lambda carry: carry, carry)
    return jax.lax.fori_loop(0, most, again, carry)


def stepping(learning_rate: Scalar, linesearch: str | None) -> Transform:
    """The last transform of a chain by its search's name: "zoom", "backtracking", or None for `ScaleByLearningRate`."""
    if linesearch is None:
        return ScaleByLearningRate(learning_rate)
    searches = {"zoom": ZoomSearch, "backtracking": BacktrackingSearch}
    return searches[checks.choice("linesearch", linesearch, searches)](learning_rate)
