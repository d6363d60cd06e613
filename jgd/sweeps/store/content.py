"""What sweep.json says. Enters: a directory, maybe a stranger's. Leaves: its content, of the kinds that it has to be."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jgd.core import atomic_files, checks
from jgd.core.strict_json import fault_of, is_count, is_word
from jgd.sweeps.store.configs_file import CONFIGS_FILE, read_configs

FILE = atomic_files.SWEEP

SETUP = {
    "block_width": int,
    "devices": int,
    "device_kind": is_word,
    "batch_size": int,
    "jax": is_word,
    "python": is_word,
}  # and planned_bytes under a limit
CONTENT = {  # what sweep.json says: all that looking at a sweep takes, and what going on with it is compared with
    "identity": {str: str},
    "machine": {str: str},
    "task": is_word,
    "metric": is_word,
    "larger_is_better": bool,
    "metrics": [is_word],
    "recipes": {str: is_word},
    "axis": {
        "spaces": {str: dict},
        "sampler": (None, [str, (None, int)]),
        "count": (None, int),
        "added": {str: [dict]},
    },
    "configs_file": lambda name: isinstance(name, str) and CONFIGS_FILE.fullmatch(name) is not None,
    "seeds": [int],
    "steps": int,
    "evaluate_every": int,
    "record_every": is_count,
    "evaluation_steps": [int],
    "batch_size": (None, int),
    "block": (None, int),
    "memory": (None, int),
    "policy": [is_word, dict],
    "diverged_above": float,
    "order": (None, is_word),
    "setup": SETUP,
}


class StrangeError(checks.JgdValueError):
    """A sweep.json that is whole, and not what jgd writes."""


def read_manifest(path: Path) -> dict[str, Any]:
    """What the sweep.json of a directory says, of the kinds that it has to be, with its "configs", "keys" and "groups".

    Raises:
        StrangeError: where it is whole, but not what jgd writes.
        OtherFormatError: where another version of jgd wrote it.
        JgdValueError: where it is damaged.
    """
    content = atomic_files.unsealed(path / FILE)
    fault = fault_of(content, CONTENT)
    if fault:
        raise strange(path, fault)
    return {**content, **read_configs(path, content["configs_file"])}


def digest_of(identity: Mapping[str, str]) -> str:
    """What the lines of a journal know their sweep by."""
    return hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()[:16]


def strange(path: Path, fault: object) -> StrangeError:
    """The error for a sweep.json that says what can't be."""
    return StrangeError(
        f"{str(path / FILE)!r} is whole, but no sweep that jgd wrote: {fault}. Ask whoever made the directory for it again"
    )
