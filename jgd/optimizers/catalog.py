"""The methods by name, and a user's own beside them."""

import inspect
from collections.abc import Callable
from typing import Any, TypeVar, overload

from jgd.core import checks
from jgd.core.optimizer import Optimizer
from jgd.core.registry import Registry
from jgd.optimizers.adabelief import acprop, adabelief
from jgd.optimizers.adadelta import adadelta
from jgd.optimizers.adafactor import adafactor
from jgd.optimizers.adagrad import adagrad
from jgd.optimizers.adam import adam
from jgd.optimizers.adam_atan2 import adam_atan2
from jgd.optimizers.adam_mini import adam_mini
from jgd.optimizers.adamax import adamax, adamaxw
from jgd.optimizers.adamw import adamw
from jgd.optimizers.adan import adan
from jgd.optimizers.ademamix import ademamix, simplified_ademamix
from jgd.optimizers.adopt import adopt
from jgd.optimizers.amsgrad import amsgrad
from jgd.optimizers.asgd import asgd
from jgd.optimizers.cautious import cautious_adamw, cautious_lion
from jgd.optimizers.cocob import cocob
from jgd.optimizers.dadapt_adamw import dadapt_adamw
from jgd.optimizers.dog import dog
from jgd.optimizers.dowg import dowg
from jgd.optimizers.dp_sgd import dp_sgd
from jgd.optimizers.fromage import fromage
from jgd.optimizers.galore import galore
from jgd.optimizers.lamb import lamb
from jgd.optimizers.laprop import laprop
from jgd.optimizers.lars import lars
from jgd.optimizers.lbfgs import lbfgs
from jgd.optimizers.lion import lion
from jgd.optimizers.madgrad import madgrad
from jgd.optimizers.mars import mars
from jgd.optimizers.mechanic import mechanic
from jgd.optimizers.momentum import momentum
from jgd.optimizers.momo import momo, momo_adam
from jgd.optimizers.muon import muon
from jgd.optimizers.nadam import nadam, nadam_simplified, nadamw, nadamw_simplified
from jgd.optimizers.nesterov import nesterov, nesterov_shifted
from jgd.optimizers.newton import gauss_newton_cg, newton
from jgd.optimizers.noisy_sgd import noisy_sgd
from jgd.optimizers.novograd import novograd
from jgd.optimizers.optimistic import optimistic_gradient_descent
from jgd.optimizers.polyak_sgd import polyak_sgd
from jgd.optimizers.prodigy import prodigy
from jgd.optimizers.psgd_kron import psgd_kron
from jgd.optimizers.radam import radam
from jgd.optimizers.rmsprop import rmsprop
from jgd.optimizers.rprop import rprop
from jgd.optimizers.sam import asam, sam
from jgd.optimizers.schedule_free import schedule_free, schedule_free_adamw, schedule_free_sgd
from jgd.optimizers.scion import scion
from jgd.optimizers.sgd import sgd
from jgd.optimizers.shampoo import shampoo
from jgd.optimizers.sign import sign_sgd, signum
from jgd.optimizers.sm3 import sm3
from jgd.optimizers.soap import soap
from jgd.optimizers.sophia import sophia
from jgd.optimizers.stable_adamw import stable_adamw
from jgd.optimizers.yogi import yogi

B = TypeVar("B", bound=Callable[..., Optimizer])

gd = sgd  # the same rule; what differs is the batch

registry: Registry[Callable[..., Optimizer]] = Registry(
    "optimizer",
    {
        # classical
        "gd": gd,
        "sgd": sgd,
        "momentum": momentum,
        "nesterov": nesterov,
        "nesterov_shifted": nesterov_shifted,
        "optimistic_gradient_descent": optimistic_gradient_descent,
        "noisy_sgd": noisy_sgd,
        "asgd": asgd,
        "rprop": rprop,
        # signs
        "sign_sgd": sign_sgd,
        "signum": signum,
        "lion": lion,
        "cautious_lion": cautious_lion,
        # one rate a weight
        "adagrad": adagrad,
        "rmsprop": rmsprop,
        "adadelta": adadelta,
        "adam": adam,
        "adamw": adamw,
        "adamax": adamax,
        "adamaxw": adamaxw,
        "nadam": nadam,
        "nadamw": nadamw,
        "nadam_simplified": nadam_simplified,
        "nadamw_simplified": nadamw_simplified,
        "amsgrad": amsgrad,
        "radam": radam,
        "adabelief": adabelief,
        "acprop": acprop,
        "yogi": yogi,
        "laprop": laprop,
        "adan": adan,
        "adopt": adopt,
        "ademamix": ademamix,
        "simplified_ademamix": simplified_ademamix,
        "adam_atan2": adam_atan2,
        "stable_adamw": stable_adamw,
        "cautious_adamw": cautious_adamw,
        "madgrad": madgrad,
        # one rate a layer, or little memory
        "lamb": lamb,
        "lars": lars,
        "fromage": fromage,
        "novograd": novograd,
        "adafactor": adafactor,
        "sm3": sm3,
        "adam_mini": adam_mini,
        "galore": galore,
        # matrices
        "muon": muon,
        "scion": scion,
        "shampoo": shampoo,
        "soap": soap,
        "psgd_kron": psgd_kron,
        "mars": mars,
        # rates from the loss, or none
        "polyak_sgd": polyak_sgd,
        "momo": momo,
        "momo_adam": momo_adam,
        "schedule_free": schedule_free,
        "schedule_free_sgd": schedule_free_sgd,
        "schedule_free_adamw": schedule_free_adamw,
        "prodigy": prodigy,
        "dadapt_adamw": dadapt_adamw,
        "dog": dog,
        "dowg": dowg,
        "cocob": cocob,
        "mechanic": mechanic,
        # curvature, and gradients taken elsewhere
        "lbfgs": lbfgs,
        "newton": newton,
        "gauss_newton_cg": gauss_newton_cg,
        "sophia": sophia,
        "sam": sam,
        "asam": asam,
        # privacy
        "dp_sgd": dp_sgd,
    },
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
