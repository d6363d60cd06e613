"""A file or directory that is written under another name first, so that its own name never holds half of it."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from jgd.core import checks


@contextmanager
def writing(target: Path) -> Iterator[Path]:
    """Where to write what becomes `target`; `JgdValueError` where that can't be written."""
    part = target.with_name(f".part-{target.name}")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        _remove(part)  # of a kill; or a link, which writing would follow
        yield part
        os.replace(part, target)
    except OSError as fault:
        with suppress(OSError):
            _remove(part)
        raise checks.JgdValueError(
            f"path {str(target)!r} can't be written: {fault.strerror or fault}", argument="path"
        ) from fault


def _remove(part: Path) -> None:
    """Delete what is written, a file or Zarr's directory; of a link the link alone."""
    if part.is_dir() and not part.is_symlink():
        shutil.rmtree(part)
    else:
        part.unlink(missing_ok=True)
