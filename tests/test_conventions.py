"""What CONTRIBUTING asks of every file, where a test can tell."""

import importlib
import pkgutil
from types import ModuleType

import pytest
from helpers.imports import ROOT

import jgd

MOST_LINES = 250
FILES = sorted(path.relative_to(ROOT) for path in ROOT.rglob("*.py"))
NAMED = [info for info in pkgutil.walk_packages(jgd.__path__, "jgd.") if info.ispkg or info.name.count(".") == 1]


@pytest.mark.parametrize("file", FILES, ids=str)
def test_a_file_is_one_idea(file):
    lines = len((ROOT / file).read_text().splitlines())
    assert lines <= MOST_LINES, f"jgd/{file} has {lines} lines: split it by its ideas"


@pytest.mark.parametrize("name", [info.name for info in NAMED])
def test_a_package_and_a_function_never_share_a_name(name):
    """Else `import jgd.sweep.optuna as o` is an ImportError: the function covers the package."""
    importlib.import_module(name)
    parent, _, own = name.rpartition(".")
    assert isinstance(getattr(importlib.import_module(parent), own), ModuleType), f"something else covers {name}"
