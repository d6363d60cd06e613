"""What the parameters and the lanes of a plan's blocks look like."""

from dataclasses import dataclass, field

from jgd.core.types import Params
from jgd.lane import Lane
from jgd.sweeps.engine.block import Block, padded_numbers
from jgd.sweeps.engine.programs import result_shapes
from jgd.sweeps.plan import Plan


@dataclass
class Shapes:
    """Trees of shapes and dtypes, made once for each group and number of lanes."""

    plan: Plan
    _known: dict[tuple[int, int], tuple[Params, Lane]] = field(default_factory=dict)

    def of(self, block: Block) -> tuple[Params, Lane]:
        """Of one block."""
        size = block.group, len(block.configs)
        if size not in self._known:
            group = self.plan.groups[block.group]
            values = padded_numbers([self.plan.configs[block.configs[0]][1]], group.numbers, size[1])
            self._known[size] = result_shapes(group.build, values, self.plan.task, width=size[1])
        return self._known[size]
