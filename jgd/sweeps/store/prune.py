"""What a finished sweep's directory can spare: the lanes by which its runs could go on, two thirds of it or more."""

import os
from contextlib import suppress

from jgd.core import atomic_files, checks
from jgd.sweeps.store.content import read_manifest
from jgd.sweeps.store.disk import LANES
from jgd.sweeps.store.manifest import OWN
from jgd.sweeps.store.packs import PACK_FILE


def prune(path: str | os.PathLike) -> int:
    """Delete the lanes in a sweep's directory: optimizer states, by which runs could be made longer.

    Results, parameters, predictions, confirmations and replays need none of them. A sweep that is extended by steps
    afterwards makes its runs anew from their start, to the same bits.

    Args:
        path: the directory.

    Returns:
        How many bytes are free now.

    Raises:
        JgdValueError: where there is no sweep, a damaged one, or one that runs.

    Example:
        >>> import jgd, tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     _ = jgd.sweep("iris", "adam", {"learning_rate": [0.01, 0.1]}, seeds=2, steps=20, store=folder)
        ...     jgd.sweeps.prune(folder) > 0, jgd.sweeps.prune(folder)
        (True, 0)
    """
    path = checks.path("path", path)
    if not (path / atomic_files.SWEEP).is_file():
        raise checks.JgdValueError(f"there is no sweep in {str(path)!r}", argument="path")
    freed = 0
    with atomic_files.held(path):
        atomic_files.refuse_links(path, OWN)
        read_manifest(path)
        for file in (path / LANES).iterdir() if (path / LANES).is_dir() else ():
            if PACK_FILE.fullmatch(file.name) and not file.is_symlink():
                with suppress(OSError):
                    size = file.stat().st_size
                    file.unlink()
                    freed += size
    return freed
