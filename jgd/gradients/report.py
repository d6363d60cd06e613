"""What a gradient check says: a verdict a leaf, a table to read, a dictionary to store."""

from dataclasses import asdict, dataclass, field
from typing import Any

from jgd.core import notebook
from jgd.core.checks import JgdError
from jgd.core.strict_json import without_nan
from jgd.core.text import align_columns

VERDICTS = ("ok", "wrong", "inconclusive", "skipped")
HEADINGS = ("leaf", "shape", "dtype", "entries", "worst", "analytic", "numeric", "±", "rel. error", "verdict", "")


class WrongGradientError(JgdError, AssertionError):
    """A gradient failed its check; the message is the table."""


@dataclass(frozen=True)
class LeafCheck:
    """The verdict on one leaf of the parameters.

    Attributes:
        path: Of the leaf in params.
        shape: Its shape.
        dtype: Its dtype.
        verdict: "ok", "wrong", "inconclusive" (the numbers can't tell: `cause` says why) or "skipped" (not real floating,
            or empty).
        checked: Entries that were compared one by one, of `total`.
        total: Entries of the leaf.
        directions: Random directions that were compared; they cover all entries.
        worst: Index of the entry that is off most. None: only directions were compared, and `analytic` and `numeric` are
            slopes along the worst one, of unit length.
        analytic: The derivative there, of the gradient under test.
        numeric: The same by differences.
        error_bar: Of `numeric`, from h against 2h and the rounding.
        relative_error: |analytic − numeric| / max(|analytic|, |numeric|).
        cosine: Between the analytic and the numeric values that were compared.
        resolution: The relative size of a fault along a random direction that would pass unseen.
        rounding: How far the program's own precision moves its gradient from that in float64, relative.
        kind: The suspected cause in a word: "sign", "factor", "rows", "constant", "missing", "unused" by the program,
            "flat" at this point, "steps", "penalty", "transposed", "entries", "nonfinite", "unknown", "kink", "too small",
            "undefined", "precision", or "".
        cause: The same in words.
        coefficient: Its number, where it has one.
        entries: Indices of wrong entries, 20 at most.
    """

    path: str
    shape: tuple[int, ...]
    dtype: str
    verdict: str
    checked: int = 0
    total: int = 0
    directions: int = 0
    worst: tuple[int, ...] | None = None
    analytic: float | None = None
    numeric: float | None = None
    error_bar: float | None = None
    relative_error: float | None = None
    cosine: float | None = None
    resolution: float | None = None
    rounding: float | None = None
    kind: str = ""
    cause: str = ""
    coefficient: float | None = None
    entries: tuple[tuple[int, ...], ...] = ()


@dataclass(frozen=True)
class ConsistencyCheck:
    """Two ways to compute one gradient.

    Attributes:
        name: What was compared: "jit", "looped_mean" or "looped_sum".
        leaf: Path of the leaf where they differ most.
        relative_error: By how much, ‖a − b‖/‖b‖.
        verdict: "ok" or "wrong".
    """

    name: str
    leaf: str
    relative_error: float
    verdict: str


@dataclass(frozen=True, repr=False)
class GradientCheck:
    """The result of `check_gradients`; print it. Its repr is one line.

    Attributes:
        leaves: A verdict for each leaf of params.
        value: The loss.
        seed: Repeats the check's directions.
        evaluations: Of the loss in float64.
        problem: Why the loss can't be checked at all, "" if it can: not finite, not the same twice, or a staircase. Every
            leaf that it reads is then inconclusive.
        second: The check of the second derivatives, asked for by `order=2`.
        consistency: Compiled = not compiled, batched = looped; asked for by `compare`.
    """

    leaves: tuple[LeafCheck, ...]
    value: float
    seed: int
    evaluations: int = 0
    problem: str = ""
    second: "GradientCheck | None" = None
    consistency: tuple[ConsistencyCheck, ...] = field(default=())

    @property
    def ok(self) -> bool:
        """Nothing is wrong: no leaf, no consistency check, and the loss could be checked. Leaves may be inconclusive."""
        return not self.wrong and not self.problem and (self.second is None or not self.second.problem)

    @property
    def wrong(self) -> bool:
        """Something is wrong: a leaf, a consistency check, or a second derivative."""
        parts = [*self.leaves, *self.consistency]
        return any(part.verdict == "wrong" for part in parts) or (self.second is not None and self.second.wrong)

    @property
    def conclusive(self) -> bool:
        """Every leaf is ok, wrong or skipped."""
        return not self.problem and all(leaf.verdict != "inconclusive" for leaf in self.leaves)

    def raise_if_failed(self) -> "GradientCheck":
        """Raise if the check failed, for tests.

        Returns:
            Itself if `ok`.

        Raises:
            WrongGradientError: A JgdError and an AssertionError, with the table; if not `ok`.
        """
        if not self.ok:
            raise WrongGradientError(f"the gradient check failed\n{self}")
        return self

    def to_dict(self) -> dict[str, Any]:
        """Plain lists, numbers and strings, for strict JSON: what is not finite is None."""
        return {**without_nan(asdict(self)), "ok": self.ok, "conclusive": self.conclusive}

    @property
    def _counts(self) -> str:
        counts = [(sum(leaf.verdict == verdict for leaf in self.leaves), verdict) for verdict in VERDICTS]
        return ", ".join(f"{count} {verdict}" for count, verdict in counts if count) or "no leaves"

    def __repr__(self) -> str:
        wrong = "".join(f"; {leaf.path} wrong: {leaf.cause}" for leaf in self.leaves if leaf.verdict == "wrong")
        problem = f"; could not be checked: {self.problem}" if self.problem else ""
        return f"GradientCheck({'ok' if self.ok else 'not ok'}: {self._counts}{wrong}{problem})"

    def _repr_html_(self) -> str:
        """What a notebook's cell shows: the table, and what else was compared."""
        rows = [_row(leaf) for leaf in self.leaves]
        rest = [(a.name, a.verdict, f"{a.leaf} differs by {a.relative_error:.1e}") for a in self.consistency]
        rest += [("could not be checked", self.problem, "")] if self.problem else []
        second = "" if self.second is None else f"<div>second order:</div>{self.second._repr_html_()}"
        title = f"gradient check: {'ok' if self.ok else 'not ok'}, {self._counts}"
        return notebook.table(HEADINGS, rows, title) + (notebook.table((), rest) if rest else "") + second

    def __str__(self) -> str:
        lines = [*align_columns([HEADINGS, *map(_row, self.leaves)]), self._counts]
        lines += [f"{a.name}: {a.verdict} ({a.leaf} differs by {a.relative_error:.1e})" for a in self.consistency]
        if self.problem:
            lines.append(f"could not be checked: {self.problem}")
        if self.second is not None:
            lines += ["second order:", str(self.second)]
        return "\n".join(lines)


def _row(leaf: LeafCheck) -> tuple[str, ...]:
    number = lambda value, form: "" if value is None else format(value, form)
    worst = "" if leaf.worst is None else str(list(leaf.worst))
    if leaf.worst is None and leaf.analytic is not None:
        worst = "direction"
    entries = f"{leaf.checked} of {leaf.total}" if leaf.checked else f"all, {leaf.directions} directions"
    return (
        leaf.path,
        str(leaf.shape),
        leaf.dtype,
        entries if leaf.directions else "",
        worst,
        number(leaf.analytic, ".6g"),
        number(leaf.numeric, ".6g"),
        number(leaf.error_bar, ".0e"),
        number(leaf.relative_error, ".1e"),
        leaf.verdict,
        leaf.cause,
    )
