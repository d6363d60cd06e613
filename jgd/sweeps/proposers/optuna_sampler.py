"""Optuna's samplers by name, for a sweep that proposes its own configs. Enters: a name. Leaves: a proposer for each recipe."""

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any, ClassVar

from jgd.core import checks, seeds
from jgd.spaces.samplers import SAMPLERS
from jgd.spaces.space import Space
from jgd.sweeps.proposers.optuna import OptunaProposer, optuna_library


@dataclass(frozen=True)
class OptunaSampler:
    """Configs proposed by the scores so far: what `jgd.sweep(sampler="tpe")` goes by.

    The first batch is at random; each later one is asked for when the batch before it has its scores, the means over seeds.
    A batch is trained as one block and planned with the trials that are still open in mind, so that its configs differ.
    The same seed and scores propose the same configs: a sweep that was killed goes on with them.

    | method | what | in a batch | needs |
    |---|---|---|---|
    | "tpe" | tree-structured Parzen estimators (Bergstra et al. 2011) | open trials count as bad ones (constant liar) | |
    | "gp" | a Gaussian process with log expected improvement | open trials are fantasized | torch |
    | "cmaes" | covariance matrix adaptation (Hansen 2016); choices are drawn at random | a batch is a generation | cmaes |

    Args:
        method: "tpe", "gp" or "cmaes".
        batch: configs a recipe and batch, a whole number ≥ 2. Smaller ones learn sooner, larger ones run together.
        seed: 0 … 2³² − 1, of what is drawn.

    Raises:
        JgdValueError: for bad values.

    Example:
        >>> import pytest; optuna = pytest.importorskip("optuna")
        >>> import jgd
        >>> space = {"learning_rate": jgd.spaces.log_uniform(1e-4, 1)}
        >>> tpe = jgd.sweeps.OptunaSampler("tpe", batch=4)
        >>> found = jgd.sweep("iris", "sgd", space, sampler=tpe, samples=8, seeds=2, steps=20)
        >>> len(found.configs), found.best.hyperparameters["learning_rate"] > 0.01
        (8, True)
    """

    METHODS: ClassVar[tuple[str, ...]] = ("tpe", "gp", "cmaes")

    method: str = "tpe"
    batch: int = 16
    seed: int = 0

    def __post_init__(self) -> None:
        checks.choice("method", self.method, self.METHODS)
        checks.count("batch", self.batch, 2)
        seeds.check(self.seed)

    @classmethod
    def of(cls, sampler: Any) -> "OptunaSampler | None":
        """The sampler as it is or of its name; None for one that looks at no scores, an error for a name that there isn't."""
        if isinstance(sampler, str) and checks.choice("sampler", sampler, [*SAMPLERS, *cls.METHODS]) in cls.METHODS:
            return cls(sampler)
        return sampler if isinstance(sampler, cls) else None

    def proposer(self, space: Space, larger_is_better: bool) -> OptunaProposer:
        """A proposer with a study of its own, in memory.

        Raises:
            ImportError: without Optuna, or what the method needs beside it.
        """
        optuna = optuna_library()
        needs, extra = {"gp": ("torch", "gp"), "cmaes": ("cmaes", "optuna")}.get(self.method, (None, ""))
        if needs is not None and find_spec(needs) is None:
            raise ImportError(f"the sampler {self.method!r} of Optuna needs {needs}: pip install 'jgd[{extra}]'")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            sampler = _MAKERS[self.method](optuna.samplers, self.batch, self.seed)
            direction = "maximize" if larger_is_better else "minimize"
            said = optuna.logging.get_verbosity()
            optuna.logging.set_verbosity(max(said, optuna.logging.WARNING))  # no line for each study that is made
            try:
                study = optuna.create_study(sampler=sampler, direction=direction)
            finally:
                optuna.logging.set_verbosity(said)
        return OptunaProposer(space, study, diverged_as_worst=self.method != "tpe")


_MAKERS: dict[str, Callable[[Any, int, int], Any]] = {
    "tpe": lambda kinds, batch, seed: kinds.TPESampler(n_startup_trials=batch, constant_liar=True, seed=seed),
    "gp": lambda kinds, batch, seed: kinds.GPSampler(n_startup_trials=batch, seed=seed),
    "cmaes": lambda kinds, batch, seed: kinds.CmaEsSampler(
        n_startup_trials=batch, popsize=batch, warn_independent_sampling=False, seed=seed
    ),
}
