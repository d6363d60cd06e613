"""Regression by gradient descent, with scikit-learn's interface."""

from typing import Any, ClassVar, Self

import numpy as np
from sklearn.base import RegressorMixin

from jgd.core import checks
from jgd.losses import SupervisedLoss
from jgd.sklearn.choices import OF_VALUES, error_of, has_columns, regressor_model
from jgd.sklearn.estimator import GradientDescentEstimator
from jgd.sklearn.refusal import unchanged_if_refused


class GradientDescentRegressor(RegressorMixin, GradientDescentEstimator):
    """A model of numbers, fitted by gradient descent; y may have several columns.

    Inputs and targets are taken as they are: scale them, by a `Pipeline` with `StandardScaler` and by
    `TransformedTargetRegressor`, as descent is slow or diverges on columns of different sizes.

    Args:
        model: "linear", "mlp", or a record of `jgd.models` whose outputs have the shape of y.
        hidden: Widths of the hidden layers of "mlp".
        activation: Of "mlp": "relu", "tanh" or "sigmoid".
        loss: "squared_error", "huber", "log_cosh", "poisson_nll" (of counts: the model is then their logarithm), or a
            function (outputs, targets) -> (n,); None is the squared error.
        optimizer: A name of `jgd.optimizers.registry`, or a record such as `jgd.optimizers.adamw(1e-2)`.
        learning_rate: A number, or a schedule's record; None is the optimizer's own, 0.01 where it has no default.
        schedule: A name of `jgd.schedules.registry`, such as "cosine_decay", from `learning_rate` over the whole run.
        optimizer_options: Other hyperparameters by name, as {"b1": 0.8, "weight_decay": 0.01}.
        batch_size: Rows a step at most; None is all of them. An epoch of n rows is ⌈n / batch_size⌉ steps, over which they are
            spread at random.
        epochs: Passes over the rows.
        steps: Updates, in place of epochs.
        tol: Ends the fit once the mean loss of an epoch changes by no more than this; None never.
        early_stopping: Holds out `validation_fraction` of the rows, ends the fit after `patience` epochs without a better
            loss on them, and keeps the best parameters.
        validation_fraction: Share of the rows held out.
        patience: Epochs without progress.
        warm_start: Another `fit` starts from the parameters of the last one, with a new optimizer's state.
        random_state: Of the start, the order of rows and what is held out; a whole number is jgd's own `seed`.

    Attributes:
        coef_: (features,), or (outputs, features); of a linear model.
        intercept_: A number, or (outputs,); of a linear model.
        params_: The parameters, a tree of NumPy arrays; `model_` is the record that they are of.
        loss_curve_: The mean training loss of each epoch.
        validation_loss_curve_: The loss on the rows held out, before the first step and after each epoch.
        n_iter_: Epochs made, or calls of `partial_fit`.
        n_features_in_, feature_names_in_: Of the inputs, as in scikit-learn.

    Example:
        >>> x = np.linspace(-1, 1, 50)[:, None]
        >>> found = GradientDescentRegressor(learning_rate=0.1).fit(x, 3 * x[:, 0] + 1)
        >>> found.coef_.round(2).tolist(), round(found.intercept_, 2)
        ([3.0], 1.0)
    """

    _validation: ClassVar[dict[str, Any]] = {"multi_output": True, "y_numeric": True}

    def partial_fit(self, X, y, sample_weight=None) -> Self:
        """One pass over some rows in their order, from where the last one ended, the optimizer and its state included.

        After a `fit` it goes on from its parameters, with a new state of the optimizer.

        Args:
            X: (n, features).
            y: As in `fit`.
            sample_weight: As in `fit`.

        Returns:
            The estimator.

        Raises:
            JgdValueError: As `fit`.
        """
        with unchanged_if_refused(self):
            self._check_settings()
            return self._partial_fit(self._rows(X, y, sample_weight, first=not hasattr(self, "params_")))

    def predict(self, X) -> np.ndarray:
        """The numbers for each row, float64, of the shape of y.

        Args:
            X: (n, features).

        Returns:
            (n,), or (n, outputs).

        Raises:
            NotFittedError: Before a fit.
        """
        outputs = self._outputs(X)
        outputs = np.exp(outputs) if self.loss == "poisson_nll" else outputs
        return outputs.reshape(len(outputs), *(() if self._outputs_of_y is None else (self._outputs_of_y,)))

    def _targets(self, y: np.ndarray, *, first: bool) -> np.ndarray:
        columns = None if y.ndim == 1 else y.shape[1]
        if first:
            self._outputs_of_y = columns
        elif columns != self._outputs_of_y:
            raise checks.JgdValueError(f"y must have the columns of the last call, got shape {y.shape}", argument="y")
        y = np.asarray(y, np.float32)
        return y[:, None] if y.ndim == 1 and has_columns(self._model(), self.n_features_in_) else y

    def _model(self) -> Any:
        return regressor_model(self.model, self.n_features_in_, self._outputs_of_y, self.hidden, self.activation)

    def _supervised_loss(self) -> SupervisedLoss:
        return SupervisedLoss(self._model(), error_of(self.loss, OF_VALUES))

    def _coefficients(self, weights: np.ndarray, bias: np.ndarray) -> tuple[np.ndarray, Any]:
        if self._outputs_of_y is None:
            return weights.reshape(-1), float(bias.reshape(()))
        return weights.T, bias

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags
