"""Layer 7: sweeps. Enters: a task, recipes, a space, seeds. Leaves: a `Sweep` with every lane and the picks.

ranges.py, lists.py   log, uniform, choice, static …; distributions.py: how a person makes them, and `when`
space.py      names to distributions     samplers.py   spaces to configs (sequences.py: their numbers)
axis.py       recipes × their configs    door.py       checks, plans and runs
recipes.py    groups of configs          trial.py      what a recipe returns
plan.py       which lanes run together   policies.py   who goes on, leg by leg (drive.py goes through them)
blocks.py     one program of many lanes  engine.py     blocks on devices
archive.py    what lanes have done       shelf.py      … on a disk (stored.py: a sweep's directory)
result.py     what was found             again.py, confirm.py, replay.py   what can be done with it
selection.py  choosing by validation     devices.py    cores as devices
through.py    a run to differentiate     hypergradient.py   derivatives in the hyperparameters
"""

from jgd.sweep.confirm import Confirmation, Confirmed
from jgd.sweep.devices import use_cores
from jgd.sweep.distributions import choice, integers, log, one_minus_log, static, uniform, when
from jgd.sweep.door import sweep
from jgd.sweep.engine import Tick
from jgd.sweep.hypergradient import Hypergradient, hypergradient
from jgd.sweep.ranges import grid, log_grid
from jgd.sweep.result import Pick, Sweep
from jgd.sweep.samplers import configs
from jgd.sweep.selection import Estimate, estimate, pick
from jgd.sweep.space import Space, as_space, space
from jgd.sweep.stored import load_sweep
from jgd.sweep.trial import Trial

__all__ = [
    "Confirmation",
    "Confirmed",
    "Estimate",
    "Hypergradient",
    "Pick",
    "Space",
    "Sweep",
    "Tick",
    "Trial",
    "as_space",
    "choice",
    "configs",
    "estimate",
    "grid",
    "hypergradient",
    "integers",
    "load_sweep",
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
