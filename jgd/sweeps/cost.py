"""What a sweep took: seconds, steps and bytes, in all and round by round; and what its policy has saved."""

import platform
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from typing import Any

import jax
import numpy as np

from jgd.sweeps.engine.footprint import peak
from jgd.sweeps.engine.progress import Meter
from jgd.sweeps.plan import Plan
from jgd.sweeps.policies.policy import Round


@dataclass(frozen=True)
class Spent:
    """What a round took."""

    seconds: float
    steps: int
    padded_steps: int

    @classmethod
    def by(cls, meter: Meter) -> "Spent":
        """What all rounds so far took."""
        return cls(meter.run_seconds, meter.steps, meter.padded_steps)

    def since(self, before: "Spent") -> "Spent":
        """What came after `before`."""
        return Spent(*(now - then for now, then in zip(astuple(self), astuple(before), strict=True)))


def measured_cost(
    plan: Plan, meter: Meter, reached: np.ndarray, rounds: Sequence[Round] = (), spent: Sequence[Spent] = ()
) -> dict[str, Any]:
    """The `cost` of a sweep's data: what it took this time. Steps are those of all runs together."""
    seconds, steps = meter.run_seconds, meter.steps
    whole = len(plan.configs) * len(plan.seeds) * plan.steps
    return {
        "compile_seconds": meter.compile_seconds,
        "run_seconds": seconds,
        "steps": steps,
        "steps_per_second": steps / seconds if seconds else 0.0,
        "padded_share": 1 - steps / meter.padded_steps if meter.padded_steps else 0.0,
        "saved_share": 1 - int(reached.sum()) * len(plan.seeds) / whole if whole else 0.0,
        "round_until": [each.until for each in rounds],
        "round_seconds": [each.seconds for each in spent],
        "round_steps": [each.steps for each in spent],
        "round_padded_steps": [each.padded_steps for each in spent],
        "block_width": max(plan.widths),
        **_memory(plan),
        "devices": len(plan.devices),
        "device_kind": plan.devices[0].device_kind,
        "batch_size": max(batches.size for batches in plan.batches),
        "jax": jax.__version__,
        "python": platform.python_version(),
    }


def _memory(plan: Plan) -> dict[str, int]:
    """Bytes: what the widest block was planned to take, where a limit was given; the peak, where devices count it."""
    planned = (
        takes.of(width) for takes, width in zip(plan.footprints if plan.memory else (), plan.widths, strict=False)
    )
    counted = {"planned_bytes": max(planned, default=None), "peak_bytes": peak(plan.devices)}
    return {name: number for name, number in counted.items() if number is not None}
