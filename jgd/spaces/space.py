"""Layer 1. Enters: names with their distributions. Leaves: a `Space`, which maps points of the unit cube to configs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from graphlib import CycleError, TopologicalSorter
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from jgd.core import checks
from jgd.spaces.at_points import columns_at, points_of
from jgd.spaces.columns import configs_of
from jgd.spaces.conditions import Case, holds, words_of
from jgd.spaces.constraints import CONSTRAINTS, allowed, check_constraints, constraints_of, refuse_broken
from jgd.spaces.derived import Derived
from jgd.spaces.entries import cases_of
from jgd.spaces.json_space import cases_to_json, entry_from_json
from jgd.spaces.lists import Static, plain
from jgd.spaces.ranges import Distribution

Config: TypeAlias = dict[str, Any]


@dataclass(frozen=True)
class Space:
    """Names, each with its distribution and its conditions; made by `jgd.space`.

    Attributes:
        names: In the order given, that of a config and of the columns of `units`.
        cases: Name -> its distributions, each with the conditions under which it holds; the first that holds counts, and
            without one the name is no part of the config.
        constraints: Formulas that every config fulfils.

    Example:
        >>> from jgd.spaces.conditions import when
        >>> from jgd.spaces.distributions import log_uniform, static
        >>> kinds, b2 = static(["sgd", "adam"]), when([0.99, 0.999], optimizer="adam")
        >>> made = space(optimizer=kinds, learning_rate=log_uniform(1e-4, 1), b2=b2)
        >>> made.at([[0.1, 0.5, 0.1], [0.9, 0.5, 0.9]])
        [{'optimizer': 'sgd', 'learning_rate': 0.01}, {'optimizer': 'adam', 'learning_rate': 0.01, 'b2': 0.999}]
        >>> made.units({"optimizer": "sgd", "learning_rate": 0.01})
        array([0.25, 0.5 ,  nan])
    """

    names: tuple[str, ...]  # a field: two spaces with another order draw other configs, and so aren't equal
    cases: Mapping[str, tuple[Case, ...]]
    constraints: tuple[str, ...] = ()

    @property
    def distributions(self) -> dict[str, Distribution]:
        """Name -> its distribution, for the names that have one only."""
        return {name: each[0].distribution for name, each in self.cases.items() if len(each) == 1}

    @cached_property
    def static(self) -> tuple[str, ...]:
        """The names of structure: configs that differ in one of them need programs of their own."""
        return tuple(name for name, each in self.cases.items() if isinstance(each[0].distribution, Static))

    @cached_property
    def free(self) -> tuple[str, ...]:
        """The names with more than one value: those that a sampler draws."""
        return tuple(name for name, each in self.cases.items() if any(case.distribution.size != 1 for case in each))

    @cached_property
    def order(self) -> tuple[str, ...]:
        """The names, those that others look at, by conditions or formulas, before the others."""
        looks = {name: [*(parent for case in each for parent in case.conditions)] for name, each in self.cases.items()}
        for name, each in self.cases.items():
            for case in each:
                looks[name] += case.distribution.expression.names if isinstance(case.distribution, Derived) else ()
        return tuple(TopologicalSorter(looks).static_order())

    def case(self, name: str, config: Config) -> int | None:
        """Which case of `name` holds in a config that has the values for the names before it in `order`."""
        if not isinstance(name, str) or name not in self.cases:
            checks.choice("name of the space:", name, self.cases)
        fits = lambda case: all(parent in config and holds(config[parent], w) for parent, w in case.conditions.items())
        return next((place for place, case in enumerate(self.cases[name]) if fits(case)), None)

    def kind(self, name: str, config: Config) -> Distribution | None:
        """What `name` may be in such a config; None where it isn't part of it."""
        case = self.case(name, config)
        kind = None if case is None else self.cases[name][case].distribution
        lacks = isinstance(kind, Derived) and not all(each in config for each in kind.expression.names)
        return None if lacks else kind

    def at(self, units: ArrayLike) -> list[Config]:
        """The configs at `units`, (n, d) with a column for each name, in [0, 1]; what a config hasn't is not read.

        Constraints are not looked at, as by `drawn`.
        """
        points = points_of(units, self.names)
        return configs_of(self.names, columns_at(points, self.names, self.order, self.cases), len(points))

    def drawn(self, units: ArrayLike) -> list[Config]:
        """The configs at `units` that fulfil all constraints, in order."""
        points = points_of(units, self.names)
        return self.allowed_of(columns_at(points, self.names, self.order, self.cases), len(points))

    def allowed_of(self, columns: Mapping[str, Sequence[Any]], count: int) -> list[Config]:
        """The configs of columns that fulfil all constraints, in order."""
        checks.instance("columns", columns, Mapping, "{name: values}")
        out = configs_of(self.names, columns, count)
        if not self.constraints:
            return out
        good = allowed(self.constraints, columns, count)
        return [config for config, fulfils in zip(out, good.tolist(), strict=True) if fulfils]

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
            kind = self.kind(key, out)
            if kind is not None:
                out[key] = self._value(key, kind, config, out, name)
            elif key in config:
                raise checks.JgdValueError(
                    f"{name}[{key!r}] must be absent where its condition fails: {words_of(self.cases[key])}, "
                    f"got {checks.shown(config[key])}",
                    argument=name,
                )
        refuse_broken(self.constraints, out, name)
        return {key: out[key] for key in self.names if key in out}

    def _value(self, key: str, kind: Distribution, config: Mapping[str, Any], so_far: Config, name: str) -> Any:
        if isinstance(kind, Derived):
            return kind.of(so_far, config.get(key), f"{name}[{key!r}]")
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
        out: dict[str, Any] = {name: cases_to_json(name, each) for name, each in self.cases.items()}
        return {**out, CONSTRAINTS: list(self.constraints)} if self.constraints else out

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
        own = constraints_of(data)
        return as_space({name: each if name in own else entry_from_json(name, each) for name, each in data.items()})

    def units(self, config: Mapping[str, Any]) -> np.ndarray:
        """Where a config lies: (d,) in [0, 1], a place for each name, NaN for those it hasn't. Refuses as `admit`."""
        inside = self.admit(config)
        kinds = {name: self.kind(name, inside) for name in self.names}
        return np.array([np.nan if kind is None else kind.place(inside[name]) for name, kind in kinds.items()])


