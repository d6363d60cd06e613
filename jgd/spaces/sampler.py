"""Layer 1. Enters: a space. Leaves: the base class of what turns it into configs."""

from abc import ABC, abstractmethod
from typing import ClassVar

from jgd.spaces.space import Config, Space


class Sampler(ABC):
    """What draws configs from a space. extendable: whether its first configs stay when more are asked for."""

    extendable: ClassVar[bool] = True

    @abstractmethod
    def configs(self, space: Space, count: int | None, first: int) -> list[Config]:
        """Configs `first` … `first + count − 1`; a count of None is all that there are."""
