"""Which rows each run of a sweep trains on: the task's own, or folds and other splits of its training and validation rows.

Where rows are split, the seed axis has a run for each seed and fold: its label is seed · folds + fold.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from jgd.core import checks, seeds
from jgd.tasks import Task
from jgd.tasks.recut import recut
from jgd.tasks.resplit import Places, again, folds

CUT = 0  # the seed of the folds that all seeds share


@dataclass(frozen=True)
class Splits:
    """How the rows of a sweep's runs are cut; the test rows are in none of them.

    Attributes:
        folds: How many there are, each of which validates once a seed; 1 without.
        resplit: Whether each seed has a cut of its own.
        overlap: Validation rows over training rows of a run, by which intervals are wider (`jgd.sweeps.estimate`); 0
            where all runs have the same rows.
    """

    folds: int = 1
    resplit: bool = False
    overlap: float = 0.0

    @classmethod
    def of(cls, task: Task, folds: int | None, resplit: bool) -> "Splits":
        """As `jgd.sweep` is asked for them.

        Raises:
            JgdValueError: Fewer than two folds, or fewer rows than folds.
        """
        checks.flag("resplit", resplit)
        train, validation = (checks.rows(name, getattr(task, name)) for name in ("train", "validation"))
        if folds is not None:
            both = train + validation
            validation = both // checks.count("folds", folds, 2, both)
            train = both - validation
        return cls(folds or 1, resplit, validation / train if resplit or folds else 0.0)

    @classmethod
    def of_json(cls, there: Any) -> "Splits":
        """What `describe` returned; ValueError for anything else."""
        if there is None:
            return cls()
        made = cls(**there)
        if type(made.folds) is not int or made.folds < 1 or type(made.resplit) is not bool:
            raise ValueError("its folds are none")
        if type(made.overlap) is not float or not 0 <= made.overlap < np.inf:
            raise ValueError("its folds have no rows")
        return made

    @property
    def there(self) -> bool:
        """Whether rows are split at all."""
        return self.folds > 1 or self.resplit

    def labels(self, chosen: Sequence[int]) -> tuple[int, ...]:
        """The runs along the seed axis of these seeds.

        Example:
            >>> Splits(folds=3).labels([0, 2])
            (0, 1, 2, 6, 7, 8)
        """
        return tuple(
            seeds.check(seed * self.folds + fold, "seeds, times the folds,")
            for seed in chosen
            for fold in range(self.folds)
        )

    def seed_of(self, label: int) -> int:
        """The seed of a run: of its start, its order of rows, its draws."""
        return label // self.folds

    def fold_of(self, label: int) -> int:
        """The fold that validates it, 0 without folds."""
        return label % self.folds

    def seeds_of(self, labels: Sequence[int]) -> tuple[int, ...]:
        """The seeds of runs, each once."""
        return tuple(dict.fromkeys(map(self.seed_of, labels)))

    def tasks(self, task: Task, labels: Sequence[int]) -> tuple[Task, ...]:
        """The task of each run with the rows that are its own; one object for those that share them."""
        if not self.there:
            return (task,) * len(labels)
        cuts: dict[int, list[Places]] = {}
        made: dict[tuple[int, int], Task] = {}
        for label in labels:
            cut = self.seed_of(label) if self.resplit else CUT
            if cut not in cuts:
                cuts[cut] = self._places(task, cut)
            if (cut, self.fold_of(label)) not in made:
                made[cut, self.fold_of(label)] = recut(task, *cuts[cut][self.fold_of(label)])
        return tuple(made[self.seed_of(label) if self.resplit else CUT, self.fold_of(label)] for label in labels)

    def _places(self, task: Task, cut: int) -> list[Places]:
        train, validation = checks.rows("train", task.train), checks.rows("validation", task.validation)
        if self.folds > 1:
            return folds(train + validation, self.folds, cut, equal=True)  # of one shape: one program
        return [again(train, validation, cut)]

    def words(self, labels: Sequence[int]) -> str:
        """What the seed axis is over.

        Example:
            >>> Splits(folds=5).words(range(10)), Splits().words(range(4)), Splits(resplit=True).words(range(4))
            ('2 seeds × 5 folds', '4 seeds', '4 seeds, each with a split of its own')
        """
        count = len(self.seeds_of(labels))
        many = f"{count} seed" if count == 1 else f"{count} seeds"
        folds = f" × {self.folds} folds" if self.folds > 1 else ""
        own = ", each with a split of its own" if self.resplit else ""
        return many + folds + own

    @property
    def over(self) -> str:
        """What intervals are over."""
        return "seeds and splits" if self.there else "seeds"


NO_SPLITS = Splits()
