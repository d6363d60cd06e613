"""The small convolutional network: XLA's own convolution, its sizes, and the digits as images."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jgd
from jgd.models import CNN
from jgd.models.cnn import patches


def by_xla(model, params, images):
    """The same network by `lax.conv_general_dilated` and `lax.reduce_window`."""
    *convolutions, last = params
    for layer in convolutions:
        kernel = layer["weights"].reshape(model.size, model.size, images.shape[-1], -1)
        numbers = ("NHWC", "HWIO", "NHWC")
        images = jax.lax.conv_general_dilated(images, kernel, (1, 1), "SAME", dimension_numbers=numbers)
        images = jax.nn.relu(images + jnp.broadcast_to(layer["bias"], images.shape))
        images = jax.lax.reduce_window(images, -jnp.inf, jax.lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "VALID")
    flat = images.reshape(len(images), -1) @ last["weights"]
    return flat + jnp.broadcast_to(last["bias"], flat.shape)


@pytest.mark.parametrize(("size", "image"), [(3, (8, 8, 1)), (5, (7, 9, 2))])
def test_it_is_xlas_convolution(size, image):
    model = CNN(image, (3, 4), 5, size=size)
    params = model.init(jax.random.key(1))
    images = jax.random.normal(jax.random.key(2), (6, *image))
    want = by_xla(model, params, images)
    np.testing.assert_allclose(model.predict(params, images), want, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(model.predict(params, images.reshape(6, -1)), want, rtol=1e-4, atol=1e-5)
    assert model.classify(params, images).tolist() == np.argmax(want, axis=1).tolist()


def test_a_patch_is_by_row_column_and_channel():
    images = jnp.arange(18.0).reshape(1, 3, 3, 2)
    assert patches(images, 3)[0, 1, 1].tolist() == list(range(18))
    assert patches(images, 3)[0, 0, 0, :8].tolist() == [0] * 8


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"size": 2}, "size must be odd"),
        ({"channels": (4, 4, 4, 4)}, "can't be halved 4 times"),
        ({"channels": ()}, "not empty"),
        ({"image": (8, 8)}, "height, width, channels"),
        ({"activation": "rlu"}, "did you mean 'relu'"),
    ],
)
def test_sizes_that_can_not_be_are_refused(given, words):
    with pytest.raises(jgd.JgdError, match=words):
        CNN(**{"image": (8, 8, 1), "channels": (4,), "outputs": 2, **given})


@pytest.mark.slow
def test_the_digits_as_images_are_learned_and_kept(tmp_path):
    task = jgd.tasks.get("digits", "cnn")
    run = jgd.train(task, jgd.optimizers.adam(1e-2), steps=120, batch_size=64)
    assert run.best.value > 0.93
    kept = jgd.load_model(jgd.save_model(run, tmp_path))
    pixels = jgd.datasets.digits().inputs[:50]
    assert kept.model == run.predictor.model
    assert kept.predict(pixels).tolist() == run.predict(pixels).tolist()
