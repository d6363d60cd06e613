"""Layer 8: what a sweep tells. Enters: arrays over configs and seeds, or a `Sweep`. Leaves: numbers with intervals, and words.

finals.py     what lanes ended with              ranking.py     the best and its ties
comparison.py is A better than B                 aggregate.py   many tasks as one number
sensitivity.py, stability.py   rates: how much they matter, and where they break
budget.py, target.py, profiles.py   what k trials buy, how soon, and how often
places.py, importance.py   configs as points of a cube; which names mattered
findings.py   what speaks against the picks      spending.py    where the steps went
"""

from jgd.insights.aggregate import interquartile_mean
from jgd.insights.budget import BestOf, best_of
from jgd.insights.comparison import Paired, paired, probability_of_improvement
from jgd.insights.finals import Finals, finals
from jgd.insights.findings import Finding, findings
from jgd.insights.importance import Importance, importance, importance_of
from jgd.insights.places import Places, neighbours, places
from jgd.insights.profiles import Profile, performance_profile
from jgd.insights.ranking import Ranking, rank
from jgd.insights.sensitivity import Curve, curve_of, learning_rate_sensitivity, response, sensitivity_of
from jgd.insights.spending import Spending, spending
from jgd.insights.stability import Bracket, StabilityEdge, stability_bracket, stability_edge
from jgd.insights.target import TimeToTarget, time_to_target, time_to_target_of

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
