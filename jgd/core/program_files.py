"""Compiled programs on the disk: jax's own cache, on by default for sweeps and the command.

A second process then reads the programs that the first has compiled. Whoever has set jax's cache keeps it as it is.
"""

import os
from pathlib import Path

import jax
from jax.experimental.compilation_cache import compilation_cache

from jgd.core import checks, machine

VARIABLE = "JGD_CACHE"
OFF = ("", "0", "off", "no", "none", "false")
LEAST_SECONDS = 0.1  # that a program took to compile, to be worth a file; jax's own default is 1
LARGEST = 2**30  # bytes of the folder; beyond them the programs that were read longest ago are deleted
SUFFIXES = ("-cache", "-atime")  # of the names of jax's files


def use_program_cache(folder: str | os.PathLike | None = None) -> Path | None:
    """Keep compiled programs on the disk, where the next process finds them.

    `jgd.sweep` and the `jgd` command do so by themselves. It changes jax's setting for the whole process, but not where
    that is set already: by `JAX_COMPILATION_CACHE_DIR`, `jax.config`, or an earlier call. Beyond 1 GiB the programs that
    were read longest ago are deleted.

    Args:
        folder: where; default what the environment variable `JGD_CACHE` says, else the folder `jgd` of the user's cache
            folder (`XDG_CACHE_HOME`, or `~/.cache`). A subfolder is named after the machine's instruction set and the
            version of jax. `JGD_CACHE=off` switches it off.

    Returns:
        The folder in use, None where there is none.

    Raises:
        JgdTypeError: `folder` is no path.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     used = use_program_cache(folder)
    """
    if folder is not None:
        checks.path("folder", folder)
    set_already = getattr(jax.config, "jax_compilation_cache_dir", None)
    if set_already is not None:
        return Path(set_already)
    chosen = _default() if folder is None else Path(folder)
    if chosen is None or not getattr(jax.config, "jax_enable_compilation_cache", True):
        return None
    facts = machine.machine_facts()
    path = chosen.absolute() / f"{facts['instructions']}-jax{facts['jax']}"
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError:  # no home, or one that can't be written: compile as without a cache
        return None
    _prune(path)
    compilation_cache.reset_cache()  # jax looks for a folder once, at its first compilation
    jax.config.update("jax_compilation_cache_dir", str(path))
    if getattr(jax.config, "jax_persistent_cache_min_compile_time_secs", 1) == 1:
        jax.config.update("jax_persistent_cache_min_compile_time_secs", LEAST_SECONDS)
    return path


def _default() -> Path | None:
    said = os.environ.get(VARIABLE)
    if said is not None:
        return None if said.strip().lower() in OFF else Path(said)
    try:
        return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "jgd"
    except RuntimeError:  # no home
        return None


def _prune(path: Path) -> None:
    """Delete the programs that were read longest ago, until the others fit; only files that jax names so."""
    try:
        ours = [entry for entry in os.scandir(path) if entry.name.endswith(SUFFIXES) and entry.is_file()]
        size = sum(entry.stat().st_size for entry in ours)
        for entry in sorted(ours, key=lambda entry: entry.stat().st_mtime):
            if size <= LARGEST:
                break
            size -= entry.stat().st_size
            os.unlink(entry.path)
    except OSError:  # another process prunes too
        return
