"""Where each leaf of the parameters lies in one flat float64 vector."""

from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jgd.core import checks
from jgd.core.types import Params


@dataclass(frozen=True)
class LeafLayout:
    """Where each leaf lies in the flat vector; hashable, so that compiled programs are found again by it.

    paths, shapes, dtypes: of all leaves. spans: the leaf's (start, stop), None for what is not checked.
    """

    treedef: Any
    paths: tuple[str, ...]
    shapes: tuple[tuple[int, ...], ...]
    dtypes: tuple[str, ...]
    spans: tuple[tuple[int, int] | None, ...]

    def unravel(self, x: Any, others: list[Any], dtype: Any = None) -> Params:
        """The parameters of the vector `x`, in `dtype` or each leaf in its own; `others`: the leaves not in it."""
        rest = iter(others)
        leaves = [
            next(rest) if span is None else x[slice(*span)].reshape(shape).astype(dtype or own)
            for span, shape, own in zip(self.spans, self.shapes, self.dtypes, strict=True)
        ]
        return jax.tree.unflatten(self.treedef, leaves)

    def ravel(self, tree: Params) -> np.ndarray:
        """The checked leaves of a tree of this layout as one float64 vector, (d,)."""
        leaves = [leaf for leaf, span in zip(self.treedef.flatten_up_to(tree), self.spans, strict=True) if span]
        return concatenate(leaves)

    def merge(self, checked: list[Any], others: list[Any]) -> Params:
        """The parameters of their checked leaves and the others."""
        mine, rest = iter(checked), iter(others)
        return jax.tree.unflatten(self.treedef, [next(mine if span else rest) for span in self.spans])

    def split(self, params: Params) -> tuple[list[Any], list[Any]]:
        """-> (checked leaves, the others): what `merge` takes."""
        leaves = list(zip(self.treedef.flatten_up_to(params), self.spans, strict=True))
        return [leaf for leaf, span in leaves if span], [leaf for leaf, span in leaves if not span]

    def eps(self, default: float = 0.0) -> float:
        """The machine epsilon of the coarsest checked leaf; `default` where none is checked."""
        pairs = zip(self.dtypes, self.spans, strict=True)
        return max([float(jnp.finfo(dtype).eps) for dtype, span in pairs if span], default=default)


def ravel_params(params: Params) -> tuple[LeafLayout, np.ndarray, list[Any]]:
    """-> (layout, x (d,) float64, the other leaves): real floating leaves are in x, all others beside it."""
    found, treedef = jax.tree_util.tree_flatten_with_path(params)
    dtypes = [getattr(leaf, "dtype", None) or jnp.asarray(leaf).dtype for _, leaf in found]
    spans, parts, others, at = [], [], [], 0
    for (_, leaf), dtype in zip(found, dtypes, strict=True):
        if not jnp.issubdtype(dtype, jnp.floating):
            spans.append(None)
            others.append(leaf)
            continue
        parts.append(leaf)
        spans.append((at, at + np.size(leaf)))
        at += np.size(leaf)
    layout = LeafLayout(
        treedef,
        tuple(checks.path_of(path) for path, _ in found),
        tuple(jnp.shape(leaf) for _, leaf in found),
        tuple(str(dtype) for dtype in dtypes),
        tuple(spans),
    )
    return layout, concatenate(parts), others


def concatenate(leaves: list[Any]) -> np.ndarray:
    """The leaves as one float64 vector (d,), a copy only where there are several."""
    parts = [np.asarray(leaf).astype(np.float64, copy=False).ravel() for leaf in leaves]
    return parts[0] if len(parts) == 1 else np.concatenate([np.zeros(0), *parts])
