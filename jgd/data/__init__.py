"""Layer 1: data. Enters: raw rows. Leaves: scaled splits, and the order in which steps see their rows.

datasets.py  bundled and synthetic data     split.py    train, validation and test rows
scale.py     fitted on training rows only   batches.py  rows of a step as a function of (seed, step)
files.py     a table of your own: a file or a frame, with words, dates and gaps
columns.py   what holds columns                   column.py    one column as numbers
csv_file.py  a CSV as columns                     csv_format.py  how it is written
target.py    classes or values
encoding.py  gaps filled, words one-hot           preprocessing.py  from raw rows to inputs, and back
array_rows.py  rows without columns: images, sequences
markov.py    synthetic text whose entropy is known
orders.py    shuffled, sequential, weighted, balanced, easy to hard, the hardest more often; permutation.py  jax's, in one hash
"""

from jgd.data import datasets as datasets
from jgd.data import orders as orders
from jgd.data.batches import Batches as Batches
from jgd.data.csv_format import CsvFormat as CsvFormat
from jgd.data.datasets import Dataset as Dataset
from jgd.data.files import read as read
from jgd.data.markov import MarkovSource as MarkovSource
from jgd.data.preprocessing import Preprocessing as Preprocessing
from jgd.data.scale import MinMax as MinMax
from jgd.data.scale import Scaling as Scaling
from jgd.data.scale import Standard as Standard
from jgd.data.split import Splits as Splits
from jgd.data.split import split as split
