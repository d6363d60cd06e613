"""Layer 7: sweeps. Enters: a task, recipes, a space, seeds. Leaves: a `Sweep` with every lane and the picks.

door.py       checks, plans and runs     space.py      names to values
recipes.py    groups of configs          trial.py      what a recipe returns
plan.py       which lanes run together   policies.py   who goes on, leg by leg (drive.py goes through them)
blocks.py     one program of many lanes  engine.py     blocks on devices
archive.py    what lanes have done       result.py     what was found
selection.py  choosing by validation     devices.py    cores as devices
"""

from jgd.sweep.devices import use_cores
from jgd.sweep.door import sweep
from jgd.sweep.engine import Tick
from jgd.sweep.result import Pick, Sweep
from jgd.sweep.selection import Estimate, estimate, pick
from jgd.sweep.space import configs, grid, log_grid
from jgd.sweep.trial import Trial

__all__ = [
    "Estimate",
    "Pick",
    "Sweep",
    "Tick",
    "Trial",
    "configs",
    "estimate",
    "grid",
    "log_grid",
    "pick",
    "sweep",
    "use_cores",
]
