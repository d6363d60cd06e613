"""jgd check: the table, and its exit codes."""

import json

import pytest

typer = pytest.importorskip("typer")
pytest.importorskip("sklearn")

from typer.testing import CliRunner  # noqa: E402

from jgd.cli.check import command  # noqa: E402

CASE = """
import jax.numpy as jnp

def right():
    return (lambda w, batch: jnp.sum(w**3)), jnp.ones(3), jnp.ones(2)

def wrong():
    return (*right(), lambda w, batch: -3 * w**2)

def nan():
    return (lambda w, batch: jnp.sum(jnp.log(w))), -jnp.ones(3), None

def bent():
    return (lambda w, batch: jnp.sum(jnp.abs(w))), jnp.zeros(3), None

def raises():
    raise RuntimeError("no data here")

def needs(x):
    return x

def no_loss():
    return None, jnp.ones(3), None
"""


@pytest.fixture
def run(tmp_path, monkeypatch):
    (tmp_path / "own_case.py").write_text(CASE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    app = typer.Typer()
    app.command()(command)
    return lambda *words: CliRunner().invoke(app, words)


@pytest.mark.slow
def test_a_task(run):
    result = run("linear_regression", "--rows", "8", "--loss", "sum", "--json")
    assert result.exit_code == 0, result.output
    assert json.loads(result.output)["ok"]


@pytest.mark.slow
def test_a_function_of_ones_own(run):
    assert run("own_case:right").exit_code == 0
    result = run("own_case:wrong")
    assert result.exit_code == 1
    assert "the sign is flipped" in result.output


@pytest.mark.parametrize(
    "words",
    [
        ("digts",),
        ("own_case:none",),
        ("own_case:raises",),
        ("own_case:needs",),
        ("own_case:no_loss",),
        ("no_such_module:f",),
        ("diabetes", "--rows", "0"),
        ("iris", "--loss", "x"),
    ],
)
def test_bad_input(run, words):
    assert run(*words).exit_code == 2


@pytest.mark.slow
def test_exit_codes_tell_wrong_from_unchecked(run):
    result = run("own_case:nan")
    assert result.exit_code == 2
    assert "could not be checked: the loss is nan at params" in result.output
    assert run("own_case:bent").exit_code == 0  # inconclusive, and said so
    assert "inconclusive" in run("own_case:bent").output
