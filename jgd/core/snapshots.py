"""Layer 1: crash-safe snapshots. One directory a run; what is in it is whole, or it is not there.

A snapshot is a safetensors file of arrays and a JSON manifest with its SHA-256. The manifest is written last, so that a
snapshot without one never happened. The newest two are kept: when the newest is damaged, the one before it is used, and
a warning says so. Where several processes compute a run, each writes its pieces of the arrays that are cut over them into
a file of its own (`shards`), whose SHA-256 the manifest has, too.
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

from jgd.core import array_files, atomic_files, checks, shards
from jgd.core.processes import first_says, gathered, is_cut, is_first, of_all
from jgd.core.strict_json import fault_of, is_count

KEPT = 2  # snapshots: the newest, and the one before it in case that is damaged
_PIECES = {"names": [str], "sha256": [str], "arrays": {str: [str, [is_count]]}}
_NUMBERED = re.compile(r"snapshot-(\d{8})\.json")
_OWN = re.compile(r"snapshot-(\d{8})(-\d+)?\.(json|safetensors)")


class Snapshot(NamedTuple):
    """What a run left at one moment: arrays by name (a `shards.CutArray` where its pieces are), and facts that JSON holds."""

    arrays: dict[str, Any]
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

    def save(self, arrays: Mapping[str, Any], facts: Mapping[str, Any], together: bool = False) -> None:
        """A new snapshot; those before the last one are removed only when it is whole.

        Args:
            arrays: By name.
            facts: What JSON holds.
            together: Whether all processes of a run call it, each with its pieces.

        Raises:
            OSError: Where it can't be written.
        """
        number = first_says(together, max(self._numbers(), default=0) + 1)
        cut = {name: array for name, array in arrays.items() if is_cut(array)}
        pieces = {} if not cut else {"pieces": {"names": list(arrays), **self._save_pieces(number, cut)}}
        if not is_first(together):
            return
        whole = {name: array for name, array in arrays.items() if name not in cut}
        known = array_files.save_arrays(self._file(number, "safetensors"), whole)
        manifest = {"format": atomic_files.FORMAT, **known, **pieces, "facts": dict(facts)}
        atomic_files.write(self._file(number, "json"), atomic_files.sealed(manifest))
        for old in self._numbers()[:-KEPT]:
            self._remove(old)

    def _save_pieces(self, number: int, cut: Mapping[str, jax.Array]) -> dict[str, Any]:
        """Those of this process: -> what is known of all processes' pieces, which then are written."""
        digest, fault = b"", None
        try:
            digest = shards.write_pieces(self._file(number, "safetensors", jax.process_index()), cut)
        except OSError as error:
            fault = error  # the others wait to be told
        digests = of_all(np.frombuffer(digest or bytes(32), np.uint8))
        lacking = [place for place, each in enumerate(digests) if not each.any()]
        if lacking:
            raise fault or OSError(f"process {lacking[0]} of the run could not write its pieces")
        kinds = {name: [str(array.dtype), list(array.shape)] for name, array in cut.items()}
        return {"sha256": [each.tobytes().hex() for each in digests], "arrays": kinds}

    def _remove(self, number: int) -> None:
        """A snapshot's files, the manifest first: a snapshot without one never happened."""
        files = [
            match for file in self.path.iterdir() if (match := _OWN.fullmatch(file.name)) and int(match[1]) == number
        ]
        for match in sorted(files, key=lambda match: match[3] != "json"):
            with suppress(OSError):
                (self.path / match[0]).unlink()

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
        arrays: dict[str, Any] = array_files.load_arrays(self._file(number, "safetensors"), manifest)
        pieces = manifest.get("pieces")
        if pieces is not None:
            if fault := fault_of(pieces, _PIECES):
                raise checks.JgdValueError(f"its pieces are strange: {fault}")
            files = {self._file(number, "safetensors", place): each for place, each in enumerate(pieces["sha256"])}
            arrays |= shards.read_pieces(files, pieces["arrays"])
            if sorted(arrays) != sorted(pieces["names"]):
                raise checks.JgdValueError("its arrays are not those that it names")
            arrays = {name: arrays[name] for name in pieces["names"]}  # in their order
        return Snapshot(arrays, manifest["facts"])

    def _numbers(self) -> list[int]:
        found = (_NUMBERED.fullmatch(file.name) for file in self.path.iterdir())
        return sorted(int(match[1]) for match in found if match)

    def _file(self, number: int, kind: str, process: int | None = None) -> Path:
        return self.path / f"snapshot-{number:08d}{'' if process is None else f'-{process}'}.{kind}"


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


def pack(name: str, tree: Any, whole: bool = True) -> dict[str, Any]:
    """The leaves of a tree as NumPy arrays named by their paths, for `save`.

    whole: gather what is cut over processes; else it stays as it is, and each process saves its pieces.

    Example:
        >>> list(pack("params", {"w": np.ones(2)}))
        ["params['w']"]
    """
    leaves = {name + jax.tree_util.keystr(path): leaf for path, leaf in jax.tree_util.tree_leaves_with_path(tree)}
    cut = {} if whole else {path: leaf for path, leaf in leaves.items() if is_cut(leaf)}
    held = jax.device_get(gathered({path: leaf for path, leaf in leaves.items() if path not in cut}))
    return {path: cut[path] if path in cut else np.asarray(held[path]) for path in leaves}


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
