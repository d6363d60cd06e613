"""What a callback that logs is given: the progress of `jgd.train` or `jgd.sweep`, as far as it is numbers."""

from collections.abc import Callable, Iterable, Mapping
from typing import Protocol, TypeAlias


class Progress(Protocol):
    """A `TrainProgress` or a `SweepProgress`."""

    def scalars(self) -> Iterable[tuple[int, Mapping[str, float]]]:
        """What is new, as (step, name -> value)."""
        ...


Callback: TypeAlias = Callable[[Progress], None]
