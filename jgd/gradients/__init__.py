"""Layer 3: gradients, and why to trust them. Enters: a loss, parameters, a batch. Leaves: gradients and verdicts.

check.py            check_gradients, from screen to verdict    report.py         what it says
check_leaf.py       the verdict on one leaf                    locate_errors.py  which entries are wrong
diagnosis.py        the fault behind them                      analytic.py       the gradient under test
slopes.py           slopes with error bars, and kinks          numerical.py      four difference formulas
preconditions.py    can a loss be checked at all?              consistency.py    jit = no jit, batched = looped
float64_loss.py     a loss as a function of a float64 vector   layout.py         where each leaf lies in it
promote_jaxpr.py    a program without its own roundings        precision.py      float64, and how coarse a program is
program_cache.py    programs found again, never stale ones     arguments.py      losses and data, refused by name
curvature.py        sharpness, limits, condition numbers       hessian_products.py  H·v, and H where it is small
custom_gradient.py  a gradient of one's own for a loss         difference_formulas.py  offsets, weights, steps
hutchinson.py       the Hessian's trace and diagonal, estimated
"""

from typing import TYPE_CHECKING

from jgd.core.on_demand import import_on_demand

if TYPE_CHECKING:  # for editors and type checkers
    from jgd.gradients.check import check_gradients as check_gradients
    from jgd.gradients.curvature import Sharpness as Sharpness
    from jgd.gradients.curvature import condition_number as condition_number
    from jgd.gradients.curvature import max_stable_learning_rate as max_stable_learning_rate
    from jgd.gradients.curvature import sharpness as sharpness
    from jgd.gradients.custom_gradient import with_custom_gradient as with_custom_gradient
    from jgd.gradients.fisher import fisher_diagonal as fisher_diagonal
    from jgd.gradients.hessian_products import hessian as hessian
    from jgd.gradients.hessian_products import hvp as hvp
    from jgd.gradients.hutchinson import Trace as Trace
    from jgd.gradients.hutchinson import hessian_diagonal as hessian_diagonal
    from jgd.gradients.hutchinson import hessian_trace as hessian_trace
    from jgd.gradients.numerical import central_difference as central_difference
    from jgd.gradients.numerical import complex_step as complex_step
    from jgd.gradients.numerical import directional_derivative as directional_derivative
    from jgd.gradients.numerical import evaluations as evaluations
    from jgd.gradients.numerical import forward_difference as forward_difference
    from jgd.gradients.numerical import richardson as richardson
    from jgd.gradients.report import GradientCheck as GradientCheck
    from jgd.gradients.report import LeafCheck as LeafCheck
    from jgd.gradients.report import WrongGradientError as WrongGradientError

HOMES = {  # module -> its names that are public here
    "check": "check_gradients",
    "curvature": "Sharpness condition_number max_stable_learning_rate sharpness",
    "custom_gradient": "with_custom_gradient",
    "fisher": "fisher_diagonal",
    "hessian_products": "hessian hvp",
    "hutchinson": "Trace hessian_diagonal hessian_trace",
    "numerical": "central_difference complex_step directional_derivative evaluations forward_difference richardson",
    "report": "GradientCheck LeafCheck WrongGradientError",
}
import_on_demand(__name__, HOMES)
