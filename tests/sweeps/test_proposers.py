"""Optuna as a proposer: what it is asked for is a config of the space, what it is told lands in the study."""

import math
import subprocess
import sys

import numpy as np
import pytest
from helpers.sweeping import Crash, by_loss, crashing, same, sweep

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


def test_constraints_cases_and_formulas_are_kept_by_a_study(study, monkeypatch):
    when = jgd.spaces.when
    space = jgd.space(
        "a < b",
        a=jgd.spaces.uniform(0, 1),
        b=jgd.spaces.normal(0.5, 0.1),
        rate=[when(jgd.spaces.uniform(0, 1), a=jgd.spaces.between(0.3)), jgd.spaces.uniform(1, 2)],
        twice=jgd.spaces.derived("2 * rate"),
    )
    proposer = OptunaProposer(space, study)
    batch = proposer.ask(8)
    assert [space.admit(config) for config in batch] == batch
    states = [trial.state.name for trial in study.trials]
    assert states.count("RUNNING") == 8
    assert set(states) == {"RUNNING", "PRUNED"}, "what broke the constraint is told"
    assert {name for trial in study.trials for name in trial.params} == {
        "a",
        "place of b",
        "rate, case 0",
        "rate, case 1",
    }
    monkeypatch.setattr("jgd.sweeps.proposers.optuna.MOST_BROKEN", 20)
    never = OptunaProposer(jgd.space("a > 2", a=jgd.spaces.uniform(0, 1)), study)
    with pytest.raises(V, match="fulfil a > 2, and 20 in a row did not"):
        never.ask(1)


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


@pytest.mark.slow
def test_a_sweep_proposes_its_own_configs_and_a_kill_changes_none(optuna, tmp_path):
    space = {"learning_rate": jgd.spaces.log_uniform(1e-5, 10), "momentum": [0.5, 0.9]}
    store = {"store": tmp_path / "run"}
    options = {"sampler": jgd.sweeps.OptunaSampler("tpe", batch=4), "samples": 10}
    both = {"one": jgd.optimizers.momentum, "other": jgd.optimizers.nesterov}
    found = sweep(both, space, on=by_loss(), **options)
    assert [len(found.configs_of(recipe)) for recipe in both] == [10, 10]
    rates = np.log10([config["learning_rate"] for _, config in found.configs]).reshape(2, 10)
    assert (rates[:, 0] == rates[:, 0][0]).all()  # the first batch looks at no score
    assert rates[:, 4:].mean() > rates[:, :4].mean() + 0.5  # small rates are worse, and are left
    with pytest.raises(Crash):
        sweep(both, space, on=by_loss(), **options, **store, callback=crashing(5))
    assert 0 < len(jgd.load_sweep(tmp_path / "run").configs) < 20
    same(sweep(both, space, on=by_loss(), **options, **store), found)
    for other, said in (
        ({"samples": 9}, "holds a larger sweep, of 10 samples a recipe, got 9"),
        ({"sampler": jgd.sweeps.OptunaSampler("tpe", 5)}, "doesn't propose by their scores"),
        ({"samples": None}, "samples must be"),
        ({"policy": 2}, "sampler 'tpe' proposes .* goes with no policy and no shard"),
        ({"sampler": "cma"}, "tpe"),
    ):
        with pytest.raises(jgd.JgdError, match=said):
            sweep(both, space, on=by_loss(), **{**options, **store, **other})
    one = OptunaProposer(space, optuna.create_study())
    with pytest.raises(V, match="proposer must map each of the recipes one, other to one of its own"):
        found.propose(one, 1, 2)
    more = found.propose({"other": one}, 1, 2)
    assert [len(more.configs_of(recipe)) for recipe in both] == [10, 12]
    assert [trial.value for trial in one.study.trials] == pytest.approx(more.scores[-2:].mean(axis=1))


def test_samplers_of_optuna_by_name(optuna, monkeypatch):
    for kind, needs in (("gp", r"torch: pip install 'jgd\[gp\]'"), ("cmaes", r"cmaes: pip install 'jgd\[optuna\]'")):
        monkeypatch.setattr("jgd.sweeps.proposers.optuna_sampler.find_spec", lambda name: None)
        with pytest.raises(ImportError, match=f"the sampler '{kind}' of Optuna needs {needs}"):
            jgd.sweeps.OptunaSampler(kind).proposer(SPACE, larger_is_better=True)
    for bad, said in ((("cma",), "method"), (("tpe", 1), "batch"), (("tpe", 4, -1), "seed")):
        with pytest.raises(jgd.JgdError, match=said):
            jgd.sweeps.OptunaSampler(*bad)
    assert jgd.sweeps.OptunaSampler("tpe").proposer(SPACE, True).larger_is_better
    worst = OptunaProposer({"rate": [0.1, 0.2]}, optuna.create_study(), diverged_as_worst=True)
    worst.tell(worst.ask(1), [math.nan])  # worse than what?
    worst.tell(worst.ask(3), [math.nan, 2.0, 1.0])
    assert [trial.value for trial in worst.study.trials] == [None, 2.0, 2.0, 1.0]
    where = jgd.space("x < 0.5", x=jgd.spaces.uniform(0, 1))
    drawn = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    wall = OptunaProposer(where, drawn, diverged_as_worst=True)
    for _ in range(2):
        wall.tell(wall.ask(4), [1.0, 2.0, 3.0, 4.0])  # later ones that break the constraint are as bad as the worst
    broken = [trial for trial in wall.study.trials if trial.params["x"] >= 0.5]
    assert {trial.value for trial in broken} <= {None, 4.0}
    assert broken[-1].value == 4.0


@pytest.mark.slow
def test_a_gaussian_process_learns_also_at_a_constraint(optuna):
    pytest.importorskip("torch")
    space = jgd.space("rate < 0.9", rate=jgd.spaces.log_uniform(1e-4, 1))
    proposer = jgd.sweeps.OptunaSampler("gp", batch=4).proposer(space, larger_is_better=False)
    asked = []
    for _ in range(3):
        batch = proposer.ask(4)  # its best guess lies where the constraint is broken: it must not ask for that for ever
        asked += [config["rate"] for config in batch]
        proposer.tell(batch, [(math.log10(config["rate"]) - 0.5) ** 2 for config in batch])
    assert max(asked[4:]) > 0.3
    assert len(proposer.study.trials) < 100


@pytest.mark.slow
def test_cmaes_learns_from_generations(optuna):
    pytest.importorskip("cmaes")
    space = jgd.space(x=jgd.spaces.uniform(-5, 5), y=jgd.spaces.uniform(-5, 5))
    proposer = jgd.sweeps.OptunaSampler("cmaes", batch=10).proposer(space, larger_is_better=False)
    for _ in range(20):
        batch = proposer.ask(10)
        proposer.tell(batch, [(c["x"] - 1) ** 2 + 9 * (c["y"] + 2) ** 2 for c in batch])
    assert np.median([trial.value for trial in proposer.study.trials[-20:]]) < 0.1


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
