"""The block results of a sweep and the lanes that can be gone on from, in memory."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from jgd.lane import Lane
from jgd.sweeps.policies.policy import Round
from jgd.sweeps.store.base import BlockResult, Store


@dataclass
class MemoryStore(Store):
    """A store that ends with the process. kept, held: by the block's number."""

    kept: dict[int, BlockResult] = field(default_factory=dict)
    held: dict[int, Lane] = field(default_factory=dict)  # the lanes at its end
    noted: tuple[Round, ...] = ()

    def add(self, result: BlockResult, lanes: Lane | None) -> None:
        number = self.enter(result.scores)
        self.kept[number] = result
        if lanes is not None:
            self.held[number] = lanes

    def result(self, number: int) -> BlockResult:
        return self.kept[number]

    def holds(self, number: int) -> bool:
        return number in self.held

    def lanes_of(self, number: int) -> Lane:
        return self.held[number]

    def release(self, number: int) -> None:
        self.held.pop(number, None)

    def current_reads(self) -> list[dict[str, Any]]:
        return self.reads

    def add_read(self, read: dict[str, Any]) -> None:
        self.reads.append(read)

    def note_rounds(self, rounds: Sequence[Round]) -> None:
        self.noted = tuple(rounds)

    def noted_rounds(self) -> tuple[Round, ...]:
        return self.noted

    @property
    def notes(self) -> tuple[str, ...]:
        return ()
