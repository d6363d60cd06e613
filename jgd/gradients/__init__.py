"""Layer 3: gradients, and why to trust them. Enters: a loss, parameters, a batch. Leaves: gradients and verdicts.

check.py      check_gradients, from screen to verdict         report.py      what it says
numerical.py  four difference formulas                        double.py      a loss as a function of a float64 vector
slopes.py     slopes with error bars, and kinks               analytic.py    the gradient under test
locate.py     which entries are wrong                         diagnosis.py   the fault behind them
agreement.py  jit = no jit, batched = looped
"""

from jgd.gradients.check import check_gradients
from jgd.gradients.numerical import (
    central_difference,
    complex_step,
    directional,
    evaluations,
    forward_difference,
    richardson,
)
from jgd.gradients.report import Agreement, GradientCheck, LeafCheck, WrongGradientError
