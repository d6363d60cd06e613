"""Files that are whole, or not there. Enters: bytes, facts. Leaves: files, and what they held.

A file is written under a temporary name, flushed to the disk and renamed; a SHA-256 tells whether it still is what was
written. A directory may come from a stranger: what is read there are regular files of plain names, never what a link
leads to, and what is deleted there are files under names that jgd itself writes.
"""

import hashlib
import json
import os
import re
import secrets
import stat
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from jgd.core import checks

FORMAT = 8  # of what is written; another one is refused, by its number
LOCK = "lock"
PART = ".part"  # at the end of the name of what isn't whole yet
TOKEN = re.compile(r"\.[0-9a-f]{8}")  # before it: of one writer of several
SWEEP = "sweep.json"  # what makes a directory a sweep's
COMMAND = "command.json"  # what the command was asked for, beside it


class OtherFormatError(checks.JgdValueError):
    """The file is whole, but another version of jgd wrote it."""


@contextmanager
def held(path: str | os.PathLike, shared: bool = False) -> Iterator[Path]:
    """The directory `path`, made if missing and held by this process alone until the block (or the process) ends.

    Args:
        path: A directory.
        shared: Whether others may hold it too who share it.

    Yields:
        The directory.

    Raises:
        JgdValueError: Where another process holds it, or it can't be made, written or locked.
    """
    path = Path(path)
    try:
        path.mkdir(parents=True, exist_ok=True)
        refuse_links(path, (LOCK,))
        lock = (path / LOCK).open("a+b")
    except OSError as fault:
        raise checks.JgdValueError(f"store {str(path)!r} can't be written: {fault.strerror}") from fault
    with lock:
        if not _locked(lock, shared):
            raise checks.JgdValueError(f"store {str(path)!r} is in use by another process")
        yield path


def refuse_links(path: Path, names: Iterable[str]) -> None:
    """Refuse a directory in which one of these names is a link: what it leads to is somebody else's."""
    for name in names:
        if (path / name).is_symlink():
            raise checks.JgdValueError(
                f"{name!r} in {str(path)!r} is a link; jgd follows none out of a directory: put the thing itself there"
            )


def remove_parts(path: Path, names: re.Pattern[str]) -> None:
    """Delete what a process that was killed while it wrote has left of files of these names; nothing else, nor deeper."""
    with suppress(OSError):
        for litter in path.iterdir():
            name = litter.name.removesuffix(PART)
            if litter.name.endswith(PART) and any(map(names.fullmatch, (name, TOKEN.sub("", name)))):
                with suppress(OSError):
                    litter.unlink()


def in_use(path: str | os.PathLike) -> bool:
    """Whether a process holds the directory `path`; nothing is written."""
    try:
        with open_file(Path(path) / LOCK) as lock:
            return not _locked(lock)
    except OSError:  # never held, or not to be read
        return False


def _locked(file: Any, shared: bool = False) -> bool:
    """Whether this process now holds the file; the system lets go when the process ends, even by SIGKILL."""
    try:
        import fcntl
    except ImportError:  # Windows
        import msvcrt

        # on Windows only
        take = lambda: msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)  # pyright: ignore[reportAttributeAccessIssue]
    else:
        take = lambda: fcntl.flock(file, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    try:
        take()
    except OSError:
        return False
    return True


def open_file(file: Path) -> Any:
    """A regular file, open to be read: `OSError` where it is a link, a directory, or a pipe that would wait forever."""
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    if file.is_symlink():
        raise OSError(f"{file.name} is a link")
    descriptor = os.open(file, flags)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(f"{file.name} is no file")
    return os.fdopen(descriptor, "rb")


def read(file: Path, begin: int = 0, count: int = -1) -> bytes:
    """The bytes of a regular file, or `count` of them from `begin` on; `OSError` where it is none, or a link."""
    with open_file(file) as opened:
        there = max(0, os.fstat(opened.fileno()).st_size - begin)  # whoever says how many may ask for the moon
        opened.seek(begin)
        return opened.read(count if count < 0 else min(count, there))


def append(file: Path, content: bytes) -> int:
    """`content` at the end of a file, made if missing and on the disk when this returns: -> where in the file it begins.

    A kill may leave a part of it. Whoever appends is the file's only writer; `OSError` where it is a link.
    """
    is_new = not os.path.lexists(file)
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
    with os.fdopen(os.open(file, flags, 0o666), "ab") as out:
        begin = os.fstat(out.fileno()).st_size
        out.write(content)
        out.flush()
        os.fsync(out.fileno())
    if is_new:
        _sync_folder(file)
    return begin


def _sync_folder(file: Path) -> None:
    """The name of a file has to reach the disk too."""
    if os.name == "posix":
        directory = os.open(file.parent, os.O_RDONLY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)


def write(file: Path, content: bytes) -> None:
    """`content` under its name, whole or not at all, on the disk when this returns."""
    part = file.with_name(f"{file.name}.{secrets.token_hex(4)}{PART}")  # several may write it at once
    try:
        with part.open("xb") as out:  # a link of that name is no place to write
            out.write(content)
            out.flush()
            os.fsync(out.fileno())
        part.replace(file)
    except OSError:
        with suppress(OSError):
            part.unlink()
        raise
    _sync_folder(file)


def sealed(facts: Mapping[str, Any]) -> bytes:
    """JSON with its own SHA-256, so that a flipped byte in it is noticed too."""
    text = json.dumps(facts, sort_keys=True)
    digest = hashlib.sha256(text.encode()).hexdigest()
    return (
        f'{{"sha256": "{digest}",\n "content": {json.dumps(facts)}}}\n'.encode()
    )  # indented, it would not be C's work


def unsealed(file: Path) -> dict[str, Any]:
    """What `sealed` has sealed.

    Args:
        file: A file that holds it.

    Returns:
        The facts.

    Raises:
        JgdValueError: Where the file is damaged, or can't be read.
        OtherFormatError: Where another version of jgd wrote it.
    """
    try:
        content = read(file)
    except OSError as fault:
        raise checks.JgdValueError(f"{file.name} can't be read ({fault.strerror or fault})") from fault
    return unsealed_bytes(content, file)


def unsealed_bytes(sealed: bytes, file: Path) -> dict[str, Any]:
    """What `sealed` has sealed, of bytes that were read from `file`; the errors are those of `unsealed`."""
    try:
        held = json.loads(sealed)
        content = held["content"]
        whole = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest() == held["sha256"]
    except (ValueError, LookupError, TypeError, RecursionError):
        whole, content = False, {}
    known = content.get("format") if isinstance(content, dict) else None
    if not whole or type(known) is not int:
        raise checks.JgdValueError(f"{file.name} is damaged")
    if known != FORMAT:
        age = "a newer" if known > FORMAT else "an older"
        raise OtherFormatError(f"{str(file)!r} has format {known}, of {age} jgd; this one reads {FORMAT}")
    return content
