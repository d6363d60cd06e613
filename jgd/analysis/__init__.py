"""Layer 8: what a sweep says. Enters: arrays over configs and seeds, or a `Sweep`. Leaves: numbers with intervals, and words.

final_scores.py   what runs ended with           ranking.py       the best and its ties
comparison.py     is A better than B             aggregate.py   many tasks as one number
responses.py      the score over one hyperparameter  pick_losses.py  what the picks did on the way
sensitivity.py, stability.py   learning rates: how much they matter, and where they break
budget.py, time_to_target.py, profiles.py   what k configs buy, how soon, and how often
unit_cube.py, importance.py    configs as points of a cube; which hyperparameters mattered
importance_pairs.py, response_plane.py   two hyperparameters at once
search_history.py, score_distribution.py how a search went, how its runs are spread
critical_difference.py, rank_tests.py, task_aggregates.py   many methods on many tasks
compare.py, method_comparison.py   recipes tuned on tasks, and all of these of them
loss_slices.py, decision_map.py          the loss around solutions, the classes over two features
findings.py, stuck.py   what speaks against the picks  cost.py        where the steps went
"""

from typing import TYPE_CHECKING

from jgd.core.on_demand import import_on_demand

if TYPE_CHECKING:  # for editors and type checkers
    from jgd.analysis.aggregate import interquartile_mean as interquartile_mean
    from jgd.analysis.budget import BestOf as BestOf
    from jgd.analysis.budget import best_of as best_of
    from jgd.analysis.budget import best_of_budget as best_of_budget
    from jgd.analysis.compare import compare as compare
    from jgd.analysis.compare import compare_sweeps as compare_sweeps
    from jgd.analysis.comparison import PairedComparison as PairedComparison
    from jgd.analysis.comparison import paired as paired
    from jgd.analysis.comparison import probability_of_improvement as probability_of_improvement
    from jgd.analysis.cost import SweepCost as SweepCost
    from jgd.analysis.cost import cost_of as cost_of
    from jgd.analysis.critical_difference import CriticalDifference as CriticalDifference
    from jgd.analysis.critical_difference import critical_difference as critical_difference
    from jgd.analysis.decision_map import DecisionMap as DecisionMap
    from jgd.analysis.decision_map import decision_map as decision_map
    from jgd.analysis.final_scores import FinalScores as FinalScores
    from jgd.analysis.final_scores import final_scores as final_scores
    from jgd.analysis.findings import Finding as Finding
    from jgd.analysis.findings import findings as findings
    from jgd.analysis.importance import Importance as Importance
    from jgd.analysis.importance import importance as importance
    from jgd.analysis.importance import importance_of as importance_of
    from jgd.analysis.importance_pairs import PairImportance as PairImportance
    from jgd.analysis.importance_pairs import importance_pairs_of as importance_pairs_of
    from jgd.analysis.loss_slices import LossLine as LossLine
    from jgd.analysis.loss_slices import LossPlane as LossPlane
    from jgd.analysis.loss_slices import loss_line as loss_line
    from jgd.analysis.loss_slices import loss_plane as loss_plane
    from jgd.analysis.method_comparison import MethodComparison as MethodComparison
    from jgd.analysis.pick_losses import pick_losses as pick_losses
    from jgd.analysis.profiles import PerformanceProfile as PerformanceProfile
    from jgd.analysis.profiles import performance_profile as performance_profile
    from jgd.analysis.rank_tests import PairTest as PairTest
    from jgd.analysis.rank_tests import friedman as friedman
    from jgd.analysis.rank_tests import wilcoxon_holm as wilcoxon_holm
    from jgd.analysis.ranking import Ranking as Ranking
    from jgd.analysis.ranking import rank as rank
    from jgd.analysis.response_plane import ResponsePlane as ResponsePlane
    from jgd.analysis.response_plane import response_plane as response_plane
    from jgd.analysis.responses import ResponseCurve as ResponseCurve
    from jgd.analysis.responses import numeric_parameter as numeric_parameter
    from jgd.analysis.responses import numeric_parameters as numeric_parameters
    from jgd.analysis.responses import response as response
    from jgd.analysis.responses import response_of as response_of
    from jgd.analysis.responses import sensitivity_curves as sensitivity_curves
    from jgd.analysis.score_distribution import ScoreDistribution as ScoreDistribution
    from jgd.analysis.score_distribution import score_distribution as score_distribution
    from jgd.analysis.search_history import SearchHistory as SearchHistory
    from jgd.analysis.search_history import search_history as search_history
    from jgd.analysis.sensitivity import learning_rate_sensitivity as learning_rate_sensitivity
    from jgd.analysis.sensitivity import sensitivity_of as sensitivity_of
    from jgd.analysis.stability import StabilityBracket as StabilityBracket
    from jgd.analysis.stability import StabilityEdge as StabilityEdge
    from jgd.analysis.stability import stability_bracket as stability_bracket
    from jgd.analysis.stability import stability_edge as stability_edge
    from jgd.analysis.task_aggregates import TaskAggregates as TaskAggregates
    from jgd.analysis.task_aggregates import task_aggregates as task_aggregates
    from jgd.analysis.time_to_target import TimeToTarget as TimeToTarget
    from jgd.analysis.time_to_target import time_to_target as time_to_target
    from jgd.analysis.time_to_target import time_to_target_of as time_to_target_of
    from jgd.analysis.unit_cube import UnitCube as UnitCube
    from jgd.analysis.unit_cube import neighbors as neighbors
    from jgd.analysis.unit_cube import unit_cube as unit_cube

HOMES = {  # module -> its names that are public here
    "aggregate": "interquartile_mean",
    "budget": "BestOf best_of best_of_budget",
    "compare": "compare compare_sweeps",
    "comparison": "PairedComparison paired probability_of_improvement",
    "cost": "SweepCost cost_of",
    "critical_difference": "CriticalDifference critical_difference",
    "decision_map": "DecisionMap decision_map",
    "final_scores": "FinalScores final_scores",
    "findings": "Finding findings",
    "importance": "Importance importance importance_of",
    "importance_pairs": "PairImportance importance_pairs_of",
    "loss_slices": "LossLine LossPlane loss_line loss_plane",
    "method_comparison": "MethodComparison",
    "pick_losses": "pick_losses",
    "profiles": "PerformanceProfile performance_profile",
    "rank_tests": "PairTest friedman wilcoxon_holm",
    "ranking": "Ranking rank",
    "response_plane": "ResponsePlane response_plane",
    "responses": "ResponseCurve numeric_parameter numeric_parameters response response_of sensitivity_curves",
    "score_distribution": "ScoreDistribution score_distribution",
    "search_history": "SearchHistory search_history",
    "sensitivity": "learning_rate_sensitivity sensitivity_of",
    "stability": "StabilityBracket StabilityEdge stability_bracket stability_edge",
    "task_aggregates": "TaskAggregates task_aggregates",
    "time_to_target": "TimeToTarget time_to_target time_to_target_of",
    "unit_cube": "UnitCube neighbors unit_cube",
}
import_on_demand(__name__, HOMES)
