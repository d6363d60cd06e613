"""Layer 1: crash-safe snapshots. One directory a run; what is in it is whole, or it is not there.

A snapshot is a safetensors file of arrays and a JSON manifest with its SHA-256. The manifest is written last, so that a
snapshot without one never happened. The newest two are kept: when the newest is damaged, the one before it is used, and
a warning says so.
"""

import os
import re
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import jax
import numpy as np

from jgd.core import array_files, atomic_files, checks
from jgd.core.processes import gathered

KEPT = 2  # snapshots: the newest, and the one before it in case that is damaged
_NUMBERED = re.compile(r"snapshot-(\d{8})\.json")
_OWN = re.compile(r"snapshot-\d{8}\.(json|safetensors)")


class Snapshot(NamedTuple):
    """What a run left at one moment: arrays by name, and facts that JSON holds."""

    arrays: dict[str, np.ndarray]
    facts: dict[str, Any]


@dataclass
class RunDirectory:
    """An open run directory, held by this process alone (see `opened`).

    Example:
        >>> import tempfile
        >>> with opened(tempfile.mkdtemp()) as store:
        ...     store.save({"w": np.arange(3)}, {"step": 7})
        ...     store.load().facts, store.load().arrays["w"].tolist()
        ({'step': 7}, [0, 1, 2])
    """

    path: Path

    def save(self, arrays: Mapping[str, np.ndarray], facts: Mapping[str, Any]) -> None:
        """A new snapshot; those before the last one are removed only when it is whole.

        Args:
            arrays: By name.
            facts: What JSON holds.

        Raises:
            OSError: Where it can't be written.
        """
        number = max(self._numbers(), default=0) + 1
        known = array_files.save_arrays(self._file(number, "safetensors"), arrays)
        manifest = {"format": atomic_files.FORMAT, **known, "facts": dict(facts)}
        atomic_files.write(self._file(number, "json"), atomic_files.sealed(manifest))
        for old in self._numbers()[:-KEPT]:
            for kind in ("json", "safetensors"):  # the manifest first: a snapshot without one never happened
                with suppress(OSError):
                    self._file(old, kind).unlink()

    @property
    def holds_a_run(self) -> bool:
        """Whether there is a snapshot."""
        return holds_a_run(self.path)

    def load(self) -> Snapshot | None:
        """The newest snapshot that is whole, None where there is none; a damaged one is warned about and passed over."""
        for number in reversed(self._numbers()):
            try:
                return self._read(number)
            except atomic_files.OtherFormatError:
                raise
            except (OSError, checks.JgdValueError) as fault:
                warnings.warn(f"snapshot {number} in {str(self.path)!r} is unusable ({fault})", stacklevel=2)
        return None

    def _read(self, number: int) -> Snapshot:
        manifest = atomic_files.unsealed(self._file(number, "json"))
        if not isinstance(manifest.get("facts"), dict):
            raise checks.JgdValueError("it says nothing of a run")
        return Snapshot(array_files.load_arrays(self._file(number, "safetensors"), manifest), manifest["facts"])

    def _numbers(self) -> list[int]:
        found = (_NUMBERED.fullmatch(file.name) for file in self.path.iterdir())
        return sorted(int(match[1]) for match in found if match)

    def _file(self, number: int, kind: str) -> Path:
        return self.path / f"snapshot-{number:08d}.{kind}"


@contextmanager
def opened(path: str | os.PathLike) -> Iterator[RunDirectory]:
    """The run directory `path`, held until the block ends (see `atomic_files.held`); refused where it is a sweep's."""
    with atomic_files.held(path) as directory:
        if (directory / atomic_files.SWEEP).exists():
            raise checks.JgdValueError(f"store {str(path)!r} holds a sweep: a run needs a directory of its own")
        atomic_files.remove_parts(directory, _OWN)
        yield RunDirectory(directory)


def holds_a_run(path: Path) -> bool:
    """Whether a directory has a snapshot of a run."""
    return any(_NUMBERED.fullmatch(file.name) for file in path.iterdir())


def pack(name: str, tree: Any) -> dict[str, np.ndarray]:
    """The leaves of a tree as arrays named by their paths, for `save`.

    Example:
        >>> list(pack("params", {"w": np.ones(2)}))
        ["params['w']"]
    """
    leaves = jax.device_get(gathered(jax.tree_util.tree_leaves_with_path(tree)))
    return {name + jax.tree_util.keystr(path): np.asarray(leaf) for path, leaf in leaves}


def unpack(name: str, arrays: Mapping[str, np.ndarray], like: Any) -> Any:
    """The tree that `pack` took apart.

    Args:
        name: The name that it was packed under.
        arrays: By path, more than this tree's where several were packed.
        like: A tree of its structure, shapes and dtypes.

    Returns:
        The tree, of NumPy arrays.

    Raises:
        JgdValueError: Where leaves differ, with their list.
    """
    wanted = jax.tree_util.tree_leaves_with_path(like)
    faults, leaves = [], []
    for path, leaf in wanted:
        key = name + jax.tree_util.keystr(path)
        array = arrays.get(key)
        if array is None:
            faults.append(f"{key} is missing")
        elif (array.shape, array.dtype) != (leaf.shape, leaf.dtype):
            faults.append(f"{key} is {array.dtype}{array.shape} there, {leaf.dtype}{leaf.shape} here")
        leaves.append(array)
    known = {name + jax.tree_util.keystr(path) for path, _ in wanted}
    faults += [f"{key} is unknown here" for key in arrays if key.startswith(name) and key not in known]
    if faults:
        raise checks.JgdValueError(f"the stored {name} is of another tree: {'; '.join(faults)}")
    return jax.tree.unflatten(jax.tree.structure(like), leaves)
