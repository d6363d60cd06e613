"""An archive on a disk: a piece lands whole or not at all, and a sweep that was killed goes on from what has landed.

    sweep.json            what the sweep is, sealed with its SHA-256
    journal               a line a piece, appended when its files are on the disk: block, looks, their SHA-256
    pieces/*.safetensors  losses, metrics, divergence and parameters
    lanes/*.safetensors   where the lanes stood, until others have gone on from them
    test_reads.json       when the test rows were read, and for what

Configs are known by their values and seeds by their numbers, so that a sweep can be extended.
"""

import hashlib
import json
import os
import warnings
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jgd.core import atomic_files, checks
from jgd.core.snapshots import pack, unpack
from jgd.core.types import Params
from jgd.epoch_loop import Lane
from jgd.sweeps.engine.blocks import Block, numbers, shapes
from jgd.sweeps.plan import Plan
from jgd.sweeps.store.memory import BlockResult, MemoryStore

JOURNAL = "journal"
READS = "test_reads.json"


@dataclass
class DiskStore(MemoryStore):
    """The archive of one plan, in the directory `path`."""

    path: Path = Path()
    plan: Plan | None = None
    sweep: str = ""  # what the sweep is, as a digest that every line carries
    fault: str = ""  # why what is in memory is not on the disk
    _on_disk: dict[Block, dict[str, Any]] = field(default_factory=dict)  # the journal's line of lanes that are there
    _shapes: dict[tuple[int, int], tuple[Params, Lane]] = field(default_factory=dict)  # by group and number of lanes

    def add(self, piece: BlockResult, lane: Lane) -> None:
        """Write a piece and its lanes; a disk that fails is warned about, once, and loses nothing in memory."""
        try:
            self._write(piece, lane)
            self._file(piece)
        except OSError as fault:
            self._failed(fault)
            super().add(piece, lane)

    def keep(self, name: str, content: bytes) -> None:
        """A file of the directory, whole or not at all."""
        try:
            atomic_files.write(self.path / name, content)
        except OSError as fault:
            self._failed(fault)

    def _failed(self, fault: OSError) -> None:
        if not self.fault:
            warnings.warn(f"store {str(self.path)!r} can't be written ({fault}); the sweep goes on", stacklevel=3)
        self.fault = f"not everything is stored: {fault}"

    @property
    def notes(self) -> tuple[str, ...]:
        return (self.fault,) if self.fault else ()

    def _write(self, piece: BlockResult, lane: Lane) -> None:
        block = piece.block
        keys = [self._planned.keys[config] for config in block.configs]
        label = hashlib.sha256(" ".join(keys).encode()).hexdigest()[:12]
        seed = self._planned.seeds[block.seed]
        name = f"{label}-seed{seed}-{block.begin}-{block.end}.safetensors"
        arrays = {
            "losses": piece.losses,
            "diverged_at": piece.diverged_at,
            **{f"metrics.{metric}": rows for metric, rows in piece.metrics.items()},
            **pack("params", piece.params),
        }
        line = {
            **{
                "sweep": self.sweep,
                "file": name,
                "configs": keys,
                "seed": seed,
                "begin": block.begin,
                "end": block.end,
            },
            **{"looks": list(piece.looks), "seconds": piece.seconds},
            "piece": atomic_files.save_arrays(self.path / "pieces" / name, arrays),
            "lanes": atomic_files.save_arrays(self.path / "lanes" / name, pack("lane", lane)),
        }
        _append(self.path / JOURNAL, line)
        self._on_disk[block] = line

    @property
    def _planned(self) -> Plan:
        assert self.plan is not None
        return self.plan

    def holds(self, block: Block) -> bool:
        return block in self._on_disk or super().holds(block)

    def lanes_of(self, block: Block) -> Lane:
        if block not in self._on_disk:
            return super().lanes_of(block)
        line = self._on_disk[block]
        return unpack(
            "lane", atomic_files.load_arrays(self.path / "lanes" / line["file"], line["lanes"]), self._like(block)[1]
        )

    def reads_so_far(self) -> list[dict[str, Any]]:
        self._read_reads()  # others may have confirmed what is in this directory since it was opened
        return self.reads

    def note_read(self, read: dict[str, Any]) -> None:
        self.reads_so_far().append(read)
        self.keep(READS, atomic_files.sealed({"format": atomic_files.FORMAT, "reads": self.reads}))

    def release(self, block: Block) -> None:
        if self.fault:  # what went on from them may be in memory only
            return
        super().release(block)
        line = self._on_disk.pop(block, None)
        if line is not None:
            with suppress(OSError):
                (self.path / "lanes" / line["file"]).unlink()

    def read(self, mend: bool = False) -> None:
        """Take in what has landed. A piece that is damaged is warned about, and its lanes run again.

        mend: leave out of the journal what is no whole line.
        """
        self._read_reads()
        lines, damaged, torn = journal_of(self.path)
        if damaged:
            warnings.warn(
                f"{damaged} lines of the journal in {str(self.path)!r} are damaged; their lanes run again", stacklevel=2
            )
        if mend and (damaged or torn):
            self.keep(JOURNAL, "".join(map(_row, lines)).encode())
        for line in sorted(lines, key=lambda line: line["begin"]):
            block = self._planned.place(line["configs"], line["seed"], line["begin"], line["end"])
            if block is None:
                continue  # not part of this plan
            if block.begin and not all(self.done(config, block.seed, block.begin) for config in block.configs):
                continue  # what came before it is lost
            try:
                arrays = atomic_files.load_arrays(self.path / "pieces" / line["file"], line["piece"])
                params = unpack("params", arrays, self._like(block)[0])
            except (OSError, checks.JgdValueError) as fault:
                warnings.warn(f"a piece in {str(self.path)!r} is unusable ({fault}); it runs again", stacklevel=2)
                continue
            metrics = {n.removeprefix("metrics."): a for n, a in arrays.items() if n.startswith("metrics.")}
            looks, seconds = tuple(line["looks"]), line["seconds"]
            self._file(BlockResult(block, looks, arrays["losses"], metrics, arrays["diverged_at"], params, seconds))
            if self._lanes_are_whole(line):
                self._on_disk[block] = line

    def _read_reads(self) -> None:
        if not (self.path / READS).exists():
            return
        try:
            there = atomic_files.unsealed(self.path / READS)["reads"]
            self.reads = [*there, *(read for read in self.reads if read not in there)]  # a disk may have failed
        except atomic_files.OtherFormatError:
            raise
        except checks.JgdValueError as fault:
            warnings.warn(
                f"in {str(self.path)!r}, {fault}: earlier reads of the test rows are not counted", stacklevel=2
            )

    def _lanes_are_whole(self, line: Mapping[str, Any]) -> bool:
        try:
            atomic_files.load_arrays(self.path / "lanes" / line["file"], line["lanes"])
        except FileNotFoundError:  # let go: others have gone on from them
            return False
        except (OSError, checks.JgdValueError) as fault:
            warnings.warn(f"lanes in {str(self.path)!r} are unusable ({fault}); they run again", stacklevel=2)
            return False
        return True

    def _like(self, block: Block) -> tuple[Params, Lane]:
        """What the params and the lanes of a block look like."""
        size = block.group, len(block.configs)
        if size not in self._shapes:
            group = self._planned.groups[block.group]
            values = numbers([self._planned.configs[block.configs[0]][1]], group.numbers, size[1])
            self._shapes[size] = shapes(group.build, values, self._planned.task, width=size[1])
        return self._shapes[size]


def _append(journal: Path, line: Mapping[str, Any]) -> None:
    """One more line, on the disk when this returns; it carries its own SHA-256."""
    with journal.open("a", encoding="utf-8") as out:
        out.write(_row(line))
        out.flush()
        os.fsync(out.fileno())


def _row(line: Mapping[str, Any]) -> str:
    text = json.dumps(line)
    return f"\n{hashlib.sha256(text.encode()).hexdigest()} {text}\n"  # after what a kill may have cut short


def journal_of(path: Path) -> tuple[list[dict[str, Any]], int, bool]:
    """The whole lines of a directory's journal, the later of two about one file; how many are damaged; whether it is torn.

    What follows the last newline was cut short by a kill, or is being written: it never happened.
    """
    found, damaged, tail = {}, 0, b""
    with suppress(FileNotFoundError):
        *rows, tail = (path / JOURNAL).read_bytes().split(b"\n")
        for row in rows:
            digest, _, text = row.partition(b" ")
            if hashlib.sha256(text).hexdigest().encode() == digest:
                line = json.loads(text)
                found[line["file"]] = line
            else:
                damaged += bool(row)
    return list(found.values()), damaged, bool(tail)
