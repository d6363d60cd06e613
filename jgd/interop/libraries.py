"""The libraries, imported when they are first needed."""

import importlib
from typing import Any

EXTRA = "interop"


def library(name: str, install: str | None = None) -> Any:
    """A module of one of the libraries; one that is missing is named with the package or the extra that brings it.

    Raises:
        ImportError: It is not installed.
    """
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        package = name.partition(".")[0]
        if (error.name or "").partition(".")[0] != package:
            raise
        install = install or f"'jgd[{EXTRA}]'"
        raise ImportError(f"{package} is not installed: pip install {install}", name=package) from error
