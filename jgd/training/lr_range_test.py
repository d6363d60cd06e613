"""The learning-rate range test: one run whose rate rises exponentially shows where descent starts and where it breaks."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import Array

from jgd.core import checks
from jgd.core.optimizer import Optimizer
from jgd.core.record import record
from jgd.core.types import Batch, Loss, Params
from jgd.training.history import smooth
from jgd.training.train import train


@record
class Rising:
    """low · (high / low)^(t / (steps − 1)), and high after that."""

    low: float | Array
    high: float | Array
    steps: int | Array

    def __call__(self, step: Array) -> Array:
        low, high, steps = (jnp.asarray(x, jnp.result_type(float)) for x in (self.low, self.high, self.steps))
        share = jnp.minimum(step.astype(low.dtype) / (steps - 1), 1)
        return low * jnp.exp(share * jnp.log(high / low))


@dataclass(frozen=True)
class LrRangeTest:
    """What the test saw. `steepest`, or a tenth of `lowest`, is a usual first choice.

    Attributes:
        rates: (steps made,) up to where the run broke or was stopped.
        losses: (steps made,) on the steps' batches.
        smoothed: (steps made,) of the losses.
        steepest: The rate below `lowest` where the smoothed loss fell fastest per factor of the rate; NaN where it
            never fell.
        lowest: The rate at the lowest smoothed loss, NaN where it never fell. Of losses without noise, as of full batches,
            that at which the loss has come down by all but a thousandth of its fall: at the bottom higher rates tell
            nothing, and the smoothed loss lags behind.
    """

    rates: np.ndarray
    losses: np.ndarray
    smoothed: np.ndarray
    steepest: float
    lowest: float


def lr_range_test(
    loss: Loss,
    build: Callable[..., Optimizer],
    params: Params,
    data: Batch = None,
    *,
    low: float = 1e-6,
    high: float = 10.0,
    steps: int = 200,
    batch_size: int | None = None,
    seed: int = 0,
    smoothing: float = 0.1,
    model_state: Any = None,
) -> LrRangeTest:
    """One run whose learning rate rises exponentially. Smith 2017, arXiv:1506.01186, section 3.3.

    It ends where the loss is above four times the lowest so far, or not finite.

    Args:
        loss: (params, batch) -> () float.
        build: learning_rate -> an optimizer, such as `jgd.optimizers.sgd`.
        params: The parameters at the start.
        data: Rows, as `train` takes them.
        low: The first rate, > 0.
        high: The last one, above `low`.
        steps: From one to the other, ≥ 10.
        batch_size: Rows a step; None is full batches.
        seed: Of the order of rows.
        smoothing: b of `jgd.smooth`, in (0, 1].
        model_state: As in `train`.

    Returns:
        The rates, the losses and the two rates to choose by.

    Raises:
        JgdValueError: A number is outside its rule.

    Example:
        >>> import jgd
        >>> task = jgd.tasks.get("iris")
        >>> seen = lr_range_test(task.loss, jgd.optimizers.sgd, task.init(jgd.init_key(0)), task.train, high=1e3)
        >>> 1e-3 < seen.steepest < seen.lowest
        True
    """
    low, high = checks.number("low", low, "> 0"), checks.number("high", high, "> 0")
    if not low < high:
        raise checks.JgdValueError(f"low must be below high, got low={low:g}, high={high:g}", argument="low")
    steps = checks.count("steps", steps, 10)
    smoothing = checks.number("smoothing", smoothing, "(0, 1]")
    checks.function("build", build)
    optimizer = build(learning_rate=Rising(low, high, steps))
    run = train(
        loss,
        optimizer,
        params,
        data,
        steps=steps,
        batch_size=batch_size,
        seed=seed,
        history=None,
        progress=False,
        model_state=model_state,
    )
    rates, losses = run.history["learning_rate"], run.history["loss"].astype(np.float64)
    finite = np.isfinite(losses)
    smoothed = smooth(np.where(finite, losses, np.nan), smoothing, "corrected")
    least = np.minimum.accumulate(np.where(finite, smoothed, np.inf))
    span = np.where(finite, smoothed - least > 3 * np.maximum(np.abs(least), 1e-30), True)
    end = int(np.argmax(span)) if span.any() else len(losses)
    rates, losses, smoothed = rates[:end], losses[:end], smoothed[:end]
    steepest = lowest = float("nan")
    if end > 2:
        fall = -np.gradient(smoothed, np.log(rates))
        bottom = min(int(smoothed.argmin()), _first_low(losses))
        if smoothed[0] - smoothed[bottom] > 1e-4 * abs(smoothed[0]):  # more than rounding
            steepest = float(rates[int(fall[: bottom + 1].argmax())])  # a break above it may fall again, and faster
            lowest = float(rates[bottom])
    return LrRangeTest(rates, losses, smoothed, steepest, lowest)


def _first_low(losses: np.ndarray) -> int:
    """The first step at which all but a thousandth of the fall is done; the last step where noise is larger than that.

    The noise is told by second differences, in which a trend has no part: their deviation is √6 times its own.
    """
    noise, rest = 1.4826 * np.median(np.abs(np.diff(losses, 2))) / np.sqrt(6), 1e-3 * (losses[0] - losses.min())
    return int(np.argmax(losses <= losses.min() + rest)) if noise <= rest else len(losses) - 1
