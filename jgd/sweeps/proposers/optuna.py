"""Layer 7. Enters: a space and an Optuna study. Leaves: a `Proposer`; the study's storage and dashboard are Optuna's."""

import math
from collections.abc import Sequence
from numbers import Real
from typing import TYPE_CHECKING, Any

from jgd.core import checks
from jgd.spaces.constraints import broken
from jgd.spaces.derived import Derived
from jgd.spaces.integer_range import Integers
from jgd.spaces.lists import List
from jgd.spaces.normals import LogNormal, Normal
from jgd.spaces.ranges import Distribution, LogUniform, OneMinusLogUniform, Uniform
from jgd.spaces.space import Config, Space, as_space

if TYPE_CHECKING:
    import optuna

MOST_BROKEN = 1000  # configs in a row that break a constraint
_WORDS = (str, bool, int, float, type(None))  # what every storage of Optuna's holds


class OptunaProposer:
    """Batches of configs from an Optuna study: `ask` opens trials, `tell` closes them.

    A name of `one_minus_log_uniform` is called "1 - name" in the study, on a log scale; one of `normal` or `log_normal` "place of
    name", which is uniform in [0, 1]; weights of a choice are not told. A name with several ranges is one for each of them. A
    diverged config is told as pruned: TPE takes that for the worst result, and ignores a failed one. So is a config that breaks a
    constraint, and another one asked for. A sampler that proposes batches
    should know of the trials still open: `TPESampler(constant_liar=True)`.

    Args:
        space: a `jgd.space` or a mapping; a name that a condition leaves out isn't suggested, a fixed one never is.
        study: one `optuna.Study` with one objective, `maximize` where a larger score is better.
        diverged_as_worst: tell such a config by the worst score so far, for samplers that learn nothing from pruned
            trials (GPSampler, CmaEsSampler).

    Raises:
        ImportError: without Optuna.
        JgdTypeError: for what is no study.
        JgdValueError: for a study of several objectives.

    Example:
        >>> import pytest; optuna = pytest.importorskip("optuna")
        >>> optuna.logging.set_verbosity(optuna.logging.WARNING)
        >>> study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
        >>> proposer = OptunaProposer({"learning_rate": [0.1, 0.2], "momentum": 0.9}, study)
        >>> batch = proposer.ask(2)
        >>> proposer.tell(batch, [1.5, float("nan")])
        >>> study.best_value, [trial.state.name for trial in study.trials], batch[0]["momentum"]
        (1.5, ['COMPLETE', 'PRUNED'], 0.9)
    """

    def __init__(self, space: Space | Any, study: "optuna.Study", *, diverged_as_worst: bool = False) -> None:
        self.space = as_space(space)
        if not isinstance(study, optuna_library().Study):
            raise checks.JgdTypeError(f"study must be an optuna.Study, got {checks.shown(study)}", argument="study")
        if len(study.directions) != 1:
            raise checks.JgdValueError(f"study must have one objective, got {len(study.directions)}", argument="study")
        self.study = study
        self.diverged_as_worst = checks.flag("diverged_as_worst", diverged_as_worst)
        self._open: list[tuple[Config, optuna.Trial]] = []

    @property
    def larger_is_better(self) -> bool:
        """Whether the study maximizes."""
        return self.study.direction == optuna_library().study.StudyDirection.MAXIMIZE

    def ask(self, count: int) -> list[Config]:
        """`count` configs, each a trial of the study that stays open until it is told."""
        asked = [self._allowed() for _ in range(checks.count("count", count))]
        self._open += asked
        return [config for config, _ in asked]

    def _allowed(self) -> "tuple[Config, optuna.Trial]":
        """A config that breaks no constraint; those that do are told as diverged ones are."""
        for _ in range(MOST_BROKEN):
            trial = self.study.ask()
            config = self._config(trial)
            if broken(self.space.constraints, config) is None:
                return self.space.admit(config), trial
            self._close(trial, self._worst([]) if self.diverged_as_worst else math.nan)
        raise checks.JgdValueError(
            f"the study must find configs that fulfil {' and '.join(self.space.constraints)}, and {MOST_BROKEN} in a row "
            "did not",
            argument="space",
        )

    def _config(self, trial: "optuna.Trial") -> Config:
        config: Config = {}
        for name in self.space.order:
            kind = self.space.kind(name, config)
            if isinstance(kind, Derived):
                config[name] = kind.of(config)
            elif kind is not None:
                several = len(self.space.cases[name]) > 1  # to Optuna, a name has one range
                label = f"{name}, case {self.space.case(name, config)}" if several else name
                config[name] = _suggested(trial, label, kind)
        return config

    def tell(self, configs: Sequence[Config], scores: Sequence[float]) -> None:
        """Close the trials of configs that were asked for, in any order; a score that is not finite has diverged."""
        if len(configs) != len(scores):
            raise checks.JgdValueError(
                f"scores must have one for each config, got {len(scores)} for {len(configs)}", argument="scores"
            )
        for i, score in enumerate(scores):
            if not isinstance(score, Real):
                raise checks.JgdTypeError(
                    f"scores[{i}] must be a number, NaN where the config diverged, got {checks.shown(score)}",
                    argument="scores",
                )
        still, closing = list(self._open), []
        for i, config in enumerate(configs):
            at = next((j for j, (asked, _) in enumerate(still) if asked == config), None)
            if at is None:
                raise checks.JgdValueError(
                    f"configs[{i}] must be one that was asked for and not told, got {checks.shown(config)}",
                    argument="configs",
                )
            closing.append(still.pop(at)[1])
        finite = [float(score) for score in scores if math.isfinite(score)]
        instead = self._worst(finite) if self.diverged_as_worst and len(finite) < len(scores) else math.nan
        for trial, score in zip(closing, scores, strict=True):
            self._close(trial, float(score) if math.isfinite(score) else instead)
        self._open = still

    def _close(self, trial: "optuna.Trial", value: float) -> None:
        """Tell a trial by its value, as pruned where that is no number."""
        if math.isfinite(value):
            self.study.tell(trial, value)
        else:
            self.study.tell(trial, state=optuna_library().trial.TrialState.PRUNED)

    def _worst(self, scores: list[float]) -> float:
        """The worst of these scores and of those that the study has; NaN where there is none."""
        known = [*scores, *(trial.value for trial in self.study.get_trials(deepcopy=False) if trial.value is not None)]
        return (min if self.larger_is_better else max)(known, default=math.nan)


