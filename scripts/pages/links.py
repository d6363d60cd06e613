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


FILE = re.compile(r"(docs/)?[\w-]+\.md")


def of_the_site(text: str, file: str, page: str, titles: dict[str, str]) -> str:
    """The Markdown of `file`, a path in the repository, as that of `page`, a path in the site.

    A link whose words are a file's name gets the page's title; one to a file that isn't in the site (a script, a folder)
    leaves its words behind. titles: {page: its title}.
    """

    def link(found: re.Match) -> str:
        words, target, anchor = found[1], found[2], found[3] or ""
        if re.match(r"[a-z]+:", target):
            return found[0]
        there = place(normpath(join(dirname(file), target)))
        if there.startswith(("optimizers/", "api/")) and there not in titles:
            return words
        words = titles.get(there, words) if FILE.fullmatch(words) else words
        return f"[{words}]({relpath(there, dirname(page) or '.')}{anchor})" if there else words

    return LINK.sub(link, text)


def title(text: str) -> str:
    """The first heading of a page, without what comes after a colon."""
    found = re.search(r"^# (.+)$", text, re.MULTILINE)
    return found[1].partition(":")[0] if found else ""


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
