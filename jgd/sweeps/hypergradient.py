"""Hypergradients: how the end of a run changes with each of its hyperparameters, through every step of training.

Enters: a task, a recipe, the hyperparameters where the derivative is wanted. Leaves: a `Hypergradient`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jgd.core import checks, seeds
from jgd.core.forked import refuse_fork
from jgd.core.tracing import traceable
from jgd.data.orders import Order
from jgd.divergence import DIVERGED_ABOVE, checked_factor
from jgd.gradients import GradientCheck
from jgd.lane import NOT_DIVERGED
from jgd.metrics import check_metrics
from jgd.status import RunEnd, Status
from jgd.sweeps.arguments import task_of
from jgd.sweeps.hypergradient_check import check_hypergradient
from jgd.sweeps.hypergradient_inputs import batches_of, build_of, values_of
from jgd.sweeps.unrolled import MODES, UnrolledRun, differentiate
from jgd.tasks import Task

FORWARD = 4  # numbers up to which forward mode is the faster one (measured: an MLP on the digits, two cores)


@dataclass(frozen=True)
class Hypergradient:
    """The derivatives of a run's end.

    Attributes:
        value: The metric on the validation rows after the last step.
        gradient: name -> derivative, a float, or an array where the hyperparameter is one.
        hyperparameters: Where the derivatives are.
        metric: "loss", or a metric of the task.
        mode: "forward" or "reverse".
        end: Its status is "max_steps"; "diverged" with the step that was refused (value and derivatives are NaN then);
            or "nonfinite", derivatives that overflowed although the run did not, by name.
        check: Of `check=True`, each leaf in the units of its derivative.
    """

    value: float
    gradient: dict[str, Any]
    hyperparameters: dict[str, Any]
    metric: str
    mode: str
    end: RunEnd
    check: GradientCheck | None = None

    @property
    def status(self) -> Status:
        """Why the run ended."""
        return self.end.status

    @property
    def log_gradient(self) -> dict[str, Any]:
        """Name -> derivative in the hyperparameter's logarithm, value · gradient: what a relative change does."""
        return {name: self.hyperparameters[name] * slope for name, slope in self.gradient.items()}

    def __str__(self) -> str:
        width = max(len(name) for name in self.gradient)
        row = lambda name, value, slope: f"{name:<{width}}  {value!s:>12}  {slope!s:>12}"
        show = lambda x: f"{x:.6g}" if np.ndim(x) == 0 else f"{np.shape(x)}"
        lines = [f"{self.metric} {self.value:.6g}, {self.end}, {self.mode} mode", row("", "at", "derivative")]
        lines += [row(name, show(self.hyperparameters[name]), show(slope)) for name, slope in self.gradient.items()]
        return "\n".join(lines if self.check is None else [*lines, str(self.check)])


