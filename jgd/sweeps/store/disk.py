"""A store on a disk: a block result lands whole or not at all, and a sweep that was killed goes on from what has landed.

    sweep.json       what the sweep is, sealed with its SHA-256
    journal          a line a block result, appended when it is on the disk: its block, and where it is, by SHA-256
    blocks/*.pack    for each block its scores (metrics, divergence), and the rest: losses, parameters
    lanes/*.pack     the lanes at the ends of blocks, until others have gone on from all of a pack
    test_reads.json  when the test rows were read, and for what
    rounds.json      what an asynchronous policy, or one of a user's own, has decided

Configs are known by their values, seeds by their numbers: a sweep can be extended. Without a plan it is to look at.
"""

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jgd.core import array_files, atomic_files, checks
from jgd.core.snapshots import pack, unpack
from jgd.lane import Lane
from jgd.sweeps.engine.block import Block
from jgd.sweeps.plan import Plan
from jgd.sweeps.policies.policy import Round
from jgd.sweeps.store import journal
from jgd.sweeps.store.base import BlockResult
from jgd.sweeps.store.block_file import blobs_of, result_of, scores_of
from jgd.sweeps.store.lane_packs import LanePacks
from jgd.sweeps.store.line_checks import own_lines, tell_damaged, tell_unknown, tell_unusable
from jgd.sweeps.store.memory import MemoryStore
from jgd.sweeps.store.packs import PackWriter, Place
from jgd.sweeps.store.reads_file import READS, sealed_reads, stored_reads
from jgd.sweeps.store.rounds_file import ROUNDS, can_not_be_made_again, sealed_rounds, stored_rounds
from jgd.sweeps.store.scores import BlockScores
from jgd.sweeps.store.shapes import Shapes

BLOCKS, LANES = FOLDERS = "blocks", "lanes"
IN_MEMORY = 2**28  # bytes of results that are held as well; what is beyond them is read again when it is asked for


