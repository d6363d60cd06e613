"""Layer 9: what people read. Enters: a `Sweep` or a `Run`, or schedules. Leaves: tables, files, pictures.

table.py    the picks as rows and as text     files.py   a run directory: results.nc, the figures
figures.py  sensitivity and loss curves        schedule_figure.py   schedules against the step
population_figure.py   schedules of members
report.py   all that a sweep tells, as text    insight_figures.py   budgets, importance, profiles, responses
confirmation.py   what was chosen on fresh seeds and the test rows
"""

from jgd.results.confirmation import confirmation_text, save_confirmation
from jgd.results.figures import loss_curves, sensitivity
from jgd.results.files import save_sweep
from jgd.results.insight_figures import best_of_curves, importance_bars, profile_curves, responses
from jgd.results.population_figure import member_schedules
from jgd.results.report import report
from jgd.results.schedule_figure import schedule_curves
from jgd.results.table import rows, text

__all__ = [
    "best_of_curves",
    "confirmation_text",
    "importance_bars",
    "loss_curves",
    "member_schedules",
    "profile_curves",
    "report",
    "responses",
    "rows",
    "save_confirmation",
    "save_sweep",
    "schedule_curves",
    "sensitivity",
    "text",
]
