"""What a sweep took: seconds, steps and bytes, in all and round by round; and what its policy has saved."""

import platform
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass
from typing import Any

import jax
import numpy as np

from jgd.sweeps.engine.footprint import peak
from jgd.sweeps.engine.progress import Meter
from jgd.sweeps.facts import SweepFacts
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


def setup_of(plan: Plan) -> dict[str, Any]:
    """How a plan is carried out, as far as `cost` tells it; bytes: what the widest block takes, under a limit."""
    planned = (
        takes.of(width) for takes, width in zip(plan.footprints if plan.memory else (), plan.widths, strict=False)
    )
    most = max(planned, default=None)
    return {
        "block_width": max(plan.widths),
        **({} if most is None else {"planned_bytes": most}),
        "devices": len(plan.devices.devices),
        "device_kind": plan.devices.devices[0].device_kind,
        "batch_size": max(batches.size for batches in plan.batches),
        "jax": jax.__version__,
        "python": platform.python_version(),
    }


def together(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """The cost of a sweep and of what was added to it: seconds, steps and rounds of both."""
    both = lambda name: before[name] + after[name]
    seconds, steps = both("run_seconds"), both("steps")
    computed = sum(each["steps"] / (1 - each["padded_share"]) for each in (before, after))
    summed = {
        name: both(name)
        for name in ("compile_seconds", "run_seconds", "steps", *(n for n in after if n.startswith("round_")))
    }
    peaks = [each["peak_bytes"] for each in (before, after) if "peak_bytes" in each]
    return {
        **after,
        **summed,
        "steps_per_second": steps / seconds if seconds else 0.0,
        "padded_share": 1 - steps / computed if computed else 0.0,
        **({"peak_bytes": max(peaks)} if peaks else {}),
    }


def peak_bytes(plan: Plan) -> dict[str, int]:
    """The peak of the devices' memory, where they count it."""
    counted = peak(plan.devices.devices)
    return {} if counted is None else {"peak_bytes": counted}


def measured_cost(
    facts: SweepFacts,
    setup: Mapping[str, Any],
    meter: Meter,
    given: np.ndarray,
    rounds: Sequence[Round] = (),
    spent: Sequence[Spent] = (),
) -> dict[str, Any]:
    """The `cost` of a sweep's data: what it took this time. Steps are those of all runs together."""
    seconds, steps = meter.run_seconds, meter.steps
    whole = int(facts.lengths.sum()) * len(facts.seeds)
    return {
        "compile_seconds": meter.compile_seconds,
        "run_seconds": seconds,
        "steps": steps,
        "steps_per_second": steps / seconds if seconds else 0.0,
        "padded_share": 1 - steps / meter.padded_steps if meter.padded_steps else 0.0,
        "saved_share": 1 - int(given.sum()) / whole if whole else 0.0,
        "round_until": [each.until for each in rounds],
        "round_seconds": [each.seconds for each in spent],
        "round_steps": [each.steps for each in spent],
        "round_padded_steps": [each.padded_steps for each in spent],
        **({"hosts": _hosts(meter)} if meter.hosts else {}),
        **setup,
    }


def _hosts(meter: Meter) -> list[str]:
    """Which machine ran how many blocks."""
    return [f"{host}: {count} blocks" for host, count in sorted(meter.hosts.items())]
