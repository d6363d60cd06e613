"""Every check of jgd.testing catches the fault that it is for, and says which hyperparameter and what to do."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jgd
from jgd import testing
from jgd.core import tree
from jgd.core.record import hyper, static_field
from jgd.core.transform import UpdateInfo
from jgd.transforms import ScaleByLearningRate

calls = itertools.count(1)


class Plain(jgd.Transform):
    """What the faulty transforms derive from: the updates as they are."""

    def update(self, updates, state, context):
        return updates, state


@jgd.record
class Sound(Plain):
    factor: float = hyper("> 0")

    def update(self, updates, state, context):
        return tree.scale(context.at(self.factor), updates), state


@jgd.record
class InitReadsValues(Plain):
    def init(self, params):
        return jnp.zeros(1 + (float(jax.tree.leaves(params)[0]) > 0))


@jgd.record
class LosesALeaf(Plain):
    def update(self, updates, state, context):
        return {"weights": updates["weights"]}, state


@jgd.record
class TakesAnything(Plain):
    factor: float

    def update(self, updates, state, context):
        return tree.scale(context.at(self.factor), updates), state


@jgd.record
class NoStateAtZero(Plain):
    factor: float = hyper(">= 0")

    def init(self, params):
        return () if np.ndim(self.factor) == 0 and self.factor == 0 else tree.zeros_like(params)


@jgd.record
class CountsCalls(Plain):
    def update(self, updates, state, context):
        return tree.scale(jnp.float32(next(calls)), updates), state


@jgd.record
class GivesTheGradientBack(Plain):
    must_be_last = True

    def update(self, updates, state, context):
        return context.grads, state


@jgd.record
class LargestOfNone(Plain):
    def update(self, updates, state, context):
        return tree.map(lambda g: g / (1 + jnp.max(jnp.abs(g))), updates), state


@jgd.record
class ByItsNorm(Plain):
    def update(self, updates, state, context):
        return tree.scale(1 / tree.norm(updates), updates), state


@jgd.record
class NarrowState(Plain):
    def init(self, params):
        return tree.map(lambda p: jnp.zeros(p.shape, jnp.bfloat16), params)


@jgd.record
class OneDtype(Plain):
    def init(self, params):
        (dtype,) = {leaf.dtype for leaf in jax.tree.leaves(params)}
        return jnp.zeros((), jnp.promote_types(dtype, jnp.float32))


def on_the_host(scalar, **options):
    """A number that only the host knows: how often it was asked."""
    count = lambda x: np.float32(next(calls))
    return jax.pure_callback(count, jax.ShapeDtypeStruct((), jnp.float32), scalar, **options)


@jgd.record
class RemembersElsewhere(Plain):
    def update(self, updates, state, context):
        return tree.scale(on_the_host(context.step), updates), state


@jgd.record
class OverflowsItsClock(Plain):
    def update(self, updates, state, context):
        return tree.scale(jnp.exp2(-(context.step + 1).astype(jnp.float32)), updates), state


@jgd.record
class StructuralNumber(Plain):
    factor: float = static_field()

    def update(self, updates, state, context):
        return tree.scale(self.factor, updates), state


@jgd.record
class Branches(Plain):
    factor: float = hyper("> 0")

    def update(self, updates, state, context):
        return (updates if self.factor > 0.5 else tree.scale(0.5, updates)), state


@jgd.record
class NoBatches(Plain):
    factor: float = hyper("> 0")

    def update(self, updates, state, context):
        return tree.scale(on_the_host(context.at(self.factor)), updates), state


@jgd.record
class ReadsItsFieldBare(Plain):
    factor: float = hyper("> 0")

    def update(self, updates, state, context):
        return tree.scale(self.factor, updates), state


@jgd.record
class ReadsItOnce(Plain):
    factor: float = hyper("> 0")

    def init(self, params):
        step = jnp.zeros((), jnp.int32)
        return jnp.asarray(self.factor(step) if callable(self.factor) else self.factor, jnp.float32)

    def update(self, updates, state, context):
        return tree.scale(state, updates), state


@jgd.record
class BareRoots(Plain):
    factor: float = hyper("> 0")

    def update(self, updates, state, context):
        lengths = [jnp.sqrt(context.at(self.factor) * jnp.sum(g**2)) for g in jax.tree.leaves(updates)]
        return tree.scale(1 / (1 + sum(lengths)), updates), state


@jgd.record
class KeepsItsKey(Plain):
    def init(self, params):
        return jnp.zeros(2, jnp.uint32)


@jgd.record
class ReportsTheVector(Plain):
    def info(self, state):
        return UpdateInfo(learning_rate=jnp.ones(3))


@jgd.record
class ObservesAway(Plain):
    def init(self, params):
        return jnp.zeros(())

    def observe(self, state, metric):
        return ()


FAULTS = {
    "abstract init": (InitReadsValues(), None, "shapes and dtypes only"),
    "updates like params": (LosesALeaf(), None, "jax.tree.map"),
    "bad values refused": (TakesAnything(0.5), "factor", "jgd.hyper"),
    "one structure": (NoStateAtZero(0.5), "factor", "As zero"),
    "hooks": (KeepsItsKey(), None, "keys.mix"),
    "compiled like eager": (CountsCalls(), None, "nothing outside the state"),
    "nothing aliases": (GivesTheGradientBack(), None, "new arrays"),
    "any tree": (LargestOfNone(), None, "initial value"),
    "zero gradients": (ByItsNorm(), None, "Guard"),
    "dtypes": (NarrowState(), None, "float32 or wider"),
    "mixed dtypes": (OneDtype(), None, "float32 or wider"),
    "scan like loop": (CountsCalls(), None, "in the state"),
    "saved like kept": (RemembersElsewhere(), None, "no global"),
    "late clock": (OverflowsItsClock(), None, "context.step"),
    "traced like concrete": (Branches(0.6), "factor", "jnp.where"),
    "vmapped like looped": (NoBatches(0.5), "factor", "one number"),
    "scheduled": (ReadsItOnce(0.5), "factor", "context.at(self.factor)"),
    "differentiable": (BareRoots(0.5), "factor", "Guard"),
}


@pytest.mark.parametrize("check", FAULTS)
def test_a_fault_is_caught_by_its_check(check):
    transform, hyperparameter, advice = FAULTS[check]
    with pytest.raises(testing.CheckFailure) as failure:
        testing.check_transform(transform, only=[check])
    assert (failure.value.check, failure.value.hyperparameter) == (check, hyperparameter)
    assert advice in failure.value.advice
    for part in (check, hyperparameter or "", failure.value.reason, failure.value.advice):
        assert part in str(failure.value)


def test_a_number_that_is_structure_is_caught():
    build = lambda factor: jgd.chain(StructuralNumber(factor), ScaleByLearningRate(0.05))
    with pytest.raises(testing.CheckFailure, match="no static one") as failure:
        testing.check_optimizer(build, {"factor": 0.5}, only=["one program"])
    assert failure.value.hyperparameter == "factor"


def test_a_number_read_in_python_is_a_failure_of_whichever_check_meets_it():
    with pytest.raises(testing.CheckFailure, match=r"'hooks' fails: Tracer") as failure:
        testing.check_transform(Branches(0.6), only=["hooks"])
    assert "jnp.where" in failure.value.advice


def test_a_field_that_is_read_bare_takes_no_schedule():
    with pytest.raises(testing.CheckFailure, match=r"context\.at"):
        testing.check_transform(ReadsItsFieldBare(0.5), only=["scheduled"])


@pytest.mark.parametrize(("transform", "advice"), [(ReportsTheVector(), "UpdateInfo"), (ObservesAway(), "observe")])
def test_every_hook_is_looked_at(transform, advice):
    with pytest.raises(testing.CheckFailure, match=advice):
        testing.check_transform(transform, only=["hooks"])


def test_every_check_has_a_fault():
    assert {*FAULTS, "one program"} == set(testing.CHECKS)


@pytest.mark.parametrize("check", testing.CHECKS)
def test_a_sound_transform_passes(check):
    testing.check_transform(Sound(0.5), only=[check], downhill=True)


def test_an_ascent_is_not_downhill():
    build = lambda factor: jgd.chain(Sound(factor))
    with pytest.raises(testing.CheckFailure, match="does not fall"):
        testing.check_optimizer(build, {"factor": 0.5}, only=["any tree"], downhill=True)
