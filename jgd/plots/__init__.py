"""Layer 9: figures. Enters: a `Sweep`, a `Run`, an analysis record, schedules. Leaves: the matplotlib Axes that hold them.

Every function takes `ax=None` (a grid of panels: `axes=None`): it draws into the Axes given, or into a new figure of
pyplot, and returns what it drew into. Saving is the caller's: `plot_loss_curves(found).figure.savefig("loss.png")`.
Each docstring says where the numbers drawn are found. Needs matplotlib (the extra `plot`), imported with the first plot.

sensitivity.py, responses.py, importance.py   hyperparameters of a sweep
loss_curves.py, member_schedules.py           its runs
best_of_budget.py, performance_profile.py     what a budget buys, and who wins where
training_curves.py, lr_range_test.py          single runs
paths.py, landscape.py, schedules.py          descents over a landscape, learning rates over time
error_curve.py, cost.py, graph.py             derivatives
_figure.py, _values.py                        style and arithmetic that they share
"""

from jgd.plots.best_of_budget import plot_best_of_budget as plot_best_of_budget
from jgd.plots.cost import plot_cost as plot_cost
from jgd.plots.error_curve import plot_error_curve as plot_error_curve
from jgd.plots.graph import plot_graph as plot_graph
from jgd.plots.importance import plot_importance as plot_importance
from jgd.plots.loss_curves import plot_loss_curves as plot_loss_curves
from jgd.plots.lr_range_test import plot_lr_range_test as plot_lr_range_test
from jgd.plots.member_schedules import plot_member_schedules as plot_member_schedules
from jgd.plots.paths import plot_paths as plot_paths
from jgd.plots.paths import plot_paths_scaled as plot_paths_scaled
from jgd.plots.performance_profile import plot_performance_profile as plot_performance_profile
from jgd.plots.responses import plot_responses as plot_responses
from jgd.plots.schedules import plot_schedules as plot_schedules
from jgd.plots.schedules import schedule_values as schedule_values
from jgd.plots.sensitivity import plot_sensitivity as plot_sensitivity
from jgd.plots.training_curves import plot_training_curves as plot_training_curves
