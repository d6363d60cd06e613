"""Registries: names, as they are written in spaces and on the command line, and the functions that they stand for."""

import importlib
import inspect
import keyword
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Generic, TypeVar, cast, overload

from jgd.core import checks
from jgd.core.spellings import builder

T = TypeVar("T", bound=Callable[..., Any])


class Registry(Mapping[str, T], Generic[T]):
    """A mapping of names to builders that takes more of them.

    Args:
        kind: What its errors call an entry.
        entries: The builders that it starts with, by name; or where one is, as "module:name", imported when it is first
            asked for.

    Example:
        >>> shapes = Registry("shape", {"circle": lambda radius: radius})
        >>> @shapes.register("square")
        ... def square(side):
        ...     return side
        >>> list(shapes), shapes.find("square")(2)
        (['circle', 'square'], 2)
        >>> shapes.find("sqare")
        Traceback (most recent call last):
            ...
        jgd.core.checks.errors.JgdValueError: unknown shape 'sqare'; did you mean 'square'? choose from: circle, square
    """

    def __init__(self, kind: str, entries: Mapping[str, T | str]):
        self.kind = kind
        self._entries: dict[str, Any] = dict(entries)

    def __getitem__(self, name: str) -> T:
        entry = self._entries[name]
        if isinstance(entry, str):
            module, own = entry.split(":")
            entry = self._entries[name] = getattr(importlib.import_module(module), own)
        return entry

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def __repr__(self) -> str:
        return f"Registry({self.kind!r}, {list(self)})"

    def find(self, name: str) -> T:
        """The builder registered under a name.

        Args:
            name: The name.

        Returns:
            The builder.

        Raises:
            JgdValueError: For an unknown name, with the nearest.
        """
        return self[checks.choice(self.kind, name, self)]

    @overload
    def register(self, name: str, build: None = None, *, replace: bool = False) -> Callable[[T], T]: ...
    @overload
    def register(self, name: str, build: T, *, replace: bool = False) -> T: ...
    def register(self, name: str, build: T | None = None, *, replace: bool = False) -> T | Callable[[T], T]:
        """Enter `build` under `name` for the rest of the process, and give it back; without `build`, a decorator.

        What the decorator returns and enters answers a wrong argument's name with the right one.

        Args:
            name: A Python identifier that is not taken, unless `replace`.
            build: A function that can be called with all its arguments by name.
            replace: Whether an entry of that name gives way.

        Returns:
            `build` itself, or the decorator that takes it.

        Raises:
            JgdTypeError: For a name that is no text, or something that can't be called by name.
            JgdValueError: For a name that is no identifier, or taken.
        """
        self._check_name(name, replace)

        def enter(build: T) -> T:
            self._check_builder(build)
            self._entries[name] = build
            return build

        decorator: Any = lambda build: enter(cast(T, builder(build)) if inspect.isfunction(build) else build)
        return decorator if build is None else enter(build)

    def unregister(self, name: str) -> None:
        """Take out what `register` has entered.

        Args:
            name: The name.

        Raises:
            JgdValueError: For an unknown name, with the nearest.
        """
        self.find(name)
        del self._entries[name]

    def _check_name(self, name: Any, replace: bool) -> None:
        if not isinstance(name, str):
            how = f', as in register("{self.kind}_name")' if callable(name) else ""
            raise checks.JgdTypeError(
                f"name must be text{how}, got {checks.shown(name)} ({type(name).__name__})", argument="name"
            )
        if not name.isidentifier() or keyword.iskeyword(name):
            raise checks.JgdValueError(
                f"name must be a Python identifier, such as my_method, got {checks.shown(name)}", argument="name"
            )
        if name in self and not checks.flag("replace", replace):
            raise checks.JgdValueError(f"name {name!r} is taken by another {self.kind}; replace=True lets it give way")

    def _check_builder(self, build: Any) -> None:
        if not callable(build):
            raise checks.JgdTypeError(f"{self.kind} must be a function that builds one, got {checks.shown(build)}")
        try:
            parameters = inspect.signature(build).parameters.values()
        except ValueError as fault:  # of C
            raise checks.JgdTypeError(f"{self.kind} must be a Python function, got {checks.shown(build)}") from fault
        for parameter in parameters:
            if parameter.kind in (parameter.POSITIONAL_ONLY, parameter.VAR_POSITIONAL):
                raise checks.JgdTypeError(
                    f"{self.kind} must take its arguments by name, got {checks.shown(build)} with the positional {parameter.name!r}"
                )
