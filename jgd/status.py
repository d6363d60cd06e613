"""Layer 1: why a run ended: one of a few statuses, and the step and the words that go with it."""

from dataclasses import dataclass
from enum import StrEnum


class Status(StrEnum):
    """Why a run ended. A member is its text: `run.status == "max_steps"`, and it prints as that.

    >>> Status.DIVERGED, str(Status.DIVERGED), Status("diverged").broken
    ('diverged', 'diverged', True)
    """

    MAX_STEPS = "max_steps"  # the budget ran out
    CONVERGED = "converged"  # the gradient's norm or the change of the loss met its threshold (see `StoppingRule`)
    TARGET = "target"  # the loss did
    NO_PROGRESS = "no_progress"  # patience ran out
    TIME = "time"  # the seconds did
    STATIONARY = "stationary"  # the gradient was exactly 0 for a whole epoch: no update had an effect
    DIVERGED = "diverged"  # the loss grew beyond its limit
    NONFINITE = "nonfinite"  # a gradient or an update was NaN or infinite
    NONFINITE_LOSS = "nonfinite_loss"  # the loss was, its gradient not
    INTERRUPTED = "interrupted"  # Ctrl-C, or a callback that raised

    __repr__ = str.__repr__

    @property
    def broken(self) -> bool:
        """Whether an update was refused: the parameters are the last finite ones."""
        return self in (Status.DIVERGED, Status.NONFINITE, Status.NONFINITE_LOSS)


@dataclass(frozen=True)
class RunEnd:
    """The end of a run.

    Attributes:
        status: Why it ended.
        step: The first step refused where the run broke, else the number of updates made.
        detail: What was met; or the leaf and entry at fault, the likely cause, and what to try.

    Example:
        >>> print(RunEnd(Status.TARGET, 7, "loss <= 0.1 at the step before"))
        target at step 7: loss <= 0.1 at the step before
    """

    status: Status
    step: int
    detail: str = ""

    def __str__(self) -> str:
        return f"{self.status} at step {self.step}" + (f": {self.detail}" if self.detail else "")
