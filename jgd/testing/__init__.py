"""Layer 9: checks of a user's own method, the same that jgd's are held to. Enters: a method. Leaves: nothing, or CheckFailure.

    import jgd.testing                                     # on demand: it needs chex
    jgd.testing.check_transform(MyTransform(0.5))
    jgd.testing.check_optimizer(my_optimizer, {"learning_rate": 0.1, "beta": 0.9})

`CHECKS` maps each check's name to its function.
"""

try:
    import chex as _chex  # noqa: F401  # whether it is there
except ImportError as missing:
    raise ImportError("jgd.testing needs chex: pip install 'jgd[testing]'") from missing

from jgd.testing.check import CHECKS as CHECKS
from jgd.testing.check import check_optimizer as check_optimizer
from jgd.testing.check import check_transform as check_transform
from jgd.testing.failure import CheckFailure as CheckFailure
from jgd.testing.problem import Problem as Problem
