"""What a loss may take and return, and how everything else is refused, when it is traced and by its name."""

import re
from functools import partial

import jax
import jax.numpy as jnp
import pytest

from jgd import OnBatch, train
from jgd.core.checks import JgdTypeError, JgdValueError
from jgd.core.loss_protocol import Takes, evaluated, takes
from jgd.optimizers import sgd

STATE = {"mean": jnp.zeros(2)}
W = jnp.ones(2)
sizes = lambda w: jnp.sum(w**2)


def keyed(w, batch, key=None): ...
def stateful(w, batch, *, key, state): ...
def optional(w, batch, state=None): ...
def first(state, key): ...
def more(model, w, batch, key): ...


@pytest.mark.parametrize(
    ("function", "want"),
    [
        (lambda w, batch: 0.0, Takes()),
        (keyed, Takes(key=True)),
        (jax.jit(keyed), Takes(key=True)),
        (jax.tree_util.Partial(keyed), Takes(key=True)),
        (partial(keyed, key=None), Takes()),  # bound by its maker
        (jax.tree_util.Partial(partial(more, None)), Takes(key=True)),
        (stateful, Takes(key=True, state=True)),
        (optional, Takes(state=True, state_optional=True)),
        (first, Takes()),  # the parameters and the batch, whatever they are called
        (max, Takes()),
    ],
)
def test_the_signature_says_what_a_loss_takes(function, want):
    assert takes(function) == want


@pytest.mark.parametrize(
    ("loss", "state", "error", "says"),
    [
        (lambda w, x: (sizes(w), {}, {}), None, JgdTypeError, "must return value or (value, aux), got 3 parts"),
        (lambda w, x: [sizes(w), {}], None, JgdTypeError, "must return one real floating number, got list"),
        (lambda w, x: (sizes(w), 1.0), None, JgdTypeError, "aux of the loss .* must map names to single numbers"),
        (lambda w, x: (sizes(w), {"a": w}), None, JgdTypeError, "'a' of shape (2,)"),
        (lambda w, x: (sizes(w), {"a": "b"}), None, JgdTypeError, "'a' of str"),
        (lambda w, x: (sizes(w), {"loss": 1.0}), None, JgdValueError, "has the name 'loss'"),
        (lambda w, x: (sizes(w), {"validation_a": 1.0}), None, JgdValueError, "has the name 'validation_a'"),
        (lambda w, x, state: sizes(w), None, JgdTypeError, "there is no model state: give model_state="),
        (lambda w, x, state: sizes(w), STATE, JgdTypeError, "must return (value, aux, state)"),
        (lambda w, x, state: (sizes(w), state), STATE, JgdTypeError, "must return (value, aux, state).* got 2 parts"),
        (lambda w, x, state: (sizes(w), {}, w), STATE, JgdTypeError, "must be the same tree"),
        (
            lambda w, x, state: (sizes(w), {}, {"mean": jnp.zeros(2, int)}),
            STATE,
            JgdTypeError,
            "must keep shape and dtype: ['mean'] was float32[2], is int32[2]",
        ),
    ],
)
def test_another_outcome_is_refused_when_it_is_traced(loss, state, error, says):
    with pytest.raises(error, match=re.escape(says).replace(r"\.\*", ".*")):
        jax.eval_shape(OnBatch(loss, None, jax.random.key(0), state).outcome, W)


def test_aux_and_state_come_back_as_strong_arrays():
    loss = lambda w, x, state: (sizes(w), {"b": True, "a": 2}, {"mean": 0.5 + 0 * state["mean"]})
    value, (aux, state) = OnBatch(loss, None, state=STATE).outcome(W)
    assert (list(aux), state["mean"].weak_type, float(value)) == (["a", "b"], False, 2)
    assert float(OnBatch(loss, None, state=STATE)(W)) == 2  # what an optimizer sees
    assert float(evaluated(loss, W, None, STATE)) == 2


def test_a_loss_that_can_not_do_without_its_key_is_told_about_evaluation():
    loss = lambda w, x, key: jnp.sum(w * jax.random.normal(key, w.shape))
    with pytest.raises(TypeError) as told:
        evaluated(loss, W, None)
    assert any("calls it with key=None" in note for note in told.value.__notes__)


@pytest.mark.parametrize(
    ("given", "error", "says"),
    [
        ({"loss": lambda w, x, state: sizes(w)}, JgdTypeError, "there is no model state"),
        ({"model_state": 1.0}, JgdValueError, "model_state is for a loss with a parameter 'state'"),
        ({"loss": lambda w, x, state: sizes(w), "model_state": {"a": "b"}}, JgdTypeError, "must hold numbers"),
        ({"evaluation_loss": 3}, JgdTypeError, "evaluation_loss must be a function"),
        ({"params": None}, JgdTypeError, "params must be given"),
        ({"optimizer": "adam"}, JgdValueError, "no default for learning_rate: give jgd.optimizers"),
        ({"optimizer": "adma", "params": None}, JgdValueError, "did you mean"),
        ({"loss": "irs"}, JgdTypeError, "or the name of a bundled one, got 'irs'"),
    ],
)
def test_train_refuses_what_does_not_go_together(given, error, says):
    with pytest.raises(error, match=says):
        train(**{"loss": lambda w, x: sizes(w), "optimizer": sgd(0.1), "params": W, "steps": 1, **given})
