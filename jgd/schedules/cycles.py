"""Smith's schedules, which rise and fall: one cycle over the whole training, and triangles without end."""

import jax.numpy as jnp
from jax import Array

from jgd.core import checks
from jgd.core.record import hyper, record, static_field
from jgd.core.spellings import builder
from jgd.schedules.clock import Number, between, left, number, periods, raised, spent
from jgd.schedules.pieces import along


@record
class OneCycle:
    """Up from peak_value / div_factor to peak_value, then down to peak_value / (div_factor · final_div_factor).

    Smith & Topin 2018, arXiv:1708.07120. With T = transition_steps the peak is at pct_start · T. Two phases: straight
    to the end, at T. With three_phase: back to where it began at pct_final · T, then to the end at T.
    anneal_strategy: "cos", half a wave from value to value, or "linear".

    `linear_onecycle` and `cosine_onecycle` are optax's two, which round the inner boundaries down to whole steps.
    torch's OneCycleLR of total_steps N and pct_start p is T = N − 1, pct_start = (p N − 1) / (N − 1) and, with three
    phases, pct_final = 2 pct_start: it counts its phases from 1, so that the end is the last of N updates.

    Args:
        transition_steps: The length of the cycle, T. > 0.
        peak_value: The highest value. ≥ 0.
        pct_start: The share of T at which the peak is. In [0, 1]. Default: 0.3.
        pct_final: The share of T at which the value is back where it began; three phases only. In [0, 1]. Default:
            0.85.
        div_factor: peak_value over the first value. > 0. Default: 25.0.
        final_div_factor: The first value over the last. > 0. Default: 10000.0.
        anneal_strategy: "cos", half a wave from value to value, or "linear"; structure. Default: 'cos'.
        three_phase: Whether the cycle has three phases; structure. Default: False.

    Raises:
        JgdValueError: For a number outside its range.
        JgdTypeError: For an argument of another kind.

    Example:
        >>> OneCycle(4, 1.0, pct_start=0.5, div_factor=4.0, final_div_factor=5.0, anneal_strategy="linear")(
        ...     jnp.arange(6)
        ... ).tolist()
        [0.25, 0.625, 1.0, 0.525, 0.05, 0.05]
    """

    transition_steps: Number = hyper("> 0", schedule=False, length=True)
    peak_value: Number = hyper(">= 0", schedule=False)
    pct_start: Number = hyper("[0, 1]", schedule=False, default=0.3)
    pct_final: Number = hyper("[0, 1]", schedule=False, default=0.85)
    div_factor: Number = hyper("> 0", schedule=False, default=25.0)
    final_div_factor: Number = hyper("> 0", schedule=False, default=1e4)
    anneal_strategy: str = static_field(default="cos")
    three_phase: bool = static_field(default=False)

    def __post_init__(self) -> None:
        checks.choice("anneal_strategy", self.anneal_strategy, ("cos", "linear"))
        if self.three_phase:
            checks.in_order("pct_start", self.pct_start, "pct_final", self.pct_final)

    def __call__(self, step: Array) -> Array:
        total, peak = number(self.transition_steps), number(self.peak_value)
        low = peak / number(self.div_factor)
        end = low / number(self.final_div_factor)
        top, back = number(self.pct_start) * total, number(self.pct_final) * total
        boundaries, values = (
            ((top, back, total), [low, peak, low, end])
            if self.three_phase
            else (
                (top, total),
                [low, peak, end],
            )
        )
        return along(step, boundaries, values, "cosine" if self.anneal_strategy == "cos" else "linear")


@builder
def linear_onecycle(
    transition_steps: Number,
    peak_value: Number,
    pct_start: Number = 0.3,
    pct_final: Number = 0.85,
    div_factor: Number = 25.0,
    final_div_factor: Number = 1e4,
) -> OneCycle:
    """`OneCycle` in three straight lines, as optax.linear_onecycle_schedule.

    Args:
        transition_steps: The length of the cycle, T. As in `OneCycle`.
        peak_value: The highest value. As in `OneCycle`.
        pct_start: The share of T at which the peak is. As in `OneCycle`. Default: 0.3.
        pct_final: The share of T at which the value is back where it began; three phases only. As in `OneCycle`.
            Default: 0.85.
        div_factor: peak_value over the first value. As in `OneCycle`. Default: 25.0.
        final_div_factor: The first value over the last. As in `OneCycle`. Default: 10000.0.

    Returns:
        The schedule, a function of the step.

    Raises:
        JgdValueError: For a number outside its range.
        JgdTypeError: For an argument of another kind.

    Example:
        >>> float(linear_onecycle(100, 1.0, pct_start=0.5)(jnp.array(50)))
        1.0
    """
    return OneCycle(
        transition_steps, peak_value, pct_start, pct_final, div_factor, final_div_factor, "linear", three_phase=True
    )


