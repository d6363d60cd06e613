"""A module imports only from lower layers, or without a circle from its own folder: the layers stay as they are drawn."""

import ast
import re
from pathlib import Path

import pytest
from helpers import imports
from helpers.imports import ROOT

LAYERS = {
    "core": 0,
    "schedules": 1,
    "stopping": 1,
    "status": 1,
    "landscapes": 1,
    "models": 1,
    "error_functions": 1,
    "structured_errors": 1,
    "spaces": 1,
    "data": 1,
    "losses": 2,
    "loss_pieces": 2,
    "transforms": 2,
    "optimizers": 3,
    "gradients": 3,
    "label_checks": 3,
    "prediction": 3,
    "descent": 3,
    "lane": 4,
    "gradient_free": 5,
    "metrics": 5,
    "divergence": 5,
    "epoch_loop": 5,
    "tasks": 5,
    "training": 6,
    "interop": 6,
    "sweeps": 7,
    "analysis": 8,
    "sklearn": 8,
    "teaching": 8,  # below the plots, which draw its numbers
    "plots": 9,
    "testing": 9,
    "reports": 10,
    "lectures": 10,  # numbers of the teaching, drawn by the plots
    "(the top)": 11,  # jgd/__init__.py, the public names: the command stands on them, nothing below does
    "cli": 12,
}
MODULES = sorted(path.relative_to(ROOT) for path in ROOT.rglob("*.py") if path != ROOT / "__init__.py")
FOLDERS = sorted(path.relative_to(ROOT) for path in ROOT.glob("*/__init__.py"))


def part(module: Path) -> str:
    """The folder or single file below jgd/ that a module belongs to."""
    return module.parts[0].removesuffix(".py")


def imported(tree: ast.AST) -> set[str]:
    """The parts of jgd that a module imports, also inside functions; a relative import is "(relative)"."""
    parts = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level:
            names = ["jgd.(relative)"]
        elif isinstance(node, ast.ImportFrom) and node.module == "jgd":
            names = [f"jgd.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module or ""]
        else:
            continue
        words = [name.split(".") for name in names]
        parts |= {word[1] if len(word) > 1 else "(the top)" for word in words if word[0] == "jgd"}
    return parts


def complaints(module: Path, source: str) -> list[str]:
    """What is wrong with a module's imports, in words."""
    own = part(module)
    if own not in LAYERS:
        return [f"jgd/{module} is in no layer: give {own!r} a number in LAYERS and in the design"]
    out = []
    for other in sorted(imported(ast.parse(source)) - {own}):
        if other not in LAYERS:
            out.append(f"jgd/{module} imports jgd.{other}, which is in no layer")
        elif LAYERS[other] >= LAYERS[own]:
            out.append(f"jgd/{module} (layer {LAYERS[own]}) imports jgd.{other} (layer {LAYERS[other]})")
    return out


@pytest.mark.parametrize("module", MODULES, ids=str)
def test_a_module_imports_from_lower_layers_only(module):
    assert complaints(module, (ROOT / module).read_text()) == []


@pytest.mark.parametrize(
    ("module", "source", "said"),
    [
        ("core/tree.py", "from jgd.transforms import Mean", "(layer 0) imports jgd.transforms (layer 2)"),
        ("training/run_loop.py", "def f():\n    from jgd import sweeps", "(layer 6) imports jgd.sweeps (layer 7)"),
        ("data/split.py", "import jgd", "(layer 1) imports jgd.(the top)"),
        ("data/split.py", "from . import scale", "jgd.(relative), which is in no layer"),
        ("utils.py", "", "in no layer"),
    ],
)
def test_the_rule_sees_what_it_should(module, source, said):
    assert any(said in line for line in complaints(Path(module), source))


@pytest.mark.parametrize("init", FOLDERS, ids=str)
def test_a_folder_says_its_layer(init):
    said = re.search(r"Layer (\d+)", ast.get_docstring(ast.parse((ROOT / init).read_text())) or "")
    assert said, f"the docstring of jgd/{init} must say its layer, as 'Layer 1'"
    assert int(said[1]) == LAYERS[part(init)]


def circular(sources):
    """The circles of imports among some modules, name -> source."""
    return imports.circles(imports.graph(sources))


@pytest.mark.slow
def test_no_modules_import_one_another():
    assert circular(imports.sources()) == []


HIDDEN = {
    "plain": "from jgd.core import below",
    "whole": "import jgd.core.below",
    "name": "from jgd.core.below import name",
    "inside a function": "def f():\n    from jgd.core import below",
    "for types only": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from jgd.core.below import Name",
}


@pytest.mark.parametrize("upward", HIDDEN.values(), ids=HIDDEN)
def test_a_circle_is_seen_wherever_the_import_stands(upward):
    """above imports below through between, and below imports above: three modules, one circle."""
    rest = {"jgd": "", "jgd.core": "", "jgd.core.between": upward, "jgd.core.above": "import jgd.core.between"}
    assert circular({**rest, "jgd.core.below": ""}) == []
    circle = ["jgd.core.above", "jgd.core.below", "jgd.core.between"]
    assert circular({**rest, "jgd.core.below": "import jgd.core.above"}) == [circle]
