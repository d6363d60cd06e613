"""Hypergradients: how the end of a run changes with each of its hyperparameters, through every step of training.

Enters: a task, a recipe, the hyperparameters where the derivative is wanted. Leaves: a `Hypergradient`.
"""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer

from jgd import optimizers, tasks
from jgd.core import checks, seeds
from jgd.core.functions import name_of
from jgd.core.tracing import traceable
from jgd.data.batches import Batches
from jgd.data.orders import HardMining, Order
from jgd.divergence import DIVERGED_ABOVE
from jgd.epoch_loop import NOT_DIVERGED
from jgd.gradients import GradientCheck, check_gradients
from jgd.metrics import check_metrics
from jgd.status import RunEnd, Status
from jgd.sweeps.run_spec import Build
from jgd.sweeps.unrolled import MODES, Training, differentiated
from jgd.tasks import Task

FORWARD = 4  # numbers up to which forward mode is the faster one (measured: an MLP on the digits, two cores)


@dataclass(frozen=True)
class Hypergradient:
    """The derivatives of a run's end.

    value: the measure after the last step, `of` the validation rows. gradient: name -> derivative, a float, or an array
    where the hyperparameter is one. at: where. mode: "forward" or "reverse". end: its status is "max_steps"; "diverged" with the
    step that was refused (value and derivatives are NaN then); or "nonfinite", derivatives that overflowed although
    the run did not, by name. check: of `check=True`, each leaf in the units of its derivative.
    """

    value: float
    gradient: dict[str, Any]
    at: dict[str, Any]
    of: str
    mode: str
    end: RunEnd
    check: GradientCheck | None = None

    @property
    def status(self) -> Status:
        """Why the run ended."""
        return self.end.status

    @property
    def log_gradient(self) -> dict[str, Any]:
        """name -> derivative in the logarithm of the hyperparameter, at · gradient: what a relative change does."""
        return {name: self.at[name] * slope for name, slope in self.gradient.items()}

    def __str__(self) -> str:
        width = max(len(name) for name in self.at)
        row = lambda name, value, slope: f"{name:<{width}}  {value!s:>12}  {slope!s:>12}"
        show = lambda x: f"{x:.6g}" if np.ndim(x) == 0 else f"{np.shape(x)}"
        lines = [f"{self.of} {self.value:.6g}, {self.end}, {self.mode} mode", row("", "at", "derivative")]
        lines += [row(name, show(self.at[name]), show(slope)) for name, slope in self.gradient.items()]
        return "\n".join(lines if self.check is None else [*lines, str(self.check)])


