"""Links of pages as the repository has them, made links of the site."""

import re
from posixpath import dirname, join, normpath, relpath

HOME = "index.md"
OUTSIDE = {  # file of the repository -> page of the site
    "README.md": HOME,
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
    "LICENSE": "license.md",
    "CITATION.cff": "citation.md",
}
LINK = re.compile(r"\[([^\]]+)\]\(([^)#\s]+)(#[^)\s]*)?\)")


def of_the_site(text: str, file: str, page: str, known: set[str]) -> str:
    """The Markdown of `file`, a path in the repository, as that of `page`, a path in the site.

    A link to a file that isn't in the site (a script, a folder) leaves its words behind. known: the site's pages.
    """

    def link(found: re.Match) -> str:
        words, target, anchor = found[1], found[2], found[3] or ""
        if re.match(r"[a-z]+:", target):
            return found[0]
        there = place(normpath(join(dirname(file), target)))
        if there.endswith(".md") and there not in known:
            return words
        return f"[{words}]({relpath(there, dirname(page) or '.')}{anchor})" if there else words

    return LINK.sub(link, text)


def place(path: str) -> str:
    """Where a file of the repository is in the site; "" where it isn't."""
    if path in OUTSIDE:
        return OUTSIDE[path]
    folder, _, rest = path.partition("/")
    if folder == "docs":
        return rest
    if method := re.fullmatch(r"jgd/optimizers/(\w+)\.py", path):
        return f"optimizers/{method[1]}.md"
    if module := re.match(r"jgd/(\w+)", path):
        return f"api/{module[1]}.md"
    return ""
