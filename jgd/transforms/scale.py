"""Steps longer or shorter by a factor: everywhere, for each group of paths, or for each layer by its depth.

updates ← s · updates

s multiplies what reaches it: behind the learning rate the whole step, decay included, as a parameter group's own `lr`
in torch; in front of a method that normalizes, such as Adam, it would do nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import jax

from jgd.core import checks, tree
from jgd.core.masks import first_match
from jgd.core.paths import listed, matches, paths
from jgd.core.record import hyper, record, static_field
from jgd.core.transform import Context, Transform
from jgd.core.types import Params, Scalar
from jgd.transforms.partitions import Partition


@record
class Scale(Transform):
    """updates ← factor · updates.

    Args:
        factor: A number or a schedule. ≥ 0.

    Example:
        >>> import jgd, jax.numpy as jnp
        >>> optimizer = jgd.chain(jgd.optimizers.adam(0.1), Scale(0.5))
        >>> optimizer.update(jnp.ones(1), optimizer.init(jnp.ones(1)), jnp.ones(1))[0].tolist()
        [-0.05]
    """

    entrywise = True

    factor: Scalar = hyper(">= 0")

    def update(self, updates: Params, state: tuple[()], context: Context) -> tuple[Params, tuple[()]]:
        return tree.scale(context.at(self.factor), updates), state


@dataclass(frozen=True)
class FirstOrLast:
    """A `Partition`'s rule: the first of the patterns that matches a leaf, and the group behind them where none does."""

    patterns: tuple[str, ...]

    def __call__(self, params: Params) -> list[int]:
        for pattern in self.patterns:
            first_match((pattern, "*"), params)  # refuses a pattern that matches nothing
        found = lambda path: (i for i, pattern in enumerate(self.patterns) if matches(pattern, path))
        return [next(found(path), len(self.patterns)) for path in paths(params)]


def scale_by_path(factors: Mapping[str, Scalar]) -> Partition:
    """Another factor for each group of paths; leaves that no pattern matches keep their updates.

    Args:
        factors: {pattern of paths: factor ≥ 0, a number or a schedule}; of several that match the first counts.

    Returns:
        The transform: `chain(adam(η), scale_by_path({"embedding": 0.1}))`.

    Raises:
        JgdTypeError: For something that is no mapping from patterns to numbers.
        JgdValueError: For a factor below 0, and when it first sees the parameters for a pattern that matches no leaf.

    Example:
        >>> import jgd, jax.numpy as jnp
        >>> optimizer = jgd.chain(jgd.optimizers.sgd(1.0), scale_by_path({"embedding": 0.25}))
        >>> params = {"embedding": jnp.ones(1), "head": jnp.ones(1)}
        >>> updates, _ = optimizer.update(params, optimizer.init(params), params)
        >>> updates["embedding"].tolist(), updates["head"].tolist()
        ([-0.25], [-1.0])
    """
    if not isinstance(factors, Mapping) or not factors:
        raise checks.JgdTypeError(
            f'factors must be a mapping such as {{"embedding": 0.1}}, got {checks.shown(factors)}', argument="factors"
        )
    patterns = listed("factors", list(factors))
    for pattern, factor in factors.items():
        checks.hyperparameter(f"factors[{pattern!r}]", factor, ">= 0")
    return Partition((), (*map(Scale, factors.values()), Scale(1.0)), FirstOrLast(patterns))


@record
class LayerwiseDecay(Transform):
    """updates ← decay^(L − 1 − l) · updates for the leaves of layer l of 0 … L − 1: the last layer takes whole steps.

    For fine-tuning, where what lies near the input should change least. Sources: Howard & Ruder 2018, arXiv:1801.06146,
    section 3.2 ("discriminative fine-tuning", decay 1 / 2.6); Clark et al. 2020, arXiv:2003.10555, appendix A
    ("layer-wise learning-rate decay", 0.8).

    Args:
        decay: In (0, 1], a number or a schedule.
        layers: Patterns of the paths of each layer, the one at the input first; "#" stands for 0, 1, 2, … as far as there are
            such paths: ("embedding/*", "layers/#/*", "head/*"). Structure.

    Raises:
        JgdTypeError: For something that is no pattern.
        JgdValueError: For a decay outside its range, and when it first sees the parameters, for a pattern that matches no
            leaf and for a leaf of no layer.

    Example:
        >>> import jgd, jax.numpy as jnp
        >>> optimizer = jgd.chain(jgd.optimizers.sgd(1.0), LayerwiseDecay(0.5, ("layers/#/*", "head")))
        >>> params = {"head": jnp.ones(1), "layers": [{"w": jnp.ones(1)}, {"w": jnp.ones(1)}]}
        >>> updates, _ = optimizer.update(params, optimizer.init(params), params)
        >>> [float(u[0]) for u in jax.tree.leaves(updates)]
        [-1.0, -0.25, -0.5]
    """

    per_leaf = True

    decay: Scalar = hyper("(0, 1]")
    layers: Any = static_field()

    def __post_init__(self) -> None:
        object.__setattr__(self, "layers", listed("layers", self.layers))

    def update(self, updates: Params, state: tuple[()], context: Context) -> tuple[Params, tuple[()]]:
        named = _numbered(self.layers, context.params)
        decay, leaves = context.at(self.decay), jax.tree.leaves(updates)
        layer = first_match(named, context.params)
        scaled = [decay ** (len(named) - 1 - i) * u for i, u in zip(layer, leaves, strict=True)]
        return jax.tree.structure(updates).unflatten(scaled), state


def _numbered(patterns: tuple[str, ...], params: Params) -> list[str]:
    """Each pattern with a "#" as often as there are paths for its numbers from 0 on, at least once."""
    names, out = paths(params), []
    for pattern in patterns:
        each = [pattern.replace("#", str(i)) for i in range(len(names))]
        there = next((i for i, one in enumerate(each) if not any(matches(one, name) for name in names)), len(each))
        out += each[: max(1, there)] if "#" in pattern else [pattern]
    return out
