"""Layer 5: search without gradients, the baselines that descent is measured against. Enters: a loss and bounds.

Leaves: a `SearchResult`, the best point, with every evaluation counted.

result.py         what a search leaves, and the table that compares searches
search_space.py   the points to visit, their losses, the best so far
grid_search.py    every point of a grid, and divide and conquer
random_search.py  points drawn at random
genetic_search.py   populations that recombine and mutate
gradient_descent.py gradient descent, counted the same way
"""

from jgd.gradient_free.genetic_search import genetic_search as genetic_search
from jgd.gradient_free.gradient_descent import gradient_descent as gradient_descent
from jgd.gradient_free.grid_search import divide_and_conquer as divide_and_conquer
from jgd.gradient_free.grid_search import grid_search as grid_search
from jgd.gradient_free.random_search import random_search as random_search
from jgd.gradient_free.result import SearchResult as SearchResult
from jgd.gradient_free.result import comparison_table as comparison_table
