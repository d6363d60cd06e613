"""How many lanes a block has: a pure function of the task and the platform, so that a run's bits don't depend on others."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import jax
import numpy as np

from jgd.core.jaxprs import inner_programs
from jgd.core.types import Batch, Loss, Params

# Lanes of a block on a CPU, by the multiply-adds of the loss on one batch. Measured on two cores: where a step is little
# work, lanes share the cost of each operation; a block of 8 serves up to a hidden layer of some hundred units; beyond,
# and with any convolution, lanes cost more side by side than alone (a 3 × 3 convolution twice as much), and one lane
# needs no padding.
CPU = ((2**17, 32), (2**23, 8))
GPU = ((65536, 256), (2**20, 32))  # by parameters; a guess
FEWEST_ON_GPU = 4
LITTLE_PADDING, MUCH_PADDING = 0.05, 0.2  # shares of the steps; much is told, with a block that makes it little


@dataclass(frozen=True)
class Work:
    """What a loss does on one batch: its parameters, the multiply-adds of its products, and whether it convolves."""

    parameters: int
    multiply_adds: int
    convolves: bool


def work_of(loss: Loss, params: Params, batch: Batch) -> Work:
    """The work of loss(params, batch), told from its trace; arrays may be shapes.

    Example:
        >>> import jax.numpy as jnp
        >>> work_of(lambda w, x: jnp.sum(x @ w), jnp.ones((3, 2)), jnp.ones((10, 3)))
        Work(parameters=6, multiply_adds=60, convolves=False)
    """
    products, convolves = _count(jax.make_jaxpr(loss)(params, batch).jaxpr)
    return Work(sum(int(np.prod(leaf.shape)) for leaf in jax.tree.leaves(params)), products, convolves)


def width_for(work: Work, platform: str) -> int:
    """Lanes of a block.

    Example:
        >>> width_for(Work(650, 41_000, False), "cpu"), width_for(Work(5_000, 300_000, False), "cpu")
        (32, 8)
        >>> width_for(Work(1_500, 100_000, True), "cpu"), width_for(Work(650, 41_000, False), "gpu")
        (1, 256)
    """
    if platform != "cpu":
        return next((width for most, width in GPU if work.parameters <= most), FEWEST_ON_GPU)
    return 1 if work.convolves else next((width for most, width in CPU if work.multiply_adds <= most), 1)


def padded_share(sizes: Sequence[int], width: int) -> float:
    """The share of padding in blocks of `width` for groups of so many configs.

    Example:
        >>> padded_share([8], 32), padded_share([8, 8], 8)
        (0.75, 0.0)
    """
    return 1 - sum(sizes) / sum(-(-size // width) * width for size in sizes)


def fitting_block(sizes: Sequence[int], width: int) -> int:
    """The widest block, up to `width`, with at most LITTLE_PADDING for groups of so many configs.

    Example:
        >>> fitting_block([8], 32), fitting_block([40], 32), fitting_block([64], 32)
        (8, 21, 32)
    """
    return next(block for block in range(width, 0, -1) if padded_share(sizes, block) <= LITTLE_PADDING)


def _count(jaxpr: Any) -> tuple[int, bool]:
    """(multiply-adds of matrix products, whether there is a convolution), also of what is called inside."""
    products, convolves = 0, False
    for equation in jaxpr.eqns:
        name = equation.primitive.name
        convolves |= name == "conv_general_dilated"
        if name == "dot_general":
            (contracted, _), _ = equation.params["dimension_numbers"]
            left = equation.invars[0].aval.shape
            products += int(np.prod(equation.outvars[0].aval.shape) * np.prod([left[axis] for axis in contracted]))
        for inner in inner_programs(equation):
            more, some = _count(inner)
            products += more * equation.params.get("length", 1)  # of a scan
            convolves |= some
    return products, convolves
