"""mkdocs' hooks: pages that are made at build time, links of the repository, and a site that asks no other host."""

import re
from pathlib import Path

import api_pages
import example_pages
import links
import mathematics
import optimizer_pages
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).parents[2]
LOADED = re.compile(r"""<(?:script|img|iframe|source)\b[^>]*\ssrc=["']?https?:|<link\b[^>]*\shref=["']?https?:""")
made: dict[str, str | bytes] = {}  # page or picture -> what is in it
titles: dict[str, str] = {}  # page -> title
source: dict[str, str] = {page: file for file, page in links.OUTSIDE.items()}


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    made.clear()
    for file, page in links.OUTSIDE.items():
        text = (ROOT / file).read_text(encoding="utf-8")
        titled = f"# {page.removesuffix('.md').capitalize()}\n\n```text\n{text}\n```\n"
        made[page] = text if file.endswith(".md") else titled
    examples, methods, api = example_pages.pages(), optimizer_pages.pages(), api_pages.pages()
    made.update({**examples, **methods, **optimizer_pages.pictures(), **api})
    sections = {title: entries for section in config.nav for title, entries in section.items()}
    sections["Examples"] += list(examples)
    sections["Optimizers"] += optimizer_pages.navigation()
    sections["API"] += [{page.removeprefix("api/").removesuffix(".md").replace("index", "jgd"): page} for page in api]
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    for path, content in made.items():
        files.append(File.generated(config, path, content=content))
    titles.update({file.src_uri: links.title(file.content_string) for file in files.documentation_pages()})
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    path = page.file.src_uri
    file = source.get(path) or (path if path in made else f"docs/{path}")
    return links.of_the_site(markdown, file, path, titles) if file != path else markdown


def on_page_content(html: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    return mathematics.as_mathml(html)


def on_post_build(config: MkDocsConfig) -> None:
    """The pages load nothing from elsewhere (links that a reader may click are another matter), and formulas are set."""
    for page in Path(config.site_dir).rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        if found := LOADED.search(text):
            raise PluginError(f"{page.relative_to(config.site_dir)} would load {found[0]}… from the network")
        if 'class="arithmatex"' in text:
            raise PluginError(f"{page.relative_to(config.site_dir)} has a formula that is no MathML")
