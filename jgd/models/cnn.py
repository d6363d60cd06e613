"""A small convolutional network for images, as matrix products of patches."""

import itertools
import math
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array

from jgd.core import checks
from jgd.core.record import hyper, record, static_field
from jgd.core.types import Params
from jgd.models.dropout import dropout
from jgd.models.initializers import GlorotUniform, Initializer, check, check_initializer
from jgd.models.linear import affine, init_affine
from jgd.models.mlp import activations
from jgd.models.own_params import check_params


def patches(images: Array, size: int) -> Array:
    """Each place's size × size surroundings, 0 beyond the edges: (n, h, w, c) -> (n, h, w, size · size · c).

    A convolution is then one matrix product; XLA's own is slower than that on a CPU.

    Args:
        images: (n, h, w, c).
        size: Side of a patch, odd.

    Returns:
        (n, h, w, size · size · c), by row, column and channel.

    Example:
        >>> patches(jnp.ones((1, 2, 2, 1)), 3).sum(axis=-1)[0].tolist()
        [[4.0, 4.0], [4.0, 4.0]]
    """
    height, width = images.shape[1:3]
    half = size // 2
    padded = jnp.pad(images, ((0, 0), (half, half), (half, half), (0, 0)))
    shifted = [padded[:, i : i + height, j : j + width] for i in range(size) for j in range(size)]
    return jnp.concatenate(shifted, axis=-1)


@record
class CNN:
    """A convolution, an activation and a 2 × 2 maximum for each of `channels`, then one affine map to the logits.

    The images may come flat, (n, h · w · c), as a table's rows do, or as (n, h, w, c). LeCun et al. 1998,
    10.1109/5.726791, in small.

    Args:
        image: Height, width and channels of the images, as (8, 8, 1), each ≥ 1; structure.
        channels: Channels of each convolution, as (8, 16), each ≥ 1; structure.
        outputs: Logits or values, ≥ 1; structure.
        size: Side of the patches, odd; structure. Default: 3.
        activation: "relu", "tanh" or "sigmoid"; structure. Default: "relu".
        initializer: Where the weights start. Default: GlorotUniform().
        dropout: Rate in [0, 1) on what the last map takes, where `predict` has a key. Default: 0.

    Raises:
        JgdValueError: For a size below 1 or even, an unknown activation, or images too small to be halved so often.
        JgdTypeError: For an argument of another kind.

    Example:
        >>> model = CNN((8, 8, 1), (4, 8), 10)
        >>> model.predict(model.init(jax.random.key(0)), jnp.ones((5, 64))).shape
        (5, 10)
    """

    image: tuple[int, int, int] = static_field()
    channels: tuple[int, ...] = static_field()
    outputs: int = static_field()
    size: int = static_field(default=3)
    activation: str = static_field(default="relu")
    initializer: Initializer = GlorotUniform()
    dropout: float | Array = hyper("[0, 1)", schedule=False, default=0.0)

    def __post_init__(self) -> None:
        check_initializer(self.initializer)
        checks.choice("activation", self.activation, activations)
        if len(self.image) != 3 or not self.channels:
            raise checks.JgdValueError(
                f"image must be (height, width, channels) and channels not empty, got {self.image} and {self.channels}"
            )
        for name, value in (("image", self.image), ("channels", self.channels), ("outputs", (self.outputs,))):
            for each in value:
                checks.count(name, each, 1)
        if checks.count("size", self.size, 1) % 2 == 0:
            raise checks.JgdValueError(f"size must be odd, so that a patch has a middle, got {self.size}")
        if min(self.image[:2]) < 2 ** len(self.channels):
            raise checks.JgdValueError(
                f"images of {self.image[0]} × {self.image[1]} can't be halved {len(self.channels)} times"
            )

    def init(self, key: Array, dtype: Any = jnp.float32) -> Params:
        """The parameters at the start, drawn by `key`, in `dtype`: a tuple of layers, patches by channels, and logits."""
        widths = (self.image[2], *self.channels)
        shapes = [(self.size**2 * before, after) for before, after in itertools.pairwise(widths)]
        halved = [side // 2 ** len(self.channels) for side in self.image[:2]]
        shapes.append((halved[0] * halved[1] * widths[-1], self.outputs))
        check(key, dtype)
        keys = jax.random.split(key, len(shapes))
        return tuple(
            init_affine(k, shape, True, self.initializer, dtype) for k, shape in zip(keys, shapes, strict=True)
        )

    def predict(self, params: Params, inputs: Array, key: Array | None = None) -> Array:
        """The outputs (n, outputs) for images (n, h · w · c) or (n, h, w, c); with a key entries drop out."""
        check_params(self, params)
        *convolutions, last = params
        if math.prod(jnp.shape(inputs)[1:]) != math.prod(self.image):
            raise checks.JgdValueError(
                f"inputs must be images {self.image}, shape (n, {math.prod(self.image)}) or "
                f"(n, {', '.join(map(str, self.image))}), got {jnp.shape(inputs)}",
                argument="inputs",
            )
        images = jnp.asarray(inputs).reshape(-1, *self.image)
        for layer in convolutions:
            height, width = images.shape[1:3]
            around = patches(images, self.size)
            flat = affine(layer, around.reshape(-1, around.shape[-1]))
            images = activations[self.activation](flat.reshape(-1, height, width, flat.shape[-1]))
            images = _halved(images)
        return affine(last, dropout(images.reshape(images.shape[0], -1), self.dropout, key))

    def classify(self, params: Params, inputs: Array) -> Array:
        """The label that is predicted for each row, (n,) integers."""
        return jnp.argmax(self.predict(params, inputs), axis=1).astype(jnp.int32)


def _halved(images: Array) -> Array:
    """The largest of each 2 × 2 square, (n, h, w, c) -> (n, h // 2, w // 2, c); an odd last row or column is left out."""
    n, height, width, channels = images.shape
    even = images[:, : height // 2 * 2, : width // 2 * 2]
    return even.reshape(n, height // 2, 2, width // 2, 2, channels).max(axis=(2, 4))
