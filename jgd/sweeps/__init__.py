"""Layer 7: sweeps. Enters: a task, recipes, a space, seeds. Leaves: a `Sweep` with every lane and the picks.

axis.py       recipes × their configs    door.py       checks, plans and runs
recipes.py    groups of configs          trial.py      what a recipe returns
rehearsal.py  a recipe's program, checked as shapes
plan.py       which lanes run together   policies.py   who goes on, leg by leg (drive.py goes through them)
halving.py, median.py        stop the worse early     population.py  replaces them (lineage.py: what came of what)
memory.py     what a block takes         blocks.py     one program of many lanes
engine.py     blocks on devices (devices.py: cores as devices; threads.py: a thread each)
archive.py    what lanes have done       shelf.py      … on a disk (stored.py: a sweep's directory)
assembled.py  pieces into a result       loading.py    a directory into one
result.py     what was found (parameters.py, picks.py: its parameters, what it chose; labelled.py: with labels)
again.py, confirm.py, replay.py          what can be done with it
selection.py  choosing by validation     optuna.py     a study that proposes
through.py    a run to differentiate     hypergradient.py   derivatives in the hyperparameters
"""

from jgd.core.statistics import Estimate, estimate
from jgd.sweeps.confirm import Confirmation, Confirmed
from jgd.sweeps.engine.devices import use_cores
from jgd.sweeps.engine.engine import SweepProgress
from jgd.sweeps.hypergradient import Hypergradient, hypergradient
from jgd.sweeps.load import load_sweep
from jgd.sweeps.picks import Pick
from jgd.sweeps.policies.halving import Hyperband, SuccessiveHalving
from jgd.sweeps.policies.median import MedianStopping
from jgd.sweeps.policies.population import PopulationBasedTraining
from jgd.sweeps.policies.replay import PopulationReplay, ScheduleSegment
from jgd.sweeps.result import Sweep
from jgd.sweeps.run_spec import RunSpec
from jgd.sweeps.selection import pick
from jgd.sweeps.sweep import sweep

__all__ = [
    "Confirmation",
    "Confirmed",
    "Estimate",
    "PopulationReplay",
    "SuccessiveHalving",
    "Hyperband",
    "Hypergradient",
    "MedianStopping",
    "Pick",
    "PopulationBasedTraining",
    "ScheduleSegment",
    "Sweep",
    "SweepProgress",
    "RunSpec",
    "estimate",
    "hypergradient",
    "load_sweep",
    "pick",
    "sweep",
    "use_cores",
]
