"""Every ```python block of the README and of docs/*.md runs, in order, one namespace a page; their asserts check.

So do the scripts of examples/, with small numbers.
"""

import re
from pathlib import Path

import jax
import pytest

import jgd

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
EXAMPLES = sorted((ROOT / "examples").glob("*.py"))
COUNTS = re.compile(r"^([A-Z]+(?:, [A-Z]+)*) = (\d+(?:, \d+)*)$", re.MULTILINE)


def pieces(text: str, cells: bool) -> list[tuple[int, str]]:
    """(line, code) of a page in its order: its python blocks, and the code in the last column of its tables."""
    out = []
    for found in re.finditer(r"^```python\n(.*?)^```|^\|[^\n]*\| ([^|\n]*) \|$", text, re.MULTILINE | re.DOTALL):
        line = text[: found.start()].count("\n")
        if found[1] is not None:
            out.append((line + 1, found[1]))
        elif cells:
            out += [(line, code) for code in re.findall(r"`([^`]+)`", found[2])]
    return out


@pytest.mark.slow
@pytest.mark.sampled(1)  # all of them
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_page_runs(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # what a page writes lands here
    monkeypatch.setattr(jgd, "use_cores", lambda: None)  # the suite has chosen its devices
    text = page.read_text(encoding="utf-8")
    before = jax.config.jax_enable_x64
    names = {"__name__": "__main__"}
    try:
        # as a reader has it: promotion is not strict there
        with jax.numpy_dtype_promotion("standard"), jax.numpy_rank_promotion("allow"):
            for line, code in pieces(text, cells=page.name == "coming-from.md"):
                exec(compile("\n" * line + code, str(page), "exec"), names)  # an error names its line in the page
    finally:
        jax.config.update("jax_enable_x64", before)


@pytest.mark.slow  # every third of them; all with JGD_ALL_ROWS=1
@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.stem)
def test_the_example_runs(example, tmp_path, monkeypatch):
    """As it is, but for the counts on top: NAME, NAME = 300, 4 become as small as makes sense."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(jgd, "use_cores", lambda: None)
    text, found = COUNTS.subn(smaller, example.read_text(encoding="utf-8"))
    assert found, "an example's counts stand on top, so that a test can make them small"
    with jax.numpy_dtype_promotion("standard"), jax.numpy_rank_promotion("allow"):
        exec(compile(text, str(example), "exec"), {"__name__": "__main__"})


def smaller(counts: re.Match) -> str:
    """A tenth of each, and 3 at least."""
    return f"{counts[1]} = " + ", ".join(str(max(3, int(count) // 10)) for count in counts[2].split(","))


def test_the_table_of_optimizers_has_a_row_for_each_and_its_file():
    text = (ROOT / "docs/optimizers.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (.*?) \| .*\(\.\./jgd/optimizers/(\w+)\.py\)", text, re.MULTILINE)
    files = {name: file for names, file in rows for name in re.findall(r"`(\w+)`", names)}
    own = {name: make for name, make in jgd.optimizers.registry.items() if make.__module__.startswith("jgd.")}
    assert files == {name: make.__module__.rsplit(".", 1)[-1] for name, make in own.items()}  # a page registers another


@pytest.mark.parametrize("page", sorted({*PAGES, *ROOT.glob("*.md")}), ids=lambda page: page.name)
def test_links_lead_somewhere(page):
    text = page.read_text(encoding="utf-8")
    targets = [target for target in re.findall(r"\]\(([^)]+)\)", text) if not target.startswith("http")]
    assert [target for target in targets if target.startswith("#") and target[1:] not in anchors(page)] == []
    files = [target.partition("#") for target in targets if not target.startswith("#")]
    assert [file for file, *_ in files if not (page.parent / file).exists()] == []
    assert [(file, to) for file, _, to in files if to and to not in anchors(page.parent / file)] == []


def anchors(page: Path) -> set[str]:
    """The headings of a page as links name them."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {anchor(heading) for heading in headings}


def anchor(heading: str) -> str:
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def test_the_readme_is_short():
    assert len(PAGES[0].read_text(encoding="utf-8").splitlines()) <= 150
