"""Layer 1: data. Enters: raw rows. Leaves: scaled splits, and the order in which steps see their rows.

datasets.py  bundled and synthetic data     split.py    train, validation and test rows
scale.py     fitted on training rows only   batches.py  rows of a step as a function of (seed, step)
files.py     a table of your own: CSV, Parquet, NPZ
orders.py    shuffled, sequential, weighted, balanced, easy to hard, the hardest more often
"""

from jgd.data import datasets, orders
from jgd.data.batches import Batches
from jgd.data.datasets import Dataset
from jgd.data.files import read
from jgd.data.scale import MinMax, Scaling, Standard
from jgd.data.split import Splits, split

__all__ = ["Batches", "Dataset", "MinMax", "Scaling", "Splits", "Standard", "datasets", "orders", "read", "split"]
