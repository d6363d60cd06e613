"""Tables for LaTeX: rows of cells in, a tabular of the package booktabs out."""

from collections.abc import Sequence

# "%" would hide the rest of a line, "&" would open a cell, and a backslash would be a command;
# "[" and "*" at the start of a row would be read as arguments of the "\\" before it
SPECIAL = {
    **{each: rf"\{each}" for each in "&%$#_{}"},
    **{"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"},
    **{
        "±": r"$\pm$",
        "−": "$-$",
        "–": "--",
        "<": "$<$",
        ">": "$>$",
        "×": r"$\times$",
        "[": "{[}",
        "*": "{*}",
        "\n": " ",
        "\r": " ",
    },
}


def latex_text(text: str) -> str:
    r"""Text that LaTeX prints as it is.

    >>> latex_text("learning_rate 5% ± 1"), latex_text("[0, 1]")
    ('learning\\_rate 5\\% $\\pm$ 1', '{[}0, 1]')
    """
    return "".join(SPECIAL.get(each, each) for each in text)


def latex_table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    r"""A tabular, to be put into a table environment with a caption of one's own.

    Args:
        headings: One a column.
        rows: Of as many cells each.

    Returns:
        The lines; they need \usepackage{booktabs}.

    Example:
        >>> print(latex_table(["recipe", "loss"], [["sgd", "0.5 ± 0.1"]]))
        \begin{tabular}{ll}
        \toprule
        recipe & loss \\
        \midrule
        sgd & 0.5 $\pm$ 0.1 \\
        \bottomrule
        \end{tabular}
        <BLANKLINE>
    """
    line = lambda cells: " & ".join(map(latex_text, cells)) + r" \\"
    body = [r"\toprule", line(headings), r"\midrule", *map(line, rows), r"\bottomrule"]
    return "\n".join([rf"\begin{{tabular}}{{{'l' * len(headings)}}}", *body, r"\end{tabular}", ""])
