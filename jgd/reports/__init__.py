"""Layer 10: what people read. Enters: a `Sweep` or a `Confirmation`. Leaves: tables and text, and files with them.

table.py    the picks as rows and as text          report.py        all that a sweep says, section by section
members.py  what a population went through         confirmation.py  the picks on fresh seeds and the test rows
files.py    a run directory; figures as files      format.py        numbers as people read them
comparison_table.py       methods compared over tasks
data_files.py, latex.py   a sweep or a run for other tools      whole_file.py   written whole or not at all
page/       all of it as one page for a browser
"""

from typing import TYPE_CHECKING

from jgd.core.on_demand import import_on_demand

if TYPE_CHECKING:  # for editors and type checkers
    from jgd.core.format import format_estimate as format_estimate
    from jgd.core.format import format_value as format_value
    from jgd.reports.comparison_table import budget_rows as budget_rows
    from jgd.reports.comparison_table import comparison_columns as comparison_columns
    from jgd.reports.comparison_table import comparison_rows as comparison_rows
    from jgd.reports.comparison_table import comparison_text as comparison_text
    from jgd.reports.comparison_table import save_comparison as save_comparison
    from jgd.reports.confirmation import confirmation_text as confirmation_text
    from jgd.reports.confirmation import save_confirmation as save_confirmation
    from jgd.reports.confirmation import stored_confirmations as stored_confirmations
    from jgd.reports.data_files import save_data as save_data
    from jgd.reports.files import save_figure as save_figure
    from jgd.reports.files import save_sweep as save_sweep
    from jgd.reports.page.render import html_report as html_report
    from jgd.reports.page.render import save_report as save_report
    from jgd.reports.report import report as report
    from jgd.reports.table import table_columns as table_columns
    from jgd.reports.table import table_rows as table_rows
    from jgd.reports.table import table_text as table_text

HOMES = {  # module -> its names that are public here
    ".core.format": "format_estimate format_value",
    "comparison_table": "budget_rows comparison_columns comparison_rows comparison_text save_comparison",
    "confirmation": "confirmation_text save_confirmation stored_confirmations",
    "data_files": "save_data",
    "files": "save_figure save_sweep",
    "page.render": "html_report save_report",
    "report": "report",
    "table": "table_columns table_rows table_text",
}
import_on_demand(__name__, HOMES)
