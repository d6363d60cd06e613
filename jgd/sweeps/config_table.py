"""Configs as columns: millions of them in a few arrays, each a dictionary again when it is asked for."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, overload

import numpy as np

from jgd.core import checks
from jgd.core.strict_json import fault_of, is_word
from jgd.spaces.json_space import of_json
from jgd.spaces.space import Config

_CHUNK = 4096


@dataclass(frozen=True)
class _Shape:
    """Configs of one recipe with the same names. columns: name -> the values, or places in `words` of the name."""

    recipe: str
    names: tuple[str, ...]
    columns: Mapping[str, np.ndarray]
    words: Mapping[str, Sequence[Any]]

    def rows(self, places: np.ndarray) -> list[Config]:
        """Some of its configs."""
        columns = []
        for name in self.names:
            values = self.columns[name][places].tolist()
            columns.append([self.words[name][value] for value in values] if name in self.words else values)
        return [dict(zip(self.names, row, strict=True)) for row in zip(*columns, strict=True)] or [{} for _ in places]


@dataclass(frozen=True, eq=False)
class ConfigTable(Sequence[tuple[str, Config]]):
    """(recipe, config) along the config axis. shape_of, row_of: of each config, its shape and its row there."""

    shapes: tuple[_Shape, ...]
    shape_of: np.ndarray
    row_of: np.ndarray

    @classmethod
    def of(cls, configs: Sequence[tuple[str, Config]]) -> "ConfigTable":
        """A table of these configs.

        >>> table = ConfigTable.of([("sgd", {"learning_rate": 0.1}), ("mlp", {"widths": (4, 4), "depth": 2})])
        >>> ConfigTable.from_arrays(*table.arrays())[1], table[0][1], len(table)
        (('mlp', {'widths': (4, 4), 'depth': 2}), {'learning_rate': 0.1}, 2)
        """
        if isinstance(configs, ConfigTable):
            return configs
        members: dict[tuple[str, tuple[str, ...]], list[int]] = {}
        for place, (recipe, config) in enumerate(configs):
            members.setdefault((recipe, tuple(config)), []).append(place)
        shape_of, row_of = np.zeros((2, len(configs)), np.int32)
        shapes = []
        for number, ((recipe, names), places) in enumerate(members.items()):
            shape_of[places], row_of[places] = number, np.arange(len(places))
            made = {name: _column([configs[place][1][name] for place in places]) for name in names}
            words = {name: words for name, (_, words) in made.items() if words is not None}
            shapes.append(_Shape(recipe, names, {name: column for name, (column, _) in made.items()}, words))
        return cls(tuple(shapes), shape_of, row_of)

    def __len__(self) -> int:
        return len(self.shape_of)

    @overload
    def __getitem__(self, place: int) -> tuple[str, Config]: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[tuple[str, Config]]: ...
    def __getitem__(self, place: int | slice) -> tuple[str, Config] | Sequence[tuple[str, Config]]:
        if isinstance(place, slice):
            return [self[each] for each in range(*place.indices(len(self)))]
        shape = self.shapes[self.shape_of[place]]
        return shape.recipe, shape.rows(self.row_of[place : place + 1 or None])[0]

    def __iter__(self) -> Iterator[tuple[str, Config]]:
        for begin in range(0, len(self), _CHUNK):
            numbers = self.shape_of[begin : begin + _CHUNK]
            some: list[Any] = [None] * len(numbers)
            for number in np.unique(numbers).tolist():
                shape, here = self.shapes[number], np.flatnonzero(numbers == number)
                for place, config in zip(here.tolist(), shape.rows(self.row_of[begin + here]), strict=True):
                    some[place] = shape.recipe, config
            yield from some

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Sequence)
            and len(self) == len(other)
            and all(a == b for a, b in zip(self, other, strict=True))
        )

    __hash__ = None  # pyright: ignore[reportAssignmentType]: as Python has it for what compares by content

    def arrays(self) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        """The table as arrays and what JSON holds; `from_arrays` makes it again."""
        columns = {f"{n}.{name}": column for n, each in enumerate(self.shapes) for name, column in each.columns.items()}
        told = [{"recipe": each.recipe, "names": list(each.names), "words": dict(each.words)} for each in self.shapes]
        return {"shape_of": self.shape_of, "row_of": self.row_of, **columns}, {"shapes": told}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray], told: Mapping[str, Any]) -> "ConfigTable":
        """The table of `arrays`.

        Raises:
            JgdValueError: for what is none.
        """
        if fault := fault_of(told, {"shapes": [{"recipe": is_word, "names": [is_word], "words": dict}]}):
            raise checks.JgdValueError(fault)
        try:
            shapes = tuple(
                _Shape(
                    each["recipe"],
                    tuple(each["names"]),
                    {name: arrays[f"{number}.{name}"] for name in each["names"]},
                    {name: [_plain(value) for value in words] for name, words in each["words"].items()},
                )
                for number, each in enumerate(told["shapes"])
            )
            table = cls(shapes, arrays["shape_of"], arrays["row_of"])
            table._check()
        except (LookupError, TypeError, ValueError, AttributeError, RecursionError) as fault:
            raise checks.JgdValueError(f"its configs are none: {fault}") from fault
        return table

    def _check(self) -> None:
        """`ValueError` where a config isn't in its columns."""
        sizes = [len(self.row_of)] if not self.shapes else []
        for number, shape in enumerate(self.shapes):
            rows = self.row_of[self.shape_of == number]
            sizes.append(len(rows))
            for name, column in shape.columns.items():
                fits = column.ndim == 1 and len(rows) == len(column) and column.dtype.kind in "if"
                if fits and name in shape.words and len(column):
                    fits = column.dtype.kind == "i" and 0 <= column.min() <= column.max() < len(shape.words[name])
                if not fits:
                    raise ValueError(f"its {name} are not those of {len(rows)} configs")
            if len(rows) and not 0 <= rows.min() <= rows.max() < len(rows):
                raise ValueError("its rows are others")
        if self.row_of.ndim != 1 or self.row_of.shape != self.shape_of.shape or sum(sizes) != len(self.row_of):
            raise ValueError("some are of no recipe")


