"""What a recipe makes of the sampled values: a `RunSpec`, an optimizer with whatever else of the task it changes."""

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array

from jgd.core import checks
from jgd.core.functions import crossing
from jgd.core.lengths import Epochs, RunLength, Share, kinds_of, resolved
from jgd.core.optimizer import Optimizer
from jgd.core.record import record
from jgd.core.types import Params
from jgd.spaces.vectors import gathered
from jgd.tasks import Task


@record
class RunSpec:
    """An optimizer, and what of the task a config changes: what a recipe returns.

    Numbers inside (a penalty, an initial scale) are leaves and swept like the optimizer's; functions are module-level,
    or records. A recipe that returns a task, of the sweep's own rows, and an optimizer is measured by that task's loss,
    with whatever is in it.

    Attributes:
        optimizer: What descends.
        init: key -> params, or a model whose `init` does; None is the task's.
        loss: (params, batch) -> (), what is descended; None is the task's.
        metrics: name -> (params, rows) -> (), under the names of the task's; None is the task's.
        measure: (params, rows) -> (), the validation "loss"; None is the task's, or `loss` where `init` is given. A
            penalty or smoothing in `loss` is thus not in the measure, so that configs stay comparable.
        init_state: key -> what a loss with a parameter `state` takes first; None is the task's, or none where `init` is
            given.

    Raises:
        JgdTypeError: for what is no optimizer, or no function.

    Example:
        >>> import jgd
        >>> def recipe(learning_rate, scale, hidden=8):
        ...     model = jgd.models.MLP((4, hidden, 3), initializer=jgd.models.Normal(std=scale))
        ...     loss = jgd.SupervisedLoss(model, "softmax_cross_entropy")
        ...     metrics = {"accuracy": jgd.tasks.Accuracy(model)}
        ...     return jgd.RunSpec(jgd.optimizers.adam(learning_rate), init=model, loss=loss, metrics=metrics)
        >>> space = {"learning_rate": [0.01, 0.1], "scale": [0.1, 1.0]}
        >>> found = jgd.sweep("iris", recipe, space, seeds=2, steps=30)
        >>> found.params(3, seed=1)[0]["weights"].shape
        (4, 8)
    """

    optimizer: Optimizer
    init: Any = None
    loss: Any = None
    metrics: Any = None
    measure: Any = None
    init_state: Any = None

    def __post_init__(self) -> None:
        if not isinstance(self.optimizer, Optimizer):
            raise checks.JgdTypeError(
                f"a RunSpec's optimizer must be a jgd.Optimizer, got {checks.shown(self.optimizer)}"
            )
        if self.init is not None and not (callable(self.init) or hasattr(self.init, "init")):
            raise checks.JgdTypeError(
                f"a RunSpec's init must be a function of a key, or a model, got {checks.shown(self.init)}"
            )
        for name, arguments in (("loss", "params, rows"), ("measure", "params, rows"), ("init_state", "key")):
            if getattr(self, name) is not None and not callable(getattr(self, name)):
                raise checks.JgdTypeError(f"a RunSpec's {name} must be callable as {name}({arguments})")
        if self.metrics is not None:
            object.__setattr__(self, "metrics", {name: crossing(metric) for name, metric in self.metrics.items()})

    def start(self, key: Array) -> Params:
        """The parameters at the start of a run with an `init` of its own."""
        return self.init.init(key) if hasattr(self.init, "init") else self.init(key)

    def start_state(self, key: Array, own: Any) -> Any:
        """The model's state at the start; `own` is the task's at this seed."""
        if self.init_state is not None:
            return self.init_state(key)
        return own if self.init is None else None

    @property
    def measured_by(self) -> Any:
        """What the validation loss is, None for the task's."""
        return self.measure if self.measure is not None or self.init is None else self.loss


@dataclass(frozen=True)
class Build:
    """A recipe with its structure filled in: numbers -> RunSpec. Equal ones share a compiled program.

    run: what shares of the run and epochs are made steps by; None leaves them as they are.
    """

    function: Callable[..., Any]
    structure: tuple[tuple[str, Hashable], ...] = ()
    run: RunLength | None = None

    def call(self, **numbers: Any) -> Any:
        """What the recipe returns."""
        return self.function(**gathered({**dict(self.structure), **numbers}))

    def for_run(self, steps: int, per_epoch: int, numbers: Mapping[str, Any]) -> "Build":
        """The same with schedules of such a run: `run` says what they depend on, nothing where they don't."""
        kinds = kinds_of(self(**numbers))
        run = RunLength(steps if Share in kinds else 0, per_epoch if Epochs in kinds else 0)
        return replace(self, run=run) if kinds else self

    def __call__(self, **numbers: Any) -> RunSpec:
        spec = self._spec(**numbers)
        return spec if self.run is None else resolved(spec, self.run)

    def _spec(self, **numbers: Any) -> RunSpec:
        made = self.call(**numbers)
        if isinstance(made, tuple) and len(made) == 2 and isinstance(made[0], Task):
            task, optimizer = made
            return RunSpec(optimizer, task.init, task.loss, task.metrics, task.measure, task.init_state)
        if isinstance(made, Optimizer):
            return RunSpec(made)
        if isinstance(made, RunSpec):
            return made
        optax = hasattr(made, "init") and hasattr(made, "update")
        raise checks.JgdTypeError(
            "a recipe must return an optimizer, a jgd.RunSpec, or a task and an optimizer, "
            f"{getattr(self.function, '__name__', self.function)!r} returned {checks.shown(made)}"
            f"{'; a recipe of optax is jgd.interop.optax.wrap(that function)' if optax else ''}"
        )


def of_arrays(spec: RunSpec) -> RunSpec:
    """The spec with every number as an array of its own dtype, as the compiled programs hold it."""
    return jax.tree.map(lambda x: jnp.asarray(x, jnp.result_type(x)), spec)