def space(*constraints: str, **names: Any) -> Space:
    """A search space: what to try for each of a recipe's parameters.

    Args:
        *constraints: formulas that a config has to fulfil, such as "b1 < b2" or "warmup + hold <= 100"; a sampler goes on
            drawing where one is broken. One with a name that a config lacks says nothing of it.
        **names: for each parameter a distribution of `jgd.spaces` (`log_uniform`, `one_minus_log_uniform`, `uniform`,
            `integers`, `normal`, `log_normal`, `choice`, `static`, `derived`, `vector`), a sequence of numbers (a choice), a number
            (fixed), one of these under `when`, or a list of several under `when`, of which the first that holds counts.

    Returns:
        The `Space`, with its names in the order given.

    Raises:
        JgdTypeError: for what is none of these, by the parameter's name.
        JgdValueError: for bad values, conditions or formulas with a name that the space hasn't, and names that look at
            each other in a circle.

    Example:
        >>> from jgd.spaces.distributions import log_uniform
        >>> space(learning_rate=log_uniform(1e-3, 1), momentum=[0.5, 0.9], weight_decay=1e-4).at([[0.0, 0.6, 0.0]])
        [{'learning_rate': 0.001, 'momentum': 0.9, 'weight_decay': 0.0001}]
        >>> from jgd.spaces.samplers import configs
        >>> configs(space("b1 < b2", b1=[0.5, 0.9], b2=[0.7, 0.99]))
        [{'b1': 0.5, 'b2': 0.7}, {'b1': 0.5, 'b2': 0.99}, {'b1': 0.9, 'b2': 0.99}]
    """
    return as_space({**names, CONSTRAINTS: list(constraints)} if constraints else names)


def as_space(names: "Mapping[str, Any] | Space") -> Space:
    """A `Space` as it is; a mapping of names to a space's entries as the space that it says.

    Args:
        names: a `Space`, or what `space` takes as keywords, as a mapping; its constraints are a list of words there, under
            the name "constraints".

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
    formulas = constraints_of(names)
    cases = cases_of({name: entry for name, entry in names.items() if name not in formulas})
    made = Space(tuple(cases), cases, check_constraints(formulas.get(CONSTRAINTS, ()), cases))
    try:
        _ = made.order
    except CycleError as error:
        circle = " -> ".join(reversed(error.args[1]))
        raise checks.JgdValueError(
            f"space must have conditions and formulas without a circle, got {circle}", argument="space"
        ) from error
    return made
