"""Random numbers inside an update: a pure function of (seed, step), so that a resumed run draws the same ones."""

import itertools
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array

from jgd.core import seeds, tree
from jgd.core.record import record
from jgd.core.transform import Transform
from jgd.core.types import Params


@record
class Noise:
    """The state of a transform that draws: its key's raw data, (2,) uint32, which serializes as any array does."""

    data: Array

    @staticmethod
    def of(seed: int) -> "Noise":
        """The NOISE stream of a seed; `jgd.train` and `jgd.sweep` fold their own seed in (`Transform.reseed`)."""
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


class DrawsNoise(Transform):
    """A transform whose state is a Noise, or has one as `noise`, which each run makes its own."""

    def reseed(self, state: Any, keys: seeds.NoiseKeys) -> Any:
        """The state with the run's own key."""
        if isinstance(state, Noise):
            return Noise(keys.mix(state.data))
        return replace(state, noise=Noise(keys.mix(state.noise.data)))
