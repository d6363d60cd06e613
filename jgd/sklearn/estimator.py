"""What the classifier and the regressor share: settings, fits, passes, and the attributes that they leave."""

import warnings
from typing import Any, ClassVar, Self

import jax
import jax.numpy as jnp
import numpy as np
from sklearn.base import BaseEstimator
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split
from sklearn.utils.validation import check_is_fitted, validate_data

from jgd.core import checks, seeds
from jgd.core.optimizer import Optimizer
from jgd.core.types import Params
from jgd.losses import SupervisedLoss
from jgd.models import MLP
from jgd.sklearn.choices import AFFINE, optimizer_of, seed_of
from jgd.sklearn.fit_plan import Fit, FitPlan, wants_examples
from jgd.sklearn.partial import Stream
from jgd.sklearn.refusal import check_same_kind, unchanged_if_refused
from jgd.sklearn.rows import Rows, checked_weights, filled_up, padded_length
from jgd.stopping import StoppingRule

FLOATS = (np.float64, np.float32)


class GradientDescentEstimator(BaseEstimator):
    """The settings of both estimators; see `GradientDescentClassifier` and `GradientDescentRegressor`."""

    n_features_in_: int  # as scikit-learn sets it

    def __init__(
        self,
        model="linear",
        *,
        hidden=(64,),
        activation="relu",
        loss=None,
        optimizer="adam",
        learning_rate=None,
        schedule=None,
        optimizer_options=None,
        batch_size=256,
        epochs=200,
        steps=None,
        tol=None,
        early_stopping=False,
        validation_fraction=0.1,
        patience=10,
        warm_start=False,
        random_state=None,
    ):
        self.model = model
        self.hidden = hidden
        self.activation = activation
        self.loss = loss
        self.optimizer = optimizer
        self.learning_rate = learning_rate
        self.schedule = schedule
        self.optimizer_options = optimizer_options
        self.batch_size = batch_size
        self.epochs = epochs
        self.steps = steps
        self.tol = tol
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.patience = patience
        self.warm_start = warm_start
        self.random_state = random_state

    def _targets(self, y: np.ndarray, *, first: bool) -> np.ndarray:
        """y as the loss takes it; sets what of it is fitted at the `first` sight of data, else holds it to that."""
        raise NotImplementedError

    def _supervised_loss(self) -> SupervisedLoss:
        """The loss of the model that the settings name, once y is known."""
        raise NotImplementedError

    def _row_weights(self, targets: np.ndarray, weights: np.ndarray) -> np.ndarray:
        """The rows' weights, those of their classes included."""
        return weights

    _validation: ClassVar[dict[str, Any]] = {}  # of `validate_data`
    _stratify = False

    def fit(self, X, y, sample_weight=None) -> Self:
        """Fit from the start, or with `warm_start` from the parameters of the last fit.

        Args:
            X: (n, features).
            y: (n,), or (n, outputs) of a regression.
            sample_weight: (n,) ≥ 0; a row of weight 2 counts as two in the loss.

        Returns:
            The estimator.

        Raises:
            JgdValueError: For a setting that is unknown or outside its rule.
            ValueError: For data that scikit-learn refuses.
        """
        with unchanged_if_refused(self):
            plan = self._plan(X, y, sample_weight)
            found = plan.run()
        if found.diverged:
            warnings.warn(
                f"the loss left all bounds at step {found.steps}, and the parameters are the last finite ones: try a smaller "
                "learning rate, or scale the inputs",
                ConvergenceWarning,
                stacklevel=2,
            )
        return self._take(plan, found)

    def _plan(self, X: Any, y: Any, sample_weight: Any = None) -> FitPlan:
        """The fit, ready to run; what is known of the data is set on the way."""
        self._check_settings()
        before = dict(vars(self)) if self.warm_start and hasattr(self, "params_") else None
        rows = self._rows(X, y, sample_weight, first=True)
        loss, seed = self._supervised_loss(), seed_of(self.random_state)
        if before is not None:
            check_same_kind(before, loss.model, getattr(self, "classes_", None))
        rows, validation = self._cut(rows, seed)
        per_epoch = -(-len(rows.inputs) // self._batch(len(rows.inputs)))
        steps = self.epochs * per_epoch if self.steps is None else self.steps
        patience = self.patience if self.early_stopping else None
        stops = self.tol is not None or self.early_stopping
        return FitPlan(
            loss=loss,
            optimizer=self._optimizer_over(steps),
            rows=rows,
            batch_size=self.batch_size,
            steps=steps,
            seed=seed,
            stop=StoppingRule(loss_change=self.tol, patience=patience) if stops else None,
            validation=validation,
            start=None if before is None else before["params_"],
        )

    def _check_settings(self) -> None:
        checks.count("epochs", self.epochs, 1)
        for name in ("steps", "batch_size"):
            if getattr(self, name) is not None:
                checks.count(name, getattr(self, name), 1)
        for name in ("early_stopping", "warm_start"):
            checks.flag(name, getattr(self, name))
        checks.number("validation_fraction", self.validation_fraction, "(0, 1)")
        checks.count("patience", self.patience, 1)

    def _batch(self, rows: int) -> int:
        return rows if self.batch_size is None else min(self.batch_size, rows)

    def _optimizer_over(self, steps: int) -> Optimizer:
        return optimizer_of(self.optimizer, self.learning_rate, self.schedule, self.optimizer_options, steps)

    def _rows(self, X: Any, y: Any, sample_weight: Any, *, first: bool) -> Rows:
        X, y = validate_data(self, X, y, dtype=FLOATS, reset=first, **self._validation)
        targets = self._targets(y, first=first)
        weights = self._row_weights(targets, checked_weights(sample_weight, len(X)))
        return Rows(np.asarray(X, np.float32), targets, weights)

    def _cut(self, rows: Rows, seed: int) -> tuple[Rows, Rows | None]:
        """The rows to train on, and those to stop by."""
        if not self.early_stopping:
            return rows, None
        parts = train_test_split(
            np.arange(len(rows.inputs)),
            test_size=self.validation_fraction,
            random_state=seed,
            stratify=rows.targets if self._stratify else None,
        )
        ours, held_out = map(np.sort, parts)
        return rows.take(ours), rows.take(held_out)

    def _take(self, plan: FitPlan, fit: Fit) -> Self:
        """Become what a fit left."""
        self.n_iter_ = max(1, -(-fit.steps // plan.per_epoch))
        self.loss_curve_ = fit.loss_curve(plan.per_epoch)
        if fit.validation is not None:
            self.validation_loss_curve_ = fit.validation.tolist()
        self.__dict__.pop("_stream", None)
        return self._become(plan.loss.model, fit.params)

    def _become(self, model: Any, params: Params) -> Self:
        """Set the parameters, and what scikit-learn calls them where the model is linear."""
        self.model_, self.params_ = model, params
        affine = self._affine()
        if affine is not None:
            self.coef_, self.intercept_ = self._coefficients(*affine)
        return self

    def _affine(self) -> tuple[np.ndarray, np.ndarray] | None:
        """(weights, bias) in float64 of a model that is no more than that; None of any other."""
        params, model = self.params_, self.model_
        if type(model) is MLP and len(model.sizes) == 2:
            params = params[0]
        elif type(model) not in AFFINE:
            return None
        weights = np.asarray(params["weights"], np.float64)
        return weights, np.asarray(params.get("bias", np.zeros(weights.shape[1:])), np.float64)

    def _coefficients(self, weights: np.ndarray, bias: np.ndarray) -> tuple[np.ndarray, Any]:
        """`coef_` and `intercept_`."""
        raise NotImplementedError

    def _partial_fit(self, rows: Rows) -> Self:
        """One pass over rows, from where the last one or the last fit ended."""
        stream: Stream | None = getattr(self, "_stream", None)
        loss = self._supervised_loss()
        if hasattr(self, "params_"):
            check_same_kind(vars(self), loss.model, None, "partial_fit")
        seed = seed_of(self.random_state)
        noise = seeds.key(seed, seeds.Stream.NOISE)
        if stream is None:
            steps = self.epochs * -(-len(rows.inputs) // self._batch(len(rows.inputs)))
            steps = steps if self.steps is None else self.steps
            start = self.params_ if hasattr(self, "params_") else loss.model.init(seeds.init_key(seed))
            stream = Stream.begin(self._optimizer_over(steps), start, noise, steps)
            self.n_iter_, self.loss_curve_ = 0, []
        else:
            stream = stream.by(self._optimizer_over(stream.steps), noise)  # settings may have changed
        self._stream = stream
        value = stream.absorb(loss, rows, self.batch_size, pad=not wants_examples(stream.optimizer))
        if value is None:
            warnings.warn(
                "the loss or a parameter was not finite after these rows: they have changed nothing; try a smaller "
                "learning rate, or scale the inputs",
                ConvergenceWarning,
                stacklevel=3,
            )
        self.n_iter_ += 1
        self.loss_curve_.append(float("nan") if value is None else value)
        return self._become(loss.model, stream.params)

    def _outputs(self, X: Any) -> np.ndarray:
        """The model's outputs in float64."""
        check_is_fitted(self, "params_")
        X = validate_data(self, X, dtype=FLOATS, reset=False)
        affine = self._affine()
        if affine is not None:
            return X @ affine[0] + affine[1]
        padded = filled_up(np.asarray(X, np.float32), padded_length(len(X)))
        return np.asarray(_predict(self.model_, self.params_, padded), np.float64)[: len(X)]


@jax.jit
def _predict(model: Any, params: Params, inputs: Any) -> jax.Array:
    return jnp.asarray(model.predict(params, inputs))