@dataclass(kw_only=True)
class DiskStore(MemoryStore):
    """The store of one sweep in a directory; what the disk refuses is kept in memory.

    plan: of what runs here; None to look at what is there. sweep: what the sweep is, as a digest that every line carries.
    """

    path: Path
    plan: Plan | None = None
    sweep: str
    journal_name: str = journal.JOURNAL  # that this process writes
    alone: bool = field(init=False)  # whether no other process writes to the directory
    fault: str = ""  # why what is in memory is not on the disk
    _places: dict[int, tuple[Place, Place]] = field(default_factory=dict)  # of a block's scores, and of the rest
    _orphans: list[dict[str, Any]] = field(default_factory=list)  # lines of blocks that go on from what isn't there yet
    _bytes: int = 0  # of results in memory
    _sound: set[int] = field(default_factory=set)  # blocks whose lanes have been looked at
    _shapes: Shapes | None = None  # of what runs here
    _blocks: PackWriter = field(init=False)
    _lanes: LanePacks = field(init=False)
    _journals: journal.Reader = field(init=False)

    def __post_init__(self) -> None:
        super().__post_init__()
        self._shapes = None if self.plan is None else Shapes(self.plan)
        self.alone = self.journal_name == journal.JOURNAL
        self._blocks = PackWriter(self.path / BLOCKS)
        self._lanes = LanePacks(PackWriter(self.path / LANES), self.alone)
        self._journals = journal.Reader(self.path)

    def add(self, result: BlockResult, lanes: Lane | None) -> None:
        """Write a result and its lanes; a disk that fails is warned about, once, and loses nothing in memory."""
        try:
            places, of_lanes = self._write(result, lanes)
        except OSError as fault:
            self.failed(fault)
            super().add(result, lanes)
            return
        number = self.enter(result.scores)
        self._landed(number, places, result)
        self._lanes.enter(number, of_lanes)
        self._sound.add(number)

    def _write(self, result: BlockResult, lanes: Lane | None) -> tuple[tuple[Place, Place], Place]:
        block = result.block
        scores, rest = self._blocks.append(*blobs_of(result))
        of_lanes = self._lanes.append(array_files.blob_of(pack("lane", lanes), {}))
        line = {
            "sweep": self.sweep,
            "configs": journal.joined(self.facts.keys[list(block.configs)]),
            "seed": self.facts.seeds[block.seed],
            "begin": block.begin,
            "end": block.end,
            "scores": scores.said(),
            "rest": rest.said(),
            "lanes": of_lanes.said(),
        }
        journal.append(self.path, line, self.journal_name)
        return (scores, rest), of_lanes

    def _landed(self, number: int, places: tuple[Place, Place], result: BlockResult | None) -> None:
        """A block is on the disk; its result is held in memory too, while there is room."""
        self._places[number] = places
        if result is not None and self._bytes < IN_MEMORY:
            self.kept[number] = result
            self._bytes += sum(place.size for place in places)

    def keep(self, name: str, content: bytes) -> None:
        """A file of the directory, whole or not at all."""
        try:
            atomic_files.write(self.path / name, content)
        except OSError as fault:
            self.failed(fault)

    def failed(self, fault: OSError) -> None:
        """The disk has refused something: warned about once, and noted."""
        if not self.fault:
            warnings.warn(f"store {str(self.path)!r} can't be written ({fault}); the sweep goes on", stacklevel=3)
        self.fault = f"not everything is stored: {fault}"

    @property
    def notes(self) -> tuple[str, ...]:
        return (self.fault,) if self.fault else ()

    def result(self, number: int) -> BlockResult:
        """All that a block has left, from memory or from the disk.

        Raises:
            JgdValueError: where it is damaged, or has gone since the store was opened.
        """
        if number in self.kept:
            return self.kept[number]
        try:
            return self._read_result(self.blocks[number], self._places[number])
        except (OSError, checks.JgdValueError) as fault:
            says = (
                f"a block in {str(self.path)!r} is unusable ({fault}): move its pack away, and the call runs it again"
            )
            raise checks.JgdValueError(says) from fault

    def _read_result(self, block: Block, places: tuple[Place, Place]) -> BlockResult:
        scores, rest = (place.read(self.path / BLOCKS) for place in places)
        like = None if self._shapes is None else self._shapes.of(block)
        return result_of(rest, scores_of(scores, block, self.facts), self.facts, like)

    def _read_scores(self, block: Block, places: tuple[Place, Place]) -> BlockScores:
        if not places[1].is_there(self.path / BLOCKS):
            raise checks.JgdValueError(f"{places[1].pack} is cut short or missing")
        return scores_of(places[0].read(self.path / BLOCKS), block, self.facts)

    def holds(self, number: int) -> bool:
        return super().holds(number) or (number in self._lanes.places and self._lanes_are_whole(number))

    def lanes_of(self, number: int) -> Lane:
        if super().holds(number):
            return super().lanes_of(number)
        try:
            arrays, _ = array_files.read_blob(self._lanes.places[number].read(self._lanes.folder))
        except FileNotFoundError as fault:  # after they were looked at
            raise checks.JgdValueError(f"{str(self.path)!r} has lost lanes, by another process: call again") from fault
        assert self._shapes is not None, "who only looks asks for no lanes"
        return unpack("lane", arrays, self._shapes.of(self.blocks[number])[1])

    def _lanes_are_whole(self, number: int) -> bool:
        """Looked at once, when runs are to go on from them."""
        if number not in self._sound:
            try:
                self.lanes_of(number)
            except (OSError, checks.JgdValueError) as fault:
                warnings.warn(f"lanes in {str(self.path)!r} are unusable ({fault}); they run again", stacklevel=2)
                self._lanes.drop(number)
                return False
            self._sound.add(number)
        return True

    def release(self, number: int) -> None:
        if self.fault:  # what went on from them may be in memory only
            return
        super().release(number)
        self._lanes.drop(number)

    def note_rounds(self, rounds: Sequence[Round]) -> None:
        super().note_rounds(rounds)
        if can_not_be_made_again(self.facts.policy):
            self.keep(ROUNDS, sealed_rounds(rounds))

    def noted_rounds(self) -> tuple[Round, ...]:
        return self.noted or stored_rounds(self.path, self.facts, looking=self.plan is None)

    def current_reads(self) -> list[dict[str, Any]]:
        self.reads = stored_reads(self.path, self.reads)  # others may have confirmed what is there
        return self.reads

    def add_read(self, read: dict[str, Any]) -> None:
        self.current_reads().append(read)
        self.keep(READS, sealed_reads(self.reads))

    def read(self, mend: bool = False) -> None:
        """Take in what has landed since the last time. A block result that is damaged is warned about, and its runs run again.

        mend: leave out of the journal what is no whole line, and put those of all who have shared the sweep into one.
        """
        self.reads = stored_reads(self.path, self.reads)
        before, is_first = self._journals.damaged, not self._places
        try:
            lines = self._journals.news()
        except OSError as fault:
            raise checks.JgdValueError(f"the journal in {str(self.path)!r} can't be read ({fault})") from fault
        if damaged := self._journals.damaged - before:
            tell_damaged(self.path, damaged)
        if mend and (damaged or self._journals.torn or journal.shares(self.path)):
            self._join(lines)
        waiting, self._orphans = [*self._orphans, *own_lines(self.path, lines, self.sweep)], []
        unusable = dict[Block, Exception]()
        for line in sorted(reversed(waiting), key=lambda line: line["begin"]):  # of two about one block the later first
            self._take(line, unusable)
        lost = [fault for block, fault in unusable.items() if self.number_of(block) not in self._places]
        tell_unusable(self.path, lost)
        whole = is_first and (mend or not atomic_files.in_use(self.path))  # who writes has blocks before their lines
        if whole and not damaged and (self.scores.reached < self.facts.lengths[:, None]).any():
            tell_unknown(self.path, self.path / BLOCKS, lines)

    def _take(self, line: Mapping[str, Any], unusable: dict[Block, Exception]) -> None:
        """Enter what a line stands for, where it is part of the plan and isn't damaged."""
        block = self.facts.place(journal.keys_of(line), line["seed"], line["begin"], line["end"])
        if block is None or self.number_of(block) in self._places:
            return
        if block.begin and not self.are_done(block.configs, block.seed, block.begin):
            self._orphans.append(dict(line))  # what came before it is lost, or another process's that lands later
            return
        places = Place.of(line["scores"]), Place.of(line["rest"])
        try:
            result = self._read_result(block, places) if self._bytes < IN_MEMORY else None
            scores = self._read_scores(block, places) if result is None else result.scores
        except (OSError, checks.JgdValueError) as fault:
            unusable[block] = fault
            return
        number = self.enter(scores)
        self._landed(number, places, result)
        lanes = Place.of(line["lanes"])
        if lanes.is_there(self._lanes.folder):
            self._lanes.enter(number, lanes)

    def _join(self, lines: Sequence[Mapping[str, Any]]) -> None:
        """One journal of all lines, and no other."""
        try:
            journal.join(self.path, lines)
        except OSError as fault:
            self.failed(fault)
        self._journals = journal.Reader(self.path)
