"""Layer 10: the lectures redone. Enters: a name. Leaves: text, tables with the numbers, pictures.

demonstration.py  what a lecture leaves      registry.py  the lectures by name, and `give`
hours.py, noisy.py  the rows they learn from
scores.py       what is minimized            derivatives.py  gradients: found, checked, paid for
searches.py     without gradients            listings.py     gradient descent and its stochastic form
batch_sizes.py  all rows, some, one          endings.py      when a run stops
rates.py        learning rates               decays.py       … that fall
velocities.py   momentum                     adaptive.py     a rate for each weight
starts.py       starts and seeds             scalings.py     features on one scale
traps.py        where descent stays
"""

from jgd.lectures.demonstration import Demonstration as Demonstration
from jgd.lectures.demonstration import Table as Table
from jgd.lectures.registry import Lecture as Lecture
from jgd.lectures.registry import give as give
from jgd.lectures.registry import registry as registry
