"""Classification by gradient descent, with scikit-learn's interface."""

from typing import Any, Self

import numpy as np
from scipy.special import expit, log_softmax
from sklearn.base import ClassifierMixin
from sklearn.utils import column_or_1d
from sklearn.utils.class_weight import compute_class_weight
from sklearn.utils.metaestimators import available_if
from sklearn.utils.multiclass import check_classification_targets

from jgd.core import checks
from jgd.losses import SupervisedLoss
from jgd.sklearn.choices import A_LOGIT_A_CLASS, ONE_LOGIT, classifier_model, error_of, has_columns
from jgd.sklearn.estimator import GradientDescentEstimator
from jgd.sklearn.refusal import unchanged_if_refused

LIKELIHOODS = ("logistic_nll", *A_LOGIT_A_CLASS)


def _has_probabilities(estimator: Any) -> bool:
    if estimator.loss is None or estimator.loss in LIKELIHOODS:
        return True
    raise AttributeError(f"predict_proba needs a loss that is a likelihood, {' or '.join(LIKELIHOODS)}")


class GradientDescentClassifier(ClassifierMixin, GradientDescentEstimator):
    """Logits of a model, fitted by gradient descent to two classes or more.

    Inputs are taken as they are: scale them, by a `Pipeline` with `StandardScaler`, as descent is slow or diverges on
    columns of different sizes.

    Args:
        model: "linear" (logistic regression for two classes, softmax regression for more), "logistic", "softmax", "mlp",
            or a record of `jgd.models` with a logit a class; one a row will do for two.
        hidden: Widths of the hidden layers of "mlp".
        activation: Of "mlp": "relu", "tanh" or "sigmoid".
        loss: "logistic_nll" or "hinge" of one logit a row, "softmax_cross_entropy", "smoothed_cross_entropy" or "focal" of a
            logit a class, or a function (logits, classes) -> (n,); None is the negative log likelihood.
        optimizer: A name of `jgd.optimizers.registry`, or a record such as `jgd.optimizers.adamw(1e-2)`.
        learning_rate: A number, or a schedule's record; None is the optimizer's own, 0.01 where it has no default.
        schedule: A name of `jgd.schedules.registry`, such as "cosine_decay", from `learning_rate` over the whole run.
        optimizer_options: Other hyperparameters by name, as {"b1": 0.8, "weight_decay": 0.01}.
        batch_size: Rows a step at most; None is all of them. An epoch of n rows is ⌈n / batch_size⌉ steps, over which they are
            spread at random.
        epochs: Passes over the rows.
        steps: Updates, in place of epochs.
        tol: Ends the fit once the mean loss of an epoch changes by no more than this; None never.
        early_stopping: Holds out `validation_fraction` of the rows of each class, ends the fit after `patience` epochs
            without a better loss on them, and keeps the best parameters.
        validation_fraction: Share of the rows held out.
        patience: Epochs without progress.
        class_weight: "balanced", or class -> weight; the rows' weights are multiplied by it.
        warm_start: Another `fit` starts from the parameters of the last one, with a new optimizer's state.
        random_state: Of the start, the order of rows and what is held out; a whole number is jgd's own `seed`.

    Attributes:
        classes_: The labels, sorted.
        coef_: (1, features) for two classes, or (classes, features); of a linear model.
        intercept_: (1,) or (classes,); of a linear model.
        params_: The parameters, a tree of NumPy arrays; `model_` is the record that they are of.
        loss_curve_: The mean training loss of each epoch.
        validation_loss_curve_: The loss on the rows held out, before the first step and after each epoch.
        n_iter_: Epochs made, or calls of `partial_fit`.
        n_features_in_, feature_names_in_: Of the inputs, as in scikit-learn.

    Example:
        >>> x = np.array([[-2.0], [-1.0], [1.0], [2.0]])
        >>> found = GradientDescentClassifier(learning_rate=0.1).fit(x, ["no", "no", "yes", "yes"])
        >>> found.predict([[-1.5], [1.5]]).tolist()
        ['no', 'yes']
    """

    _stratify = True

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
        class_weight=None,
        warm_start=False,
        random_state=None,
    ):
        settings = {
            name: value for name, value in locals().items() if name not in ("self", "class_weight", "__class__")
        }
        super().__init__(**settings)
        self.class_weight = class_weight

    def partial_fit(self, X, y, classes=None, sample_weight=None) -> Self:
        """One pass over some rows in their order, from where the last one ended, the optimizer and its state included.

        After a `fit` it goes on from its parameters, with a new state of the optimizer.

        Args:
            X: (n, features).
            y: (n,) labels.
            classes: All labels there are; needed at the first call only.
            sample_weight: As in `fit`.

        Returns:
            The estimator.

        Raises:
            JgdValueError: For a label that is not among the classes, other classes than at the first call,
                `class_weight="balanced"`, which needs all rows at once, and as `fit`.
        """
        self._check_settings()
        if self.class_weight == "balanced":
            raise checks.JgdValueError(
                "class_weight 'balanced' needs all rows at once: give a dict", argument="class_weight"
            )
        first = not hasattr(self, "params_")
        with unchanged_if_refused(self):
            self._know(classes, first)
            return self._partial_fit(self._rows(X, y, sample_weight, first=first))

    def decision_function(self, X) -> np.ndarray:
        """The logits: of the second class (n,) for two classes, else (n, classes).

        Args:
            X: (n, features).

        Returns:
            float64.

        Raises:
            NotFittedError: Before a fit.
        """
        logits = self._outputs(X)
        return logits[:, 1] - logits[:, 0] if logits.ndim == 2 and len(self.classes_) == 2 else logits

    def predict(self, X) -> np.ndarray:
        """The most likely label of each row.

        Args:
            X: (n, features).

        Returns:
            (n,) of `classes_`.

        Raises:
            NotFittedError: Before a fit.
        """
        logits = self.decision_function(X)
        return self.classes_[logits.argmax(axis=1) if logits.ndim == 2 else (logits > 0).astype(int)]

    @available_if(_has_probabilities)
    def predict_proba(self, X) -> np.ndarray:
        """The probability of each class, (n, classes).

        Args:
            X: (n, features).

        Returns:
            float64, in the order of `classes_`.

        Raises:
            NotFittedError: Before a fit.
        """
        logits = self.decision_function(X)
        if logits.ndim == 1:
            return np.stack([expit(-logits), expit(logits)], axis=1)
        return np.exp(log_softmax(logits, axis=1))

    @available_if(_has_probabilities)
    def predict_log_proba(self, X) -> np.ndarray:
        """The logarithm of `predict_proba`, exact where that is nearly 0.

        Args:
            X: (n, features).

        Returns:
            (n, classes) float64.

        Raises:
            NotFittedError: Before a fit.
        """
        logits = self.decision_function(X)
        if logits.ndim == 1:
            return np.stack([-np.logaddexp(0, logits), -np.logaddexp(0, -logits)], axis=1)
        return log_softmax(logits, axis=1)

    def _know(self, classes: Any, first: bool) -> None:
        """The classes of a stream of chunks."""
        if classes is None:
            if first:
                raise checks.JgdValueError("classes must be given to the first call of partial_fit", argument="classes")
            return
        classes = np.unique(classes)
        if not first and not np.array_equal(classes, self.classes_):
            raise checks.JgdValueError(
                f"classes must be those of the first call, {self.classes_}, got {classes}", argument="classes"
            )
        self.classes_ = classes
        self._streamed = True

    def _targets(self, y: np.ndarray, *, first: bool) -> np.ndarray:
        y = column_or_1d(y, warn=True)
        check_classification_targets(y)
        if first and not self.__dict__.pop("_streamed", False):
            self.classes_ = np.unique(y)
        if len(self.classes_) < 2:
            raise checks.JgdValueError(
                f"y must have two classes or more, got one class, {self.classes_.tolist()[0]!r}", argument="y"
            )
        known = np.isin(y, self.classes_)
        if not known.all():
            raise checks.JgdValueError(f"y has {y[~known].tolist()[0]!r}, which is not among the classes", argument="y")
        return np.searchsorted(self.classes_, y).astype(np.int32)

    def _row_weights(self, targets: np.ndarray, weights: np.ndarray) -> np.ndarray:
        if self.class_weight is None:
            return weights
        labels = self.classes_[targets]
        of_class = compute_class_weight(self.class_weight, classes=self.classes_, y=labels)
        if not (np.isfinite(of_class) & (of_class >= 0)).all():
            raise checks.JgdValueError(f"class_weight must be finite and >= 0, got {of_class}", argument="class_weight")
        return weights * of_class[targets].astype(np.float32)

    def _supervised_loss(self) -> SupervisedLoss:
        of = self.n_features_in_, len(self.classes_), self.hidden, self.activation
        model = classifier_model(self.model, self.loss, *of)
        suited, others = ONE_LOGIT, A_LOGIT_A_CLASS
        if has_columns(model, self.n_features_in_):
            suited, others = others, suited
        return SupervisedLoss(model, error_of(self.loss, suited, others))

    def _coefficients(self, weights: np.ndarray, bias: np.ndarray) -> tuple[np.ndarray, Any]:
        if weights.ndim == 1:
            return weights[None, :], bias.reshape(1)
        if weights.shape[1] == 2:  # as its decision function is one number
            return (weights[:, 1] - weights[:, 0])[None, :], (bias[1] - bias[0]).reshape(1)
        return weights.T, bias
