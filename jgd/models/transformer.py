"""A small decoder transformer for sequences of tokens."""

from typing import Any

import jax
import jax.numpy as jnp
from jax import Array

from jgd.core import checks
from jgd.core.record import hyper, record, static_field
from jgd.core.types import Params
from jgd.models.dropout import dropout
from jgd.models.initializers import GlorotUniform, Initializer, Normal, check, check_initializer
from jgd.models.linear import affine, init_affine
from jgd.models.own_params import check_params

EMBEDDING = Normal(std=0.02)  # as GPT-2's; a tied head then begins close to the uniform distribution
EPS = 1e-5  # of a norm, added to the variance


def layer_norm(params: Params, values: Array) -> Array:
    """scale · (x − mean) / √(variance + 1e-5) + bias over the last axis. Ba et al. 2016, arXiv:1607.06450.

    Args:
        params: {"scale": (width,), "bias": (width,)}.
        values: (…, width).

    Returns:
        The same shape.

    Example:
        >>> layer_norm({"scale": jnp.ones(2), "bias": jnp.zeros(2)}, jnp.array([[1.0, 3.0]])).tolist()
        [[-0.999, 0.999]]
    """
    centered = values - values.mean(axis=-1, keepdims=True)
    unit = centered * jax.lax.rsqrt(jnp.square(centered).mean(axis=-1, keepdims=True) + EPS)
    scale, bias = (jnp.broadcast_to(params[name], values.shape) for name in ("scale", "bias"))
    return scale * unit + bias


