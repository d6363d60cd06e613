"""What an estimator's settings stand for: a model, an error, an optimizer, a seed."""

import inspect
import numbers
from collections.abc import Callable, Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from sklearn.utils import check_random_state

from jgd import optimizers, schedules
from jgd.core import checks, seeds
from jgd.core.optimizer import Optimizer
from jgd.models import MLP, Adaline, Linear, Logistic, Softmax, Zeros

RATE = 0.01  # of an optimizer that has no default
ONE_LOGIT = ("logistic_nll", "hinge")  # errors by name, of outputs (n,) for two classes
A_LOGIT_A_CLASS = ("softmax_cross_entropy", "smoothed_cross_entropy", "focal")  # of outputs (n, classes)
OF_VALUES = ("squared_error", "huber", "log_cosh", "poisson_nll", "gaussian_nll")
AFFINE = (Linear, Logistic, Softmax)  # models that are inputs · weights + bias, by exact type
WARMUP = 0.1  # of the steps, in a schedule by name


def classifier_model(name: Any, loss: Any, features: int, classes: int, hidden: Any, activation: str) -> Any:
    """The model of a classifier: by name and as its loss needs it, or a record, refused where its outputs don't fit.

    Raises:
        JgdValueError: For an unknown name, or a record whose outputs are not one logit a row (two classes) or one a class.
    """
    if isinstance(name, str):
        known = checks.choice("model", name, ("linear", "logistic", "softmax", "mlp"))
        if known == "logistic" and classes != 2:
            raise checks.JgdValueError(
                f"the model 'logistic' tells two classes apart, y has {classes}", argument="model"
            )
        if known == "mlp":
            return MLP((features, *_widths(hidden), classes), activation)
        one = known == "logistic" or (known == "linear" and classes == 2 and loss not in A_LOGIT_A_CLASS)
        return Logistic(features) if one else Softmax(features, classes)
    if isinstance(name, Adaline):
        raise checks.JgdValueError("model Adaline has no logits: use Logistic", argument="model")
    fits = {(2, classes)} | ({(2,)} if classes == 2 else set())
    return _fitting(name, features, fits, f"logits (n, {classes})" + (" or (n,)" if classes == 2 else ""))


def regressor_model(name: Any, features: int, outputs: int | None, hidden: Any, activation: str) -> Any:
    """The model of a regressor; outputs: columns of y, None where it is a vector.

    Raises:
        JgdValueError: For an unknown name, or a record whose outputs are not of the shape of y.
    """
    if isinstance(name, str):
        known = checks.choice("model", name, ("linear", "mlp"))
        if known == "linear" and outputs is None:
            return Linear(features)
        last = 1 if outputs is None else outputs
        if known == "linear":  # a perceptron without a hidden layer
            return MLP((features, last), initializer=Zeros())
        return MLP((features, *_widths(hidden), last), activation)
    fits = {(2, outputs)} if outputs is not None else {(2,), (2, 1)}
    return _fitting(name, features, fits, "outputs of the shape of y")


def has_columns(model: Any, features: int) -> bool:
    """Whether its outputs have an axis besides that of the rows."""
    return len(_outputs(model, features)) == 2


def _outputs(model: Any, features: int) -> tuple[int, ...]:
    """The shape of its outputs for two rows."""
    if isinstance(model, MLP):  # no need to trace it
        return (2, model.sizes[-1])
    if type(model) in AFFINE:
        return (2, model.classes) if isinstance(model, Softmax) else (2,)
    inputs = jax.ShapeDtypeStruct((2, features), jnp.float32)
    return jax.eval_shape(lambda x: model.predict(model.init(seeds.init_key(0)), x), inputs).shape


def _widths(hidden: Any) -> tuple[int, ...]:
    if isinstance(hidden, numbers.Integral):
        hidden = (hidden,)
    if not isinstance(hidden, tuple | list):
        raise checks.JgdTypeError(f"hidden must be widths such as (64,), got {checks.shown(hidden)}", argument="hidden")
    return tuple(checks.count("hidden", width, 1) for width in hidden)


def _fitting(model: Any, features: int, shapes: set[tuple[int, ...]], words: str) -> Any:
    """A model record, refused unless its outputs for two rows have one of the shapes."""
    if not (hasattr(model, "init") and hasattr(model, "predict")):
        raise checks.JgdTypeError(
            f"model must be a name or a record with init and predict, such as jgd.models.MLP((4, 8, 3)), got {checks.shown(model)}",
            argument="model",
        )
    first = getattr(model, "features", getattr(model, "sizes", (features,))[0])
    if first != features:
        raise checks.JgdValueError(f"model takes {first} features, X has {features}: {model!r}", argument="model")
    shape = _outputs(model, features)
    if shape not in shapes:
        got = ("n", *shape[1:])
        raise checks.JgdValueError(f"model must have {words}, got {got} from {model!r}", argument="model")
    return model


