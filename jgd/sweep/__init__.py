"""Layer 7: sweeps. Enters: a task, recipes, a space, seeds. Leaves: a `Sweep` with every lane and the picks.

ranges.py, lists.py   log, uniform, choice, static …; distributions.py: how a person makes them, and `when`
space.py      names to distributions     described.py, toml_space.py   a space as data, and in a file
samplers.py   spaces to configs (sequences.py: their numbers; tables.py: grids and rows)
proposers.py  who asks before it proposes (optuna.py: a study)
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
selection.py  choosing by validation
aggregate.py  many tasks as one number   comparison.py is A better than B
finals.py     what lanes ended with      ranking.py    the best and its ties
sensitivity.py, stability.py             rates: how much they matter, and where they break
budget.py, target.py, profiles.py        what k trials buy, how soon, and how often
places.py, importance.py                 configs as points of a cube; which names mattered
findings.py   what speaks against them   spending.py   where the steps went
through.py    a run to differentiate     hypergradient.py   derivatives in the hyperparameters
"""

from jgd.sweep.aggregate import interquartile_mean
from jgd.sweep.budget import BestOf, best_of
from jgd.sweep.comparison import Paired, paired, probability_of_improvement
from jgd.sweep.confirm import Confirmation, Confirmed
from jgd.sweep.devices import use_cores
from jgd.sweep.distributions import choice, integers, log, one_minus_log, static, uniform, when
from jgd.sweep.door import sweep
from jgd.sweep.engine import Tick
from jgd.sweep.finals import Finals, finals
from jgd.sweep.findings import Finding, findings
from jgd.sweep.halving import Halving, Hyperband
from jgd.sweep.hypergradient import Hypergradient, hypergradient
from jgd.sweep.importance import Importance, importance, importance_of
from jgd.sweep.lineage import Follow, Stretch
from jgd.sweep.loading import load_sweep
from jgd.sweep.median import MedianStopping
from jgd.sweep.picks import Pick
from jgd.sweep.places import Places, neighbours, places
from jgd.sweep.population import Population
from jgd.sweep.profiles import Profile, performance_profile
from jgd.sweep.ranges import grid, log_grid
from jgd.sweep.ranking import Ranking, rank
from jgd.sweep.result import Sweep
from jgd.sweep.samplers import configs
from jgd.sweep.selection import Estimate, estimate, pick
from jgd.sweep.sensitivity import Curve, curve_of, learning_rate_sensitivity, response, sensitivity_of
from jgd.sweep.space import Space, as_space, space
from jgd.sweep.stability import Bracket, StabilityEdge, stability_bracket, stability_edge
from jgd.sweep.target import TimeToTarget, time_to_target, time_to_target_of
from jgd.sweep.trial import Trial

__all__ = [
    "BestOf",
    "Bracket",
    "Confirmation",
    "Confirmed",
    "Curve",
    "Estimate",
    "Finals",
    "Finding",
    "Follow",
    "Halving",
    "Hyperband",
    "Hypergradient",
    "Importance",
    "MedianStopping",
    "Paired",
    "Pick",
    "Places",
    "Population",
    "Profile",
    "Ranking",
    "Space",
    "StabilityEdge",
    "Stretch",
    "Sweep",
    "Tick",
    "TimeToTarget",
    "Trial",
    "as_space",
    "best_of",
    "choice",
    "configs",
    "curve_of",
    "estimate",
    "finals",
    "findings",
    "grid",
    "hypergradient",
    "importance",
    "importance_of",
    "integers",
    "interquartile_mean",
    "learning_rate_sensitivity",
    "load_sweep",
    "log",
    "log_grid",
    "neighbours",
    "one_minus_log",
    "paired",
    "performance_profile",
    "pick",
    "places",
    "probability_of_improvement",
    "rank",
    "response",
    "sensitivity_of",
    "space",
    "stability_bracket",
    "stability_edge",
    "static",
    "sweep",
    "time_to_target",
    "time_to_target_of",
    "uniform",
    "use_cores",
    "when",
]