@record
class Transformer:
    """Tokens (n, length) to logits of the next ones (n, length, vocabulary): a place sees itself and what is before it.

    Embeddings of tokens and of positions, then blocks x ← x + attention(norm(x)), x ← x + mlp(norm(x)), a norm and the head:
    Vaswani et al. 2017, arXiv:1706.03762, with the norm before (Xiong et al. 2020, arXiv:2002.04745) and GELU between. A
    token outside 0 … vocabulary − 1 makes its whole sequence NaN. Embeddings are looked up by a product with ones and
    zeros, whose gradient is fast in blocks of runs, for vocabularies of up to some hundreds.

    Args:
        vocabulary: Kinds of tokens, ≥ 1; structure.
        length: Of the longest sequence, ≥ 1; structure.
        width: Of the embeddings, a multiple of `heads`; structure. Default: 32.
        heads: Of each attention; structure. Default: 2.
        layers: Blocks, ≥ 1; structure. Default: 2.
        tied: The head is the tokens' embedding transposed (Press & Wolf 2017, arXiv:1608.05859), else a matrix of its own;
            structure. Default: True.
        dropout: Rate in [0, 1) on embeddings, attention and what each block adds, where `predict` has a key. Default: 0.
        initializer: Where the matrices of blocks and head start; embeddings start Gaussian with 0.02. Default: GlorotUniform().

    Raises:
        JgdValueError: For a number outside its range, or a width that the heads don't divide.
        JgdTypeError: For an argument of another kind.

    Example:
        >>> model = Transformer(vocabulary=5, length=8, width=4)
        >>> model.predict(model.init(jax.random.key(0)), jnp.zeros((3, 6), int)).shape
        (3, 6, 5)
    """

    vocabulary: int = static_field()
    length: int = static_field()
    width: int = static_field(default=32)
    heads: int = static_field(default=2)
    layers: int = static_field(default=2)
    tied: bool = static_field(default=True)
    dropout: float | Array = hyper("[0, 1)", schedule=False, default=0.0)
    initializer: Initializer = GlorotUniform()

    def __post_init__(self) -> None:
        check_initializer(self.initializer)
        for name in ("vocabulary", "length", "width", "heads", "layers"):
            checks.count(name, getattr(self, name), 1)
        checks.flag("tied", self.tied)
        if self.width % self.heads:
            raise checks.JgdValueError(
                f"width must be a multiple of heads, got {self.width} and {self.heads}", argument="width"
            )

    def init(self, key: Array, dtype: Any = jnp.float32) -> Params:
        """The parameters at the start, drawn by `key`, in `dtype`."""
        check(key, dtype)
        tokens, positions, head, *blocks = jax.random.split(key, 3 + self.layers)
        params = {
            "tokens": EMBEDDING(tokens, (self.vocabulary, self.width), dtype),
            "positions": EMBEDDING(positions, (self.length, self.width), dtype),
            "blocks": tuple(self._block(each, dtype) for each in blocks),
            "norm": self._norm(dtype),
        }
        own = {"head": init_affine(head, (self.width, self.vocabulary), False, self.initializer, dtype)}
        return params if self.tied else params | own

    def _block(self, key: Array, dtype: Any) -> Params:
        width, names = self.width, ("attention", "attended", "hidden", "output")
        shapes = (width, 3 * width), (width, width), (width, 4 * width), (4 * width, width)
        keys = jax.random.split(key, len(names))
        maps = [init_affine(k, shape, True, self.initializer, dtype) for k, shape in zip(keys, shapes, strict=True)]
        norms = {name: self._norm(dtype) for name in ("attention_norm", "hidden_norm")}
        return dict(zip(names, maps, strict=True)) | norms

    def _norm(self, dtype: Any) -> Params:
        return {"scale": jnp.ones(self.width, dtype), "bias": jnp.zeros(self.width, dtype)}

    def predict(self, params: Params, inputs: Array, key: Array | None = None) -> Array:
        """The logits (n, length, vocabulary) of the tokens after each place of `inputs`, (n, length) integers.

        With a key entries drop out; length may be less than the model's own.
        """
        embedded = self._embedded(params, jnp.asarray(inputs))
        first, *keys = [None] * (1 + self.layers) if key is None else jax.random.split(key, 1 + self.layers)
        values = dropout(embedded, self.dropout, first)
        for block, own in zip(params["blocks"], keys, strict=True):
            weights, attended, hidden = (None,) * 3 if own is None else jax.random.split(own, 3)
            seen = self._attention(block, layer_norm(block["attention_norm"], values), weights)
            values = values + dropout(seen, self.dropout, attended)
            wide = jax.nn.gelu(_each_place(block["hidden"], layer_norm(block["hidden_norm"], values)))
            values = values + dropout(_each_place(block["output"], wide), self.dropout, hidden)
        values = layer_norm(params["norm"], values)
        return _each_place({"weights": params["tokens"].T} if self.tied else params["head"], values)

    def classify(self, params: Params, inputs: Array) -> Array:
        """The likeliest next token of each place, (n, length) integers."""
        return jnp.argmax(self.predict(params, inputs), axis=-1).astype(jnp.int32)

    def _embedded(self, params: Params, tokens: Array) -> Array:
        if not jnp.issubdtype(tokens.dtype, jnp.integer):
            raise checks.JgdTypeError(f"inputs must be integer tokens, got dtype {tokens.dtype}", argument="inputs")
        if tokens.ndim != 2 or tokens.shape[1] > self.length:
            raise checks.JgdValueError(
                f"inputs must have shape (n, length ≤ {self.length}), got {tokens.shape}", argument="inputs"
            )
        check_params(self, params)
        table = params["tokens"]
        chosen = jax.nn.one_hot(tokens, self.vocabulary, dtype=table.dtype)
        known = (tokens >= 0) & (tokens < self.vocabulary)
        of_tokens = jnp.where(known[..., None], _each_place({"weights": table}, chosen), jnp.nan)
        return of_tokens + params["positions"][None, : tokens.shape[1]]

    def _attention(self, block: Params, values: Array, key: Array | None) -> Array:
        """softmax(q · kᵀ / √d) · v of each head, of the places before and its own; mixed by a matrix."""
        n, length, width = values.shape
        size = width // self.heads
        parts = _each_place(block["attention"], values).reshape(n, length, 3, self.heads, size)
        queries, keys, each = (parts[:, :, i] for i in range(3))
        scores = jnp.einsum("nqhd,nkhd->nhqk", queries, keys) / size**0.5
        past = jnp.tril(jnp.ones((length, length), bool))
        weights = jax.nn.softmax(jnp.where(past[None, None], scores, -jnp.inf), axis=-1)
        mixed = jnp.einsum("nhqk,nkhd->nqhd", dropout(weights, self.dropout, key), each)
        return _each_place(block["attended"], mixed.reshape(n, length, width))


def _each_place(params: Params, values: Array) -> Array:
    """The affine map of the last axis of (n, length, features)."""
    flat = affine(params, values.reshape(-1, values.shape[-1]))
    return flat.reshape(*values.shape[:2], flat.shape[-1])
