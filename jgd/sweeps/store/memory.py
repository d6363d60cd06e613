"""The block results of a sweep and the lanes that can be gone on from, in memory."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from jgd.lane import Lane
from jgd.sweeps.engine.block import Block
from jgd.sweeps.policies.policy import Round
from jgd.sweeps.store.base import BlockResult, Store


@dataclass
class MemoryStore(Store):
    """A store that ends with the process."""

    results: dict[Block, BlockResult] = field(default_factory=dict)
    held: dict[Block, Lane] = field(default_factory=dict)  # the lanes at the end of a block
    ends: dict[tuple[int, int], dict[int, Block]] = field(default_factory=dict)
    reads: list[dict[str, Any]] = field(default_factory=list)

    def add(self, result: BlockResult, lanes: Lane) -> None:
        self.held[result.block] = lanes
        self.file(result)

    def holds(self, block: Block) -> bool:
        return block in self.held

    def lanes_of(self, block: Block) -> Lane:
        return self.held[block]

    def release(self, block: Block) -> None:
        self.held.pop(block, None)

    def current_reads(self) -> list[dict[str, Any]]:
        return self.reads

    def add_read(self, read: dict[str, Any]) -> None:
        self.reads.append(read)

    def note_rounds(self, rounds: Sequence[Round]) -> None:
        pass  # the policy can be asked again

    @property
    def notes(self) -> tuple[str, ...]:
        return ()
