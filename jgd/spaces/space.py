"""Layer 1. Enters: names with their distributions. Leaves: a `Space`, which maps points of the unit cube to configs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from graphlib import CycleError, TopologicalSorter
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from jgd.core import checks
from jgd.spaces.columns import configs_of, filled, present
from jgd.spaces.distributions import When
from jgd.spaces.entries import condition_values, distribution_of
from jgd.spaces.json_space import entry_from_json, entry_to_json
from jgd.spaces.lists import Static, index_of, plain
from jgd.spaces.ranges import Distribution, unit

Config: TypeAlias = dict[str, Any]
Conditions: TypeAlias = Mapping[str, tuple[Any, ...]]  # static name -> the values for which the condition holds


@dataclass(frozen=True)
class Space:
    """Names, each with its distribution and its conditions; made by `jgd.space`.

    Attributes:
        names: In the order given, that of a config and of the columns of `units`.
        distributions: Name -> its own.
        conditions: Name -> static name -> the values that it must have, for names that aren't always part of a config.

    Example:
        >>> from jgd.spaces.distributions import log_uniform, static, when
        >>> kinds, b2 = static(["sgd", "adam"]), when([0.99, 0.999], optimizer="adam")
        >>> made = space(optimizer=kinds, learning_rate=log_uniform(1e-4, 1), b2=b2)
        >>> made.at([[0.1, 0.5, 0.1], [0.9, 0.5, 0.9]])
        [{'optimizer': 'sgd', 'learning_rate': 0.01}, {'optimizer': 'adam', 'learning_rate': 0.01, 'b2': 0.999}]
        >>> made.units({"optimizer": "sgd", "learning_rate": 0.01})
        array([0.25, 0.5 ,  nan])
    """

    names: tuple[str, ...]  # a field: two spaces with another order draw other configs, and so aren't equal
    distributions: Mapping[str, Distribution]
    conditions: Mapping[str, Conditions]

    @property
    def static(self) -> tuple[str, ...]:
        """The names of structure: configs that differ in one of them need programs of their own."""
        return tuple(name for name, kind in self.distributions.items() if isinstance(kind, Static))

    @property
    def free(self) -> tuple[str, ...]:
        """The names with more than one value: those that a sampler draws."""
        return tuple(name for name, kind in self.distributions.items() if kind.size != 1)

    @cached_property
    def order(self) -> tuple[str, ...]:
        """The names, those that conditions look at before those that have the conditions."""
        waits = {name: tuple(self.conditions.get(name, ())) for name in self.names}
        return tuple(TopologicalSorter(waits).static_order())

    def includes(self, name: str, config: Config) -> bool:
        """Whether `name` is part of a config that has the values of `config` for the names before it in `order`."""
        wanted = self.conditions.get(name, {})
        return all(parent in config and index_of(config[parent], values) >= 0 for parent, values in wanted.items())

    def at(self, units: ArrayLike) -> list[Config]:
        """The configs at `units`, (n, d) with a column for each name, in [0, 1]; what a config hasn't is not read."""
        try:
            points = np.asarray(units, np.float64)
        except (TypeError, ValueError) as error:
            raise checks.JgdTypeError(
                f"units must be an array of numbers, got {checks.shown(units)}", argument="units"
            ) from error
        if points.ndim != 2 or points.shape[1] != len(self.names):
            raise checks.JgdValueError(
                f"units must have the shape (n, {len(self.names)}), got {points.shape}", argument="units"
            )
        for row, column in np.argwhere((points < 0) | (points > 1))[:1]:
            raise checks.JgdValueError(
                f"units[{row}, {column}] ({self.names[column]}) must be in [0, 1], got {points[row, column]}",
                argument="units",
            )
        columns: dict[str, Sequence[Any]] = {}
        for name in self.order:
            where = present(self.conditions.get(name, {}), columns, len(points))
            read = points[where, self.names.index(name)]
            if np.isnan(read).any():
                unit(np.nan)  # refuses it
            columns[name] = filled(self.distributions[name].at_each(read.tolist()), where)
        return configs_of(self.names, columns, len(points))

    def _ordered(self, config: Config) -> Config:
        return {name: config[name] for name in self.names if name in config}

    def admit(self, config: Mapping[str, Any], name: str = "config") -> Config:
        """`config` in the space's order, with values as `at` gives them; refused unless it is one of the space.

        A name with a single value may be left out. name: what messages call the config.
        """
        if not isinstance(config, Mapping):
            raise checks.JgdTypeError(f"{name} must map names to values, got {checks.shown(config)}", argument=name)
        for key in config:
            checks.choice(f"name in {name}:", key, self.names)
        out: Config = {}
        for key in self.order:
            if self.includes(key, out):
                out[key] = self._value(key, config, name)
            elif key in config:
                raise checks.JgdValueError(
                    f"{name}[{key!r}] must be absent where its condition fails: {self._condition(key)}, "
                    f"got {checks.shown(config[key])}",
                    argument=name,
                )
        return self._ordered(out)

    def _value(self, key: str, config: Mapping[str, Any], name: str) -> Any:
        kind = self.distributions[key]
        if key in config:
            try:
                return kind.admit(plain(config[key]))
            except checks.JgdError as error:
                raise checks.prefixed(f"{name}[{key!r}]: ", error) from error
        if kind.size != 1:
            raise checks.JgdValueError(
                f"{name} must give a value to {key!r}, got {checks.shown(dict(config))}", argument=name
            )
        return kind.at(0)

    def describe(self) -> dict[str, Any]:
        """The space as plain data for JSON, in the order of its names; `Space.of` makes an equal space of it.

        Raises `JgdTypeError`, naming the name, for static values that JSON can't hold.
        """
        return {n: entry_to_json(n, kind, self.conditions.get(n, {})) for n, kind in self.distributions.items()}

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> "Space":
        """The space that `describe` or a TOML file says.

        >>> made = Space.of({"optimizer": {"static": ["sgd", "adam"]}, "b1": {"choice": [0.9], "when": {"optimizer": "adam"}}})
        >>> made == Space.of(made.describe()), made.describe()["b1"]
        (True, {'choice': [0.9], 'when': {'optimizer': ['adam']}})
        """
        if not isinstance(data, Mapping):
            raise checks.JgdTypeError(
                f"space must map parameter names to values, got {checks.shown(data)}", argument="space"
            )
        return as_space({name: entry_from_json(name, entry) for name, entry in data.items()})

    def _condition(self, name: str) -> str:
        return " and ".join(f"{parent} in {list(values)!r}" for parent, values in self.conditions[name].items())

    def units(self, config: Mapping[str, Any]) -> np.ndarray:
        """Where a config lies: (d,) in [0, 1], a place for each name, NaN for those it hasn't. Refuses as `admit`."""
        inside = self.admit(config)
        return np.array([self.distributions[n].place(inside[n]) if n in inside else np.nan for n in self.names])


