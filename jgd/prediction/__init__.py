"""Layer 3: trained models in use. Enters: a model, its parameters, what was fitted. Leaves: answers for raw rows.

predictor.py     Predictor: labels, values, probabilities, scores
scores.py        metrics of predictions by name, by scikit-learn
described.py     a predictor as plain data                        named_models.py  models as plain data
files.py         a predictor in one file, which nothing executes
"""

from jgd.prediction.files import load_model as load_model
from jgd.prediction.files import save_model as save_model
from jgd.prediction.predictor import Predictor as Predictor
from jgd.prediction.scores import OF_CLASSES as OF_CLASSES
from jgd.prediction.scores import OF_VALUES as OF_VALUES
