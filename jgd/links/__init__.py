"""Layer 2: what a chain is made of besides the algorithms. Enters: updates. Leaves: updates.

descend.py  the learning rate's link, which reports the rate it used
decay.py    decoupled weight decay
means.py    the exponential mean that knows its own weight, and the moments made of it
"""

from jgd.links.decay import AddDecayedWeights
from jgd.links.descend import Descend, Rate, learning_rate
from jgd.links.means import Mean

__all__ = ["AddDecayedWeights", "Descend", "Mean", "Rate", "learning_rate"]