def space(**names: Any) -> Space:
    """A search space: what to try for each of a recipe's parameters.

    Args:
        **names: for each parameter a distribution of `jgd.spaces` (`log_uniform`, `one_minus_log_uniform`, `uniform`,
            `integers`, `choice`, `static`), a sequence of numbers (a choice), a number (fixed), or one of these under
            `when`.

    Returns:
        The `Space`, with its names in the order given.

    Raises:
        JgdTypeError: for what is none of these, by the parameter's name.
        JgdValueError: for bad values, conditions on a name that is not structure of the space, and conditions that form
            a circle.

    Example:
        >>> from jgd.spaces.distributions import log_uniform
        >>> space(learning_rate=log_uniform(1e-3, 1), momentum=[0.5, 0.9], weight_decay=1e-4).at([[0.0, 0.6, 0.0]])
        [{'learning_rate': 0.001, 'momentum': 0.9, 'weight_decay': 0.0001}]
    """
    return as_space(names)


def as_space(names: "Mapping[str, Any] | Space") -> Space:
    """A `Space` as it is; a mapping of names to a space's entries as the space that it says.

    Args:
        names: a `Space`, or what `space` takes as keywords, as a mapping.

    Returns:
        The `Space`.

    Raises:
        JgdTypeError: for neither, or names that are no words.
        JgdValueError: as `space` does.

    Example:
        >>> as_space({"learning_rate": [0.1, 0.2]}).distributions["learning_rate"].values
        (0.1, 0.2)
    """
    if isinstance(names, Space):
        return names
    if not isinstance(names, Mapping):
        raise checks.JgdTypeError(
            f"space must be a jgd.space or map parameter names to values, got {checks.shown(names)}", argument="space"
        )
    for name in names:
        if not isinstance(name, str) or not name:
            raise checks.JgdTypeError(
                f"space must have names that are words, got {checks.shown(name)}", argument="space"
            )
    whens = {name: entry if isinstance(entry, When) else When(entry, ()) for name, entry in names.items()}
    distributions = {name: distribution_of(f"space[{name!r}]", entry.entry) for name, entry in whens.items()}
    conditions = {
        name: {parent: condition_values(name, parent, values, distributions) for parent, values in entry.conditions}
        for name, entry in whens.items()
        if entry.conditions
    }
    made = Space(tuple(names), distributions, conditions)
    try:
        _ = made.order
    except CycleError as error:
        circle = " -> ".join(reversed(error.args[1]))
        raise checks.JgdValueError(
            f"space must have conditions without a circle, got {circle}", argument="space"
        ) from error
    return made
