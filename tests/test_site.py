"""What the site is made of, without building it: `scripts/docs` does that, and a warning of its is an error."""

import importlib
import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
NAVIGATION = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")


@pytest.fixture
def pages(monkeypatch):
    monkeypatch.setattr(sys, "path", [str(ROOT / "scripts" / "pages"), *sys.path])
    return importlib.import_module


def test_every_page_is_in_the_navigation():
    named = set(re.findall(r"([\w-]+\.md)$", NAVIGATION, re.MULTILINE))
    assert {page.name for page in (ROOT / "docs").glob("*.md")} - named == set()


def test_links_of_the_repository_become_those_of_the_site(pages):
    titles = {"sweeps.md": "Sweeps", "changelog.md": "Changes", "optimizers/adam.md": "adam", "optimizers.md": "O"}
    told = "[docs/sweeps.md](docs/sweeps.md) [rates](docs/sweeps.md#rates) [x](CHANGELOG.md) [code](scripts/bits.py)"
    site = pages("links").of_the_site(told, "README.md", "index.md", titles)
    assert site == "[Sweeps](sweeps.md) [rates](sweeps.md#rates) [x](changelog.md) code"
    told = "[gone](docs/gone.md)"
    assert (
        pages("links").of_the_site(told, "README.md", "index.md", titles) == "[gone](gone.md)"
    )  # which mkdocs refuses
    told = "[adam.py](../jgd/optimizers/adam.py) [jax](https://docs.jax.dev)"
    site = pages("links").of_the_site(told, "docs/optimizers.md", "optimizers.md", titles)
    assert site == "[adam.py](optimizers/adam.md) [jax](https://docs.jax.dev)"


def test_a_docstrings_equations_stay_lines_and_its_papers_are_links(pages):
    title, text = pages("prose").markdown(
        "A rule.\n\nm ← b m\nu = m\n\nSource: A & B, arXiv:1412.6980, with b_1 of `b_1`."
    )
    assert title == "A rule."
    equations, source = text.strip().split("\n\n")
    assert equations == "```text\nm ← b m\nu = m\n```"
    link = "[arXiv:1412.6980](https://arxiv.org/abs/1412.6980)"
    assert source == rf"**Source:** A & B, {link}, with b\_1 of `b_1`."


def test_formulas_become_mathml(pages):
    pytest.importorskip("latex2mathml", reason="needs the extra docs")
    as_mathml = pages("mathematics").as_mathml
    block = as_mathml('<div class="arithmatex">\\[\n-\\log p(y) &lt; \\frac{1}{2}\n\\]</div>')
    assert '<math xmlns="http://www.w3.org/1998/Math/MathML" display="block">' in block
    assert '<mi>log</mi><mspace width="0.17em"/><mi>p</mi>' in block
    assert "<mfrac>" in block
    assert "arithmatex" not in block
    assert as_mathml('a <span class="arithmatex">\\(x\\)</span>.').startswith("a <math")
    assert as_mathml("<code>\\(x\\)</code>") == "<code>\\(x\\)</code>"


def test_an_example_is_a_page(pages):
    made = pages("example_pages").pages()
    assert len(made) >= 6
    for page in made.values():
        assert page.startswith("# ")
        assert page.count("```") % 2 == 0
        assert "# %%" not in page
