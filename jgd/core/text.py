"""Tables as plain text."""

from collections.abc import Sequence


def aligned(rows: Sequence[Sequence[str]], right_from: int | None = None) -> list[str]:
    """Lines with aligned columns, two spaces apart, nothing behind the last cell.

    Args:
        rows: Rows of cells, all of one length; the first may be the heading.
        right_from: Index of the first column that is aligned to the right, as numbers are; None: all to the left.

    Returns:
        One line a row; no line for no row.

    Example:
        >>> print("\\n".join(aligned([["method", "steps"], ["sgd", "9"]], right_from=1)))
        method  steps
        sgd         9
    """
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    first_right = len(widths) if right_from is None else right_from

    def line(row: Sequence[str]) -> str:
        cells = zip(row, widths, strict=True)
        return "  ".join(cell.rjust(w) if at >= first_right else cell.ljust(w) for at, (cell, w) in enumerate(cells))

    return [line(row).rstrip() for row in rows]