def _suggested(trial: "optuna.Trial", name: str, kind: Distribution) -> Any:
    if kind.size == 1:
        return kind.at(0)
    if isinstance(kind, OneMinusLogUniform):
        distance = trial.suggest_float(f"1 - {name}", kind.low, kind.high, log=True)
        return min(max(1 - distance, 1 - kind.high), 1 - kind.low)
    if isinstance(kind, LogUniform | Uniform):
        return trial.suggest_float(name, kind.low, kind.high, log=isinstance(kind, LogUniform))
    if isinstance(kind, Normal | LogNormal):  # no law of Optuna's: its place is uniform
        return kind.at(trial.suggest_float(f"place of {name}", 0, 1))
    if isinstance(kind, Integers):
        return trial.suggest_int(name, int(kind.low), int(kind.high), log=kind.log, step=kind.step)
    if isinstance(kind, List):
        labels = _labels(kind.values)
        return kind.values[labels.index(trial.suggest_categorical(name, labels))]
    raise checks.JgdTypeError(f"space[{name!r}] must be a distribution that Optuna has, got {kind}", argument="space")


def _labels(values: tuple[Any, ...]) -> list[Any]:
    """The values themselves where Optuna can store them and tell them apart (it takes 1 for True), else their text."""
    if all(isinstance(value, _WORDS) for value in values) and len(set(values)) == len(values):
        return list(values)
    return [f"{i}: {value!r}" for i, value in enumerate(values)]


def optuna_library() -> Any:
    """Optuna, imported when it is first needed."""
    try:
        import optuna
    except ImportError as missing:
        raise ImportError("OptunaProposer needs Optuna: pip install 'jgd[optuna]'") from missing
    return optuna
