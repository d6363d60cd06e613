"""What the blocks of a sweep have made so far: counted under a lock, and told to the callback."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np


@dataclass(frozen=True)
class BlockEvaluation:
    """What a block of runs scored on the validation rows.

    Attributes:
        configs: The indices of its configs.
        seed: Of all its runs.
        step: Updates that each has made.
        values: "loss" and the metrics -> (configs,); NaN where a run has diverged.
    """

    configs: tuple[int, ...]
    seed: int
    step: int
    values: Mapping[str, np.ndarray]


@dataclass(frozen=True)
class BlockSteps:
    """Steps that a block has made: of each of its lanes, `lanes` of `width` being configs. diverged: that many more have."""

    steps: int
    diverged: int
    lanes: int
    width: int
    evaluation: BlockEvaluation | None = None


@dataclass(frozen=True)
class SweepProgress:
    """How far a sweep is: what a progress bar shows.

    Attributes:
        stage: "compile" or "run".
        done: Steps of all runs together, or programs compiled.
        total: How many of them there are in the rounds so far.
        diverged: Runs that have diverged so far.
        blocks: Blocks that have ended.
        best: The best value so far of the metric that chooses, over all runs and evaluations; NaN before the first.
        seconds: Since the stage began.
        evaluation: What a block has just scored; None where it stands between two evaluations. Each is told once.
    """

    stage: str
    done: int
    total: int
    diverged: int = 0
    blocks: int = 0
    best: float = float("nan")
    seconds: float = 0.0
    evaluation: BlockEvaluation | None = None

    def scalars(self) -> Iterator[tuple[int, dict[str, float]]]:
        """The new evaluation as (step, name -> value), named "config 3/seed 0/validation_loss"; nothing without one.

        >>> made = BlockEvaluation((3,), 0, 10, {"loss": np.array([0.5])})
        >>> list(SweepProgress("run", 10, 20, evaluation=made).scalars())
        [(10, {'config 3/seed 0/validation_loss': 0.5})]
        """
        made = self.evaluation
        if made is not None:
            yield (
                made.step,
                {
                    f"config {config}/seed {made.seed}/validation_{name}": float(values[row])
                    for row, config in enumerate(made.configs)
                    for name, values in made.values.items()
                },
            )


@dataclass
class Meter:
    """Counts of a sweep and its clocks. lock: held while they change and while the callback is told."""

    callback: Callable[[SweepProgress], None]
    larger_is_better: bool
    total: int = 0  # steps of the rounds so far
    compile_seconds: float = 0.0
    run_seconds: float = 0.0
    steps: int = 0  # made by configs, and by all lanes with those that only fill a block
    padded_steps: int = 0
    diverged: int = 0
    blocks: int = 0
    best: float = float("nan")
    hosts: Counter[str] = field(default_factory=Counter)  # of a pool: blocks that each machine has run
    lock: Any = field(default_factory=threading.Lock)
    _began: float = 0.0

    def begin_run(self) -> None:
        """Start the clock of `run_seconds`, which goes on where it was stopped."""
        self._began = time.perf_counter() - self.run_seconds

    def end_run(self) -> None:
        """Stop it."""
        self.run_seconds = time.perf_counter() - self._began

    def report_compiled(self, done: int, total: int, seconds: float) -> None:
        """Tell how many programs are compiled; the lock is held by the caller."""
        self.callback(SweepProgress("compile", done, total, seconds=seconds))

    def report_steps(self, made: BlockSteps) -> None:
        """Count and tell the steps of a block, and its scores."""
        with self.lock:
            self.steps += made.steps * made.lanes
            self.padded_steps += made.steps * made.width
            self.diverged += made.diverged
            seconds = time.perf_counter() - self._began
            counts = self.steps, self.total, self.diverged, self.blocks, self.best
            self.callback(SweepProgress("run", *counts, seconds, made.evaluation))

    def note_scores(self, scores: np.ndarray) -> None:
        """Take the best of some scores; the lock is held by the caller."""
        better = np.fmax if self.larger_is_better else np.fmin  # of a NaN and a number, the number
        self.best = float(better.reduce(scores[np.isfinite(scores)], initial=self.best))
