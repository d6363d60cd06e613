"""Train one run. A scan of steps in segments, watched from the host.

    start ─► segment ─► segment ─► … ─► Run(params, best, history, end)

What happened to the numbers is a status of the `Run`, never an exception. The bits of a run don't depend on where
segments are cut, so that it can be looked at, stored, killed and resumed at any of them.
"""

import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from jax import Array

from jgd.core.forked import refuse_fork
from jgd.core.nan_traps import no_nan_traps
from jgd.core.optimizer import Optimizer
from jgd.core.program_maps import spare_maps
from jgd.core.sharding import Sharding
from jgd.core.spellings import builder
from jgd.core.types import Batch, Loss, Params
from jgd.data.orders import Order
from jgd.divergence import DIVERGED_ABOVE
from jgd.stopping import StoppingRule
from jgd.tasks import Task
from jgd.training.arguments import TrainArguments
from jgd.training.history import LIMIT
from jgd.training.plan import plan_run
from jgd.training.progress import TrainProgress
from jgd.training.resume import opened_run
from jgd.training.run import Run
from jgd.training.run_loop import run_to_end

SAVE = 30.0  # seconds between two snapshots


@builder
def train(
    loss: Loss | Task | str,
    optimizer: Optimizer | str,
    params: Params = None,
    data: Batch = None,
    *,
    steps: int | None = None,
    epochs: int | None = None,
    batch_size: int | None = None,
    order: str | Order = "shuffled",
    seed: int = 0,
    validation: Batch | None = None,
    metrics: Mapping[str, Callable[[Params, Batch], Array]] | None = None,
    evaluate_every: int | None = None,
    metric: str | None = None,
    larger_is_better: bool | None = None,
    stop: StoppingRule | None = None,
    observe: Callable[[Params], Any] | None = None,
    callback: Callable[[TrainProgress], None] | None = None,
    progress: bool | None = None,
    history: int | None = LIMIT,
    record_every: int = 1,
    diverged_above: float = DIVERGED_ABOVE,
    devices: Sequence[Any] | Sharding | None = None,
    check_finite: bool = True,
    store: str | os.PathLike | None = None,
    resume: bool = False,
    save_every: float = SAVE,
    model_state: Any = None,
    evaluation_loss: Loss | None = None,
) -> Run:
    """Minimize `loss` over `data` by `steps` updates (or `epochs` passes) of `optimizer`.

    Changing a hyperparameter, the seed, the number of steps or `evaluate_every` compiles nothing. float64 rows
    become float32 unless x64 is on, which the run's notes say.

    Args:
        loss: (params, batch) -> () float, or (it, aux): aux maps names to single numbers, which become columns of
            `Run.history`. One with a parameter `key` gets a key of its own at each step, and None where it is evaluated;
            one with a parameter `state` returns (value, aux, state). Or a `jgd.Task`, or the name of a bundled one, from
            which everything comes that is not given besides: params (drawn by `seed`), data, validation, metrics, ….
        optimizer: The method of descent, such as `jgd.optimizers.adam(1e-3)`, or the name of one that needs no numbers.
        params: A pytree of floating arrays, never changed in place.
        data: An array or tree of arrays with one leading axis of rows, as (inputs, targets); None for a loss that
            ignores its batch. Memory-mapped arrays (np.load(…, mmap_mode="r")) stay on the disk: their rows are
            gathered as they are needed, ahead of the device. Or a loader, which gives batches: a torch DataLoader, a
            tf.data pipeline as NumPy, a list of batches (trees alike; a list of arrays is one tree), any iterable of trees
            of arrays of one shape that begins anew for each epoch (of one without `len`, passes follow each other and
            `steps` is needed). `batch_size` and `order` are then its
            own. A run is watched and compiled as with arrays, divergence is measured by its first batch, and up to 64
            batches are read ahead. Its bits are as repeatable as the loader: a run can be repeated, and `resume` goes
            on to the same bits, only where the batches of a pass are the same each time, or depend on no more than
            `loader.set_epoch(epoch)`, which is called where there is one. To resume within an epoch its batches so far
            are read again and dropped. Of the identity that `resume` compares only the first batch is part, and
            `check_finite` looks at that alone.
        steps: Updates to make; or give `epochs`.
        epochs: Passes over the rows.
        batch_size: Rows a step; None is full batches, 1 single examples. A short last batch ends the epoch where it
            doesn't divide the rows.
        order: "shuffled" afresh each epoch from `seed`, "sequential", "replacement", or a record of `jgd.data.orders`
            (weighted, balanced, curriculum, HardMining).
        seed: 0 … 2**32 − 1, of the order of rows, of the optimizer's noise and of the loss's keys.
        validation: Rows of the same shape, on which the loss and `metrics` are evaluated before the first step, every
            `evaluate_every` steps and after the last.
        metrics: Name -> (params, rows) -> (). More than 1024 validation rows are evaluated in pieces by what is known to be
            a mean over rows: `jgd.SupervisedLoss`, accuracy, and what `jgd.row_mean` says so of.
        evaluate_every: Steps between evaluations; None is an epoch.
        metric: "loss" or a metric: the parameters at its best validation value are kept as `Run.best`. Of a task also
            another metric by its name, see `Task.chosen_by`. Default: "loss", or the task's own.
        larger_is_better: Whether that is its largest value. Default: False, or what the task says.
        stop: When to stop before the budget, see `jgd.StoppingRule`.
        observe: params -> a tree recorded after every update, such as `lambda params: params` for a trajectory.
        callback: Called with a `TrainProgress` between segments, a few times a second; each evaluation is in the
            `new_evaluations` of one call (`jgd.interop.wandb.callback()` and the like log them). What it raises ends the run,
            passes through, and carries the `Run` so far as its attribute `run` (so does Ctrl-C); where there is a
            store, that is saved.
        progress: A bar with loss, rate and time left on stderr: None where that is a terminal and rich is installed,
            True everywhere (an ImportError without rich), False never.
        history: Rows to keep at most; a longer run keeps every 2nd, 4th, … step. None keeps all.
        record_every: Steps between two rows of the history, which always has the last step. No number depends on it.
        diverged_above: The run stops once the loss exceeds this many times its start, that is the loss at `params` on
            the first 1024 rows, taken as at least 1. inf: never, as long as it is finite.
        devices: Over which each batch is cut by rows, for one model too slow for one device: all hold the parameters,
            and their gradients are summed at every step. They must divide `batch_size` (an epoch's short last batch
            that they don't divide is computed on each). Or a `jgd.Sharding`, which cuts parameters as well, for one
            model too large for one device, over several processes too (`jax.distributed`). The numbers are those of one
            device to rounding, not to the bit.
        check_finite: Refuse NaN or infinite rows before anything runs.
        store: A directory for snapshots, every `save_every` seconds and at the end. A disk that fails later loses
            nothing in memory: the run goes on, and its notes say so.
        resume: The run in the store goes on where its last snapshot was, and ends with the same bits as one that was
            never interrupted (over other devices to rounding, with a warning); a finished one is returned without a
            step. More `steps`, or more `seconds` in `stop`, go on from it; what was evaluated after its last step stays
            among the evaluations. Another run in it is refused, with what differs.
        save_every: Seconds between two snapshots.
        model_state: What a loss with a parameter `state` takes at the first step, a pytree of arrays: batch statistics, a
            target network. It goes from step to step beside the parameters, and the optimizer never sees it.
        evaluation_loss: The loss on the validation rows, where it isn't `loss` itself; called with key=None and the
            state, and what it returns beside its value is dropped.

    Returns:
        The `Run`: parameters, history, evaluations, and why it ended.

    Raises:
        JgdValueError: A value is outside its rule; before the first step.
        JgdTypeError: An argument is of another kind; before the first step.

    Example:
        >>> import jax.numpy as jnp
        >>> import jgd
        >>> hours = jgd.datasets.hours_points()
        >>> loss = jgd.SupervisedLoss(jgd.models.Linear(1, bias=False), "squared_error")
        >>> run = jgd.train(loss, jgd.optimizers.sgd(0.01), {"weights": jnp.ones(1)}, hours.rows, steps=100)
        >>> round(float(run.params["weights"][0]), 4), run.status, round(float(run.history["loss"][0]), 4)
        (1.9999, 'max_steps', 4.6667)
        >>> run
        Run(max_steps at step 100; last loss 1.8e-08 at step 99; 2 notes)
        >>> jgd.train("iris", jgd.optimizers.adam(0.1), epochs=20).best.value > 0.9
        True
    """
    refuse_fork("a run")
    spare_maps()
    arguments = TrainArguments(**locals())  # at the first line: exactly the parameters above
    with no_nan_traps():
        plan, state = plan_run(arguments)
        with opened_run(arguments, plan, state) as saver:
            return run_to_end(plan, state, saver, progress)
