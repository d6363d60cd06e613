"""The docstring of a module as Markdown: its equations stay lines, its papers are links."""

import inspect
import re

ARXIV = re.compile(r"arXiv:(\d{4}\.\d{4,5})")
CALLED = ("Source:", "Sources:")


def is_formula(paragraph: str) -> bool:
    """Prose ends with a stop; lines that are equations or a table don't, or are short and have arrows."""
    lines = paragraph.splitlines()
    short = len(lines) > 1 and "←" in paragraph and max(map(len, lines)) < 105
    return short or not paragraph.rstrip().endswith((".", ":", "!"))


def markdown(docstring: str) -> tuple[str, str]:
    """(its first sentence, the rest)."""
    title, *paragraphs = inspect.cleandoc(docstring).split("\n\n")
    return " ".join(title.split()), "\n\n".join(map(_paragraph, paragraphs)) + "\n"


def _paragraph(text: str) -> str:
    if text.startswith(">>>"):
        return f"```python\n{text}\n```"
    if not text.startswith(CALLED) and is_formula(text):
        return f"```text\n{text}\n```"
    linked = ARXIV.sub(r"[arXiv:\1](https://arxiv.org/abs/\1)", escaped(text))
    linked = re.sub(r"(?<![(\[])https://[^\s,;]+", r"<\g<0>>", linked)
    return re.sub(r"^(Sources?:)", r"**\1**", linked)


def escaped(text: str) -> str:
    """Stars, underscores and brackets mean themselves, but for code and *emphasis*."""
    parts = re.split(r"(`[^`]*`|(?<!\w)\*\w[^*]*\w\*)", text)
    return "".join(
        part if part.startswith(("`", "*")) and len(part) > 2 else re.sub(r"([*_<\[\]])", r"\\\1", part)
        for part in parts
    )
