"""A user's own functions by their address, module:function. Enters: an address. Leaves: the function."""

import importlib
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from jgd.core import checks


def imported(argument: str, address: str, directory: str = "") -> Callable[..., Any]:
    """The function of `address`; the working directory is searched first, and `directory` after all other places.

    Raises `JgdValueError` or `JgdTypeError` naming the `argument` that gave it.
    """
    module, colon, name = address.partition(":")
    if not (module and colon and name):
        raise checks.JgdValueError(f"{argument} must be module:function, got {address!r}")
    for place, path in ((0, str(Path.cwd())), (len(sys.path), directory)):
        if path and path not in sys.path:
            sys.path.insert(place, path)
    try:
        holder = importlib.import_module(module)
    except Exception as error:  # whatever a user's module raises, it is the input that is bad
        fault = str(error) if isinstance(error, ImportError) else f"{type(error).__name__}: {error}"
        raise checks.JgdValueError(
            f"{argument} must be module:function, of a module that can be imported, got {address!r}: {fault}"
        ) from error
    known = [each for each, thing in vars(holder).items() if callable(thing) and not each.startswith("_")]
    if name not in vars(holder):
        checks.choice(f"function of {module} for {argument}", name, known)
    function = vars(holder)[name]
    if not callable(function):
        raise checks.JgdTypeError(f"{argument} must name a function, got {address!r}, a {type(function).__name__}")
    return function
