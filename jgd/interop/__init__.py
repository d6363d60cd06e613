"""Layer 6: other libraries. Enters: their models and optimizers. Leaves: tasks and transforms of jgd, and the way back.

flax.py       a task of a model in Flax NNX or Linen      equinox.py  a task of a model in Equinox
haiku.py      a task of a model in Haiku              optax.py    optax's optimizers in jgd, and jgd's in optax
network.py    what a library's model is to jgd            supervised.py  the task of a network and rows

None of the libraries is imported before a function here needs it: `pip install 'jgd[interop]'` brings them.
"""

from jgd.interop import equinox as equinox
from jgd.interop import flax as flax
from jgd.interop import haiku as haiku
from jgd.interop import optax as optax
