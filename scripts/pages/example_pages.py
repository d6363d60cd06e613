"""examples/*.py as pages: a cell of words is Markdown, a cell of code a block."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
CELL = re.compile(r"^# %%(.*)\n", re.MULTILINE)


def pages() -> dict[str, str]:
    """{page: its Markdown}, in the order of the files' names."""
    return {f"examples/{file.stem}.md": page(file) for file in sorted((ROOT / "examples").glob("*.py"))}


def page(file: Path) -> str:
    """The script, cell by cell, with the place where it is."""
    head, *cells = CELL.split(file.read_text(encoding="utf-8"))
    parts = [head.strip()] if head.strip() else []
    for kind, body in zip(cells[::2], cells[1::2], strict=True):
        words = kind.strip() == "[markdown]"
        text = re.sub(r"^# ?", "", body, flags=re.MULTILINE) if words else f"```python\n{body.strip()}\n```"
        parts.append(text.strip())
    where = f"This is `examples/{file.name}`, a script with cells: run it as a whole, or cell by cell in an editor."
    return "\n\n".join([parts[0], where, *parts[1:]]) + "\n"
