"""jgd: gradient descent as data.

Models and losses are pure functions, optimizers are records whose hyperparameters are array leaves, and thousands of
runs are one compiled program. In the order of the data flow:

    data ─► split ─► scale ─► batches ─► loss ─► gradient ─► step ─► train ─► sweep ─► analysis ─► plots, reports
"""

from typing import TYPE_CHECKING

from jgd.core.on_demand import import_on_demand
from jgd.core.version import __version__ as __version__

if TYPE_CHECKING:  # for editors and type checkers
    from jgd import analysis as analysis
    from jgd import data as data
    from jgd import error_functions as error_functions
    from jgd import gradient_free as gradient_free
    from jgd import gradients as gradients
    from jgd import interop as interop
    from jgd import landscapes as landscapes
    from jgd import lectures as lectures
    from jgd import losses as losses
    from jgd import models as models
    from jgd import optimizers as optimizers
    from jgd import plots as plots
    from jgd import prediction as prediction
    from jgd import reports as reports
    from jgd import schedules as schedules
    from jgd import sklearn as sklearn
    from jgd import spaces as spaces
    from jgd import structured_errors as structured_errors
    from jgd import tasks as tasks
    from jgd import teaching as teaching
    from jgd import transforms as transforms
    from jgd.analysis import compare as compare
    from jgd.core.checks import JgdError as JgdError
    from jgd.core.loss_protocol import OnBatch as OnBatch
    from jgd.core.optimizer import Optimizer as Optimizer
    from jgd.core.optimizer import chain as chain
    from jgd.core.program_files import use_program_cache as use_program_cache
    from jgd.core.record import hyper as hyper
    from jgd.core.record import record as record
    from jgd.core.record import static_field as static_field
    from jgd.core.seeds import init_key as init_key
    from jgd.core.sharding import Sharding as Sharding
    from jgd.core.transform import Context as Context
    from jgd.core.transform import Transform as Transform
    from jgd.core.transform import UpdateInfo as UpdateInfo
    from jgd.core.updates import apply_updates as apply_updates
    from jgd.data import MinMax as MinMax
    from jgd.data import Standard as Standard
    from jgd.data import datasets as datasets
    from jgd.data import split as split
    from jgd.descent import StepMetrics as StepMetrics
    from jgd.descent import TrainState as TrainState
    from jgd.descent import rollout as rollout
    from jgd.descent import start as start
    from jgd.descent import step as step
    from jgd.gradients import check_gradients as check_gradients
    from jgd.loss_pieces import in_pieces as in_pieces
    from jgd.losses import SupervisedLoss as SupervisedLoss
    from jgd.metrics import row_mean as row_mean
    from jgd.prediction import Predictor as Predictor
    from jgd.prediction import load_model as load_model
    from jgd.prediction import save_model as save_model
    from jgd.spaces import Space as Space
    from jgd.spaces import space as space
    from jgd.status import RunEnd as RunEnd
    from jgd.status import Status as Status
    from jgd.stopping import StoppingRule as StoppingRule
    from jgd.sweeps import AsynchronousHalving as AsynchronousHalving
    from jgd.sweeps import EarlyStopping as EarlyStopping
    from jgd.sweeps import Hyperband as Hyperband
    from jgd.sweeps import Hypergradient as Hypergradient
    from jgd.sweeps import MedianStopping as MedianStopping
    from jgd.sweeps import PopulationBasedTraining as PopulationBasedTraining
    from jgd.sweeps import PopulationReplay as PopulationReplay
    from jgd.sweeps import RacingSeeds as RacingSeeds
    from jgd.sweeps import RunSpec as RunSpec
    from jgd.sweeps import SuccessiveHalving as SuccessiveHalving
    from jgd.sweeps import Sweep as Sweep
    from jgd.sweeps import hypergradient as hypergradient
    from jgd.sweeps import load_sweep as load_sweep
    from jgd.sweeps import sweep as sweep
    from jgd.sweeps import use_cores as use_cores
    from jgd.tasks import Task as Task
    from jgd.training import Run as Run
    from jgd.training import Runs as Runs
    from jgd.training import load_run as load_run
    from jgd.training import lr_range_test as lr_range_test
    from jgd.training import smooth as smooth
    from jgd.training import train as train
    from jgd.training import train_seeds as train_seeds

HOMES = {  # module -> its names that are public here
    "": (
        "analysis data error_functions gradient_free gradients interop landscapes lectures losses "
        "models optimizers plots prediction reports schedules sklearn spaces structured_errors tasks teaching transforms"
    ),
    "analysis": "compare",
    "core.checks": "JgdError",
    "core.loss_protocol": "OnBatch",
    "core.optimizer": "Optimizer chain",
    "core.program_files": "use_program_cache",
    "core.record": "hyper record static_field",
    "core.seeds": "init_key",
    "core.sharding": "Sharding",
    "core.transform": "Context Transform UpdateInfo",
    "core.updates": "apply_updates",
    "data": "MinMax Standard datasets split",
    "descent": "StepMetrics TrainState rollout start step",
    "gradients": "check_gradients",
    "losses": "SupervisedLoss",
    "loss_pieces": "in_pieces",
    "metrics": "row_mean",
    "prediction": "Predictor load_model save_model",
    "spaces": "Space space",
    "status": "RunEnd Status",
    "stopping": "StoppingRule",
    "sweeps": (
        "AsynchronousHalving EarlyStopping Hyperband Hypergradient MedianStopping PopulationBasedTraining "
        "PopulationReplay RacingSeeds RunSpec SuccessiveHalving Sweep hypergradient load_sweep sweep use_cores"
    ),
    "tasks": "Task",
    "training": "Run Runs load_run lr_range_test smooth train train_seeds",
}
import_on_demand(__name__, HOMES)
