"""The decoder transformer: what a place sees, its gradient, dropout by the key, and synthetic text that it learns."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jgd
from jgd.data import MarkovSource
from jgd.losses import StochasticLoss
from jgd.models import CNN, Transformer
from jgd.prediction.named_models import describe_model, model_of

TINY: Any = {"vocabulary": 5, "length": 6, "width": 4, "layers": 1}


def tokens(n=3, length=6, seed=0):
    return np.random.default_rng(seed).integers(0, 5, (n, length))


def drawn(model):
    """Parameters none of which is 0 or 1, without a compiled program for each shape."""
    draw = np.random.default_rng(3).normal
    shapes = jax.eval_shape(model.init, jax.random.key(2))
    return jax.tree.map(lambda leaf: draw(0, 0.5, leaf.shape).astype(np.float32), shapes)


@pytest.mark.parametrize("tied", [True, False])
def test_a_later_token_changes_nothing_before_it_and_all_from_it_on(tied):
    model = Transformer(**TINY, tied=tied)
    params = drawn(model)
    assert ("head" in params) != tied
    before = tokens()
    after = before.copy()
    after[:, 3] = (before[:, 3] + 1) % 5
    predict = jax.jit(model.predict)
    one, other = (np.asarray(predict(params, each)) for each in (before, after))
    assert one.shape == (3, 6, 5)
    np.testing.assert_array_equal(one[:, :3], other[:, :3])
    assert (one[:, 3:] != other[:, 3:]).any(axis=-1).all()
    shorter = predict(params, before[:, :2])
    np.testing.assert_allclose(shorter, one[:, :2], rtol=1e-4, atol=1e-6)
    same = np.asarray(predict(params, np.zeros_like(before)))
    assert np.abs(same[:, 1:] - same[:, :-1]).max() > 1e-4  # the same tokens at other positions


def by_hand(model, params, row):
    """One sequence, one place and one head at a time."""
    gelu = lambda x: x / 2 * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)))
    norm = lambda p, x: p["scale"] * (x - x.mean()) / np.sqrt(x.var() + 1e-5) + p["bias"]
    apply = lambda p, x: x @ p["weights"] + p["bias"]
    values = [params["tokens"][token] + params["positions"][at] for at, token in enumerate(row)]
    for block in params["blocks"]:
        parts = [np.split(apply(block["attention"], norm(block["attention_norm"], x)), 3) for x in values]
        for at in range(len(row)):
            heads = []
            for own in np.split(np.arange(model.width), model.heads):
                scores = [parts[at][0][own] @ parts[t][1][own] / np.sqrt(len(own)) for t in range(at + 1)]
                weights = np.exp(scores) / np.exp(scores).sum()
                heads.append(sum(w * parts[t][2][own] for t, w in enumerate(weights)))
            values[at] = values[at] + apply(block["attended"], np.concatenate(heads))
        for at, x in enumerate(values):
            wide = gelu(apply(block["hidden"], norm(block["hidden_norm"], x)))
            values[at] = x + apply(block["output"], wide)
    return np.stack([norm(params["norm"], x) @ params["tokens"].T for x in values])


def test_it_is_the_transformer_by_hand():
    model = Transformer(**{**TINY, "layers": 2})
    params = drawn(model)
    want = by_hand(model, params, np.asarray(tokens(1))[0])
    np.testing.assert_allclose(jax.jit(model.predict)(params, tokens(1))[0], want, rtol=1e-4, atol=1e-5)


@pytest.mark.slow
def test_its_gradient_is_right():
    model = Transformer(**TINY, tied=False)
    loss = jgd.SupervisedLoss(model, "sequence_cross_entropy")
    rows = tokens(2, 5), np.where(np.eye(2, 5, 3), -1, tokens(2, 5, seed=7)).astype(int)
    assert jgd.check_gradients(loss, drawn(model), rows).ok


MODELS = {
    "transformer": (Transformer(**TINY, dropout=0.4), tokens(), tokens(seed=1), "sequence_cross_entropy"),
    "cnn": (
        CNN((4, 4, 1), (2,), 3, dropout=0.4),
        np.ones((3, 16), np.float32),
        tokens()[:, 0] % 3,
        "softmax_cross_entropy",
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", MODELS)
def test_dropout_is_by_the_key_and_its_mean_is_what_is_evaluated(name):
    model, inputs, targets, error = MODELS[name]
    params, key = drawn(model), jax.random.key(2)
    predict = jax.jit(model.predict)
    once = predict(params, inputs, key)
    np.testing.assert_array_equal(once, predict(params, inputs, key))
    assert (np.asarray(once) != predict(params, inputs, jax.random.key(3))).any()
    if name == "cnn":  # its last map is affine: the mean over draws is the outputs
        many = jax.jit(jax.vmap(lambda key: model.predict(params, inputs, key)))(jax.random.split(key, 4000))
        np.testing.assert_allclose(many.mean(0), predict(params, inputs), atol=0.06)
    both = lambda params, rows: [make(model, error)(params, rows) for make in (StochasticLoss, jgd.SupervisedLoss)]
    own, plain = jax.jit(both)(params, (inputs, targets))
    assert own == plain
    if name == "cnn":
        rows = (np.asarray(inputs), np.asarray(targets))
        run = jgd.train(StochasticLoss(model, error), jgd.optimizers.sgd(1e-30), params, rows, steps=3)
        assert len(set(run.history["loss"].tolist())) == 3  # nothing moves but the draw


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Transformer(5, 6, width=6, heads=4), "multiple of heads"),
        (lambda: Transformer(0, 6), "vocabulary"),
        (lambda: Transformer(5, 6, dropout=1.0), "dropout must be"),
        (lambda: Transformer(**TINY).predict({"tokens": 0}, jnp.ones((1, 3))), "integer tokens"),
        (lambda: Transformer(**TINY).predict({"tokens": 0}, tokens(1, 7)), "length ≤ 6"),
        (lambda: Transformer(**TINY).predict({"tokens": 0}, tokens(1, 6)), "params must be those of Transformer"),
        (lambda: CNN((4, 4, 1), (2,), 3, dropout=-0.1), "dropout must be"),
        (lambda: CNN((4, 4, 1), (2,), 3).predict((), jnp.ones((1, 16))), "params must be those of CNN.* got nothing"),
        (lambda: MarkovSource(1), "symbols"),
        (lambda: MarkovSource(concentration=0.0), "concentration"),
    ],
)
def test_what_can_not_be_is_refused(make, words):
    with pytest.raises(jgd.JgdError, match=words):
        make()


def test_an_unknown_token_makes_its_sequence_nan():
    model = Transformer(**TINY)
    seen = jax.jit(model.predict)(drawn(model), np.array([[1, 2, 5, 0, 1, 2], [1, 2, 4, 0, 1, 2]]))
    assert np.isnan(seen).all(axis=(1, 2)).tolist() == [True, False]


def test_the_sources_entropies_are_those_of_its_text():
    source = MarkovSource()
    text = source.draw(400, 402, seed=5)
    counts = np.zeros((8, 8, 8))
    np.add.at(counts, (text[:, :-2], text[:, 1:-1], text[:, 2:]), 1)
    cross = lambda counts, given: (
        -np.sum(
            counts * np.log(counts / counts.sum(-1, keepdims=True).clip(1), where=counts > 0, out=np.zeros_like(counts))
        )
        / given
    )
    assert cross(counts, counts.sum()) == pytest.approx(source.entropy, abs=0.02)
    assert cross(counts.sum(0), counts.sum()) == pytest.approx(source.entropy_after_one, abs=0.02)
    assert cross(counts.sum((0, 1)), counts.sum()) == pytest.approx(source.entropy_of_shares, abs=0.02)
    assert source.least_loss(2) == pytest.approx(source.entropy_after_one)
    assert (source.draw(3, 9, seed=5) == source.draw(3, 9, seed=5)).all()


@pytest.mark.slow
def test_the_text_is_learned_beyond_its_pairs():
    source, model = MarkovSource(4, concentration=0.1), Transformer(4, 8, width=16, layers=1)
    parts = [source.draw(rows, 9, seed) for seed, rows in enumerate((1024, 512, 16))]
    train, validation, test = ((tokens[:, :-1], tokens[:, 1:]) for tokens in parts)
    loss = jgd.SupervisedLoss(model, "sequence_cross_entropy")
    task = jgd.Task("text", jax.jit(model.init), loss, train, validation, test)
    seen = jgd.train(task, jgd.optimizers.adam(1e-2), steps=300, batch_size=32, evaluate_every=300).evaluations["loss"]
    assert seen[0] == pytest.approx(np.log(4), abs=0.1)
    assert source.least_loss(9) - 0.05 < seen[-1] < 0.5 * (source.least_loss(9) + source.entropy_after_one)


def test_it_is_kept_as_data():
    model = Transformer(**TINY, tied=False, dropout=0.25)
    assert model_of(describe_model(model)) == model
