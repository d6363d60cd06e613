"""What every benchmark shares: alternating rounds, medians and ratios, the machine's description, JSON."""

import json
import os
import platform
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax

from jgd.core.machine import machine_facts


def alternate(contenders: dict[str, Callable[[], float]], rounds: int) -> dict[str, list[float]]:
    """Run every contender once a round, in turn, so that a slow minute hits all alike: name -> what each run returned.

    The first round warms up (compiles) and isn't counted; a contender returns its own measure, such as steps/s.
    """
    results: dict[str, list[float]] = {name: [] for name in contenders}
    for round_ in range(rounds + 1):
        for name, run in contenders.items():
            value = run()
            if round_:
                results[name].append(value)
    return results


def rate(work: int, run: Callable[[], Any]) -> float:
    """work per second of one call of `run`, its arrays waited for."""
    begin = time.perf_counter()
    jax.block_until_ready(run())
    return work / (time.perf_counter() - begin)


def machine() -> dict[str, Any]:
    """What the numbers were measured on, and how busy it was."""
    facts = machine_facts()
    return {
        "cpu": facts["processor"],
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "devices": [device.device_kind for device in jax.devices()],
        "jax": jax.__version__,
        "python": platform.python_version(),
        "load": os.getloadavg()[0] if hasattr(os, "getloadavg") else None,  # runnable processes, mean of a minute
        "date": time.strftime("%Y-%m-%d"),
    }


def file_for(folder: Path, benchmark: str) -> Path:
    """Where a benchmark's results go: one file a kind of device and version of jax."""
    kind = jax.devices()[0].device_kind.lower().replace(" ", "-")
    return folder / f"{benchmark}-{kind}-jax{jax.__version__.rsplit('.', 1)[0]}.json"


def table(results: dict[str, list[float]], reference: str, unit: str) -> list[str]:
    """Lines: the median, the spread, and how many times the contender the reference reaches."""
    medians = {name: statistics.median(values) for name, values in results.items()}
    width = max(len(name) for name in results)
    lines = [f"{'':{width}}  {unit:>14}  {'lowest … highest':>21}  {reference} is"]
    for name, values in results.items():
        spread, ratio = f"{min(values):,.0f} … {max(values):,.0f}", medians[reference] / medians[name]
        lines.append(f"{name:{width}}  {medians[name]:>14,.0f}  {spread:>21}  {ratio:.2f} ×")
    return lines


def write(path: Path, content: dict[str, Any]) -> None:
    """JSON with the machine's description."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"machine": machine(), **content}, indent=1) + "\n", encoding="utf-8")
