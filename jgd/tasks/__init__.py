"""Layer 5: what is to be learned. Enters: rows, a model, a loss. Leaves: a `Task`, ready to sweep.

task.py        Task                            of_models.py   what a model gives it: start, accuracy
supervised.py  from a data set or from a table of your own
bundled.py     by name
resplit.py     rows cut anew: folds, other splits, fewer     recut.py   a task with rows that are
own_rows.py    arrays and data sets as three parts    weights.py   of classes
raw_rows.py    rows before their preprocessing, to fit it again
scores.py      metrics by name, as compiled programs evaluate them    by_name.py   which suit a task
"""

from jgd.tasks.bundled import PIXELS as PIXELS
from jgd.tasks.bundled import get as get
from jgd.tasks.bundled import registry as registry
from jgd.tasks.of_models import Accuracy as Accuracy
from jgd.tasks.of_models import Start as Start
from jgd.tasks.raw_rows import RawRows as RawRows
from jgd.tasks.raw_rows import preprocessing as preprocessing
from jgd.tasks.scores import Score as Score
from jgd.tasks.supervised import MODELS as MODELS
from jgd.tasks.supervised import of_table as of_table
from jgd.tasks.supervised import supervised as supervised
from jgd.tasks.task import Task as Task
from jgd.tasks.weights import class_weights as class_weights
