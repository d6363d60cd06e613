"""Checks that hyperparameters are data: traced, vmapped, scheduled, differentiated, and refused by name when bad."""

import itertools
from collections.abc import Callable, Sequence

import chex
import jax
import jax.numpy as jnp
import numpy as np

from jgd.core.checks import JgdError
from jgd.schedules import Constant, InverseTimeDecay
from jgd.testing.failure import CheckFailure, explained
from jgd.testing.problem import Problem
from jgd.testing.subject import Subject

CLOSE = {"rtol": 2e-5, "atol": 1e-6}  # float32 sums in another order
_fresh = itertools.count()


def traced_like_concrete(subject: Subject) -> None:
    """A traced hyperparameter gives what the number gives."""
    advice = "Keep numbers in jgd.hyper fields, read them with context.at, and branch with jnp.where, never with if."
    concrete = jax.jit(lambda: subject.end({}))()

    def one(names: Sequence[str]) -> None:
        traced = jax.jit(subject.end)({name: subject.numbers[name] for name in names})
        chex.assert_trees_all_close(traced, concrete, **CLOSE)

    _blamed("traced like concrete", advice, subject, one)


def one_program(subject: Subject) -> None:
    """Other values compile nothing: the optimizer is an argument of the compiled step."""
    advice = "A number is a leaf (a jgd.hyper field, no static one), and no value decides about a shape or a branch."

    def one(names: Sequence[str]) -> None:
        step = jax.jit(traced_once(subject.step))
        for values in subject.values:
            changed = {name: values[name] for name in names}
            optimizer = subject.build(**{**subject.hyperparameters, **changed})
            step(optimizer, subject.start(**changed), subject.problem.batch(0))

    _blamed("one program", advice, subject, one)


def vmapped_like_looped(subject: Subject) -> None:
    """A batch of hyperparameters under vmap is each of them for itself."""
    advice = "Write the update for one number of each hyperparameter; jax.vmap adds the axis."

    def one(names: Sequence[str]) -> None:
        together = {name: jnp.asarray([values[name] for values in subject.values]) for name in names}
        batch = jax.jit(jax.vmap(subject.end))(together)
        alone = jax.jit(subject.end)
        for place in range(len(subject.values)):
            own = alone({name: values[place] for name, values in together.items()})
            chex.assert_trees_all_close(jax.tree.map(lambda leaf, at=place: leaf[at], batch), own, **CLOSE)

    if subject.hyperparameters:
        _blamed("vmapped like looped", advice, subject, one)


def scheduled(subject: Subject) -> None:
    """A schedule may stand wherever a number may: a constant one is the number, and a falling one is followed.

    One program: in its first run all schedules are constant, in each other one falls.
    """
    advice = "Read it with context.at(self.{}) at every update; a number used before the first step is schedule=False."
    numbers = subject.hyperparameters
    names = [name for name in numbers if name not in subject.fixed]

    def run(falls):
        schedules = {n: InverseTimeDecay(numbers[n], decay_rate=falls[i]) for i, n in enumerate(names)}
        return subject.end(schedules)

    with explained("scheduled", advice.format("…")):
        falls = np.concatenate([np.zeros((1, len(names))), np.eye(len(names))]).astype(np.float32)
        ends = jax.jit(jax.vmap(run))(falls)
        plain = jax.jit(lambda: subject.end({}))()
        first = jax.tree.map(lambda leaf: leaf[0], ends)
        chex.assert_trees_all_close(first, plain, rtol=1e-5, atol=1e-6)
    flat = np.concatenate([np.asarray(leaf).reshape(len(falls), -1) for leaf in jax.tree.leaves(ends)], axis=1)
    for place, name in enumerate(names, start=1):
        if numbers[name] and (flat[place] == flat[0]).all():  # a schedule from 0 has nowhere to fall
            raise CheckFailure("scheduled", "a falling schedule changes nothing", advice.format(name), name)
    for name in subject.fixed & numbers.keys():
        _refused(subject, "scheduled", name, Constant(numbers[name]))


def bad_values_refused(subject: Subject) -> None:
    """NaN, infinity, text and numbers outside the rule raise an error that names the hyperparameter."""
    for name in subject.hyperparameters:
        for value in (np.nan, np.inf, "text", *_outside(subject.rules.get(name, ""))):
            _refused(subject, "bad values refused", name, value)


def differentiable(subject: Subject) -> None:
    """The loss after training has a finite derivative by every hyperparameter, also beside a leaf without gradient."""
    advice = "Guard √ and / at 0 with jgd.core.tree: a leaf whose gradient is 0 must not make a derivative NaN."
    inner = subject.problem
    lively = lambda params, batch: inner.loss(params["lively"], batch)
    dead = Problem(lively, {"lively": inner.start, "dead": np.zeros(3)}, inner.batches)
    both = Subject(subject.build, subject.hyperparameters, problem=dead)

    def last(hyperparameters):
        return lively(both.end(hyperparameters), inner.batch(0))

    with explained("differentiable", advice):
        slopes = jax.jit(jax.grad(last))(subject.numbers)
    for name, slope in slopes.items():
        with explained("differentiable", advice, name):
            chex.assert_tree_all_finite(slope)


def traced_once(function: Callable) -> Callable:
    """The function, which raises AssertionError when it is traced a second time.

    chex counts by the place of the definition and the name; a name of its own keeps one check's count from the next's.
    """
    name = function.__name__
    alone = lambda *args: function(*args)
    alone.__name__ = f"{name}_{next(_fresh)}"
    counted = chex.assert_max_traces(alone, n=1)
    counted.__name__ = name  # the compiled program's name: one entry in JAX's compilation cache
    return counted


def _blamed(check: str, advice: str, subject: Subject, one: Callable[[Sequence[str]], None]) -> None:
    """one(all names); where that fails, each alone, to name the hyperparameter that does it."""
    names = list(subject.hyperparameters)
    try:
        one(names)
    except Exception:
        for name in names:
            with explained(check, advice, name):
                one([name])
        with explained(check, advice):
            raise


def _refused(subject: Subject, check: str, name: str, value: object) -> None:
    advice = f"Declare it with jgd.hyper(rule), or refuse it in __post_init__: '{name} must be …, got …'."
    try:
        subject.build(**{**subject.hyperparameters, name: value})
    except JgdError as refusal:
        if not str(refusal).startswith(name.split(".")[-1]):
            raise CheckFailure(
                check, f"{value!r} is refused, but not by its name: {refusal}", advice, name
            ) from refusal
    except Exception as fault:
        said = f"{value!r} raises {type(fault).__name__}, which is no jgd.JgdError: {fault}"
        raise CheckFailure(check, said, advice, name) from fault
    else:
        raise CheckFailure(check, f"{value!r} is taken", advice, name)


def _outside(rule: str) -> list[float]:
    """Numbers that a rule of `jgd.hyper` refuses."""
    if rule in ("> 0", ">= 0"):
        return [-1.0, 0.0] if rule == "> 0" else [-1.0]
    if not rule:
        return []
    low, high = map(float, rule[1:-1].split(","))
    edges = [edge for edge, open_end in ((low, rule[0] == "("), (high, rule[-1] == ")")) if open_end]
    return [edge for edge in (low - 1, high + 1, *edges) if np.isfinite(edge)]