def error_of(loss: Any, suited: tuple[str, ...], others: tuple[str, ...] = ()) -> Any:
    """The error a row: the first of those that suit the model's outputs for None, one of them by name, or a function.

    Raises:
        JgdValueError: For an unknown name, or one of `others`, which need other outputs.
    """
    if loss is None or callable(loss):
        return suited[0] if loss is None else loss
    if checks.choice("loss", loss, (*suited, *others)) in others:
        raise checks.JgdValueError(
            f"loss {loss!r} needs other outputs than the model has, which suit {', '.join(suited)}", argument="loss"
        )
    return loss


def optimizer_of(
    optimizer: Any, learning_rate: Any, schedule: Any, options: Mapping[str, Any] | None, steps: int
) -> Optimizer:
    """The optimizer by name or as it is, with its rate, schedule and other hyperparameters.

    Args:
        optimizer: A name of `jgd.optimizers.registry`, or a record.
        learning_rate: A number or a schedule's record; None is the optimizer's own, 0.01 where it has no default.
        schedule: None; a name, of `learning_rate` over `steps` steps; or a record.
        options: Other hyperparameters by name.
        steps: Of the whole run.

    Raises:
        JgdValueError: For an unknown name, with the nearest, or a value outside its rule.
        JgdTypeError: For something else, or a hyperparameter that the optimizer doesn't have.
    """
    named = dict(checks.instance("optimizer_options", {} if options is None else options, Mapping, "{'b1': 0.8}"))
    if isinstance(optimizer, Optimizer):
        own = optimizer.hyperparameters.get("learning_rate", RATE)
        rate = _rate(own if learning_rate is None else learning_rate, schedule, steps)
        given = learning_rate is not None or schedule is not None
        changes = {**named, "learning_rate": rate} if given else named
        return optimizer.with_hyperparameters(changes) if changes else optimizer
    if not isinstance(optimizer, str):
        raise checks.JgdTypeError(
            f"optimizer must be a name or a record such as jgd.optimizers.adam(0.01), got {checks.shown(optimizer)}",
            argument="optimizer",
        )
    build = optimizers.get(optimizer)
    takes = inspect.signature(build).parameters.get("learning_rate")
    if takes is None:
        if learning_rate is not None or schedule is not None:
            raise checks.JgdValueError(f"optimizer {optimizer!r} takes no learning_rate", argument="learning_rate")
        return build(**named)
    usual = RATE if takes.default is takes.empty else takes.default
    return build(learning_rate=_rate(usual if learning_rate is None else learning_rate, schedule, steps), **named)


def _rate(learning_rate: Any, schedule: Any, steps: int) -> Any:
    """A number or a schedule, from what was given for both."""
    if isinstance(learning_rate, np.generic):  # as a search draws it
        learning_rate = learning_rate.item()
    if schedule is None:
        return learning_rate
    if not isinstance(schedule, str):
        return schedule
    if callable(learning_rate):
        raise checks.JgdValueError(f"learning_rate is a schedule already, and so is {schedule!r}", argument="schedule")
    return _named_schedule(schedule, learning_rate, steps)


def _named_schedule(name: str, rate: float, steps: int) -> Any:
    """A schedule of a rate over all steps; refused where it needs numbers of its own."""
    build: Callable[..., Any] = schedules.get(name)
    takes = inspect.signature(build).parameters
    known = {
        **dict.fromkeys(("value", "init_value", "peak_value", "schedule"), rate),
        **({"init_value": 0.0} if "peak_value" in takes else {}),
        **dict.fromkeys(("transition_steps", "decay_steps"), max(steps, 1)),
        **{"end_value": 0.0, "warmup_steps": max(WARMUP * steps, 1.0)},
    }
    needed = [key for key, parameter in takes.items() if parameter.default is parameter.empty]
    unknown = [key for key in needed if key not in known]
    if unknown:
        raise checks.JgdValueError(
            f"schedule {name!r} needs {', '.join(unknown)}: give its record as learning_rate", argument="schedule"
        )
    return build(**{key: known[key] for key in needed})


def seed_of(random_state: Any) -> int:
    """A seed of jgd: a whole number as it is, anything else as scikit-learn takes it."""
    if isinstance(random_state, numbers.Integral) and not isinstance(random_state, bool):
        return seeds.check(int(random_state), "random_state")
    return int(check_random_state(random_state).randint(2**31 - 1))
