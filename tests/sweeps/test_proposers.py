"""Optuna as a proposer: what it is asked for is a config of the space, what it is told lands in the study."""

import math
import subprocess
import sys

import pytest

import jgd
from jgd.core.checks import JgdTypeError as T
from jgd.core.checks import JgdValueError as V
from jgd.spaces.proposer import Proposer
from jgd.sweeps.proposers.optuna import OptunaProposer

SPACE = jgd.space(
    b2=jgd.spaces.when(jgd.spaces.one_minus_log_uniform(1e-4, 0.1), optimizer="adam"),
    learning_rate=jgd.spaces.log_uniform(1e-4, 1),
    optimizer=jgd.spaces.static(["sgd", "adam"]),
    widths=jgd.spaces.static([(64,), (64, 64), 1, True]),
    warmup=jgd.spaces.integers(0, 20, step=5),
    hidden=jgd.spaces.integers(16, 1024, log=True),
    smoothing=jgd.spaces.uniform(0, 0.2),
    decay=[0, 1e-4],
    b1=0.9,
)


@pytest.fixture
def optuna():
    library = pytest.importorskip("optuna")
    library.logging.set_verbosity(library.logging.WARNING)
    return library


@pytest.fixture
def study(optuna):
    return optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))


def test_what_is_asked_for_is_of_the_space(study, optuna):
    proposer = OptunaProposer(SPACE, study)
    assert isinstance(proposer, Proposer)
    batch = proposer.ask(40)
    assert [SPACE.admit(config) for config in batch] == batch
    assert [list(config) for config in batch] == [list(SPACE.admit(config)) for config in batch]
    assert {str(config["widths"]) for config in batch} == {"(64,)", "(64, 64)", "1", "True"}
    trial = next(t for t, config in zip(study.trials, batch, strict=True) if config["optimizer"] == "adam")
    config = batch[trial.number]
    assert 1 - trial.params["1 - b2"] == config["b2"]
    assert trial.distributions["1 - b2"].log
    assert trial.distributions["learning_rate"] == optuna.distributions.FloatDistribution(1e-4, 1, log=True)
    assert trial.distributions["warmup"] == optuna.distributions.IntDistribution(0, 20, step=5)
    assert trial.distributions["hidden"] == optuna.distributions.IntDistribution(16, 1024, log=True)
    assert "b1" not in trial.params
    assert all(("1 - b2" in t.params) == ("b2" in c) for t, c in zip(study.trials, batch, strict=True))


def test_what_is_told_lands_in_its_trial(study):
    proposer = OptunaProposer(SPACE, study)
    batch = proposer.ask(4)
    proposer.tell(batch[::-1], [3.0, math.nan, math.inf, 0.5])
    assert [trial.state.name for trial in study.trials] == ["COMPLETE", "PRUNED", "PRUNED", "COMPLETE"]
    assert [study.trials[0].value, study.trials[3].value] == [0.5, 3.0]
    proposer.tell(proposer.ask(1), [0.1])
    assert study.best_trial.number == 4


def test_equal_configs_are_trials_of_their_own(study):
    proposer = OptunaProposer({"rate": [0.1, 0.2]}, study)
    batch = proposer.ask(6)
    proposer.tell(batch, range(6))
    assert [trial.value for trial in study.trials] == list(range(6))


def test_a_study_learns_from_batches(optuna):
    """(log₁₀ rate + 4)², diverged above 0.01: of 30 random configs 6 were within 0.5 of the best, and 12 diverged."""
    study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=0))
    proposer = OptunaProposer({"rate": jgd.spaces.log_uniform(1e-5, 1)}, study)
    asked = []
    for _ in range(8):
        batch = proposer.ask(10)
        power = [math.log10(config["rate"]) for config in batch]
        proposer.tell(batch, [math.nan if p > -2 else (p + 4) ** 2 for p in power])
        asked += power
    assert sum(abs(p + 4) < 0.5 for p in asked[-30:]) > 15
    assert sum(p > -2 for p in asked[-30:]) < 4


def test_a_proposer_says_which_way_is_better(optuna, study):
    assert OptunaProposer(SPACE, study).larger_is_better is False
    assert OptunaProposer(SPACE, optuna.create_study(direction="maximize")).larger_is_better is True
    found = jgd.sweep("iris", "sgd", {"learning_rate": [0.1]}, seeds=1, steps=1)  # chosen by accuracy
    with pytest.raises(V, match="proposer must seek a larger accuracy"):
        found.propose(OptunaProposer({"learning_rate": [0.1, 0.2]}, study), 1, 2)
    assert not study.trials


def test_bad_input_is_named(optuna, study):
    proposer = OptunaProposer(SPACE, study)
    batch = proposer.ask(2)
    cases = [
        (lambda: OptunaProposer(SPACE, "study"), T, "study.*'study'"),
        (lambda: OptunaProposer(SPACE, optuna.create_study(directions=["minimize"] * 2)), V, "one objective, got 2"),
        (lambda: OptunaProposer([1], study), T, r"space.*\[1\]"),
        (lambda: proposer.ask(-1), V, "count.*-1"),
        (lambda: proposer.tell(batch, [1.0]), V, "scores.*got 1 for 2"),
        (lambda: proposer.tell(batch, [1.0, "bad"]), T, r"scores\[1\].*'bad'"),
        (lambda: proposer.tell([{"rate": 1}], [1.0]), V, r"configs\[0\].*asked for.*'rate'"),
        (lambda: proposer.tell([batch[0], batch[0]], [1.0, 2.0]), V, r"configs\[1\].*not told"),
    ]
    for call, kind, said in cases:
        with pytest.raises(kind, match=said):
            call()
    proposer.tell(batch, [1.0, 2.0])  # nothing was told by the calls that were refused
    assert [trial.value for trial in study.trials] == [1.0, 2.0]


def test_the_module_is_reached_by_its_name():
    import jgd.sweeps.proposers.optuna as module

    assert module.OptunaProposer is OptunaProposer


@pytest.mark.slow
def test_without_optuna_the_extra_is_named():
    code = (
        "import sys; sys.modules['optuna'] = None\n"
        "from jgd.sweeps.proposers.optuna import OptunaProposer\n"
        "try: OptunaProposer({'rate': [1]}, None)\n"
        "except ImportError as missing: print(missing)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "jgd[optuna]" in done.stdout
