"""Layer 7: sweeps. Enters: a task, recipes, a space, seeds. Leaves: a `Sweep` with every run and the picks.

sweep.py       the function: arguments (arguments.py) to a plan, carried out (execute.py)
configs.py     recipes × their configs            recipes.py   groups of configs (run_spec.py: what a recipe returns)
plan.py        which runs run together            dry_run.py   a recipe's program, checked as shapes
facts.py       what of it is data                 splits.py    folds: which rows a run has
runner.py      round by round (policies/) on devices (engine/) into what is kept (store/)
asynchronous.py   … or rounds that overlap        sweep_state.py   what a policy decides by
assemble.py    what is kept, as data              cost.py      what it took
share.py       one of several processes on one directory
sweep_data.py  that data                          selection.py, picks.py   what it chooses
sweep_view.py     what is seen of it: to_xarray.py, to_dataframe.py
sweep_result.py   `Sweep`, with what can be done: extend.py, propose.py, confirm.py (confirmation.py), replay.py
predictors.py  what its runs predict with
load.py        a directory as a `Sweep`           stored_plan.py   … with its code, to go on with
proposers/     studies that propose configs
hypergradient.py   derivatives in the hyperparameters, through a whole run (unrolled.py)
"""

from typing import TYPE_CHECKING

from jgd.core.on_demand import import_on_demand

if TYPE_CHECKING:  # for editors and type checkers
    from jgd.core.statistics import Estimate as Estimate
    from jgd.core.statistics import estimate as estimate
    from jgd.sweeps.confirmation import Confirmation as Confirmation
    from jgd.sweeps.confirmation import Confirmed as Confirmed
    from jgd.sweeps.early_stops import EarlyStops as EarlyStops
    from jgd.sweeps.engine.devices import use_cores as use_cores
    from jgd.sweeps.engine.pool import Pool as Pool
    from jgd.sweeps.engine.progress import BlockEvaluation as BlockEvaluation
    from jgd.sweeps.engine.progress import SweepProgress as SweepProgress
    from jgd.sweeps.hypergradient import Hypergradient as Hypergradient
    from jgd.sweeps.hypergradient import hypergradient as hypergradient
    from jgd.sweeps.load import load_sweep as load_sweep
    from jgd.sweeps.picks import Pick as Pick
    from jgd.sweeps.policies.asynchronous_halving import AsynchronousHalving as AsynchronousHalving
    from jgd.sweeps.policies.early_stopping import EarlyStopping as EarlyStopping
    from jgd.sweeps.policies.hyperband import Hyperband as Hyperband
    from jgd.sweeps.policies.median import MedianStopping as MedianStopping
    from jgd.sweeps.policies.policy import Full as Full
    from jgd.sweeps.policies.policy import Policy as Policy
    from jgd.sweeps.policies.policy import Round as Round
    from jgd.sweeps.policies.policy import SweepState as SweepState
    from jgd.sweeps.policies.population import PopulationBasedTraining as PopulationBasedTraining
    from jgd.sweeps.policies.racing import RacingSeeds as RacingSeeds
    from jgd.sweeps.policies.replay import PopulationReplay as PopulationReplay
    from jgd.sweeps.policies.replay import ScheduleSegment as ScheduleSegment
    from jgd.sweeps.policies.successive_halving import SuccessiveHalving as SuccessiveHalving
    from jgd.sweeps.proposers.optuna_sampler import OptunaSampler as OptunaSampler
    from jgd.sweeps.recipes import format_config as format_config
    from jgd.sweeps.run_spec import RunSpec as RunSpec
    from jgd.sweeps.selection import pick as pick
    from jgd.sweeps.selection import ranked as ranked
    from jgd.sweeps.store.prune import prune as prune
    from jgd.sweeps.sweep import sweep as sweep
    from jgd.sweeps.sweep_data import SweepData as SweepData
    from jgd.sweeps.sweep_result import Sweep as Sweep
    from jgd.sweeps.sweep_view import SweepView as SweepView

HOMES = {  # module -> its names that are public here
    ".core.statistics": "Estimate estimate",
    "confirmation": "Confirmation Confirmed",
    "early_stops": "EarlyStops",
    "engine.devices": "use_cores",
    "engine.pool": "Pool",
    "engine.progress": "BlockEvaluation SweepProgress",
    "hypergradient": "Hypergradient hypergradient",
    "load": "load_sweep",
    "picks": "Pick",
    "policies.asynchronous_halving": "AsynchronousHalving",
    "policies.early_stopping": "EarlyStopping",
    "policies.hyperband": "Hyperband",
    "policies.median": "MedianStopping",
    "policies.policy": "Full Policy Round SweepState",
    "policies.population": "PopulationBasedTraining",
    "policies.racing": "RacingSeeds",
    "policies.replay": "PopulationReplay ScheduleSegment",
    "policies.successive_halving": "SuccessiveHalving",
    "proposers.optuna_sampler": "OptunaSampler",
    "recipes": "format_config",
    "run_spec": "RunSpec",
    "selection": "pick ranked",
    "store.prune": "prune",
    "sweep": "sweep",
    "sweep_data": "SweepData",
    "sweep_result": "Sweep",
    "sweep_view": "SweepView",
}
import_on_demand(__name__, HOMES)
