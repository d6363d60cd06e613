"""Text tables: rows of cells in, lines with aligned columns out. Every table that jgd prints is made here."""

from collections.abc import Container, Sequence

LAYOUT = "\n\t\xa0\u2009\u202f"  # what no letter is and yet steers nothing: ends of lines, spaces of any width


def align_columns(rows: Sequence[Sequence[str]], right: Container[int] = ()) -> list[str]:
    """The rows as lines, two spaces between columns, each as wide as its widest cell; no spaces at the end of a line.

    Args:
        rows: of equally many cells each; none give no line.
        right: numbers of the columns that are aligned on the right, as numbers are; the others on the left.

    Returns:
        One line a row.

    Example:
        >>> align_columns([["adam", "0.5"], ["sgd", "12.25"]], right={1})
        ['adam    0.5', 'sgd   12.25']
    """
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = (
        [
            cell.rjust(width) if i in right else cell.ljust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        for row in rows
    )
    return ["  ".join(line).rstrip() for line in lines]


def printable(words: object, keep: str = "") -> str:
    r"""Words of a file that anybody may have written, as a terminal may show them: what would steer it is spelled out.

    keep: signs that stay as they are.

    >>> printable("\x1b[2Jsgd\n"), printable("\x1b[2Jsgd\n", keep="\n")
    ('\\x1b[2Jsgd\\n', '\\x1b[2Jsgd\n')
    """
    return "".join(each if each.isprintable() or each in keep else repr(each)[1:-1] for each in str(words))
