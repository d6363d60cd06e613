"""Whether parameters are a model's own: their names and shapes are those that its `init` makes."""

from dataclasses import replace
from functools import cache
from typing import Any

import jax
import jax.numpy as jnp

from jgd.core import checks
from jgd.core.types import Params
from jgd.models.initializers import Zeros

MOST_SHOWN = 8  # arrays in a message


def check_params(model: Any, params: Params) -> None:
    """Refuse parameters of another model: they would be a raw error, or silently another prediction.

    Args:
        model: A record with `init` and `initializer`.
        params: What it is to predict with; a tuple may have become a list.

    Raises:
        JgdValueError: For other names or shapes, with both.
    """
    own, given = _shapes_of(replace(model, initializer=Zeros())), _shapes(params)
    if own != given:
        raise checks.JgdValueError(
            f"params must be those of {type(model).__name__}, {_words(own)}, got {_words(given)}", argument="params"
        )


@cache
def _shapes_of(model: Any) -> dict[str, tuple[int, ...]]:
    return _shapes(jax.eval_shape(lambda: model.init(jax.random.key(0), jnp.float32)))


def _shapes(params: Params) -> dict[str, tuple[int, ...]]:
    paths = jax.tree_util.tree_leaves_with_path(params)
    return {jax.tree_util.keystr(path): getattr(leaf, "shape", ()) for path, leaf in paths}


def _words(shapes: dict[str, tuple[int, ...]]) -> str:
    shown = ", ".join(f"{name or 'an array'} {shape}" for name, shape in list(shapes.items())[:MOST_SHOWN])
    return (shown or "nothing") + (", …" if len(shapes) > MOST_SHOWN else "")
