"""Layer 1: models, pure init/predict pairs in records. Enters: a key, inputs. Leaves: parameters, outputs.

model.py         what a model is
linear.py        linear, adaline, logistic and softmax regression
mlp.py           the multilayer perceptron
cnn.py           a small convolutional network
transformer.py   a small decoder transformer
dropout.py       entries left out by chance
initializers.py  where weights start
own_params.py    whether parameters are a model's own
"""

from jgd.models.cnn import CNN as CNN
from jgd.models.dropout import dropout as dropout
from jgd.models.initializers import GlorotUniform as GlorotUniform
from jgd.models.initializers import Normal as Normal
from jgd.models.initializers import Zeros as Zeros
from jgd.models.linear import Adaline as Adaline
from jgd.models.linear import Linear as Linear
from jgd.models.linear import Logistic as Logistic
from jgd.models.linear import Softmax as Softmax
from jgd.models.linear import with_ones as with_ones
from jgd.models.mlp import MLP as MLP
from jgd.models.model import Model as Model
from jgd.models.transformer import Transformer as Transformer
