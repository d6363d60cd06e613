"""Formulas of the pages, $…$ and $$…$$ in LaTeX as GitHub shows it, as MathML: a browser sets it without a script."""

import re
from html import unescape

from latex2mathml.converter import convert

FORMULA = re.compile(r'<(span|div) class="arithmatex">\\([(\[])(.*?)\\[)\]]</\1>', re.DOTALL)
NAMED = re.compile(
    r"<(mi|mo)>([a-z]{2,})</\1>(?!<mo[^>]*>&#x00028;)"
)  # log p, but not log(p): browsers put no space there


def as_mathml(page: str) -> str:
    """The page's HTML as pymdownx.arithmatex leaves it, with its formulas set."""
    return FORMULA.sub(_set, page)


def _set(found: re.Match) -> str:
    block = found[2] == "["
    formula = convert(unescape(found[3]).strip(), display="block" if block else "inline")
    formula = NAMED.sub(r'<mi>\2</mi><mspace width="0.17em"/>', formula)
    return f'<div class="formula">{formula}</div>' if block else formula
