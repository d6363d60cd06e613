"""A store on a disk: a block result lands whole or not at all, and a sweep that was killed goes on from what has landed.

    sweep.json            what the sweep is, sealed with its SHA-256
    journal               a line a block result, appended when its files are on the disk: block, evaluations, their SHA-256
    blocks/*.safetensors  losses, metrics, divergence and parameters
    lanes/*.safetensors   the lanes at the ends of blocks, until others have gone on from them
    test_reads.json       when the test rows were read, and for what
    rounds.json           what a policy of a user's own has decided

Configs are known by their values and seeds by their numbers, so that a sweep can be extended. A store without a plan is
one to look at: it needs no code, and runs none.
"""

import hashlib
import os
import warnings
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jgd.core import array_files, atomic_files, checks
from jgd.core.snapshots import pack, unpack
from jgd.core.strict_json import fault_of, is_word
from jgd.core.types import Params
from jgd.lane import Lane
from jgd.sweeps.engine.block import Block, padded_numbers
from jgd.sweeps.engine.programs import result_shapes
from jgd.sweeps.facts import SweepFacts
from jgd.sweeps.plan import Plan
from jgd.sweeps.policies.bundled import is_bundled, rounds_to_json
from jgd.sweeps.policies.policy import Round
from jgd.sweeps.store import journal
from jgd.sweeps.store.base import BlockResult, Store
from jgd.sweeps.store.block_file import arrays_of, facts_of, result_of
from jgd.sweeps.store.memory import MemoryStore

READS, ROUNDS = "test_reads.json", "rounds.json"
CONFIRMED = "confirmation.json"  # what was found by reading them, written by whoever confirms
BLOCKS, LANES = FOLDERS = "blocks", "lanes"
_READ = {"at": is_word, "seeds": [int], "configs": [int]}


