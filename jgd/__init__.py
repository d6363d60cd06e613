"""jgd: gradient descent as data.

Models and losses are pure functions, optimizers are records whose hyperparameters are array leaves, and thousands of
runs are one compiled program. In the order of the data flow:

    data ─► split ─► scale ─► batches ─► loss ─► gradient ─► step ─► train ─► sweep ─► results
"""

from jgd import data, gradients, insights, landscapes, losses, models, optimizers, results, schedules, search, tasks
from jgd.core.checks import JgdError
from jgd.core.functions import OnBatch
from jgd.core.optimizer import Optimizer, apply_updates, chain
from jgd.core.record import record
from jgd.core.seeds import init_key
from jgd.data import MinMax, Standard, datasets, split
from jgd.descent import Progress, rollout, start, step
from jgd.gradients import check_gradients
from jgd.losses import SupervisedLoss, in_pieces
from jgd.spaces import (
    Space,
    choice,
    grid,
    integers,
    log,
    log_grid,
    one_minus_log,
    samplers,
    space,
    static,
    uniform,
    when,
)
from jgd.stopping import Stop
from jgd.sweep import (
    Follow,
    Halving,
    Hyperband,
    Hypergradient,
    MedianStopping,
    Population,
    Sweep,
    Trial,
    hypergradient,
    load_sweep,
    sweep,
    use_cores,
)
from jgd.tasks import Task
from jgd.train import Run, Runs, rate_range, smooth, train, train_seeds

__version__ = "0.1.0"

__all__ = [
    "data",
    "datasets",
    "init_key",
    "split",
    "Standard",
    "MinMax",
    "models",
    "losses",
    "landscapes",
    "SupervisedLoss",
    "in_pieces",
    "gradients",
    "check_gradients",
    "schedules",
    "optimizers",
    "chain",
    "apply_updates",
    "Optimizer",
    "OnBatch",
    "start",
    "step",
    "rollout",
    "Progress",
    "search",
    "train",
    "train_seeds",
    "rate_range",
    "Runs",
    "Run",
    "Stop",
    "smooth",
    "Task",
    "tasks",
    "space",
    "Space",
    "log",
    "one_minus_log",
    "uniform",
    "integers",
    "choice",
    "static",
    "when",
    "log_grid",
    "grid",
    "samplers",
    "sweep",
    "Halving",
    "Hyperband",
    "MedianStopping",
    "Population",
    "Follow",
    "Trial",
    "Sweep",
    "load_sweep",
    "hypergradient",
    "Hypergradient",
    "use_cores",
    "insights",
    "results",
    "record",
    "JgdError",
]