def hypergradient(
    task: Task | str,
    recipe: str | Callable[..., Any],
    at: Mapping[str, Any],
    *,
    steps: int,
    batch_size: int | None = None,
    order: str | Order = "shuffled",
    seed: int = 0,
    of: str = "loss",
    mode: str | None = None,
    diverged_above: float = DIVERGED_ABOVE,
    check_finite: bool = True,
    check: bool = False,
) -> Hypergradient:
    """d(the validation loss after `steps` steps) / d(each hyperparameter), exact to rounding, through all steps.

    task, batch_size, order, seed, diverged_above, check_finite: as in `jgd.sweep`: the run is that of one of its lanes,
    and `value` its last validation loss, to rounding. recipe: a name of `jgd.optimizers.registry`, or a function of the
    names of `at` that returns an optimizer or a `jgd.RunSpec`; what it does with its arguments (schedules, penalties,
    initial scales) is differentiated too. at: name -> float, or an array of floats such as one rate a step. Whole
    numbers and structure can't be differentiated: fix them in the recipe. of: "loss", or a metric of the task (an
    accuracy is a step function, whose derivative is 0).

    mode: "forward" carries one derivative a number along with the run: no memory over steps, time in proportion to the
    numbers. "reverse" goes back through the run once for all of them; its memory grows with √steps (only every √steps-th
    progress is kept, and the steps between are run again), and it refuses a transform with a `while_loop` of unknown length.
    Default: forward up to 4 numbers, else reverse; the other one where the program allows only that.
    One compiled program serves all values and seeds.

    The derivative is that of the run as it is. Rules that take signs, maxima or thresholds are differentiated piece by
    piece: b1 and b2 of `lion` have derivative 0, whatever a finite change of them does. A run that
    diverges has NaN, by `status`, and one at the edge of stability derivatives that explode, exact and of no use
    (Metz et al. 2021, arXiv:2111.05803).

    check: compare with central differences in float64 (`jgd.check_gradients`, which also tells kinks, and what float32
    loses): some 50 runs a number. Maclaurin, Duvenaud & Adams 2015, arXiv:1502.03492; Franceschi et al. 2017,
    arXiv:1703.01785; checkpoints: Chen et al. 2016, arXiv:1604.06174.

    >>> import jgd
    >>> found = jgd.hypergradient("iris", "momentum", {"learning_rate": 0.1, "momentum": 0.5}, steps=20)
    >>> {name: round(slope, 3) for name, slope in found.gradient.items()}
    {'learning_rate': -1.274, 'momentum': -0.271}
    """
    task = tasks.get(task) if isinstance(task, str) else task
    if not isinstance(task, Task):
        raise checks.JgdTypeError(f"task must be a jgd.Task or a name, got {task!r}")
    steps = checks.count("steps", steps, 0, 2**31 - 2)
    seed, check = seeds.check(seed), checks.flag("check", check)
    if mode is not None:
        checks.choice("mode", mode, MODES)
    rows = checks.rows("task.train", task.train)
    batches = Batches(rows, rows if batch_size is None else batch_size, order)
    if isinstance(batches.order, HardMining):
        raise checks.JgdValueError("order HardMining ranks rows between steps, which no derivative goes through")
    if check_finite:
        checks.finite_data("task.train", task.train)
        checks.finite_data("task.validation", task.validation)
    check_metrics(task.metrics)
    values = _values(at)
    build = _build(recipe, values)
    trial = build(**{name: jnp.asarray(value, jnp.result_type(float)) for name, value in values.items()})
    metrics = task.metrics if trial.metrics is None else trial.metrics
    checks.choice("measure in of", of, ("loss", *metrics))
    training = Training(
        build=build,
        of=of,
        steps=steps,
        loss=traceable(task.loss),
        metrics={name: traceable(metric) for name, metric in task.metrics.items()},
        batches=batches,
        start=seeds.init_key(seed),
        order=seeds.key(seed, seeds.Stream.ORDER),
        noise=seeds.key(seed, seeds.Stream.NOISE),
        diverged_above=checks.number("diverged_above", diverged_above, "> 0"),
    )
    params = None if trial.init is not None else jax.jit(task.init)(training.start)
    data = (params, *jax.tree.map(jnp.asarray, (task.train, task.validation)))
    few = sum(value.size for value in values.values()) <= FORWARD
    modes = (mode,) if mode else MODES if few else MODES[::-1]
    mode, slopes, (value, diverged_at) = differentiated(training, values, data, modes)
    gradient = {name: _plain(slopes[name]) for name in values}
    broke = int(diverged_at)
    if broke != NOT_DIVERGED:
        gradient = {name: _plain(np.full_like(value, np.nan)) for name, value in values.items()}
    return Hypergradient(
        value=float(value),
        gradient=gradient,
        at={name: _plain(value) for name, value in values.items()},
        of=of,
        mode=mode,
        end=_end(broke, steps, gradient),
        check=_checked(training, values, data, mode) if check and broke == NOT_DIVERGED else None,
    )


