"""Layer 1: search spaces. Enters: names with what may be tried for each. Leaves: configs, dicts of values.

ranges.py, lists.py   log_uniform, uniform, integers; choice, static      distributions.py   how a person makes them, and `when`
space.py      names to distributions, with conditions   samplers.py    a space to configs; tables.py: grids, own rows
sequences.py  the points of the unit cube                proposers.py   ask-and-tell
described.py, toml_space.py   a space as plain data, and as a file
"""

from jgd.spaces import samplers
from jgd.spaces.distributions import choice, integers, log_uniform, one_minus_log_uniform, static, uniform, when
from jgd.spaces.proposers import Proposer
from jgd.spaces.ranges import grid, log_grid
from jgd.spaces.samplers import configs
from jgd.spaces.space import Config, Space, as_space, space
from jgd.spaces.toml_space import space_of_toml

__all__ = [
    "Config",
    "Proposer",
    "Space",
    "as_space",
    "choice",
    "configs",
    "grid",
    "integers",
    "log_uniform",
    "log_grid",
    "one_minus_log_uniform",
    "samplers",
    "space",
    "space_of_toml",
    "static",
    "uniform",
    "when",
]
