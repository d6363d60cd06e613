"""The page. Enters: sweeps or directories. Leaves: HTML in one piece, which opens no other file and no connection.

Names come from whoever made a directory. jinja2 escapes them in the page, the pictures' data are JSON in which no tag can
end, and the page's policy runs the two scripts that it was made with, by their SHA-256, and no other.
"""

import base64
import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from typing import Any

from jgd.core import atomic_files, checks
from jgd.reports.page.compare import HEADINGS, comparison_figure, comparison_rows, different_rows, paired_lines
from jgd.reports.page.contents import contents_of
from jgd.reports.page.source import Source, sources_of
from jgd.sweeps import Confirmation, Sweep

Sweeps = Sweep | str | Path


def html_report(
    sweeps: Any, confirmations: Confirmation | Sequence[Confirmation] = (), *, refresh: float | None = None
) -> str:
    """A report for a browser: one HTML page with everything in it, which needs no network.

    What was asked, the winner with its interval and confirmation, findings, all configs in a table that sorts, pictures that
    tell config and seed under the mouse, cost, versions, and what makes the sweep again. Several sweeps are compared.
    Only validation numbers are compared and sorted; test numbers stand where a confirmation has read them. Nothing of a
    directory's code is imported or run.

    Args:
        sweeps: A `Sweep`, the directory of one, a list of these, or a mapping of names to them.
        confirmations: Of a single sweep, results of `Sweep.confirm`; default those that its directory keeps.
        refresh: Seconds after which a browser loads the page again, for a file that is written anew while a sweep runs.

    Returns:
        The page, about 5 MB: plotly's script is in it, once.

    Raises:
        ImportError: Without plotly or jinja2: pip install 'jgd[report]'.
        JgdValueError: For no sweep, a directory that holds none, and confirmations for several sweeps.

    Example:
        >>> import jgd
        >>> found = jgd.sweep("hours_points", "sgd", {"learning_rate": [0.01, 0.1]}, seeds=2, steps=30)
        >>> page = html_report(found)
        >>> page.startswith("<!doctype html>"), "<h1>hours_points" in page
        (True, True)
    """
    return _page(sources_of(sweeps, confirmations), _seconds(refresh))


def save_report(
    sweeps: Any,
    path: str | Path,
    confirmations: Confirmation | Sequence[Confirmation] = (),
    *,
    refresh: float | None = None,
) -> Path:
    """Writes `html_report` to a file, whole or not at all; one that is there is replaced.

    Args:
        sweeps: As `html_report` takes them.
        path: Where to, such as "report.html".
        confirmations: As `html_report` takes them.
        refresh: As `html_report` takes it.

    Returns:
        The path.

    Raises:
        ImportError: Without plotly or jinja2.
        JgdValueError: As `html_report`, and where the file can't be written.

    Example:
        >>> import tempfile, jgd
        >>> found = jgd.sweep("hours_points", "sgd", {"learning_rate": [0.01, 0.1]}, seeds=2, steps=30)
        >>> with tempfile.TemporaryDirectory() as directory:
        ...     save_report(found, f"{directory}/report.html").name
        'report.html'
    """
    return write_report(sources_of(sweeps, confirmations), path, _seconds(refresh))


def write_report(sources: Sequence[Source], path: str | Path, refresh: float | None) -> Path:
    """The page of sources that are at hand, as a file."""
    target = checks.path("path", path)
    page = _page(sources, refresh).encode()
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        atomic_files.write(target, page)
    except OSError as fault:
        raise checks.JgdValueError(
            f"path {str(path)!r} can't be written: {fault.strerror or fault}", argument="path"
        ) from fault
    return Path(path)


def _seconds(refresh: float | None) -> float | None:
    return None if refresh is None else checks.number("refresh", refresh, "> 0")


def _page(sources: Sequence[Source], refresh: float | None) -> str:
    try:
        from jinja2 import Environment, PackageLoader, StrictUndefined  # here: the extra `report` brings it
        from plotly.offline import get_plotlyjs
    except ImportError as missing:
        raise ImportError("the report needs plotly and jinja2: pip install 'jgd[report]'") from missing
    loader = PackageLoader("jgd.reports", "page")
    environment = Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    own, plotly = (files("jgd.reports") / "page" / "report.js").read_text(encoding="utf-8"), get_plotlyjs()
    return environment.get_template("report.html").render(
        title=" · ".join(source.name for source in sources),
        sweeps=[contents_of(source) for source in sources],
        comparison=_comparison(sources) if len(sources) > 1 else None,
        written=f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        refresh=refresh,
        style=(files("jgd.reports") / "page" / "report.css").read_text(encoding="utf-8"),
        scripts=[plotly, own],
        policy=_policy([plotly, own]),
    )


def _comparison(sources: Sequence[Source]) -> dict[str, Any]:
    rows, more = different_rows(sources)
    return {
        "columns": HEADINGS,
        "rows": comparison_rows(sources),
        "paired": paired_lines(sources),
        "differences": rows,
        "more": more,
        "figure": comparison_figure(sources),
    }


def _policy(scripts: Sequence[str]) -> str:
    """What a browser may do for this page: run these scripts, draw; no connection, and no other script."""
    digests = [base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts]
    allowed = " ".join(f"'sha256-{digest}'" for digest in digests)
    return f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline'; img-src data: blob:"
