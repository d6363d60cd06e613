"""Many starts and where they end: enters a landscape and an optimizer, leaves the basins."""

from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jgd.core import checks
from jgd.core.optimizer import Optimizer
from jgd.landscapes import Landscape
from jgd.teaching.descents import path_points

NEAR = 0.02  # of the box's diagonal: ends nearer than this are one place


@dataclass(frozen=True)
class ManyStarts:
    """Descents from many starts.

    Attributes:
        landscape: Where.
        starts: (n, dimensions).
        ends: (n, dimensions); not finite where a descent diverged.
        places: (places, dimensions), where they end, the lowest first.
        losses: (places,) there.
        place_of: (n,) the index of each start's place; −1 where it diverged.
    """

    landscape: Landscape
    starts: np.ndarray
    ends: np.ndarray
    places: np.ndarray
    losses: np.ndarray
    place_of: np.ndarray

    @property
    def counts(self) -> np.ndarray:
        """(places,), how many starts end there."""
        return np.array([(self.place_of == place).sum() for place in range(len(self.places))], int)


def many_starts(
    landscape: Landscape, optimizer: Optimizer, starts: Any = 100, *, steps: int = 200, seed: int = 0
) -> ManyStarts:
    """Descends from many starts at once, and gathers the ends that lie together, within 2% of the box's diagonal.

    Args:
        landscape: Where to descend.
        optimizer: The method.
        starts: (n, dimensions), or how many to draw evenly from the landscape's box.
        steps: Updates of each; ends that still move are places of their own.
        seed: Of the draw.

    Returns:
        Starts, ends and places.

    Raises:
        JgdValueError: For starts of another shape, or none.

    Example:
        >>> import jgd
        >>> hills = jgd.landscapes.get("local_minimum")
        >>> found = many_starts(hills, jgd.optimizers.sgd(0.1), [[-0.4], [6.0], [3.0]])
        >>> found.places.round(2).tolist(), found.place_of.tolist()
        ([[-0.49], [3.38]], [0, 1, 1])
    """
    checks.instance("landscape", landscape, Landscape, "jgd.landscapes.get(…) returns")
    checks.instance("optimizer", optimizer, Optimizer, "jgd.optimizers.sgd(0.1) is")
    steps, low, high = checks.count("steps", steps, 1), np.array(landscape.low), np.array(landscape.high)
    if np.ndim(starts) == 0:
        count = checks.count("starts", starts, 1)
        starts = np.random.default_rng(checks.count("seed", seed)).uniform(low, high, (count, len(low)))
    points = np.asarray(starts, np.float64)
    if points.ndim != 2 or points.shape[1] != len(low) or not len(points):
        raise checks.JgdValueError(f"starts must have shape (n, {len(low)}), got {points.shape}", argument="starts")
    run = jax.jit(jax.vmap(lambda begin: path_points(landscape, optimizer, begin, steps)[0][-1]))
    ends = np.asarray(run(jnp.asarray(points, jnp.result_type(float))), np.float64)
    heights = np.asarray(jax.vmap(landscape)(jnp.asarray(ends, jnp.result_type(float))), np.float64)
    near = NEAR * np.linalg.norm(high - low)
    places: list[int] = []
    place_of = np.full(len(points), -1)
    for one in np.argsort(heights, kind="stable"):  # NaN last
        if not np.isfinite(ends[one]).all():
            continue
        distances = [float(np.linalg.norm(ends[one] - ends[place])) for place in places]
        if not distances or min(distances) > near:
            distances.append(0.0)
            places.append(int(one))
        place_of[one] = int(np.argmin(distances))
    return ManyStarts(landscape, points, ends, ends[places], heights[places], place_of)
