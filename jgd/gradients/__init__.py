"""Layer 3: gradients, and why to trust them. Enters: a loss, parameters, a batch. Leaves: gradients and verdicts.

double.py     the loss as a function of one float64 vector    numerical.py  four difference formulas
"""

from jgd.gradients.numerical import (
    central_difference,
    complex_step,
    directional,
    evaluations,
    forward_difference,
    richardson,
)
