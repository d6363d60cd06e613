"""Layer 8: what a lecture on gradient descent shows. Enters: a loss, parameters, a batch. Leaves: tables and curves.

closed_forms.py       gradients with their derivations, beside their losses
backpropagation.py    the multilayer perceptron's gradient, layer by layer
graphs/               computation graphs: every value's derivative by name
symbolic.py           sympy's expressions and gradients, lowered to JAX
step_gradient.py      method 1: a gradient read back from a step
lecture_checks.py     methods 1 and 2 beside the automatic gradient
error_curves.py       the U-curve: a difference's error against its step
costs.py              what derivatives cost, counted by XLA
descents.py           paths of optimizers over landscapes, learning rates, races
batch_descents.py     all rows, some rows, one row
look_ahead.py         the arrows of momentum and of its look-ahead
many_starts.py        where many starts end
effective_rates.py    the rate that each parameter really had
"""

from typing import TYPE_CHECKING

from jgd.core.on_demand import import_on_demand

if TYPE_CHECKING:  # for editors and type checkers
    from jgd.teaching import closed_forms as closed_forms
    from jgd.teaching import graphs as graphs
    from jgd.teaching import symbolic as symbolic
    from jgd.teaching.batch_descents import BatchDescents as BatchDescents
    from jgd.teaching.batch_descents import batch_descents as batch_descents
    from jgd.teaching.costs import Cost as Cost
    from jgd.teaching.costs import CostTable as CostTable
    from jgd.teaching.costs import cost as cost
    from jgd.teaching.costs import cost_table as cost_table
    from jgd.teaching.descents import Descents as Descents
    from jgd.teaching.descents import descents as descents
    from jgd.teaching.descents import landscape_of as landscape_of
    from jgd.teaching.descents import learning_rates as learning_rates
    from jgd.teaching.descents import race as race
    from jgd.teaching.effective_rates import EffectiveRates as EffectiveRates
    from jgd.teaching.effective_rates import effective_rates as effective_rates
    from jgd.teaching.error_curves import ErrorCurve as ErrorCurve
    from jgd.teaching.error_curves import error_curve as error_curve
    from jgd.teaching.lecture_checks import TwoChecks as TwoChecks
    from jgd.teaching.lecture_checks import two_checks as two_checks
    from jgd.teaching.look_ahead import LookAhead as LookAhead
    from jgd.teaching.look_ahead import look_ahead as look_ahead
    from jgd.teaching.many_starts import ManyStarts as ManyStarts
    from jgd.teaching.many_starts import many_starts as many_starts
    from jgd.teaching.step_gradient import MethodOne as MethodOne
    from jgd.teaching.step_gradient import method_one as method_one

HOMES = {  # module -> its names that are public here
    "": "closed_forms graphs symbolic",
    "batch_descents": "BatchDescents batch_descents",
    "costs": "Cost CostTable cost cost_table",
    "descents": "Descents descents landscape_of learning_rates race",
    "effective_rates": "EffectiveRates effective_rates",
    "error_curves": "ErrorCurve error_curve",
    "lecture_checks": "TwoChecks two_checks",
    "look_ahead": "LookAhead look_ahead",
    "many_starts": "ManyStarts many_starts",
    "step_gradient": "MethodOne method_one",
}
import_on_demand(__name__, HOMES)