@builder
def cosine_onecycle(
    transition_steps: Number,
    peak_value: Number,
    pct_start: Number = 0.3,
    div_factor: Number = 25.0,
    final_div_factor: Number = 1e4,
) -> OneCycle:
    """`OneCycle` in two half waves, as optax.cosine_onecycle_schedule.

    Args:
        transition_steps: The length of the cycle, T. As in `OneCycle`.
        peak_value: The highest value. As in `OneCycle`.
        pct_start: The share of T at which the peak is. As in `OneCycle`. Default: 0.3.
        div_factor: peak_value over the first value. As in `OneCycle`. Default: 25.0.
        final_div_factor: The first value over the last. As in `OneCycle`. Default: 10000.0.

    Returns:
        The schedule, a function of the step.

    Raises:
        JgdValueError: For a number outside its range.
        JgdTypeError: For an argument of another kind.

    Example:
        >>> float(cosine_onecycle(100, 1.0, pct_start=0.5)(jnp.array(50)))
        1.0
    """
    return OneCycle(transition_steps, peak_value, pct_start, div_factor=div_factor, final_div_factor=final_div_factor)


@record
class Cyclic:
    """Triangles: up from init_value to peak_value in step_size_up, down again in step_size_down, and so on.

    Smith 2017, arXiv:1506.01186; torch's CyclicLR (its base_lr, max_lr and gamma are init_value, peak_value and
    decay_rate). The height peak_value − init_value is multiplied by 1 for mode "triangular", by 2^−c in cycle
    c = 0, 1, … for "triangular2", and by decay_rate^t for "exp_range". step_size_down=None: as step_size_up.

    Args:
        init_value: The lowest value. ≥ 0.
        peak_value: The highest value. ≥ 0.
        step_size_up: Steps from the lowest value up. > 0. Default: 2000.0.
        step_size_down: Steps down again, > 0. None for step_size_up.
        mode: "triangular", "triangular2" or "exp_range"; structure. Default: 'triangular'.
        decay_rate: By what the height falls at each step of "exp_range". In [0, 1]. Default: 1.0.

    Raises:
        JgdValueError: For a number outside its range.
        JgdTypeError: For an argument of another kind.

    Example:
        >>> Cyclic(0.0, 1.0, step_size_up=2, mode="triangular2")(jnp.arange(8)).tolist()
        [0.0, 0.5, 1.0, 0.5, 0.0, 0.25, 0.5, 0.25]
    """

    init_value: Number = hyper(">= 0", schedule=False)
    peak_value: Number = hyper(">= 0", schedule=False)
    step_size_up: Number = hyper("> 0", schedule=False, length=True, default=2000.0)
    step_size_down: Number | None = None
    mode: str = static_field(default="triangular")
    decay_rate: Number = hyper("[0, 1]", schedule=False, default=1.0)

    def __post_init__(self) -> None:
        checks.choice("mode", self.mode, ("triangular", "triangular2", "exp_range"))
        if self.step_size_down is not None:
            checks.hyperparameter("step_size_down", self.step_size_down, "> 0", schedule=False, length=True)

    def __call__(self, step: Array) -> Array:
        up = number(self.step_size_up)
        down = up if self.step_size_down is None else number(self.step_size_down)
        t = number(step)
        cycle = periods(t, up + down)
        time = t - cycle * (up + down)
        share = jnp.where(time <= up, spent(time, up), left(time - up, down))
        height = {
            "triangular": lambda: jnp.ones_like(t),
            "triangular2": lambda: jnp.exp2(-cycle),
            "exp_range": lambda: raised(number(self.decay_rate), t),
        }[self.mode]()
        return between(self.init_value, self.peak_value, share * height)
