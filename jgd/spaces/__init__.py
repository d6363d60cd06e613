"""Layer 1: search spaces. Enters: names with what may be tried for each. Leaves: configs, dicts of values.

distributions.py   log_uniform, uniform, normal, integers, choice, static, …
                   (records of them: ranges.py, normals.py, integer_range.py, lists.py)
conditions.py      when, between; derived.py: names that follow from others; vectors.py: several numbers under a name
constraints.py     formulas that configs fulfil (expressions.py)
space.py           names to distributions, with conditions (entries.py); at_points.py: to values, a column a name
json_space.py      a space as data; toml_space.py: as a file
samplers.py        a space to configs (grid_sampler.py: every combination, table_sampler.py: rows of one's own)
sequences.py       the points of the unit cube
proposer.py        ask-and-tell
"""

from jgd.spaces import samplers as samplers
from jgd.spaces.conditions import between as between
from jgd.spaces.conditions import when as when
from jgd.spaces.derived import derived as derived
from jgd.spaces.distributions import choice as choice
from jgd.spaces.distributions import integers as integers
from jgd.spaces.distributions import log_normal as log_normal
from jgd.spaces.distributions import log_uniform as log_uniform
from jgd.spaces.distributions import normal as normal
from jgd.spaces.distributions import one_minus_log_uniform as one_minus_log_uniform
from jgd.spaces.distributions import static as static
from jgd.spaces.distributions import uniform as uniform
from jgd.spaces.proposer import Proposer as Proposer
from jgd.spaces.ranges import grid as grid
from jgd.spaces.ranges import log_grid as log_grid
from jgd.spaces.samplers import configs as configs
from jgd.spaces.space import Config as Config
from jgd.spaces.space import Space as Space
from jgd.spaces.space import as_space as as_space
from jgd.spaces.space import space as space
from jgd.spaces.toml_space import space_of_toml as space_of_toml
from jgd.spaces.vectors import vector as vector
