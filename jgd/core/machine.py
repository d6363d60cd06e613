"""The machine, as far as the last bits of a result depend on it."""

import hashlib
import os
import platform
import warnings
from collections.abc import Mapping
from pathlib import Path

import jax

from jgd.core.fingerprint import differences


def machine_facts() -> dict[str, str]:
    """Processor, instruction set, cores, device, jax and XLA's flags: where they agree, so do the bits.

    Example:
        >>> sorted(machine_facts())
        ['cores', 'device', 'instructions', 'jax', 'platform', 'processor', 'xla_flags']
    """
    device = jax.devices()[0]
    processor, instructions = _processor()
    return {
        "jax": jax.__version__,
        "platform": device.platform,
        "device": device.device_kind,
        "processor": processor,
        "instructions": instructions,
        "cores": str(os.cpu_count()),
        "xla_flags": os.environ.get("XLA_FLAGS", ""),
    }


def warn_of_another(said: str, there: Mapping[str, str], here: Mapping[str, str], stacklevel: int) -> None:
    """Warn, with what differs, where a machine's facts aren't those of `here`."""
    elsewhere = differences(there, here)
    if elsewhere:
        warnings.warn(f"{said}: {'; '.join(elsewhere)}", stacklevel=stacklevel)


def _processor() -> tuple[str, str]:
    """The processor's model, and a digest of its instruction set where the system tells."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    facts = {name.strip(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    flags = facts.get("flags", facts.get("Features", ""))
    digest = hashlib.sha256(" ".join(sorted(flags.split())).encode()).hexdigest()[:12] if flags else platform.machine()
    return facts.get("model name", platform.processor() or platform.machine()), digest


def memory() -> float:
    """Bytes of this machine's memory, as far as it tells."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):  # Windows
        return float("inf")