def hypergradient(
    task: Task | str,
    recipe: str | Callable[..., Any],
    hyperparameters: Mapping[str, Any],
    *,
    steps: int,
    batch_size: int | None = None,
    order: str | Order = "shuffled",
    seed: int = 0,
    metric: str = "loss",
    mode: str | None = None,
    diverged_above: float = DIVERGED_ABOVE,
    check_finite: bool = True,
    check: bool = False,
) -> Hypergradient:
    """d(the validation loss after all steps) / d(each hyperparameter), exact to rounding, through every step.

    The run is one of those of `jgd.sweep`, and `value` its last validation loss, to rounding. One compiled program
    serves all values and seeds.

    The derivative is that of the run as it is. Rules that take signs, maxima or thresholds are differentiated piece by
    piece: b1 and b2 of `lion` have derivative 0, whatever a finite change of them does. A run that diverges has NaN, by
    `status`, and one at the edge of stability derivatives that explode, exact and of no use (Metz et al. 2021,
    arXiv:2111.05803).

    Maclaurin, Duvenaud & Adams 2015, arXiv:1502.03492; Franceschi et al. 2017, arXiv:1703.01785; checkpoints: Chen et
    al. 2016, arXiv:1604.06174.

    Args:
        task: a `Task`, or the name of a bundled one.
        recipe: a name of `jgd.optimizers.registry`, or a function of the hyperparameters that returns an optimizer or a
            `jgd.RunSpec`; what it does with its arguments (schedules, penalties, initial scales) is differentiated too.
        hyperparameters: name -> float, or an array of floats such as one rate a step. Whole numbers and structure can't
            be differentiated: fix them in the recipe.
        steps: updates of the run.
        batch_size: as in `jgd.sweep`.
        order: as in `jgd.sweep`.
        seed: of the run.
        metric: "loss", or a metric of the task (an accuracy is a step function, whose derivative is 0).
        mode: "forward" carries one derivative a number along with the run: no memory over steps, time in proportion to
            the numbers. "reverse" goes back through the run once for all of them; its memory grows with √steps (only
            every √steps-th state is kept, and the steps between are run again), and it refuses a transform with a
            `while_loop` of unknown length. Default: forward up to 4 numbers, else reverse; the other one where the
            program allows only that.
        diverged_above: as in `jgd.sweep`.
        check_finite: as in `jgd.sweep`.
        check: compare with central differences in float64 (`jgd.check_gradients`, which also tells kinks, and what
            float32 loses): some 50 runs a number.

    Returns:
        The `Hypergradient`.

    Raises:
        JgdTypeError: for an argument of another kind, or a traced one, by its name.
        JgdValueError: for a bad value, by its name; for a program that can't be differentiated in the mode.

    Example:
        >>> import jgd
        >>> found = jgd.hypergradient("iris", "momentum", {"learning_rate": 0.1, "momentum": 0.5}, steps=20)
        >>> {name: round(slope, 3) for name, slope in found.gradient.items()}
        {'learning_rate': -1.274, 'momentum': -0.271}
    """
    refuse_fork("a hypergradient")
    task, steps = task_of(task), checks.count("steps", steps, 0, 2**31 - 2)
    seed, check = seeds.check(seed), checks.flag("check", check)
    if mode is not None:
        checks.choice("mode", mode, MODES)
    batches = batches_of(task, batch_size, order)
    if check_finite:
        checks.finite_data("task.train", task.train)
        checks.finite_data("task.validation", task.validation)
    check_metrics(task.metrics)
    values = values_of(hyperparameters)
    numbers = {name: jnp.asarray(value, jnp.result_type(float)) for name, value in values.items()}
    build = build_of(recipe, values).for_run(steps, batches.per_epoch, numbers)
    spec = build(**numbers)
    checks.choice("metric", metric, ("loss", *(task.metrics if spec.metrics is None else spec.metrics)))
    run = UnrolledRun(
        build=build,
        metric=metric,
        steps=steps,
        loss=traceable(task.loss),
        metrics={name: traceable(each) for name, each in task.metrics.items()},
        batches=batches,
        init_key=seeds.init_key(seed),
        order_key=seeds.key(seed, seeds.Stream.ORDER),
        noise_key=seeds.key(seed, seeds.Stream.NOISE),
        loss_key=seeds.key(seed, seeds.Stream.LOSS),
        evaluation_loss=None if task.evaluation_loss is None else traceable(task.evaluation_loss),
        diverged_above=checked_factor(diverged_above),
    )
    begin = None if spec.init is not None else jax.jit(task.start)(run.init_key)
    data = (begin, *jax.tree.map(jnp.asarray, (task.train, task.validation)))
    few = sum(value.size for value in values.values()) <= FORWARD
    mode, slopes, end_of_run = differentiate(run, values, data, (mode,) if mode else MODES if few else MODES[::-1])
    value, diverged_at = float(end_of_run[0]), int(end_of_run[1])
    diverged = diverged_at != NOT_DIVERGED
    gradient = {name: _as_float(np.full_like(at, np.nan) if diverged else slopes[name]) for name, at in values.items()}
    return Hypergradient(
        value=value,
        gradient=gradient,
        hyperparameters={name: _as_float(at) for name, at in values.items()},
        metric=metric,
        mode=mode,
        end=_end(diverged_at, steps, gradient),
        check=check_hypergradient(run, values, data, mode) if check and not diverged else None,
    )


def _end(diverged_at: int, steps: int, gradient: dict[str, Any]) -> RunEnd:
    if diverged_at != NOT_DIVERGED:
        said = "the loss was above its limit or not finite: there is nothing to differentiate"
        return RunEnd(Status.DIVERGED, diverged_at, said)
    lost = [name for name, slope in gradient.items() if not np.isfinite(slope).all()]
    if lost:
        said = f"the derivatives in {', '.join(lost)} are not finite, though the run is"
        return RunEnd(Status.NONFINITE, steps, said)
    return RunEnd(Status.MAX_STEPS, steps)


def _as_float(value: Any) -> Any:
    """A float, or an array (float64) where it has a shape."""
    return float(value) if np.ndim(value) == 0 else np.asarray(value, np.float64)
