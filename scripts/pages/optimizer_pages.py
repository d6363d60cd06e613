"""The optimizers' pages, made from the registry: equations, source, arguments and a picture of each method."""

import importlib
import inspect
from inspect import signature
from pathlib import Path

import api_pages
import prose
from optimizer_pictures import SETTINGS, STEPS, picture

from jgd.optimizers.catalog import FAMILIES, registry

GALLERY = "optimizers/gallery.md"
CAPTION = (
    f"{STEPS} steps from the ring to the square; the star is the minimum. The learning rate is the best of eleven, half "
    "decades from 10⁻⁴ to 10, at which the path stays in the picture (of all, where none does)."
)
NO_PICTURE = "No picture: the method needs more than a landscape has, such as a model's outputs."


def file_of(name: str) -> str:
    """adam for jgd/optimizers/adam.py."""
    return Path(inspect.getsourcefile(inspect.unwrap(registry[name]))).stem


def files() -> dict[str, list[str]]:
    """{file: the methods in it}, in the registry's order."""
    found: dict[str, list[str]] = {}
    for names in FAMILIES.values():
        for name in names.split():
            found.setdefault(file_of(name), []).append(name)
    return found


def pages() -> dict[str, str]:
    public = {name.source: name for name in api_pages.all_names()["jgd.optimizers"]}
    out = {GALLERY: gallery()}
    for file, names in files().items():
        module = importlib.import_module(f"jgd.optimizers.{file}")
        title, text = prose.markdown(module.__doc__)
        builders = {inspect.unwrap(registry[name]) for name in names}
        sources = {f"{each.__module__}.{each.__qualname__}" for each in builders}
        mine = [name for name in public.values() if name.page == f"optimizers/{file}.md"]
        mine.sort(key=lambda name: name.source not in sources)  # what a user calls comes first
        parts = [
            f"# {', '.join(names)}",
            prose.escaped(title),
            text,
            *(shown(name) if len(names) == 1 else f"**{name}**\n\n{shown(name)}" for name in names),
            CAPTION if any(map(picture, names)) else "",
            settings(names),
            *map(api_pages.described, mine),
        ]
        out[f"optimizers/{file}.md"] = "\n\n".join(filter(None, parts))
    return out


def gallery() -> str:
    lines = ["# Gallery of optimizers", CAPTION]
    for family, names in FAMILIES.items():
        lines += [f"## {family.capitalize()}", '<div class="gallery" markdown>']
        for name in names.split():
            lines.append(f"[{shown(name)} **{name}** {prose.escaped(summary(name))}]({file_of(name)}.md)")
        lines.append("</div>")
    return "\n\n".join(lines)


def shown(name: str) -> str:
    return f"![Paths of {name}]({name}.png)" if picture(name) else NO_PICTURE


def settings(names: list[str]) -> str:
    """What the pictures of methods without defaults were drawn with."""
    told = [
        f"`{name}` with `{option} = {value!r}`" for name in names for option, value in SETTINGS.get(name, {}).items()
    ]
    around = [
        f"`{name}` around plain descent" for name in names if "base_optimizer" in signature(registry[name]).parameters
    ]
    return f"Drawn: {'; '.join(told + around)}." if told or around else ""


def summary(name: str) -> str:
    module = importlib.import_module(f"jgd.optimizers.{file_of(name)}")
    return prose.markdown(module.__doc__)[0]


def pictures() -> dict[str, bytes]:
    found = {f"optimizers/{name}.png": picture(name) for names in FAMILIES.values() for name in names.split()}
    return {path: content for path, content in found.items() if content}


def navigation() -> list:
    """The gallery, then a section for each family, a page where its first method stands."""
    out: list = [{"Gallery": GALLERY}]
    seen: set[str] = set()
    for family, names in FAMILIES.items():
        entries = []
        for name in names.split():
            file = file_of(name)
            if file not in seen:
                seen.add(file)
                entries.append({", ".join(files()[file]): f"optimizers/{file}.md"})
        out.append({family.capitalize(): entries})
    return out
