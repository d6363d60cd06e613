"""Train one run. A scan of steps in segments, watched from the host.

    start ─► segment ─► segment ─► … ─► Run(params, best, history, status)

What happened to the numbers is a status of the `Run`, never an exception. The bits of a run don't depend on where
segments are cut, so that it can be looked at, stored, killed and resumed at any of them.
"""

import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.core import Tracer

from jgd.core import checks, seeds
from jgd.core.optimizer import Optimizer
from jgd.core.snapshots import opened
from jgd.core.types import Batch, Loss, Params
from jgd.data.batches import Batches
from jgd.data.orders import HardMining, Order
from jgd.stopping import StoppingRule
from jgd.training.data_parallel import Spread
from jgd.training.history import LIMIT, History
from jgd.training.loader import Loader, on_disk
from jgd.training.progress_bar import bar
from jgd.training.resume import Saver, identity, resumed
from jgd.training.run import Run
from jgd.training.run_loop import SEGMENT, Job, TrainProgress, begin, go, left
from jgd.training.run_state import Session
from jgd.training.validation import Validation
from jgd.watch import (
    BASELINE_ROWS,
    DIVERGED,
    casts,
    check_metrics,
    initial_loss,
    loss_limit,
    traceable,
)

SAVE = 30.0  # seconds between two snapshots


