"""Small HTML for a notebook's cells: tables and curves. Enters: text and numbers. Leaves: HTML in which all text is escaped."""

import html
import math
from collections.abc import Iterable, Sequence
from typing import Any

WIDTH, HEIGHT, EDGE = 260, 60, 3  # of a curve, in pixels
MOST = 200  # points of a curve
_CELL = "padding:.15em .7em;text-align:left"


def table(headings: Sequence[str], rows: Iterable[Sequence[object]], title: str = "") -> str:
    """Rows under headings, and a title above.

    >>> table(["loss"], [["<0.5"]], "a run")
    '<div><b>a run</b><table><tr><th style="...">loss</th></tr><tr><td style="...">&lt;0.5</td></tr></table></div>'
    """
    line = lambda kind, cells: "".join(f'<{kind} style="{_CELL}">{escaped(cell)}</{kind}>' for cell in cells)
    head = f"<tr>{line('th', headings)}</tr>" if headings else ""
    body = "".join(f"<tr>{line('td', cells)}</tr>" for cells in rows)
    return f"<div>{f'<b>{escaped(title)}</b>' if title else ''}<table>{head}{body}</table></div>"


def curve(values: Any, title: str, log: bool = False, stairs: bool = False) -> str:
    """A small picture of numbers in their order, with the first and the last in words; what is not finite is a gap.

    Args:
        values: A sequence or vector of numbers, in their order.
        title: What they are.
        log: Whether the height is logarithmic; numbers that are not above 0 are gaps then.
        stairs: Whether a number holds until the next one.
    """
    every = max(1, -(-len(values) // MOST))
    places = dict.fromkeys([*range(0, len(values), every), max(len(values) - 1, 0)]) if len(values) else ()
    kept = [float(values[place]) for place in places]
    heights = [math.log(value) if log and value > 0 else math.nan if log else value for value in kept]
    finite = [height for height in heights if math.isfinite(height)]
    if len(finite) < 2:
        return ""
    low, span = min(finite), (max(finite) - min(finite)) or 1.0
    x = lambda place: EDGE + place * (WIDTH - 2 * EDGE) / max(len(kept) - 1, 1)
    y = lambda height: HEIGHT - EDGE - (height - low) * (HEIGHT - 2 * EDGE) / span
    path, gap = [], True
    for place, height in enumerate(heights):
        if math.isfinite(height):
            right, down = f"{x(place):.1f}", f"{y(height):.1f}"
            path.append(f"M{right} {down}" if gap else f"H{right}V{down}" if stairs else f"L{right} {down}")
        gap = not math.isfinite(height)
    words = f"{title}: {kept[0]:.4g} … {kept[-1]:.4g}{', logarithmic' if log else ''}"
    return (
        f'<div><svg width="{WIDTH}" height="{HEIGHT}" style="vertical-align: middle" role="img" aria-label="{escaped(words)}">'
        f'<path d="{" ".join(path)}" fill="none" stroke="#0072B2" stroke-width="1.5"/></svg> {escaped(words)}</div>'
    )


def escaped(text: object) -> str:
    """Text as HTML shows it."""
    return html.escape(str(text))
