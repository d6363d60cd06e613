"""Layer 1. Enters: scores of configs. Leaves: the next configs, from whoever looks at scores before it proposes."""

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from jgd.spaces.space import Config


@runtime_checkable
class Proposer(Protocol):
    """Ask-and-tell: what a sweep asks for batches of configs, each batch one compiled call, and tells how they did.

    >>> from jgd.spaces.samplers import Halton, configs
    >>> class Evenly:  # the least that is a proposer: it looks at no score
    ...     given = 0
    ...     def ask(self, count):
    ...         self.given += count
    ...         return configs({"learning_rate": [0.1, 0.2]}, Halton(), count, self.given - count)
    ...     def tell(self, configs, scores):
    ...         pass
    >>> isinstance(Evenly(), Proposer), len(Evenly().ask(5))
    (True, 5)
    """

    def ask(self, count: int) -> list[Config]:
        """`count` configs to try next."""
        ...

    def tell(self, configs: Sequence[Config], scores: Sequence[float]) -> None:
        """How configs that were asked for did: the mean score over seeds of each, NaN where a run diverged."""
        ...
