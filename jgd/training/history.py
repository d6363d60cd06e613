"""What a run saw at its steps, in bounded memory, and its smoothing."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from jgd.core import checks

LIMIT = 10_000  # rows kept of a run's history, unless said otherwise


def stride_within(limit: int, steps: int) -> int:
    """The smallest of 1, 2, 4, … steps between rows with which a run of `steps` leaves no more than `limit` rows.

    >>> stride_within(10, 10), stride_within(10, 11), stride_within(10, 45)
    (1, 2, 8)
    """
    stride = 1
    while -(-steps // stride) > limit:
        stride *= 2
    return stride


@dataclass
class History:
    """Rows of a run's steps: every `stride`-th up to `limit`, then every 2nd, 4th, 8th … of them, and always the last.

    What is kept depends on the number of steps only, never on where segments were cut or a run was resumed.
    """

    limit: int | None = LIMIT
    stride: int = 1
    done: int = 0  # steps seen
    kept: dict[str, np.ndarray] = field(default_factory=dict)  # name -> rows at steps 0, stride, 2 stride, …
    last: dict[str, np.ndarray] = field(default_factory=dict)  # name -> (1,) the last step's row

    def absorb(self, columns: Mapping[str, np.ndarray]) -> None:
        """The next steps' rows, name -> (steps,)."""
        steps = len(next(iter(columns.values())))
        if not steps:
            return
        place = np.arange(self.done, self.done + steps)
        columns = {"step": place, **columns}
        due = place % self.stride == 0
        for name, column in columns.items():
            before = self.kept.get(name, np.zeros(0, column.dtype))
            self.kept[name] = np.concatenate([before, column[due]])
            self.last[name] = column[-1:]
        self.done += steps
        while self.limit is not None and len(self.kept["step"]) > self.limit:
            self.stride *= 2
            self.kept = {name: column[::2] for name, column in self.kept.items()}

    def table(self) -> dict[str, np.ndarray]:
        """name -> (rows,): the steps kept, in order, the last one included."""
        if not self.done:
            return {name: np.zeros(0) for name in ("step",)}
        if self.kept["step"][-1] == self.last["step"][0]:
            return dict(self.kept)
        return {name: np.concatenate([column, self.last[name]]) for name, column in self.kept.items()}

    def arrays(self) -> dict[str, np.ndarray]:
        """Everything as arrays by name, for a store."""
        return {
            **{f"history.kept.{name}": column for name, column in self.kept.items()},
            **{f"history.last.{name}": column for name, column in self.last.items()},
        }

    @staticmethod
    def of(arrays: Mapping[str, np.ndarray], limit: int | None, stride: int, done: int) -> "History":
        """What `arrays` took apart."""
        part = lambda kind: {
            name.removeprefix(f"history.{kind}."): array
            for name, array in arrays.items()
            if name.startswith(f"history.{kind}.")
        }
        return History(limit, stride, done, part("kept"), part("last"))


FORMS = ("recursive", "corrected", "literal")


def smooth(values: Any, b: float, form: str = "recursive") -> np.ndarray:
    """A training curve smoothed by an exponentially weighted mean.

    A value that is not finite is a gap: it stays as it is, and the mean starts anew after it.

    Args:
        values: (steps,).
        b: In (0, 1], the weight of the *new* value.
        form: "recursive": s_0 = x_0, s_i = b x_i + (1 − b) s_{i−1}. "corrected": the same from 0, divided by its weight
            1 − (1 − b)^(i+1), so that the first value counts no more than any other. "literal": the lectures' printed
            formula b x_i + (1 − b) x_{i−1}, which looks one step back only.

    Returns:
        (steps,) float64.

    Raises:
        JgdValueError: b is outside its interval, an unknown form, or values that are no vector.

    Example:
        >>> smooth([4.0, 2.0, 2.0], 0.5).tolist()
        [4.0, 3.0, 2.5]
        >>> smooth([4.0, 2.0, 2.0], 0.5, form="corrected").round(3).tolist()
        [4.0, 2.667, 2.286]
    """
    b = checks.number("b", b, "(0, 1]")
    checks.choice("form", form, FORMS)
    values = checks.array("values", values)
    if values.ndim != 1:
        raise checks.JgdValueError(
            f"values must be a vector, one number a step, got shape {values.shape}", argument="values"
        )
    out = values.copy()
    total = before = None
    weight = 1.0
    for i, x in enumerate(values):
        if not np.isfinite(x):
            total = before = None
            continue
        if form == "literal":
            out[i] = x if before is None else b * x + (1 - b) * before
            before = x
        elif total is None:
            total, weight = (x, 1.0) if form == "recursive" else (b * x, b)
            out[i] = x
        else:
            total = b * x + (1 - b) * total
            weight = 1.0 if form == "recursive" else b + (1 - b) * weight
            out[i] = total / weight
    return out
