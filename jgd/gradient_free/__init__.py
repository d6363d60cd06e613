"""Layer 5: search without gradients, the baselines that descent is measured against. Enters: a loss and a box.

Leaves: `Found`, the best point, with every evaluation counted.

found.py     what a search leaves, and the table that compares searches
grids.py     exhaustive search, and divide and conquer
chance.py    random search
genetic.py   populations that recombine and mutate
descent.py   gradient descent, counted the same way
"""

from jgd.gradient_free.chance import random
from jgd.gradient_free.descent import descent
from jgd.gradient_free.found import Found, compare
from jgd.gradient_free.genetic import genetic
from jgd.gradient_free.grids import divide_and_conquer, exhaustive

__all__ = ["Found", "compare", "descent", "divide_and_conquer", "exhaustive", "genetic", "random"]
