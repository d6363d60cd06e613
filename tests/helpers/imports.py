"""The import graph of jgd, read from its source: no module runs, so that a circle can't hide behind what runs first."""

import ast
from collections.abc import Iterable, Mapping
from pathlib import Path

import jgd

ROOT = Path(jgd.__file__).parent


def module_name(path: Path) -> str:
    """jgd/core/tree.py -> jgd.core.tree, and a package's __init__.py -> the package."""
    parts = ("jgd", *path.relative_to(ROOT).with_suffix("").parts)
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def sources() -> dict[str, str]:
    """Module -> its source, for every module of jgd."""
    return {module_name(path): path.read_text() for path in sorted(ROOT.rglob("*.py"))}


def graph(sources: Mapping[str, str]) -> dict[str, set[str]]:
    """Module -> the modules of jgd that it imports: also inside functions and methods, and under TYPE_CHECKING.

    `from jgd.core import tree` imports the module jgd.core.tree; `from jgd.core import chain`, where chain is no module,
    imports jgd.core.
    """

    def targets(node: ast.AST) -> list[str]:
        if isinstance(node, ast.Import):
            return [alias.name for alias in node.names]
        if isinstance(node, ast.ImportFrom) and not node.level:
            whole = [f"{node.module}.{alias.name}" for alias in node.names]
            return [name if name in sources else str(node.module) for name in whole]
        return []

    found = {
        module: {target for node in ast.walk(ast.parse(source)) for target in targets(node)}
        for module, source in sources.items()
    }
    return {module: (targets & sources.keys()) - {module} for module, targets in found.items()}


def circles(graph: Mapping[str, Iterable[str]]) -> list[list[str]]:
    """The sets of modules that reach one another, each sorted."""

    def reached(start: str) -> set[str]:
        seen, open_ends = set(), list(graph[start])
        while open_ends:
            module = open_ends.pop()
            if module not in seen:
                seen.add(module)
                open_ends += graph[module]
        return seen

    reach = {module: reached(module) for module in graph}
    groups = {
        frozenset(other for other in reach[module] if module in reach[other])
        for module in graph
        if module in reach[module]
    }
    return sorted(sorted(group) for group in groups)
