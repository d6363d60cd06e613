"""Random numbers inside an update: a pure function of (seed, step), so that a resumed run draws the same ones."""

import itertools
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array

from jgd.core import seeds, tree
from jgd.core.record import record
from jgd.core.types import Params


@record
class Noise:
    """The state of a transform that draws: its key's raw data, (2,) uint32, which serialises as any array does."""

    data: Array

    @staticmethod
    def of(seed: int) -> "Noise":
        """The NOISE stream of a seed; `jgd.train` and `jgd.sweep` fold their own seed in (`seeded`)."""
        return Noise(jax.random.key_data(seeds.key(seed, seeds.Stream.NOISE)))

    def at(self, step: Array) -> Array:
        """The key of one update."""
        return jax.random.fold_in(jax.random.wrap_key_data(self.data, impl="threefry2x32"), step)

    def like(self, step: Array, a: Params, draw: Callable[..., Array] = jax.random.normal) -> Params:
        """Numbers of one update in the shapes of `a`, in its compute dtype: draw(key, shape, dtype) as `jax.random` has it.

        One draw cut into leaves, not one a leaf: the generator is long, and hundreds of copies of it compile for minutes.
        """
        leaves, structure = jax.tree.flatten(a)
        ends = list(itertools.accumulate(leaf.size for leaf in leaves))
        if not ends:
            return a
        flat = jax.lax.optimization_barrier(draw(self.at(step), (ends[-1],), tree.compute_dtype(a)))
        cut = [x.reshape(leaf.shape) for x, leaf in zip(jnp.split(flat, ends[:-1]), leaves, strict=True)]
        return jax.tree.unflatten(structure, cut)


def seeded(state: Any, key: Array) -> Any:
    """`state` with every `Noise` in it made the run's own: two lanes of a sweep, or two transforms, never share numbers.

    >>> first, second = seeded((Noise.of(0), Noise.of(0)), seeds.key(7, seeds.Stream.NOISE))
    >>> bool((first.data == second.data).all())
    False
    """
    is_noise = lambda node: isinstance(node, Noise)
    nodes, structure = jax.tree.flatten(state, is_leaf=is_noise)
    number = 0
    for place, node in enumerate(nodes):
        if is_noise(node):
            own = jnp.bitwise_xor(node.data[0], node.data[1])
            mixed = jax.random.fold_in(jax.random.fold_in(key, own), number)
            nodes[place] = Noise(jax.random.key_data(mixed))
            number += 1
    return jax.tree.unflatten(structure, nodes)
