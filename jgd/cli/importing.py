"""A user's own code: modules imported by name, functions by their address, module:function."""

import importlib
import sys
from collections.abc import Callable
from contextvars import ContextVar
from importlib import metadata
from pathlib import Path
from types import ModuleType
from typing import Annotated, Any

import typer

from jgd.core.version import __version__

_GIVEN: ContextVar[tuple[str, ...]] = ContextVar("_GIVEN", default=())  # set by each command line before its subcommand


def imported(argument: str, address: str, directory: str = "") -> Callable[..., Any]:
    """The function of `address`; the working directory is searched first, and `directory` after all other places.

    Raises `JgdValueError` or `JgdTypeError` naming the `argument` that gave it.
    """
    return imported_thing(argument, address, "function", callable, directory)


def imported_thing(argument: str, address: str, kind: str, suits: Callable[[Any], bool], directory: str = "") -> Any:
    """What is at `address`, module:name, and of a `kind` that `suits`; searched for as in `imported`, with its errors."""
    from jgd.core import checks  # here: jgd --version and --help answer without jax

    module, colon, name = address.partition(":")
    if not (module and colon and name):
        raise checks.JgdValueError(f"{argument} must be module:{kind}, got {checks.shown(address)}")
    holder = _module(argument, module, address, directory, f"module:{kind}, of a module")
    known = [each for each, thing in vars(holder).items() if suits(thing) and not each.startswith("_")]
    if name not in vars(holder):
        checks.choice(f"{kind} of {module} for {argument}", name, known)
    thing = vars(holder)[name]
    if not suits(thing):
        raise checks.JgdTypeError(
            f"{argument} must name a {kind}, got {checks.shown(address)}, a {type(thing).__name__}"
        )
    return thing


def import_module(argument: str, module: str, directory: str = "") -> None:
    """Run a module that registers optimizers; searched for as in `imported`, and the errors are the same."""
    _module(argument, module, module, directory, "a module")


def given_imports() -> tuple[str, ...]:
    """The modules that --import has named on this command line."""
    return _GIVEN.get()


def print_version(asked: bool) -> None:
    """Print jgd's and jax's versions, and end."""
    if asked:
        print(f"jgd {__version__}, jax {metadata.version('jax')}")
        raise typer.Exit


def import_modules(
    modules: Annotated[
        list[str] | None,
        typer.Option("--import", help="A module of your own whose optimizers register themselves; repeat it."),
    ] = None,
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=print_version, is_eager=True)
    ] = False,
) -> None:
    """Import what --import names, before the subcommand runs."""
    _GIVEN.set(tuple(modules or ()))
    for module in given_imports():
        import_module("--import", module)


def _module(argument: str, module: str, given: str, directory: str, rule: str) -> ModuleType:
    """The module, looked for in the working directory first and in `directory` last."""
    from jgd.core import checks

    for place, path in ((0, str(Path.cwd())), (len(sys.path), directory)):
        if path and path not in sys.path:
            sys.path.insert(place, path)
    try:
        return importlib.import_module(module)
    except Exception as error:  # whatever a user's module raises, it is the input that is bad
        fault = str(error) if isinstance(error, ImportError) else f"{type(error).__name__}: {error}"
        raise checks.JgdValueError(
            f"{argument} must be {rule} that can be imported, got {checks.shown(given)}: {fault}"
        ) from error
