"""Errors for bad input: each names the argument or the tree path, the rule, and the value got.

Checks run on the host, when a record is made or when a program is traced, never inside a compiled step. A traced
value can't be read and passes; the sweep checks its grid before it traces.
"""

from jgd.core.checks.arguments import array as array
from jgd.core.checks.arguments import choice as choice
from jgd.core.checks.arguments import count as count
from jgd.core.checks.arguments import flag as flag
from jgd.core.checks.arguments import floating_dtype as floating_dtype
from jgd.core.checks.arguments import function as function
from jgd.core.checks.arguments import instance as instance
from jgd.core.checks.arguments import names as names
from jgd.core.checks.arguments import nearest as nearest
from jgd.core.checks.arguments import takes as takes
from jgd.core.checks.columns import refused_rows as refused_rows
from jgd.core.checks.data import are_batches as are_batches
from jgd.core.checks.data import as_rows as as_rows
from jgd.core.checks.data import finite_data as finite_data
from jgd.core.checks.data import numeric_data as numeric_data
from jgd.core.checks.data import rows as rows
from jgd.core.checks.data import same_kind_of_rows as same_kind_of_rows
from jgd.core.checks.errors import JgdError as JgdError
from jgd.core.checks.errors import JgdTypeError as JgdTypeError
from jgd.core.checks.errors import JgdValueError as JgdValueError
from jgd.core.checks.errors import prefixed as prefixed
from jgd.core.checks.errors import renamed as renamed
from jgd.core.checks.hyperparameters import bare as bare
from jgd.core.checks.hyperparameters import hyperparameter as hyperparameter
from jgd.core.checks.hyperparameters import in_order as in_order
from jgd.core.checks.hyperparameters import not_deleted as not_deleted
from jgd.core.checks.hyperparameters import number as number
from jgd.core.checks.paths import path as path
from jgd.core.checks.shown import shown as shown
from jgd.core.checks.trees import arrays_of as arrays_of
from jgd.core.checks.trees import leaves_of as leaves_of
from jgd.core.checks.trees import parameters as parameters
from jgd.core.checks.trees import path_of as path_of
from jgd.core.checks.trees import same_shape as same_shape
from jgd.core.checks.trees import same_state as same_state
from jgd.core.checks.trees import same_structure as same_structure
