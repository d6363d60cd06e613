"""What a model's loss takes: a batch of inputs, targets and weights, and parameters like those that the model makes."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import jax
import jax.numpy as jnp

from jgd.core import checks
from jgd.core.types import Params


def parts_of(name: str, batch: Any) -> Any:
    """A batch that is (inputs, targets) or (inputs, targets, weights); `JgdTypeError` for all else, which `name` calls."""
    if isinstance(batch, tuple | list) and len(batch) in (2, 3):
        return batch
    got = (
        f"{len(batch)} parts"
        if isinstance(batch, tuple | list)
        else f"a dict of {', '.join(map(repr, batch))}"
        if isinstance(batch, Mapping)
        else f"an array of shape {jnp.shape(batch)}"
        if hasattr(batch, "shape")
        else checks.shown(batch)
    )
    raise checks.JgdTypeError(
        f"{name} must be (inputs, targets) or (inputs, targets, weights), got {got}", argument=name
    )


@contextmanager
def told_of_other_params(model: Any, params: Params) -> Iterator[None]:
    """Where a model fails on parameters that are not like those it makes, the error says which leaf isn't."""
    try:
        yield
    except Exception as fault:
        try:
            made = jax.eval_shape(model.init, jax.random.key(0))
        except Exception:  # a model of a user's own, that starts in another way
            raise fault from None
        try:
            checks.same_structure(params, made, "params", f"the model {type(model).__name__}")
        except checks.JgdError as other:
            raise other from fault
        raise
