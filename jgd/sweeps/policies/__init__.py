"""Policies: which configs get how many steps. Each is a pure function of what was measured.

policy.py               what a policy is, and Full: every config gets all steps
successive_halving.py   the worse configs stop at rungs      hyperband.py   … from several first rungs at once
asynchronous_halving.py … without waiting for all of a rung
median.py               a config stops that never was as good as the others are on average
racing.py               more seeds only for the configs that may be the best
population.py           the worst members go on from the best, with other hyperparameters
replay.py               what came of what in a population, and training by such a schedule again
bundled.py              these by name, and the rounds of a user's own as a store keeps them
"""
