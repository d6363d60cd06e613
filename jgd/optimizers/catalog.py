"""The methods by name, and a user's own beside them."""

import inspect
from collections.abc import Callable
from typing import Any, TypeVar, overload

from jgd.core import checks
from jgd.core.optimizer import Optimizer
from jgd.core.registry import Registry

B = TypeVar("B", bound=Callable[..., Optimizer])

FAMILIES = {
    "classical": "gd sgd sgdw sgdp momentum qhm aggmo nesterov nesterov_shifted optimistic_gradient_descent noisy_sgd asgd rprop",
    "signs": "sign_sgd signum lion cautious_lion tiger",
    "one rate a weight": (
        "adagrad rmsprop adadelta adam adamw adamax adamaxw nadam nadamw nadam_simplified nadamw_simplified "
        "amsgrad radam adabelief acprop yogi laprop adan adopt ademamix simplified_ademamix adam_atan2 "
        "stable_adamw cautious_adamw madgrad "
        "adabound adamp swats spam qhadam optimistic_adam"
    ),
    "one rate a layer, or little memory": "lamb lars fromage novograd adafactor came sm3 adam_mini galore fira apollo apollo_mini",
    "matrices": "muon normuon adamuon dion scion shampoo distributed_shampoo kl_shampoo splus soap psgd_kron mars",
    "rates from the loss, or none": (
        "polyak_sgd momo momo_adam schedule_free schedule_free_sgd schedule_free_adamw schedule_free_radam prodigy "
        "dadapt_adamw dadapt_sgd dadapt_adagrad dadapt_lion dadapt_adan "
        "dog dowg cocob mechanic"
    ),
    "curvature, and gradients taken elsewhere": (
        "bfgs lbfgs nonlinear_cg newton gauss_newton_cg levenberg_marquardt sophia adahessian ivon sam asam gsam"
    ),
    "penalties and sets": "proximal_gradient fista ftrl exponentiated_gradient frank_wolfe",
    "privacy": "dp_sgd",
}

registry: Registry[Callable[..., Optimizer]] = Registry(
    "optimizer", {name: f"jgd.optimizers:{name}" for names in FAMILIES.values() for name in names.split()}
)


def get(name: str) -> Callable[..., Optimizer]:
    """The builder registered under `name`.

    Args:
        name: One of `registry`: `"adam"`, `"lion"`, and so on, and what `register` has added.

    Returns:
        The builder, a function of the hyperparameters.

    Raises:
        JgdValueError: For an unknown name; the message suggests the nearest.

    Example:
        >>> get("sgd")(0.1)
        Optimizer(ScaleByLearningRate(learning_rate=0.1))
    """
    return registry.find(name)


def without_numbers(name: str) -> Optimizer:
    """The optimizer of a name that needs no numbers, with its defaults.

    Args:
        name: One of `registry`.

    Returns:
        The optimizer.

    Raises:
        JgdValueError: For an unknown name, or a method that has no default for a number.

    Example:
        >>> without_numbers("cocob") == get("cocob")()
        True
    """
    build = get(name)
    takes = inspect.signature(build).parameters.values()
    needs = [p.name for p in takes if p.default is p.empty and p.kind is not p.VAR_KEYWORD]
    if needs:
        raise checks.JgdValueError(
            f"the optimizer {name!r} has no default for {' and '.join(needs)}: give "
            f"jgd.optimizers.get({name!r})({', '.join(f'{each}=…' for each in needs)})",
            argument="optimizer",
        )
    return build()


@overload
def register(name: str, build: None = None, *, replace: bool = False) -> Callable[[B], B]: ...
@overload
def register(name: str, build: B, *, replace: bool = False) -> B: ...
def register(name: str, build: Any = None, *, replace: bool = False) -> Any:
    """Enter a method of your own, so that it works by name wherever the built-in ones do.

    `jgd.sweep`, `get` and `registry`, and the command's `--optimizer` and `list` where it runs in the same process,
    know it from then on.

    Args:
        name: A Python identifier. It may not be taken, unless `replace`.
        build: A function of the hyperparameters that returns an `Optimizer`; it takes them by name. Without it,
            `register` is a decorator.
        replace: Whether a method of that name gives way.

    Returns:
        `build` itself, or the decorator.

    Raises:
        JgdTypeError: For a name that is no text, or something that can't be called by name.
        JgdValueError: For a name that is no identifier, or is taken.

    Example:
        >>> from jgd.core.optimizer import chain
        >>> from jgd.transforms import ClipByGlobalNorm, ScaleByLearningRate
        >>> @register("clipped_sgd")
        ... def clipped_sgd(learning_rate, max_norm=1.0):
        ...     return chain(ClipByGlobalNorm(max_norm), ScaleByLearningRate(learning_rate))
        >>> get("clipped_sgd") is clipped_sgd
        True
        >>> registry.unregister("clipped_sgd")  # only so that this page leaves nothing behind
    """
    return registry.register(name, build, replace=replace)
