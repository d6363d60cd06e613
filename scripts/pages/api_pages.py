"""The API's pages: one for each public module, every public name described once."""

import importlib
import inspect
import sys
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import prose

ROOT = Path(__file__).parents[2]
sys.path.append(str(ROOT / "tests"))

from helpers.public import is_function, public_modules, public_names  # noqa: E402  the one home of what is public

METHODS = "jgd.optimizers."  # whose functions and records have pages of their own
CATALOG = METHODS + "catalog"


@dataclass(frozen=True)
class Name:
    """A public name: how a user writes it, where its source is, and on which page it is described."""

    written: str
    source: str  # "" for a constant, which has no docstring
    page: str
    says: str

    @property
    def row(self) -> str:
        linked = f"[`{self.written}`][{self.source}]" if self.source else f"`{self.written}`"
        return f"| {linked} | {self.says} |"


def modules() -> list[str]:
    """The public modules, and the modules that they hold."""
    found = {"jgd"}
    for path in public_modules():
        module = importlib.import_module(path)
        inner = [getattr(module, name) for name in public_names(module)]
        found |= {path, *(each.__name__ for each in inner if isinstance(each, ModuleType))}
    return sorted(path for path in found if path != "jgd.cli" and names_in(path))


def names_in(path: str) -> list[str]:
    module = importlib.import_module(path)
    return [name for name in public_names(module) if not isinstance(getattr(module, name), ModuleType)]


def page_of(module: str) -> str:
    return "api/index.md" if module == "jgd" else f"api/{module.removeprefix('jgd.')}.md"


def all_names() -> dict[str, list[Name]]:
    """{module: its names}. A name of several modules is described with the first one below jgd, else with jgd."""
    written: dict[str, str] = {}
    homes: dict[str, str] = {}
    for path in sorted(modules(), key=lambda path: (path.count("."), path)):
        for name in names_in(path):
            source = source_of(importlib.import_module(path), name)
            written.setdefault(source, f"{path}.{name}")
            if source and (source not in homes or homes[source] == page_of("jgd")):
                homes[source] = page(path, source)
    found = {}
    for path in modules():
        module = importlib.import_module(path)
        found[path] = []
        for name in names_in(path):
            source = source_of(module, name)
            called = written[source] if source else f"{path}.{name}"
            found[path].append(Name(called, source, homes.get(source, ""), says(getattr(module, name))))
    return found


def page(module: str, source: str) -> str:
    """Where a name of `module` is described."""
    if source.startswith(METHODS) and not source.startswith(CATALOG):
        return f"optimizers/{source.split('.')[2]}.md"
    return page_of(module)


def source_of(module: ModuleType, name: str) -> str:
    """The dotted path of the definition; "" for a constant."""
    value = inspect.unwrap(getattr(module, name))
    if (
        not (inspect.isclass(value) or is_function(value))
        or not value.__module__.startswith("jgd")
        or "<" in value.__qualname__
    ):
        return ""
    return f"{value.__module__}.{value.__qualname__}"


def says(value: object) -> str:
    """Its first sentence, for a cell of a table."""
    described = inspect.isclass(value) or is_function(value)
    line = (inspect.getdoc(value) or "").split("\n\n")[0] if described else f"{type(value).__name__}"
    return prose.escaped(" ".join(line.split())).replace("|", "&#124;")


def described(name: Name, level: int = 2) -> str:
    """The block that mkdocstrings fills."""
    short = name.written.rpartition(".")[2]
    options = {"heading": name.written, "toc_label": short, "heading_level": level}
    lines = [f"::: {name.source}", "    options:", *(f"      {key}: {value}" for key, value in options.items())]
    return "\n".join(lines) + "\n"


def pages() -> dict[str, str]:
    """{page: its Markdown}."""
    out = {}
    for module, names in all_names().items():
        title, text = prose.markdown(importlib.import_module(module).__doc__ or "")
        rows = ["| name | what |", "|---|---|", *(name.row for name in names)]
        own = {name.source: name for name in names if name.page == page_of(module)}
        blocks = [described(name) for name in own.values()]
        parts = [f"# {module}", prose.escaped(title), text if module == "jgd" else "", "\n".join(rows), *blocks]
        out[page_of(module)] = "\n\n".join(filter(None, parts))
    return out
