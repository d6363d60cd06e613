"""Layer 7: sweeps. Enters: a task, recipes, a space, seeds. Leaves: a `Sweep` with every lane and the picks.

ranges.py, lists.py   log, uniform, choice, static …; distributions.py: how a person makes them, and `when`
space.py      names to distributions     samplers.py   spaces to configs (sequences.py: their numbers)
axis.py       recipes × their configs    door.py       checks, plans and runs
recipes.py    groups of configs          trial.py      what a recipe returns
plan.py       which lanes run together   policies.py   who goes on, leg by leg (drive.py goes through them)
halving.py, median.py        stop the worse early     population.py  replaces them (lineage.py: what came of what)
blocks.py     one program of many lanes  engine.py     blocks on devices
archive.py    what lanes have done       result.py     what was found
selection.py  choosing by validation     devices.py    cores as devices
"""

from jgd.sweep.devices import use_cores
from jgd.sweep.distributions import choice, integers, log, one_minus_log, static, uniform, when
from jgd.sweep.door import sweep
from jgd.sweep.engine import Tick
from jgd.sweep.halving import Halving, Hyperband
from jgd.sweep.lineage import Follow, Stretch
from jgd.sweep.median import MedianStopping
from jgd.sweep.population import Population
from jgd.sweep.ranges import grid, log_grid
from jgd.sweep.result import Pick, Sweep
from jgd.sweep.samplers import configs
from jgd.sweep.selection import Estimate, estimate, pick
from jgd.sweep.space import Space, as_space, space
from jgd.sweep.trial import Trial

__all__ = [
    "Estimate",
    "Follow",
    "Halving",
    "Hyperband",
    "MedianStopping",
    "Pick",
    "Population",
    "Space",
    "Stretch",
    "Sweep",
    "Tick",
    "Trial",
    "as_space",
    "choice",
    "configs",
    "estimate",
    "grid",
    "integers",
    "log",
    "log_grid",
    "one_minus_log",
    "pick",
    "space",
    "static",
    "sweep",
    "uniform",
    "use_cores",
    "when",
]
