"""jgd: gradient descent as data.

Models and losses are pure functions, optimizers are records whose hyperparameters are array leaves, and thousands of
runs are one compiled program. In the order of the data flow:

    data ─► split ─► scale ─► batches ─► loss ─► gradient ─► step ─► train ─► sweep ─► analysis ─► plots, reports
"""

from jgd import (
    analysis,
    data,
    gradient_free,
    gradients,
    landscapes,
    losses,
    models,
    optimizers,
    plots,
    reports,
    schedules,
    spaces,
    tasks,
    teaching,
)
from jgd.core.checks import JgdError
from jgd.core.functions import OnBatch
from jgd.core.optimizer import Optimizer, chain
from jgd.core.record import hyper, record, static_field
from jgd.core.seeds import init_key
from jgd.core.transform import Context, Transform
from jgd.core.updates import apply_updates
from jgd.data import MinMax, Standard, datasets, split
from jgd.descent import StepMetrics, TrainState, rollout, start, step
from jgd.gradients import check_gradients
from jgd.losses import SupervisedLoss, in_pieces
from jgd.spaces import Space, space
from jgd.status import RunEnd, Status
from jgd.stopping import StoppingRule
from jgd.sweeps import (
    Hyperband,
    Hypergradient,
    MedianStopping,
    PopulationBasedTraining,
    PopulationReplay,
    RunSpec,
    SuccessiveHalving,
    Sweep,
    hypergradient,
    load_sweep,
    sweep,
    use_cores,
)
from jgd.tasks import Task
from jgd.training import Run, Runs, lr_range_test, smooth, train, train_seeds

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
    "teaching",
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
    "TrainState",
    "StepMetrics",
    "gradient_free",
    "train",
    "train_seeds",
    "lr_range_test",
    "Runs",
    "Run",
    "StoppingRule",
    "Status",
    "RunEnd",
    "smooth",
    "Task",
    "tasks",
    "space",
    "Space",
    "spaces",
    "sweep",
    "SuccessiveHalving",
    "Hyperband",
    "MedianStopping",
    "PopulationBasedTraining",
    "PopulationReplay",
    "RunSpec",
    "Sweep",
    "load_sweep",
    "hypergradient",
    "Hypergradient",
    "use_cores",
    "analysis",
    "plots",
    "reports",
    "record",
    "static_field",
    "hyper",
    "Transform",
    "Context",
    "JgdError",
]
