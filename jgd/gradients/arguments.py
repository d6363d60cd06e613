"""Losses and data that can't be differentiated, refused by name."""

from typing import Any

import jax

from jgd.core import checks
from jgd.core.types import Batch, Loss, Params


def check_loss_and_data(loss: Loss, params: Params, *data: Batch) -> None:
    """Refuse a loss that is no function of (params, *data), and leaves that are no numbers."""
    if not callable(loss):
        raise checks.JgdTypeError(
            f"loss must be a function (params, batch) -> a number, got {type(loss).__name__}", argument="loss"
        )
    checks.takes("loss", loss, "params", *["batch"] * len(data))
    check_numbers(params=params)
    for each in data:
        check_numbers(batch=each)


def check_numbers(**trees: Any) -> None:
    """Refuse leaves that are neither arrays of numbers nor numbers, by the tree's name and their path."""
    for name, tree in trees.items():
        for path, leaf in jax.tree_util.tree_leaves_with_path(tree):
            known = hasattr(leaf, "dtype") or isinstance(leaf, bool | int | float | complex)
            if not known or getattr(getattr(leaf, "dtype", None), "kind", "f") in "OSUMm":
                got = getattr(leaf, "dtype", type(leaf).__name__)
                raise checks.JgdTypeError(f"{name}{checks.path_of(path)} must be an array or a number, got {got}")
