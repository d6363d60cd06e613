"""What can be done with a sweep: `Sweep` is what is seen of it with its verbs, each a function of a file of its own."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from jgd.prediction import Predictor
from jgd.spaces.proposer import Proposer
from jgd.spaces.space import Config
from jgd.sweeps.confirmation import Confirmation
from jgd.sweeps.early_stops import EarlyStops, early_stops
from jgd.sweeps.engine.progress import SweepProgress
from jgd.sweeps.picks import Pick
from jgd.sweeps.predictors import predictor
from jgd.sweeps.sweep_view import SweepView

if TYPE_CHECKING:
    from jgd.training.run import Run


@dataclass(frozen=True, repr=False)
class Sweep(SweepView):
    """What `jgd.sweep` returns: all runs as arrays, what they choose, and what can be done with them.

    Arrays over (config, seed, …) are `loss`, `validation`, `diverged_at`, `scores` and `reached` (see
    `jgd.sweeps.SweepData`), with labels in `dataset`, as a table in `to_dataframe()`; `configs`, `seeds` and
    `evaluation_steps` say what is where. `picks` and `best` are chosen by validation. `extend` and `propose` add to it,
    `confirm` reads the test rows, `replay` makes one run again, `params` are what it ended with. `jgd.reports.report` puts
    it into words, `jgd.plots` into figures.

    Example:
        >>> import jgd
        >>> found = jgd.sweep("iris", "sgd", {"learning_rate": [0.01, 0.1]}, seeds=3, steps=30)
        >>> found.best.hyperparameters, found.loss.shape, dict(found.dataset.sizes)["evaluation"]
        ({'learning_rate': 0.1}, (2, 3, 30), 10)
    """

    def extend(
        self,
        *,
        samples: int | None = None,
        configs: Sequence[Config] | Mapping[str, Sequence[Config]] = (),
        seeds: int | Sequence[int] | None = None,
        steps: int | None = None,
        callback: Callable[[SweepProgress], None] | None = None,
        executor: Any = None,
    ) -> "Sweep":
        """A larger sweep, and directory, of which this one is a part: what is done isn't run again, and keeps its bits.

        A policy decides anew, by all that there is then: the larger sweep is, bit for bit, what it would have been from the start,
        by the same policy, its defaults as they were filled in. A run that it stops earlier, or doesn't ask for, is kept in the
        store but no part of the result. So a race gets more seeds or more contenders. Refused are steps under `Hyperband` and
        `PopulationReplay`, whose plans are parts of all steps, and configs under `PopulationBasedTraining`, where runs went on
        from one another.

        Args:
            samples: configs a recipe in all; the sampler must be extendable (Halton, Sobol, random).
            configs: rows to add to every recipe, or recipe name -> rows.
            seeds: how many in all, or which.
            steps: in all.
            callback: as in `jgd.sweep`.
            executor: as in `jgd.sweep`.

        Returns:
            The larger sweep.

        Raises:
            JgdValueError: for fewer seeds or steps than there are, or where sampler or policy can't have more.

        Example:
            >>> import jgd
            >>> space = {"learning_rate": jgd.spaces.log_uniform(0.01, 1)}
            >>> few = jgd.sweep("iris", "sgd", space, samples=2, seeds=2, steps=10)
            >>> more = few.extend(samples=4, steps=20)
            >>> bool((more.loss[:2, :, :10] == few.loss).all()), more.cost["steps"]  # of both
            (True, 160)
        """
        from jgd.sweeps.extend import extend  # here: who looks doesn't wait for what runs

        more = {"samples": samples, "configs": configs, "seeds": seeds, "steps": steps}
        return Sweep.of(extend(self, **more, callback=callback, executor=executor))

    def propose(
        self,
        proposer: Proposer | Mapping[str, Proposer],
        batches: int,
        batch: int = 16,
        callback: Callable[[SweepProgress], None] | None = None,
        executor: Any = None,
    ) -> "Sweep":
        """The sweep with configs that an ask-and-tell proposer asks for, one compiled call a batch.

        After each batch the proposer is told the mean score over seeds of its configs, NaN where a run diverged; a
        larger or a smaller one is better as `larger_is_better` says. All have to run to the end: a sweep by a policy takes none.

        Args:
            proposer: it has ask(count) and tell(configs, scores), as `jgd.sweeps.proposers.optuna.OptunaProposer` has; of a
                sweep of several recipes, recipe name -> its own.
            batches: how many batches.
            batch: configs in each.
            callback: as in `jgd.sweep`.
            executor: as in `jgd.sweep`.

        Returns:
            The larger sweep.

        Raises:
            JgdTypeError: for what is no proposer.
            JgdValueError: for one that seeks the opposite, one for several recipes, and for a sweep by a policy.
        """
        from jgd.sweeps.propose import propose  # here: who looks doesn't wait for what runs

        return Sweep.of(propose(self, proposer, batches, batch, callback, executor))

    def confirm(
        self, seeds: int | Sequence[int] = 10, picks: Pick | Sequence[Pick] | None = None, executor: Any = None
    ) -> Confirmation:
        """The picks run again on fresh seeds, and then measured on the test rows: the only way to them.

        It says how flattering the choice was, and how often this sweep's test rows have been read (a store remembers).
        A config that is chosen by its test result has no test result any more.

        Args:
            seeds: how many, none of which the sweep has used, or which.
            picks: which of `picks`, such as `best`; default all.
            executor: as in `jgd.sweep`.

        Returns:
            The `Confirmation`.

        Raises:
            JgdValueError: where every run diverged, or seeds are not fresh; for several picks of a population.

        Example:
            >>> import jgd
            >>> found = jgd.sweep("iris", "sgd", {"learning_rate": [0.01, 0.1]}, seeds=3, steps=30)
            >>> sure = found.confirm(seeds=5)
            >>> sure.seeds, sure.reads, sure.confirmed[0].test.n
            ((3, 4, 5, 6, 7), 1, 5)
        """
        from jgd.sweeps.confirm import confirm  # here: who looks doesn't wait for what runs

        chosen = self.picks if picks is None else [picks] if isinstance(picks, Pick) else picks
        sure = confirm(self, chosen, seeds, executor)
        return replace(sure, runs=Sweep.of(sure.runs))

    def replay(self, config: int, seed: int, steps: int | None = None) -> "Run":
        """One run again, by the program that ran it: the same bits, as its note says.

        `run.train_state` is for a loop of one's own with `jgd.step`, `configs[config]` are its hyperparameters.

        Args:
            config: its index.
            seed: one of `seeds`.
            steps: how many; default what it was given. More of them go on where it ended.

        Returns:
            The `Run`.

        Raises:
            JgdValueError: for a config or seed that the sweep hasn't.

        Example:
            >>> import jgd
            >>> found = jgd.sweep("iris", "sgd", {"learning_rate": [0.01, 0.1]}, seeds=3, steps=30)
            >>> found.replay(config=1, seed=2).notes
            ('bit for bit the stored run over its 30 steps',)
        """
        from jgd.sweeps.replay import replay  # here: who looks doesn't wait for what runs

        return replay(self, config, seed, steps)

    def early_stops(
        self, patience: int | None = None, min_delta: float = 0.0, target: float | None = None
    ) -> EarlyStops:
        """Where each run would have stopped early, by its evaluations on the validation rows; no step is run.

        Args:
            patience: a run stops after so many evaluations in a row that don't beat the best by more than `min_delta`.
            min_delta: what is too small a gain, ≥ 0.
            target: a run stops at the first evaluation that is as good.

        Returns:
            The `EarlyStops`: steps, scores, what would have been saved, and the config that would have been the best.

        Raises:
            JgdValueError: without patience and target, for bad values, and of a population.

        Example:
            >>> import jgd
            >>> found = jgd.sweep("iris", "sgd", {"learning_rate": [0.01, 0.3]}, seeds=2, steps=50)
            >>> found.early_stops(target=0.9).steps.tolist()
            [[50, 50], [20, 20]]
        """
        return early_stops(self, patience, min_delta, target)

    def predictor(self, config: int | None = None, seed: int | None = None) -> Predictor:
        """What answers for raw rows by the parameters that one run ended with; `jgd.save_model` keeps it.

        Args:
            config: Its index. Default: that of `best`, in a population of the best member.
            seed: One of `seeds`. Default: the one with the best score, of which validation is a flattering judge.

        Returns:
            The `Predictor`. Of a sweep from a directory also without the task and the recipes, unless the model is
            somebody's own code.

        Raises:
            JgdValueError: For a config or seed that the sweep hasn't, or where every run diverged.

        Example:
            >>> import jgd
            >>> found = jgd.sweep("iris", "sgd", {"learning_rate": [0.01, 0.1]}, seeds=3, steps=30)
            >>> found.predictor().predict([[5.0, 3.4, 1.5, 0.2]]).tolist()
            ['setosa']
        """
        return predictor(self, self.best.config, config, seed)

    def model(self, config: int | None = None, seed: int | None = None) -> Any:
        """The model as its library has it, with what one run ended with; see `predictor`.

        Args:
            config: Its index. Default: that of `best`.
            seed: One of `seeds`. Default: the one with the best score.

        Returns:
            Of a task of `jgd.interop.flax` or `jgd.interop.equinox`, a module of that library, ready to evaluate.

        Raises:
            JgdTypeError: The sweep's model is of no other library.
            JgdValueError: As `predictor` does.
        """
        return self.predictor(config, seed).library_model()

    def predict(self, rows: Any) -> np.ndarray:
        """A label of each row, or its value in the target's unit, by the best run; see `predictor`.

        Args:
            rows: A frame, a mapping of names to arrays, or an array (n, columns), as they were before any scaling.

        Returns:
            (n,).
        """
        return self.predictor().predict(rows)
