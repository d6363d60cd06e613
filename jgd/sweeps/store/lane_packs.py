"""The packs of lanes in a directory. A pack goes when runs have gone on from all lanes that are in it."""

from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from jgd.sweeps.store.packs import PackWriter, Place


@dataclass
class LanePacks:
    """Which blocks' lanes are there, by their numbers.

    alone: whether no other process writes to the directory; else only packs of this one are deleted.
    """

    writer: PackWriter
    alone: bool
    places: dict[int, Place] = field(default_factory=dict)
    _live: dict[str, set[int]] = field(default_factory=dict)  # pack -> the blocks whose lanes in it can be asked for
    _own: set[str] = field(default_factory=set)

    @property
    def folder(self) -> Path:
        """Where they are."""
        return self.writer.folder

    def append(self, blob: bytes) -> Place:
        """Write lanes."""
        (place,) = self.writer.append(blob)
        self._own.add(place.pack)
        return place

    def enter(self, number: int, place: Place) -> None:
        """The lanes of a block are there."""
        if number in self.places and self.places[number].pack != place.pack:
            self.drop(number)
        self.places[number] = place
        self._live.setdefault(place.pack, set()).add(number)

    def drop(self, number: int) -> None:
        """Nobody asks for the lanes of a block any more."""
        place = self.places.pop(number, None)
        if place is None:
            return
        left = self._live[place.pack]
        left.discard(number)
        if not left and (self.alone or place.pack in self._own):
            if self.writer.pack == place.pack:
                self.writer.pack = ""
            with suppress(OSError):
                (self.folder / place.pack).unlink()
