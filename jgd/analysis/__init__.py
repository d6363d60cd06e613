"""Layer 8: what a sweep tells. Enters: arrays over configs and seeds, or a `Sweep`. Leaves: numbers with intervals, and words.

finals.py     what lanes ended with              ranking.py     the best and its ties
comparison.py is A better than B                 aggregate.py   many tasks as one number
sensitivity.py, stability.py   rates: how much they matter, and where they break
budget.py, target.py, profiles.py   what k trials buy, how soon, and how often
places.py, importance.py   configs as points of a cube; which names mattered
findings.py   what speaks against the picks      spending.py    where the steps went
"""

from jgd.analysis.aggregate import interquartile_mean
from jgd.analysis.budget import BestOf, best_of
from jgd.analysis.comparison import Paired, paired, probability_of_improvement
from jgd.analysis.cost import Spending, spending
from jgd.analysis.final_scores import Finals, finals
from jgd.analysis.findings import Finding, findings
from jgd.analysis.importance import Importance, importance, importance_of
from jgd.analysis.profiles import Profile, performance_profile
from jgd.analysis.ranking import Ranking, rank
from jgd.analysis.sensitivity import Curve, curve_of, learning_rate_sensitivity, response, sensitivity_of
from jgd.analysis.stability import Bracket, StabilityEdge, stability_bracket, stability_edge
from jgd.analysis.time_to_target import TimeToTarget, time_to_target, time_to_target_of
from jgd.analysis.unit_cube import Places, neighbours, places

__all__ = [
    "BestOf",
    "Bracket",
    "Curve",
    "Finals",
    "Finding",
    "Importance",
    "Paired",
    "Places",
    "Profile",
    "Ranking",
    "Spending",
    "StabilityEdge",
    "TimeToTarget",
    "best_of",
    "curve_of",
    "finals",
    "findings",
    "importance",
    "importance_of",
    "interquartile_mean",
    "learning_rate_sensitivity",
    "neighbours",
    "paired",
    "performance_profile",
    "places",
    "probability_of_improvement",
    "rank",
    "response",
    "sensitivity_of",
    "spending",
    "stability_bracket",
    "stability_edge",
    "time_to_target",
    "time_to_target_of",
]