def _values(at: Mapping[str, Any]) -> dict[str, np.ndarray]:
    """name -> float64 array; refused by name: what isn't floating or not finite."""
    if not isinstance(at, Mapping) or not at:
        raise checks.JgdTypeError(f"at must map names of hyperparameters to floats, at least one, got {at!r}")
    values = {}
    for name, value in at.items():
        if isinstance(value, Tracer):
            raise checks.JgdTypeError(
                f"at[{name!r}] is traced, and a hypergradient looks at its values: to differentiate through training "
                "inside jit use jgd.rollout"
            )
        kind = getattr(value, "dtype", np.dtype(type(value)) if isinstance(value, float | int) else None)
        if kind is None or not jnp.issubdtype(kind, jnp.floating):
            raise checks.JgdTypeError(
                f"at[{name!r}] must be a float or an array of floats, got {value!r} ({type(value).__name__}): there is "
                f"no derivative in anything else; fix it in the recipe{f', or write {value}.0' if kind == np.dtype(int) else ''}"
            )
        checks.hyperparameter(f"at[{name!r}]", value, "(-inf, inf)", schedule=False)
        values[name] = np.asarray(value, np.float64)
    return values


def _build(recipe: Any, values: Mapping[str, Any]) -> Build:
    function = optimizers.get(recipe) if isinstance(recipe, str) else recipe
    if not callable(function):
        raise checks.JgdTypeError(f"recipe must be a function that returns an optimizer, or a name, got {recipe!r}")
    takes = inspect.signature(function).parameters
    variadic = {inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL}
    if all(p.kind is not p.VAR_KEYWORD for p in takes.values()):
        for name in values:
            checks.choice(f"parameter of the recipe {name_of(function)!r}", name, takes)
    for name, parameter in takes.items():
        if parameter.default is parameter.empty and parameter.kind not in variadic and name not in values:
            raise checks.JgdValueError(
                f"at must give a value to {name!r}, which {name_of(function)!r} has no default for"
            )
    return Build(function)


def _end(broke: int, steps: int, gradient: dict[str, Any]) -> RunEnd:
    if broke != NOT_DIVERGED:
        return RunEnd(
            Status.DIVERGED, broke, "the loss was above its limit or not finite: there is nothing to differentiate"
        )
    lost = [name for name, slope in gradient.items() if not np.isfinite(slope).all()]
    if lost:
        return RunEnd(
            Status.NONFINITE, steps, f"the derivatives in {', '.join(lost)} are not finite, though the run is"
        )
    return RunEnd(Status.MAX_STEPS, steps)


def _checked(training: Training, values: dict[str, np.ndarray], data: Any, mode: str) -> GradientCheck:
    """The derivatives against differences, in steps relative to each value, or to 1 − it where that is the small one."""
    scales = {name: _scale(value) for name, value in values.items()}

    def moved(shift: dict[str, Any], data: Any) -> Any:
        to = {name: jnp.asarray(values[name], x.dtype) + scales[name] * x for name, x in shift.items()}
        return training(to, data)

    shift = {name: np.zeros(value.shape, jnp.result_type(float)) for name, value in values.items()}
    forward = (lambda shift, data: jax.jacfwd(moved)(shift, data)) if mode == "forward" else None
    found = check_gradients(moved, shift, data, gradient=forward, seed=0, every_entry=True)
    units = lambda x, scale: None if x is None else x / scale
    leaves = []
    for leaf, name in zip(found.leaves, sorted(values), strict=True):
        parts = ("analytic", "numeric", "error_bar")
        leaves.append(replace(leaf, **{part: units(getattr(leaf, part), scales[name]) for part in parts}))
    return replace(found, leaves=tuple(leaves))


def _scale(value: np.ndarray) -> float:
    """What a step is relative to: 1e-5 is no small step for a rate of 1e-4, nor for a b2 of 0.9999."""
    sizes = np.abs(value[value != 0])
    sizes = np.where((sizes > 0.5) & (sizes < 1), 1 - sizes, sizes)
    return float(sizes.min()) if sizes.size else 1.0


def _plain(value: Any) -> Any:
    """A float, or an array (float64) where it has a shape."""
    return float(value) if np.ndim(value) == 0 else np.asarray(value, np.float64)
