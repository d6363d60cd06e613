"""Layer 8: estimators with scikit-learn's interface. Enters: tables and settings. Leaves: what scikit-learn expects.

classifier.py, regressor.py   the estimators                   estimator.py   what both are
choices.py                    settings → model, loss, optimizer, seed
fit_plan.py                   one fit, ready to run            partial.py     a pass that goes on from the last one
lanes.py                      many fits as one sweep           rows.py        rows of a few lengths only
search.py                     all candidates × folds at once   folds.py       what of a candidate is fitted on a fold
candidates.py                 grids and draws                  cv_results.py  `cv_results_`
refusal.py                    what a refused call leaves

scikit-learn is imported with this package, and `import jgd` imports neither.
"""

try:
    import sklearn as _sklearn  # noqa: F401  (so that what is missing is said here)
except ImportError as missing:
    raise ImportError("jgd.sklearn needs scikit-learn: pip install 'jgd[data]'") from missing

from jgd.sklearn.classifier import GradientDescentClassifier as GradientDescentClassifier
from jgd.sklearn.regressor import GradientDescentRegressor as GradientDescentRegressor
from jgd.sklearn.search import VectorizedSearchCV as VectorizedSearchCV
