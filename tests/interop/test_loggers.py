"""The callbacks that log: what they call, held to the signatures that the libraries document, by modules in their place."""

import inspect
import sys
import types
from unittest import mock

import pytest

import jgd

SWEEP = {"space": {"learning_rate": [0.1, 0.2]}, "seeds": [4], "steps": 6, "evaluate_every": 3}


# as documented: tensorboardX.SummaryWriter, wandb.Run and wandb.init, mlflow (fluent)
class SummaryWriter:
    def __init__(self, logdir=None, comment="", purge_step=None, **rest): ...
    def add_scalar(
        self, tag, scalar_value, global_step=None, walltime=None, display_name="", summary_description=""
    ): ...
    def flush(self): ...


class WandbRun:
    def define_metric(
        self, name, step_metric=None, step_sync=None, hidden=None, summary=None, goal=None, overwrite=None
    ): ...

    def log(self, data, step=None, commit=None): ...


def init(entity=None, project=None, dir=None, id=None, name=None, config=None, **rest): ...
def active_run(): ...
def start_run(run_id=None, experiment_id=None, run_name=None, nested=False): ...
def log_metrics(metrics, step=None, synchronous=None, run_id=None, timestamp=None, model_id=None, dataset=None): ...


def module(monkeypatch, name, **contents):
    """A library's place taken by a module whose functions refuse calls that the real ones would."""
    made = types.ModuleType(name)
    vars(made).update(contents)
    monkeypatch.setitem(sys.modules, name, made)
    return made


def tensorboard(monkeypatch):
    writer = mock.create_autospec(SummaryWriter, instance=True)
    module(monkeypatch, "tensorboardX", SummaryWriter=mock.create_autospec(SummaryWriter, return_value=writer))
    log = jgd.interop.tensorboard.callback("somewhere")
    return log, lambda: [(step, name, value) for (name, value, step), _ in writer.add_scalar.call_args_list]


def wandb(monkeypatch):
    run = mock.create_autospec(WandbRun, instance=True)
    made = module(monkeypatch, "wandb", init=mock.create_autospec(init, return_value=run))
    log = jgd.interop.wandb.callback(project="digits")
    made.init.assert_called_once_with(project="digits")
    assert run.define_metric.call_args_list == [mock.call("step"), mock.call("*", step_metric="step")]
    rows = lambda: [given for (given,), _ in run.log.call_args_list]
    return log, lambda: [(row["step"], n, value) for row in rows() for n, value in row.items() if n != "step"]


def mlflow(monkeypatch):
    run = types.SimpleNamespace(info=types.SimpleNamespace(run_id="7f"))
    start = mock.create_autospec(start_run, return_value=run)
    active, into = mock.create_autospec(active_run, return_value=None), mock.create_autospec(log_metrics)
    module(monkeypatch, "mlflow", active_run=active, start_run=start, log_metrics=into)
    log = jgd.interop.mlflow.callback()
    calls = lambda: [inspect.signature(log_metrics).bind(*a, **k).arguments for a, k in into.call_args_list]
    return log, lambda: [(c["step"], n, v) for c in calls() for n, v in c["metrics"].items() if c["run_id"] == "7f"]


@pytest.mark.parametrize("library", [tensorboard, wandb, mlflow])
def test_every_evaluation_of_a_run_and_of_a_sweep_is_logged_once(library, monkeypatch):
    log, logged = library(monkeypatch)
    run = jgd.train("iris", jgd.optimizers.sgd(0.1), steps=7, evaluate_every=1, callback=log)
    seen = [(step, value) for step, name, value in logged() if name == "validation_accuracy"]
    assert seen == list(zip(run.evaluations["step"].tolist(), run.evaluations["accuracy"].tolist(), strict=True))
    last = {name: value for step, name, value in logged() if step == 6}
    assert (last["loss"], last["learning_rate"]) == (run.history["loss"][-1], run.history["learning_rate"][-1])
    before = len(logged())
    found = jgd.sweep("iris", "sgd", **SWEEP, callback=log)
    rows = {(step, name): value for step, name, value in logged()[before:]}
    assert len(rows) == len(logged()) - before == 2 * 2 * 2  # configs, evaluations, loss and accuracy
    for config in range(2):
        for place, step in enumerate(found.evaluation_steps):
            assert rows[step, f"config {config}/seed 4/validation_loss"] == found.validation["loss"][config, 0, place]


@pytest.mark.parametrize("library", ["tensorboardX", "wandb", "mlflow"])
def test_a_missing_library_is_named(library, monkeypatch):
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(ImportError, match=f"{library} is not installed: pip install {library}"):
        getattr(jgd.interop, library.removesuffix("X")).callback()


def test_what_is_no_writer_and_no_run_is_refused():
    with pytest.raises(jgd.JgdError, match="directory or a SummaryWriter"):
        jgd.interop.tensorboard.callback(3)
    with pytest.raises(jgd.JgdError, match="to start another one"):
        jgd.interop.wandb.callback(WandbRun(), project="digits")
    with pytest.raises(jgd.JgdError, match="must be a run of wandb"):
        jgd.interop.wandb.callback(3)


def test_a_run_that_has_diverged_scores_nan_and_a_resumed_one_tells_only_what_is_new(tmp_path):
    told = []
    seen = lambda progress: told.append(progress.evaluation)
    jgd.sweep("iris", "sgd", {"learning_rate": [0.1, 1e30]}, seeds=1, steps=4, evaluate_every=4, callback=seen)
    (made,) = [each for each in told if each is not None]
    assert (made.configs, made.seed, made.step) == ((0, 1), 0, 4)
    assert [value != value for value in made.values["loss"].tolist()] == [False, True]
    steps = []
    look = lambda progress: steps.extend(one["step"] for one in progress.new_evaluations)
    for until in (4, 8):
        options = {"store": tmp_path, "resume": until == 8, "evaluate_every": 2, "callback": look}
        jgd.train("iris", jgd.optimizers.sgd(0.1), steps=until, **options)
    assert steps == [0, 2, 4, 6, 8]
