"""Training as one writes it without jgd: models as `x @ w + b`, optax's Adam, one scan. What peers in benchmarks run.

Nothing here imports jgd, so that a faster jgd doesn't speed up what it is compared with.
"""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax

BATCH = 64


def glorot(key: jax.Array, *shape: int) -> jax.Array:
    """Uniform weights; the last two axes are inputs and outputs, those before them a receptive field."""
    field = int(np.prod(shape[:-2], initial=1))
    bound = np.sqrt(6 / (field * (shape[-2] + shape[-1])))
    return jax.random.uniform(key, shape, minval=-bound, maxval=bound)


def softmax(features: int) -> tuple[Callable, Callable]:
    """(init, logits) of softmax regression on ten classes."""
    return (
        lambda key: {"w": jnp.zeros((features, 10)), "b": jnp.zeros(10)},
        lambda params, x: x @ params["w"] + params["b"],
    )


def logistic(features: int) -> tuple[Callable, Callable]:
    """(init, logits) of logistic regression."""
    return lambda key: {"w": jnp.zeros(features), "b": jnp.zeros(())}, lambda params, x: x @ params["w"] + params["b"]


def mlp(features: int, hidden: int = 64) -> tuple[Callable, Callable]:
    """(init, logits) of one hidden layer of 64 with relu."""

    def init(key: jax.Array) -> Any:
        one, two = jax.random.split(key)
        return {
            "w": glorot(one, features, hidden),
            "b": jnp.zeros(hidden),
            "v": glorot(two, hidden, 10),
            "c": jnp.zeros(10),
        }

    def logits(params: Any, x: jax.Array) -> jax.Array:
        return jax.nn.relu(x @ params["w"] + params["b"]) @ params["v"] + params["c"]

    return init, logits


def cnn(features: int) -> tuple[Callable, Callable]:
    """(init, logits) of two 3 × 3 convolutions (8 and 16 channels) on 8 × 8 images, 2 × 2 means, a dense layer."""

    def init(key: jax.Array) -> Any:
        one, two, three = jax.random.split(key, 3)
        return {
            "k": glorot(one, 3, 3, 1, 8),
            "l": glorot(two, 3, 3, 8, 16),
            "w": glorot(three, 4 * 4 * 16, 10),
            "b": jnp.zeros(10),
        }

    def convolve(x: jax.Array, kernel: jax.Array) -> jax.Array:
        return jax.lax.conv_general_dilated(x, kernel, (1, 1), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC"))

    def logits(params: Any, x: jax.Array) -> jax.Array:
        x = jax.nn.relu(convolve(x.reshape(-1, 8, 8, 1), params["k"]))
        x = jax.nn.relu(convolve(x, params["l"]))
        x = x.reshape(-1, 4, 2, 4, 2, 16).mean((2, 4)).reshape(len(x), -1)
        return x @ params["w"] + params["b"]

    return init, logits


MODELS = {"softmax": softmax, "logistic": logistic, "mlp": mlp, "cnn": cnn}


def train_function(model: str, data: dict[str, np.ndarray], steps: int) -> Callable[..., jax.Array]:
    """(rate, b1, b2, seed) -> validation accuracy (): the function that every peer jits, vmaps or calls in a loop."""
    x, y, seen, labels = (jnp.asarray(data[name]) for name in ("x", "y", "vx", "vy"))
    init, logits = MODELS[model](x.shape[1])

    def loss(params: Any, x: jax.Array, y: jax.Array) -> jax.Array:
        scores = logits(params, x)
        if model == "logistic":
            return optax.sigmoid_binary_cross_entropy(scores, y).mean()
        return optax.softmax_cross_entropy_with_integer_labels(scores, y).mean()

    def train(rate: jax.Array, b1: jax.Array, b2: jax.Array, seed: jax.Array) -> jax.Array:
        key = jax.random.key(seed)
        params, optimizer = init(key), optax.adam(rate, b1, b2)

        def step(carry: Any, key: jax.Array) -> Any:
            params, state = carry
            rows = jax.random.randint(key, (BATCH,), 0, len(x))
            gradient = jax.grad(loss)(params, x[rows], y[rows])
            updates, state = optimizer.update(gradient, state, params)
            return (optax.apply_updates(params, updates), state), None

        keys = jax.random.split(jax.random.fold_in(key, 1), steps)
        (params, _), _ = jax.lax.scan(step, (params, optimizer.init(params)), keys)
        scores = logits(params, seen)
        right = (scores > 0) == labels if model == "logistic" else scores.argmax(-1) == labels
        return right.mean()

    return train