def train(
    loss: Loss,
    optimizer: Optimizer,
    params: Params,
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
    metric: str = "loss",
    larger_is_better: bool = False,
    stop: StoppingRule | None = None,
    observe: Callable[[Params], Any] | None = None,
    callback: Callable[[TrainProgress], None] | None = None,
    progress: bool | None = None,
    history: int | None = LIMIT,
    diverged_above: float = DIVERGED,
    devices: Sequence[Any] | None = None,
    check_finite: bool = True,
    store: str | os.PathLike | None = None,
    resume: bool = False,
    save_every: float = SAVE,
) -> Run:
    """Minimise `loss` over `data` by `steps` updates (or `epochs` passes) of `optimizer`.

    loss: (params, batch) -> () float; params: a pytree of floating arrays, never changed in place.
    data: an array or tree of arrays with one leading axis of rows, as (inputs, targets); None for a loss that ignores
    its batch. Memory-mapped arrays (np.load(…, mmap_mode="r")) stay on the disk: their rows are gathered as they
    are needed, ahead of the device.
    batch_size: rows a step; None is full batches, 1 single examples. order: "shuffled" afresh each epoch from `seed`
    (0 … 2**32 − 1), "sequential", "replacement", or a record of `jgd.data.orders` (weighted, balanced, curriculum,
    HardMining). A short last batch ends the epoch where batch_size doesn't divide the rows.
    validation: rows of the same shape, on which the loss and `metrics` (name -> (params, rows) -> ()) are evaluated
    before the first step, every `evaluate_every` steps (default: an epoch) and after the last. The parameters at the
    best value of `metric` ("loss" or a metric; the largest where `larger_is_better`) are kept as `Run.best`.
    stop: when to stop before the budget, see `jgd.StoppingRule`.
    observe: params -> a tree recorded after every update, such as `lambda params: params` for a trajectory.
    callback: called with a `TrainProgress` between segments, a few times a second; what it raises ends the run, passes through,
    and carries the `Run` so far as its attribute `run` (so does Ctrl-C); where there is a store, that is saved.
    progress: a bar with loss, rate and time left on stderr: None (default) where that is a terminal and rich is
    installed, True everywhere, False never.
    history: rows to keep at most; a longer run keeps every 2nd, 4th, … step. None keeps all.
    diverged_above: the run stops once the loss exceeds this many times its start, that is the loss at `params` on the
    first 4096 rows, taken as at least 1. check_finite: refuse NaN or infinite rows before anything runs.
    devices: over which each batch is cut by rows, for one model too slow for one device: all hold the parameters, and
    their gradients are summed at every step. They must divide `batch_size` (an epoch's short last batch that they don't
    divide is computed on each). The numbers are those of one device to rounding, not to the bit.
    store: a directory for snapshots, every `save_every` seconds and at the end. With resume=True the run in it goes on
    where its last snapshot was, and ends with the same bits as one that was never interrupted; a finished one is
    returned without a step. More `steps`, or more `seconds` in `stop`, go on from it; what was evaluated after its last
    step stays among the evaluations. Another run in it is refused, with what differs. A disk that fails later loses
    nothing in memory: the run goes on, and its notes say so.

    Changing a hyperparameter, the seed, the number of steps or `evaluate_every` compiles nothing. float64 rows
    become float32 unless x64 is on, which the run's notes say. Errors (`JgdValueError`, `JgdTypeError`) are raised
    before the first step.

    >>> import jgd
    >>> hours = jgd.datasets.hours_points()
    >>> loss = jgd.SupervisedLoss(jgd.models.Linear(1, bias=False), "squared_error")
    >>> run = jgd.train(loss, jgd.optimizers.sgd(0.01), {"weights": jnp.ones(1)}, hours.rows, steps=100)
    >>> round(float(run.params["weights"][0]), 4), run.status.name, round(float(run.history["loss"][0]), 4)
    (1.9999, 'max_steps', 4.6667)
    >>> run
    Run(max_steps at step 100; last loss 1.8e-08 at step 99; 2 notes)
    """
    data = np.zeros(1, np.float32) if data is None else data  # a loss without data ignores its batch
    rows = checks.rows("data", data)
    batches = Batches(rows, rows if batch_size is None else batch_size, order)
    spread = None if devices is None else Spread.over(devices, batches)
    total = _steps(steps, epochs, batches)
    checks.instance("optimizer", optimizer, Optimizer, "jgd.optimizers.adam(1e-3)")
    for name, flag in (("larger_is_better", larger_is_better), ("check_finite", check_finite), ("resume", resume)):
        checks.flag(name, flag)
    if progress is not None:
        checks.flag("progress", progress)
    _refuse_tracers(params, optimizer, data)
    checks.parameters(params)
    checks.numeric_data("data", data)
    if check_finite:
        checks.finite_data("data", data)
    if validation is not None:
        checks.rows("validation", validation)
        checks.numeric_data("validation", validation)
        if check_finite:
            checks.finite_data("validation", validation)
    stop = (
        StoppingRule() if stop is None else checks.instance("stop", stop, StoppingRule, "jgd.StoppingRule(patience=5)")
    )
    metrics = {} if metrics is None else metrics
    check_metrics(metrics)
    if (metrics or stop.patience) and validation is None:
        raise checks.JgdValueError("metrics and patience need validation=, the rows to evaluate them on")
    checks.choice("metric", metric, ("loss", *metrics))
    every = batches.per_epoch if evaluate_every is None else checks.count("evaluate_every", evaluate_every, 1)
    history = None if history is None else checks.count("history", history, 2)
    diverged_above = checks.number("diverged_above", diverged_above, "> 0")
    save_every = checks.number("save_every", save_every, ">= 0")
    for name, function in (("observe", observe), ("callback", callback)):
        if function is not None:
            checks.function(name, function)
    if store is not None:
        checks.path("store", store)
    if resume and store is None:
        raise checks.JgdValueError("resume needs store=, the directory of the run to go on with")
    key = seeds.key(seed, seeds.Stream.ORDER)

    loss = traceable(loss)
    optimizer = jax.tree.map(lambda x: jnp.asarray(x, jnp.result_type(float)), optimizer)  # 1 and 1.0: one program
    notes = (*casts("params", params), *casts("data", data), *casts("validation", validation))
    streams = on_disk(data)
    if streams and isinstance(batches.order, HardMining):
        raise checks.JgdValueError("order HardMining looks at every row, which memory-mapped data are too large for")
    data = data if streams else jax.tree.map(jnp.asarray, data)
    params = jax.tree.map(lambda x: jnp.array(x, dtype=jnp.asarray(x).dtype), params)  # a copy: segments donate theirs
    if spread is not None:
        params, batches = spread.copied(params), spread.batches(batches)
        data = data if streams else spread.rows(data) if batches.whole else spread.copied(data)
    judged = None
    if validation is not None:
        judged = Validation(
            loss,
            {name: traceable(metric) for name, metric in metrics.items()},
            jax.tree.map(jnp.asarray, validation) if spread is None else spread.rows(validation),
            stop.judge(larger_is_better),
            every=jnp.asarray(min(every, 2**31 - 1), jnp.int32),
            total=jnp.asarray(total, jnp.int32),
            metric=metric,
        )
    limit = loss_limit(
        initial_loss(loss, params, jax.tree.map(lambda a: jnp.asarray(a[:BASELINE_ROWS]), data)), diverged_above
    )
    loader = Loader.of(data, batches, key, SEGMENT, total) if streams else None
    job = Job(loss, optimizer, data, judged, batches, key, limit, stop, total, observe, loader, callback)
    judge = None if judged is None else judged.judge
    session = Session(
        begin(optimizer, params, seeds.key(seed, seeds.Stream.NOISE), stop.goals, judge), History(history)
    )
    if isinstance(batches.order, HardMining):
        session.ranked = np.arange(rows, dtype=np.int32)
    with nullcontext() if store is None else opened(store) as shelf:
        saver = None
        if shelf is not None:
            asked = {"seed": seed, "evaluate_every": every, "diverged_above": diverged_above}
            asked |= {"metric": metric, "larger_is_better": larger_is_better, "history": history}
            saver = Saver(shelf, identity(job, params, asked), save_every)
            session = resumed(shelf, saver.identity, session, job, resume)
        if spread is not None:
            session.lane = spread.copied(session.lane)
        try:
            with bar(progress, total) as show:
                go(job, session, (lambda at_end: None) if saver is None else saver.bound(session), show)
        except BaseException as fault:
            if any(leaf.is_deleted() for leaf in jax.tree.leaves(session.lane)):
                raise  # a segment failed half-way, and took what it had been given along
            if saver is not None and saver.newest < session.done:
                saver.bound(session)(True)
            fault.run = left(job, session, (*notes, f"ended by {fault!r}"))  # pyright: ignore[reportAttributeAccessIssue]
            raise
        finally:
            if loader is not None:
                loader.close()
    return left(job, session, notes if saver is None or not saver.fault else (*notes, saver.fault))


def _steps(steps: int | None, epochs: int | None, batches: Batches) -> int:
    if (steps is None) == (epochs is None):
        raise checks.JgdValueError(f"give steps or epochs, one of them, got steps={steps}, epochs={epochs}")
    if steps is not None:
        return checks.count("steps", steps, 0, 2**31 - 2)
    return checks.count("steps", checks.count("epochs", epochs, 0) * batches.per_epoch, 0, 2**31 - 2)


def _refuse_tracers(*trees: Any) -> None:
    if any(isinstance(leaf, Tracer) for leaf in jax.tree.leaves(trees)):
        raise checks.JgdTypeError(
            "train watches its run from the host and can't be traced; to jit, vmap or differentiate through training "
            "use jgd.rollout (or jgd.step in your own scan)"
        )
