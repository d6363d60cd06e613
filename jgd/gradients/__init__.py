"""Layer 3: gradients, and why to trust them. Enters: a loss, parameters, a batch. Leaves: gradients and verdicts.

check.py      check_gradients, from screen to verdict         report.py      what it says
numerical.py  four difference formulas                        double.py      a loss as a function of a float64 vector
slopes.py     slopes with error bars, and kinks               analytic.py    the gradient under test
locate.py     which entries are wrong                         diagnosis.py   the fault behind them
agreement.py  jit = no jit, batched = looped                  lectures.py    the lectures' two checks
derived.py    closed forms with their derivations             backpropagation.py   the MLP's, written out
attach.py     a gradient of one's own, attached to its loss   blocks.py      every intermediate's derivative by name
symbolic.py   sympy's expressions, lowered to JAX             curvature.py   Hessian products, sharpness, stable rates
costs.py      what derivatives cost, counted by XLA           leaf.py        the verdict on one leaf
error_curve.py   error against step, the U-curve               compiled.py    programs found again, never stale ones
checkable.py  can a loss be checked at all?               widen.py       a program without its own roundings
uses.py       which leaves a loss reads
"""

from jgd.gradients import blocks, derived, symbolic
from jgd.gradients.check import check_gradients
from jgd.gradients.costs import Cost, CostTable, cost, cost_table
from jgd.gradients.curvature import Sharpness, condition_number, hessian, hvp, max_stable_learning_rate, sharpness
from jgd.gradients.custom_gradient import WithGradient, with_derived_gradient
from jgd.gradients.error_curve import ErrorCurve, error_curve
from jgd.gradients.lectures import MethodOne, TwoChecks, method_one, two_checks
from jgd.gradients.numerical import (
    central_difference,
    complex_step,
    directional,
    evaluations,
    forward_difference,
    richardson,
)
from jgd.gradients.report import Agreement, GradientCheck, LeafCheck, WrongGradientError

__all__ = [
    "Agreement",
    "Cost",
    "CostTable",
    "ErrorCurve",
    "GradientCheck",
    "LeafCheck",
    "MethodOne",
    "Sharpness",
    "TwoChecks",
    "WithGradient",
    "WrongGradientError",
    "blocks",
    "central_difference",
    "check_gradients",
    "complex_step",
    "condition_number",
    "cost",
    "cost_table",
    "derived",
    "directional",
    "error_curve",
    "evaluations",
    "forward_difference",
    "hessian",
    "hvp",
    "max_stable_learning_rate",
    "method_one",
    "richardson",
    "sharpness",
    "symbolic",
    "two_checks",
    "with_derived_gradient",
]
