"""Layer 9: figures. Enters: a `Sweep`, a `Run`, an analysis record, a lecture's numbers. Leaves: the matplotlib Axes that hold them.

Every function takes `ax=None` (a grid of panels: `axes=None`): it draws into the Axes given, or into a new figure of
pyplot, and returns what it drew into. Saving is the caller's: `plot_loss_curves(found).figure.savefig("loss.png")`, or
.svg, or .pdf. `new_axes` makes a figure as wide as one or two columns of a page. Each docstring says where the numbers
drawn are found. Needs matplotlib (the extra `plot`), imported with the first plot.

lectures/   landscapes and paths over them, learning rates, batches, momentum, races, derivatives
sweeps/     hyperparameters and scores, what a budget buys, methods compared
training/   training curves, the loss around solutions, decision boundaries
_figure.py, _values.py   style and arithmetic that they share
"""

from typing import TYPE_CHECKING

from jgd.core.on_demand import import_on_demand

if TYPE_CHECKING:  # for editors and type checkers
    from jgd.plots._figure import new_axes as new_axes
    from jgd.plots.lectures.batch_sizes import plot_batch_sizes as plot_batch_sizes
    from jgd.plots.lectures.cost import plot_cost as plot_cost
    from jgd.plots.lectures.effective_rates import plot_effective_rates as plot_effective_rates
    from jgd.plots.lectures.error_curve import plot_error_curve as plot_error_curve
    from jgd.plots.lectures.graph import plot_graph as plot_graph
    from jgd.plots.lectures.learning_rates import plot_descent_losses as plot_descent_losses
    from jgd.plots.lectures.learning_rates import plot_learning_rates as plot_learning_rates
    from jgd.plots.lectures.many_starts import plot_many_starts as plot_many_starts
    from jgd.plots.lectures.momentum import plot_look_ahead as plot_look_ahead
    from jgd.plots.lectures.paths import plot_paths as plot_paths
    from jgd.plots.lectures.paths import plot_paths_scaled as plot_paths_scaled
    from jgd.plots.lectures.race import animate_race as animate_race
    from jgd.plots.lectures.race import plot_race as plot_race
    from jgd.plots.lectures.schedules import plot_schedules as plot_schedules
    from jgd.plots.lectures.schedules import schedule_values as schedule_values
    from jgd.plots.lectures.surface import plot_surface as plot_surface
    from jgd.plots.sweeps.best_of_budget import plot_best_of_budget as plot_best_of_budget
    from jgd.plots.sweeps.critical_difference import plot_critical_difference as plot_critical_difference
    from jgd.plots.sweeps.importance import plot_importance as plot_importance
    from jgd.plots.sweeps.loss_curves import plot_loss_curves as plot_loss_curves
    from jgd.plots.sweeps.member_schedules import plot_member_schedules as plot_member_schedules
    from jgd.plots.sweeps.parallel_coordinates import plot_parallel_coordinates as plot_parallel_coordinates
    from jgd.plots.sweeps.performance_profile import plot_performance_profile as plot_performance_profile
    from jgd.plots.sweeps.response_planes import plot_response_contour as plot_response_contour
    from jgd.plots.sweeps.response_planes import plot_response_heatmap as plot_response_heatmap
    from jgd.plots.sweeps.responses import plot_responses as plot_responses
    from jgd.plots.sweeps.score_distribution import plot_score_distribution as plot_score_distribution
    from jgd.plots.sweeps.search_history import plot_search_history as plot_search_history
    from jgd.plots.sweeps.sensitivity import plot_sensitivity as plot_sensitivity
    from jgd.plots.sweeps.time_to_target import plot_time_to_target as plot_time_to_target
    from jgd.plots.training.decision_map import plot_decision_map as plot_decision_map
    from jgd.plots.training.loss_slices import plot_loss_line as plot_loss_line
    from jgd.plots.training.loss_slices import plot_loss_plane as plot_loss_plane
    from jgd.plots.training.lr_range_test import plot_lr_range_test as plot_lr_range_test
    from jgd.plots.training.smoothings import plot_smoothings as plot_smoothings
    from jgd.plots.training.training_curves import plot_training_curves as plot_training_curves

HOMES = {  # module -> its names that are public here
    "_figure": "new_axes",
    "lectures.batch_sizes": "plot_batch_sizes",
    "lectures.cost": "plot_cost",
    "lectures.effective_rates": "plot_effective_rates",
    "lectures.error_curve": "plot_error_curve",
    "lectures.graph": "plot_graph",
    "lectures.learning_rates": "plot_descent_losses plot_learning_rates",
    "lectures.many_starts": "plot_many_starts",
    "lectures.momentum": "plot_look_ahead",
    "lectures.paths": "plot_paths plot_paths_scaled",
    "lectures.race": "animate_race plot_race",
    "lectures.schedules": "plot_schedules schedule_values",
    "lectures.surface": "plot_surface",
    "sweeps.best_of_budget": "plot_best_of_budget",
    "sweeps.critical_difference": "plot_critical_difference",
    "sweeps.importance": "plot_importance",
    "sweeps.loss_curves": "plot_loss_curves",
    "sweeps.member_schedules": "plot_member_schedules",
    "sweeps.parallel_coordinates": "plot_parallel_coordinates",
    "sweeps.performance_profile": "plot_performance_profile",
    "sweeps.response_planes": "plot_response_contour plot_response_heatmap",
    "sweeps.responses": "plot_responses",
    "sweeps.score_distribution": "plot_score_distribution",
    "sweeps.search_history": "plot_search_history",
    "sweeps.sensitivity": "plot_sensitivity",
    "sweeps.time_to_target": "plot_time_to_target",
    "training.decision_map": "plot_decision_map",
    "training.loss_slices": "plot_loss_line plot_loss_plane",
    "training.lr_range_test": "plot_lr_range_test",
    "training.smoothings": "plot_smoothings",
    "training.training_curves": "plot_training_curves",
}
import_on_demand(__name__, HOMES)
