"""The configs of a sweep's directory in a file beside sweep.json, named by what is in it, so that both change at once."""

import hashlib
import re
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from jgd.core import array_files, atomic_files, checks
from jgd.sweeps.config_table import ConfigTable
from jgd.sweeps.facts import SweepFacts

CONFIGS_FILE = re.compile(r"configs-[0-9a-f]{16}\.safetensors")


def write_configs(path: Path, facts: SweepFacts) -> str:
    """Write what `read_configs` reads, unless it is there and whole: -> the name of the file.

    Raises:
        OSError: where it can't be written.
    """
    arrays, told = ConfigTable.of(facts.configs).arrays()
    blob = array_files.blob_of({**arrays, "keys": facts.keys, "groups": np.array(facts.groups, np.int32)}, told)
    name = f"configs-{hashlib.sha256(blob).hexdigest()[:16]}.safetensors"
    with suppress(OSError):
        if atomic_files.read(path / name) == blob:
            return name
    atomic_files.write(path / name, blob)
    return name


def remove_others(path: Path, name: str) -> None:
    """Delete such files of what the sweep was before."""
    for file in path.iterdir():
        if CONFIGS_FILE.fullmatch(file.name) and file.name != name and not file.is_symlink():
            with suppress(OSError):
                file.unlink()


def read_configs(path: Path, name: str) -> Mapping[str, Any]:
    """The "configs", "keys" and "groups" of a directory.

    Raises:
        JgdValueError: where the file is missing or damaged.
    """
    try:
        blob = atomic_files.read(path / name)
    except OSError as fault:
        raise checks.JgdValueError(f"{name} can't be read ({fault.strerror or fault})") from fault
    if f"configs-{hashlib.sha256(blob).hexdigest()[:16]}.safetensors" != name:
        raise checks.JgdValueError(f"{name} is damaged")
    arrays, told = array_files.read_blob(blob)
    table = ConfigTable.from_arrays(arrays, told)
    keys, groups = arrays.get("keys"), arrays.get("groups")
    for one, dtype in ((keys, np.uint64), (groups, np.int32)):
        if one is None or one.shape != (len(table),) or one.dtype != dtype:
            raise checks.JgdValueError(f"{name} is not of the configs of a sweep")
    return {"configs": table, "keys": keys, "groups": groups}
