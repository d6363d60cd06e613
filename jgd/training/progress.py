"""What a progress bar or a callback gets between two segments."""

import math
from collections.abc import Iterator
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
        new_evaluations: Those since the callback was called last, in their order: each is in one call, and none is left out.
    """

    step: int
    total_steps: int
    loss: float
    learning_rate: float
    seconds: float
    evaluation: dict[str, float]
    new_evaluations: tuple[dict[str, float], ...] = ()

    def scalars(self) -> Iterator[tuple[int, dict[str, float]]]:
        """What is new as (step, name -> value): "loss" and "learning_rate" of the last step, "validation_…" of evaluations.

        >>> seen = TrainProgress(20, 100, 0.5, 0.1, 1.0, {}, ({"step": 10, "accuracy": 0.8},))
        >>> list(seen.scalars())
        [(10, {'validation_accuracy': 0.8}), (19, {'loss': 0.5, 'learning_rate': 0.1})]
        """
        for one in self.new_evaluations:
            yield int(one["step"]), {f"validation_{name}": value for name, value in one.items() if name != "step"}
        if not math.isnan(self.learning_rate):  # before the first step there is none
            yield max(self.step - 1, 0), {"loss": self.loss, "learning_rate": self.learning_rate}
