"""Layer 1. Enters: a space and a user's table. Leaves: its rows as configs, checked against the space."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from jgd.core import checks
from jgd.spaces.lists import List, index_of, plain
from jgd.spaces.sampler import Sampler
from jgd.spaces.space import Config, Space


@dataclass(frozen=True, eq=False)
class Table(Sampler):
    """A user's own configs, in order.

    Every row is checked against the space. More configs: the first stay, as long as rows are added at the end.

    Args:
        rows: a list of mappings, a mapping of columns, or a data frame. In columns, NaN stands for a name that a config
            hasn't, and so does None unless it is one of the name's values.

    Example:
        >>> from jgd.spaces.distributions import log_uniform
        >>> from jgd.spaces.samplers import configs
        >>> configs({"learning_rate": log_uniform(1e-4, 1)}, Table([{"learning_rate": 0.1}, {"learning_rate": 0.3}]))
        [{'learning_rate': 0.1}, {'learning_rate': 0.3}]
    """

    rows: Any

    def configs(self, space: Space, count: int | None, first: int) -> list[Config]:
        rows = self._rows(space)
        until = max(first, len(rows)) if count is None else first + count
        if until > len(rows):
            raise checks.JgdValueError(f"first + count must be at most {len(rows)}, the number of rows, got {until}")
        return [space.admit(rows[i], f"rows[{i}]") for i in range(first, until)]

    def _rows(self, space: Space) -> list[Mapping[str, Any]]:
        rows = self.rows.to_dict("list") if hasattr(self.rows, "to_dict") else self.rows
        if isinstance(rows, Mapping):
            for name, column in rows.items():
                if isinstance(column, str) or not isinstance(column, Sequence | np.ndarray):
                    raise checks.JgdTypeError(
                        f"rows[{name!r}] must be a sequence, a column of values, got {checks.shown(column)}",
                        argument="rows",
                    )
            lengths = {name: len(column) for name, column in rows.items()}
            if len(set(lengths.values())) > 1:
                raise checks.JgdValueError(f"rows must have columns of the same length, got {lengths}", argument="rows")
            cells = [dict(zip(rows, row, strict=True)) for row in zip(*rows.values(), strict=True)]
            rows = [{name: value for name, value in row.items() if not _missing(space, name, value)} for row in cells]
        if isinstance(rows, str) or not isinstance(rows, Sequence):
            raise checks.JgdTypeError(
                f"rows must be a sequence of mappings or a mapping of columns, got {checks.shown(rows)}",
                argument="rows",
            )
        if not rows:
            raise checks.JgdValueError("rows must hold at least one config, got none", argument="rows")
        return list(rows)


def _missing(space: Space, name: str, value: Any) -> bool:
    if value is None:
        kind = space.distributions.get(name)
        return not (isinstance(kind, List) and index_of(None, kind.values) >= 0)
    value = plain(value)
    return isinstance(value, float) and value != value
