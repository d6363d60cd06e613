"""What a progress bar or a callback gets between two segments."""

from dataclasses import dataclass


@dataclass(frozen=True)
class TrainProgress:
    """Where a run stands between two segments.

    Attributes:
        step: Updates made.
        total_steps: The budget.
        loss: Of the last step; NaN before the first.
        learning_rate: Of the last step; NaN before the first.
        seconds: Since the start, those of earlier sessions included.
        evaluation: The newest, "step" and name -> value; {} before the first.
    """

    step: int
    total_steps: int
    loss: float
    learning_rate: float
    seconds: float
    evaluation: dict[str, float]
