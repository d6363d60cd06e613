"""Packages of many names, each imported when it is first asked for: who wants one method doesn't wait for seventy."""

import importlib
import importlib.util
import sys
from collections.abc import Mapping
from types import ModuleType
from typing import Any


def import_on_demand(package: str, homes: Mapping[str, str]) -> None:
    """Give the package, which is being imported, names that are imported on demand.

    homes: module of the package -> its names that are public in the package, separated by blanks; "" -> modules that are.
    One that begins with a dot is relative to the package's own package.
    """
    module = sys.modules[package]
    home_of = {name: home for home, names in homes.items() for name in names.split()}
    module.__dict__.update(_home_of=home_of, __all__=sorted(home_of))
    module.__class__ = OnDemand


class OnDemand(ModuleType):
    """A package whose names are imported on demand; its modules too."""

    _home_of: dict[str, str]

    def __getattr__(self, name: str) -> Any:
        home = self.__dict__["_home_of"].get(name)
        if home is None and (name.startswith("_") or importlib.util.find_spec(f"{self.__name__}.{name}") is None):
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        module = importlib.import_module(f".{home or name}", self.__name__)
        setattr(self, name, getattr(module, name) if home else module)
        return self.__dict__[name]

    def __setattr__(self, name: str, value: Any) -> None:
        # whoever imports a module sets it in its package: there the function of its name stays
        covered = isinstance(value, ModuleType) and self._home_of.get(name) == name
        super().__setattr__(name, getattr(value, name) if covered else value)

    def __reduce__(self) -> tuple[Any, ...]:
        return importlib.import_module, (self.__name__,)  # cloudpickle sends plain modules by name, and no other class

    def __dir__(self) -> list[str]:
        modules = {name for name, value in vars(self).items() if getattr(value, "__name__", "").startswith("jgd.")}
        return sorted({*self._home_of, *modules, *(name for name in vars(self) if name.startswith("__"))})
