"""Layer 6: other libraries. Enters: their models and optimizers. Leaves: tasks and transforms of jgd, and the way back.

flax.py        models in Flax NNX or Linen as tasks  equinox.py, haiku.py  models in Equinox and Haiku as tasks
network.py     what a library's model is to jgd      supervised.py         the task of a network and rows
optax.py       optax's optimizers in jgd, jgd's in optax    optax_transform.py  one of optax's as one of jgd's
tensorboard.py, wandb.py, mlflow.py  callbacks of `train` and `sweep` that log    scalars.py  what they log
ray.py         Ray's workers run a sweep's blocks

None of the libraries is imported before a function here needs it: `pip install 'jgd[interop]'`
brings those of models and optimizers, each logger is a package of its own.
"""

from jgd.interop import equinox as equinox
from jgd.interop import flax as flax
from jgd.interop import haiku as haiku
from jgd.interop import mlflow as mlflow
from jgd.interop import optax as optax
from jgd.interop import ray as ray
from jgd.interop import tensorboard as tensorboard
from jgd.interop import wandb as wandb
from jgd.interop.supervised import TaskOptions as TaskOptions