@dataclass(frozen=True)
class Seen(Sequence[Any]):
    """Something of each config, made when it is asked for."""

    configs: Sequence[tuple[str, Config]]
    of: Callable[[str, Config], Any]

    def __len__(self) -> int:
        return len(self.configs)

    def __getitem__(self, place: Any) -> Any:
        return self.of(*self.configs[place])

    def __iter__(self) -> Iterator[Any]:
        return (self.of(*each) for each in self.configs)


def recipes_of(configs: Sequence[tuple[str, Config]]) -> np.ndarray:
    """(configs,): the recipe of each."""
    if isinstance(configs, ConfigTable):
        return np.array([shape.recipe for shape in configs.shapes])[configs.shape_of]
    return np.array([recipe for recipe, _ in configs])


def names_of(configs: Sequence[tuple[str, Config]]) -> set[str]:
    """The names of all hyperparameters."""
    if isinstance(configs, ConfigTable):
        return {name for shape in configs.shapes for name in shape.names}
    return {name for _, config in configs for name in config}


def _column(values: list[Any]) -> tuple[np.ndarray, list[Any] | None]:
    """Values as numbers where all are of one kind; else places in the list of those that there are."""
    if all(isinstance(value, float) for value in values):
        return np.array(values, np.float64), None
    if all(type(value) is int and abs(value) < 2**63 for value in values):
        return np.array(values, np.int64), None
    texts = [json.dumps(value) for value in values]
    place_of = {text: place for place, text in enumerate(dict.fromkeys(texts))}
    return np.array([place_of[text] for text in texts], np.int32), [json.loads(text) for text in place_of]


def _plain(value: Any) -> Any:
    """A value as a config has it; `ValueError` for what none has."""

    def is_plain(value: Any) -> bool:
        if isinstance(value, list):
            return all(map(is_plain, value))
        return value is None or isinstance(value, int | float) or is_word(value)

    if not is_plain(value):
        raise ValueError("a config has values that are neither numbers nor words")
    return of_json(value)
