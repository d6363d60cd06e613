"""Memory in 8 bits: each block of a large leaf as one scale and a byte an entry, which count tenths.

s = max |x| over a block, x is stored as the code nearest to x / s

The codes are the dynamic ones of the paper: for each power of ten from 1e-6 to 1, twice as many fractions as for the one
below, so that small entries beside a large one keep a digit. A block without negative entries (a second moment) uses
all 256 codes for positive numbers; its scale is stored negative to say so. One deviation: a positive entry of such a
block is never rounded to 0, where the paper's code does it and a moment of 0 would divide a mean that is not.

Source: Dettmers, Lewis, Shleifer & Zettlemoyer 2022, arXiv:2110.02861, section 2; blocks of 2048 and leaves from 4096
entries on as there.
"""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from jgd.core import checks, tree
from jgd.core.optimizer import TransformLike
from jgd.core.record import record, static_field
from jgd.core.seeds import NoiseKeys
from jgd.core.transform import Context, UpdateInfo
from jgd.core.types import Params
from jgd.transforms.wrapper import Wrapper


def _codes(signed: bool) -> np.ndarray:
    """The 256 numbers in [−1, 1] or [0, 1] that a byte stands for, in order."""
    positive = []
    for power in range(7):
        edges = np.linspace(0.1, 1, 2 ** (power if signed else power + 1) + 1)
        positive.append(10.0 ** (power - 6) * (edges[:-1] + edges[1:]) / 2)
    numbers = np.concatenate(positive)
    return np.sort(np.concatenate([[0.0, 1.0], numbers, -numbers if signed else []]))


SIGNED, POSITIVE = _codes(signed=True), _codes(signed=False)


@record
class Blocks:
    """An array of `shape` as codes (blocks, block_size) uint8 and scales (blocks,)."""

    codes: Array
    scales: Array
    shape: tuple[int, ...] = static_field()

    @staticmethod
    def of(x: Array, block_size: int) -> "Blocks":
        blocks = jnp.pad(x.ravel(), (0, -x.size % block_size)).reshape(-1, block_size)
        largest = jnp.max(jnp.abs(blocks), axis=1)
        positive = jnp.min(blocks, axis=1) >= 0
        share = tree.safe_divide(blocks, largest[:, None])
        upwards = jnp.where(share > 0, jnp.maximum(_nearest(POSITIVE, share), 1), 0)
        codes = jnp.where(positive[:, None], upwards, _nearest(SIGNED, share))
        return Blocks(codes.astype(jnp.uint8), jnp.where(positive, -largest, largest), x.shape)

    def array(self) -> Array:
        """The array, in the dtype of the scales."""
        number = lambda table: jnp.asarray(table, self.scales.dtype)[self.codes.astype(jnp.int32)]
        shares = jnp.where(self.scales[:, None] <= 0, number(POSITIVE), number(SIGNED))
        flat = (shares * jnp.abs(self.scales)[:, None]).ravel()
        return flat[: int(np.prod(self.shape))].reshape(self.shape)


def _nearest(table: np.ndarray, x: Array) -> Array:
    return jnp.searchsorted(jnp.asarray((table[:-1] + table[1:]) / 2, x.dtype), x)


@record
class EightBitState:
    """The inner transform's state, its large leaves as Blocks."""

    inner: Any  # the transform's state, its large leaves as Blocks


@record
class EightBit(Wrapper):
    """`transform` with its memory in 8 bits: a quarter of float32's, for moments that need no more than two digits.

    Put it around the algorithm, `chain(EightBit(ScaleByAdam(...)), ScaleByLearningRate(...))`: averages, slow weights and
    master copies need all their digits. Derivatives don't pass through a byte: a hypergradient sees the last step's only.

    Args:
        transform: A transform or an optimizer.
        block_size: Entries that share a scale. ≥ 1; structure. Default: 2048.
        min_size: Leaves with fewer entries stay as they are. ≥ 0; structure. Default: 4096.

    Raises:
        JgdTypeError: For something that is no transform.
        JgdValueError: For a size below its least.

    Example:
        >>> import jgd
        >>> optimizer = jgd.chain(EightBit(jgd.optimizers.momentum(0.1), block_size=4, min_size=1))
        >>> state = optimizer.init(jnp.ones(8))
        >>> [leaf.dtype.name for leaf in jax.tree.leaves(state.inner) if leaf.size == 8]
        ['uint8']
    """

    transform: TransformLike
    block_size: int = static_field(default=2048)
    min_size: int = static_field(default=4096)

    def __post_init__(self) -> None:
        self._accept()
        checks.count("block_size", self.block_size, least=1)
        checks.count("min_size", self.min_size)

    def _packed(self, state: Any) -> EightBitState:
        large = lambda x: jnp.issubdtype(x.dtype, jnp.floating) and x.size >= max(self.min_size, 1)
        return EightBitState(tree.map(lambda x: Blocks.of(x, self.block_size) if large(x) else x, state))

    def _unpacked(self, state: EightBitState) -> Any:
        packed = lambda node: isinstance(node, Blocks)
        return jax.tree.map(lambda x: x.array() if packed(x) else x, state.inner, is_leaf=packed)

    def init(self, params: Params) -> EightBitState:
        return self._packed(self.transform.init(params))

    def update(self, updates: Params, state: EightBitState, context: Context) -> tuple[Params, EightBitState]:
        updates, inner = self.transform.update(updates, self._unpacked(state), context)
        return updates, self._packed(inner)

    def _repacked(self, state: EightBitState, given: Any, changed: Any) -> EightBitState:
        """The state with only those leaves packed anew that are not the ones given: a byte read back may be another."""
        keep = lambda packed, old, new: packed if old is new else self._packed(new).inner
        blocks = lambda node: isinstance(node, Blocks)
        return EightBitState(jax.tree.map(keep, state.inner, given, changed, is_leaf=blocks))

    def info(self, state: EightBitState) -> UpdateInfo:
        return self.transform.info(self._unpacked(state))

    def reseed(self, state: EightBitState, keys: NoiseKeys) -> EightBitState:
        given = self._unpacked(state)
        return self._repacked(state, given, self.transform.reseed(given, keys))

    def observe(self, state: EightBitState, metric: Any) -> EightBitState:
        given = self._unpacked(state)
        return self._repacked(state, given, self.transform.observe(given, metric))

    def eval_params(self, params: Params, state: EightBitState) -> Params:
        return self.transform.eval_params(params, self._unpacked(state))