@dataclass
class DiskStore(Store):
    """The store of one sweep in the directory `path`; what the disk refuses is kept in memory.

    plan: of what runs here; None to look at what is there.
    """

    path: Path
    facts: SweepFacts
    plan: Plan | None = None
    sweep: str = ""  # what the sweep is, as a digest that every line carries
    journal_name: str = journal.JOURNAL  # that this process writes
    fault: str = ""  # why what is in memory is not on the disk
    memory: MemoryStore = field(default_factory=MemoryStore)
    _on_disk: dict[Block, dict[str, Any]] = field(default_factory=dict)  # the journal's line of lanes that are there
    _seen: set[str] = field(default_factory=set)  # files that the store knows of
    _shapes: dict[tuple[int, int], tuple[Params, Lane]] = field(default_factory=dict)  # by group and number of lanes

    def __post_init__(self) -> None:
        self.results, self.ends, self.reads = self.memory.results, self.memory.ends, self.memory.reads

    def add(self, result: BlockResult, lanes: Lane) -> None:
        """Write a result and its lanes; a disk that fails is warned about, once, and loses nothing in memory."""
        try:
            self._write(result, lanes)
            self.file(result)
        except OSError as fault:
            self._failed(fault)
            self.memory.add(result, lanes)

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

    def _write(self, result: BlockResult, lanes: Lane) -> None:
        block = result.block
        keys = [self.facts.keys[config] for config in block.configs]
        label = hashlib.sha256(" ".join(keys).encode()).hexdigest()[:12]
        seed = self.facts.seeds[block.seed]
        name = f"{label}-seed{seed}-{block.begin}-{block.end}.safetensors"
        line = {
            "sweep": self.sweep,
            "file": name,
            "configs": keys,
            "seed": seed,
            "begin": block.begin,
            "end": block.end,
            **facts_of(result),
            "block": array_files.save_arrays(self.path / BLOCKS / name, arrays_of(result)),
            "lanes": array_files.save_arrays(self.path / LANES / name, pack("lane", lanes)),
        }
        journal.append(self.path, line, self.journal_name)
        self._seen.add(name)
        self._on_disk[block] = line

    def holds(self, block: Block) -> bool:
        return block in self._on_disk or self.memory.holds(block)

    def lanes_of(self, block: Block) -> Lane:
        if block not in self._on_disk:
            return self.memory.lanes_of(block)
        line = self._on_disk[block]
        arrays = array_files.load_arrays(self.path / LANES / line["file"], line["lanes"])
        return unpack("lane", arrays, self._like(block, self._running)[1])

    @property
    def _running(self) -> Plan:
        assert self.plan is not None, "who only looks asks for no lanes"
        return self.plan

    def note_rounds(self, rounds: Sequence[Round]) -> None:
        if not is_bundled(self.facts.policy):  # its code won't be there for who looks
            facts = {"format": atomic_files.FORMAT, "rounds": rounds_to_json(rounds)}
            self.keep(ROUNDS, atomic_files.sealed(facts))

    def current_reads(self) -> list[dict[str, Any]]:
        self._read_reads()  # others may have confirmed what is in this directory since it was opened
        return self.reads

    def add_read(self, read: dict[str, Any]) -> None:
        self.current_reads().append(read)
        self.keep(READS, atomic_files.sealed({"format": atomic_files.FORMAT, "reads": self.reads}))

    def release(self, block: Block) -> None:
        if self.fault:  # what went on from them may be in memory only
            return
        self.memory.release(block)
        line = self._on_disk.pop(block, None)
        if line is not None:
            with suppress(OSError):
                (self.path / LANES / line["file"]).unlink()

    def read(self, mend: bool = False) -> None:
        """Take in what has landed since the last time. A block result that is damaged is warned about, and its runs run again.

        mend: leave out of the journal what is no whole line, and put those of all who have shared the sweep into one.
        """
        self._read_reads()
        try:
            lines, damaged, torn = journal.read_journal(self.path)
        except OSError as fault:
            raise checks.JgdValueError(f"the journal in {str(self.path)!r} can't be read ({fault})") from fault
        if damaged:
            warnings.warn(
                f"{damaged} lines of the journal in {str(self.path)!r} are damaged; their runs run again", stacklevel=2
            )
        if not damaged:
            self._tell_unknown({line["file"] for line in lines})
        if mend and (damaged or torn or journal.shares(self.path)):
            self._join(lines)
        for line in sorted((line for line in lines if line["file"] not in self._seen), key=lambda line: line["begin"]):
            block = self.facts.place(line["configs"], line["seed"], line["begin"], line["end"])
            if block is None:
                continue  # not part of this plan
            if block.begin and not all(self.done(config, block.seed, block.begin) for config in block.configs):
                continue  # what came before it is lost
            result = self._result(block, line)
            self._seen.add(line["file"])
            if result is not None:
                self.file(result)
                if self.plan is not None and self._lanes_are_whole(line):
                    self._on_disk[block] = line

    def _tell_unknown(self, named: set[str]) -> None:
        """Warn of block results without a line: of two or more, since a kill may come between a file and its line."""
        with suppress(OSError):
            unknown = {each.name for each in (self.path / BLOCKS).glob("*.safetensors")} - named - self._seen
            if unknown and (len(unknown) > 1 or not named) and not atomic_files.in_use(self.path):
                gone = "" if (self.path / journal.JOURNAL).exists() else ", which is missing"
                warnings.warn(
                    f"{len(unknown)} block results in {str(self.path)!r} have no line in the journal{gone}: their runs count "
                    "as not run",
                    stacklevel=3,
                )

    def _join(self, lines: Sequence[Mapping[str, Any]]) -> None:
        """One journal of all lines, and no other."""
        self.keep(journal.JOURNAL, "".join(map(journal.row, lines)).encode())
        if not self.fault:
            for name in journal.shares(self.path):
                with suppress(OSError):
                    (self.path / name).unlink()

    def _result(self, block: Block, line: Mapping[str, Any]) -> BlockResult | None:
        """What a line of the journal stands for; None, with a warning, where the file is damaged."""
        try:
            arrays = array_files.load_arrays(self.path / BLOCKS / line["file"], line["block"])
            like = None if self.plan is None else self._like(block, self.plan)
            return result_of(arrays, line, block, self.facts, like)
        except (OSError, checks.JgdValueError) as fault:
            warnings.warn(f"a block in {str(self.path)!r} is unusable ({fault}); it runs again", stacklevel=3)
            return None

    def _read_reads(self) -> None:
        if not os.path.lexists(self.path / READS):
            if os.path.lexists(self.path / CONFIRMED):
                words = f"{READS} is missing beside {CONFIRMED}: earlier reads of the test rows are not counted"
                warnings.warn(f"in {str(self.path)!r}, {words}", stacklevel=2)
            return
        try:
            content = atomic_files.unsealed(self.path / READS)
            fault = fault_of(content, {"reads": [_READ]}, READS)
            if fault:
                raise checks.JgdValueError(fault)
            there = content["reads"]
            self.reads = [*there, *(read for read in self.reads if read not in there)]  # a disk may have failed
        except atomic_files.OtherFormatError:
            raise
        except checks.JgdValueError as fault:
            warnings.warn(
                f"in {str(self.path)!r}, {fault}: earlier reads of the test rows are not counted", stacklevel=2
            )

    def _lanes_are_whole(self, line: Mapping[str, Any]) -> bool:
        try:
            array_files.load_arrays(self.path / LANES / line["file"], line["lanes"])
        except FileNotFoundError:  # let go: others have gone on from them
            return False
        except (OSError, checks.JgdValueError) as fault:
            warnings.warn(f"lanes in {str(self.path)!r} are unusable ({fault}); they run again", stacklevel=2)
            return False
        return True

    def _like(self, block: Block, plan: Plan) -> tuple[Params, Lane]:
        """What the params and the lanes of a block look like."""
        size = block.group, len(block.configs)
        if size not in self._shapes:
            group = plan.groups[block.group]
            values = padded_numbers([plan.configs[block.configs[0]][1]], group.numbers, size[1])
            self._shapes[size] = result_shapes(group.build, values, plan.task, width=size[1])
        return self._shapes[size]
