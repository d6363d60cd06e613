"""How often the test rows of a sweep have been read, and for what, in its directory."""

import os
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from jgd.core import atomic_files, checks
from jgd.core.strict_json import fault_of, is_word

READS = "test_reads.json"
CONFIRMED = "confirmation.json"  # what was found by reading them, written by whoever confirms
_READ = {"at": is_word, "seeds": [int], "configs": [int]}


def stored_reads(path: Path, here: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The reads that a directory tells of, then those of `here` that it lacks; a warning where it is damaged."""
    if not os.path.lexists(path / READS):
        if os.path.lexists(path / CONFIRMED):
            words = f"{READS} is missing beside {CONFIRMED}: earlier reads of the test rows are not counted"
            warnings.warn(f"in {str(path)!r}, {words}", stacklevel=3)
        return list(here)
    try:
        content = atomic_files.unsealed(path / READS)
        fault = fault_of(content, {"reads": [_READ]}, READS)
        if fault:
            raise checks.JgdValueError(fault)
    except atomic_files.OtherFormatError:
        raise
    except checks.JgdValueError as fault:
        warnings.warn(f"in {str(path)!r}, {fault}: earlier reads of the test rows are not counted", stacklevel=3)
        return list(here)
    there = content["reads"]
    return [*there, *(read for read in here if read not in there)]  # a disk may have failed


def sealed_reads(reads: Sequence[dict[str, Any]]) -> bytes:
    """The content of the file."""
    return atomic_files.sealed({"format": atomic_files.FORMAT, "reads": list(reads)})
