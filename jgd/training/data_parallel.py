"""Data-parallel training: the parameters on every device, each batch cut by rows, the gradients summed between devices.

    batch (rows) ─► rows / devices on each ─► their gradients ─► sum over devices ─► the same update on each

The program is that of one device; XLA puts the sum where a mean over rows needs it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import jax
import numpy as np
from jax.sharding import AxisType, Mesh, NamedSharding, PartitionSpec

from jgd.core import checks
from jgd.core.types import Batch
from jgd.data.batches import Batches


@dataclass(frozen=True)
class DataParallel:
    """Where arrays live: `replicated` is a copy on each device, `sharded` a share of the rows."""

    replicated: NamedSharding
    sharded: NamedSharding

    @staticmethod
    def over(devices: Any, batches: Batches) -> "DataParallel":
        """Over these devices; refused where they are none, not different or don't divide the batch."""
        if isinstance(devices, str) or not isinstance(devices, Sequence) or not devices:
            raise checks.JgdTypeError(
                f"devices must be a sequence such as jax.local_devices(), got {checks.shown(devices)}",
                argument="devices",
            )
        for device in devices:
            if not isinstance(device, jax.Device):
                raise checks.JgdTypeError(
                    f"devices must hold devices, as jax.local_devices() does, got {checks.shown(device)}",
                    argument="devices",
                )
        if len(set(devices)) < len(devices):
            raise checks.JgdValueError(f"devices must differ from each other, got {list(devices)}", argument="devices")
        if batches.size % len(devices):
            raise checks.JgdValueError(
                f"batch_size must be a multiple of the {len(devices)} devices that share a batch, got {batches.size}",
                argument="batch_size",
            )
        # Auto: XLA decides what is sharded inside; explicit axes refuse a scan inside a vmap
        mesh = Mesh(np.array(devices), ("rows",), axis_types=(AxisType.Auto,))
        return DataParallel(NamedSharding(mesh, PartitionSpec()), NamedSharding(mesh, PartitionSpec("rows")))

    def cut(self, batches: Batches) -> Batches:
        """The same batches, each cut by rows where it is taken."""
        return replace(batches, cut=self.sharded)

    def replicate(self, tree: Any) -> Any:
        """The tree on every device."""
        return jax.device_put(tree, self.replicated)

    def shard(self, data: Batch) -> Batch:
        """Rows that are all read at once: a share on each device, or copies where the devices don't divide them."""
        whole = checks.rows("data", data) % self.sharded.mesh.size
        return self.replicate(data) if whole else jax.device_put(data, self.sharded)
