"""The arguments of a sweep, checked and made into what a plan holds."""

from collections.abc import Sequence
from typing import Any

import jax
import numpy as np

from jgd import tasks
from jgd.core import checks
from jgd.core import seeds as seeding
from jgd.label_checks import check_other_rows, check_supervised_rows
from jgd.lane import RECORDABLE
from jgd.metrics import check_metrics
from jgd.spaces.lists import plain
from jgd.sweeps.engine.executor import Executor
from jgd.sweeps.engine.local import LocalDevices
from jgd.sweeps.policies.policy import Full, Policy
from jgd.sweeps.policies.successive_halving import SuccessiveHalving
from jgd.tasks import Task


def task_of(task: Any) -> Task:
    """A task as it is, or the bundled one of a name."""
    task = tasks.get(task) if isinstance(task, str) else task
    if not isinstance(task, Task):
        raise checks.JgdTypeError(f"task must be a jgd.Task or a name, got {checks.shown(task)}", argument="task")
    return task


def check_data(task: Task, check_finite: bool) -> None:
    """Refuse data and metrics of a task that a run can't use. check_finite: also NaN and infinities."""
    for part in ("train", "validation", "test"):
        checks.numeric_data(f"task.{part}", getattr(task, part))
    if checks.flag("check_finite", check_finite):
        checks.finite_data("task.train", task.train)
        checks.finite_data("task.validation", task.validation)
    params, state = jax.eval_shape(task.start, seeding.init_key(0))
    check_supervised_rows(task.loss, params, "task.train", task.train)
    check_supervised_rows(task.measure, params, "task.validation", task.validation)
    for part in ("validation", "test"):
        check_other_rows(task.measure, params, state, f"task.{part}", getattr(task, part), "task.train", task.train)
    check_metrics(task.metrics)


def recorded_names(names: str | Sequence[str]) -> tuple[str, ...]:
    """Names of numbers that a step can tell of, each once, in the order of RECORDABLE."""
    given = (names,) if isinstance(names, str) else names
    if not isinstance(given, Sequence) or isinstance(given, bytes) or not all(isinstance(name, str) for name in given):
        raise checks.JgdTypeError(
            f"record must be names such as ('gradient_norm',), got {checks.shown(names)}", argument="record"
        )
    for name in given:
        checks.choice("record", name, RECORDABLE)
    return tuple(name for name in RECORDABLE if name in given)


def policy_of(policy: int | Policy | None) -> Policy:
    """A policy as it is; a number is successive halving with this eta, None gives every config all steps."""
    policy = plain(policy)
    if policy is None:
        return Full()
    if isinstance(policy, int) and not isinstance(policy, bool):
        return SuccessiveHalving(checks.count("policy", policy, 2))
    if isinstance(policy, type) or not isinstance(policy, Policy):
        raise checks.JgdTypeError(
            f"policy must be a whole number eta or a policy such as jgd.SuccessiveHalving(), got {checks.shown(policy)}",
            argument="policy",
        )
    return policy


def devices_of(devices: Sequence[Any] | None) -> LocalDevices:
    """The devices to run on, all local ones by default."""
    if devices is None:
        return LocalDevices.all()
    if not isinstance(devices, Sequence) or not all(isinstance(device, jax.Device) for device in devices):
        raise checks.JgdTypeError(
            f"devices must be a list of jax devices, such as jax.devices()[:1], got {checks.shown(devices)}",
            argument="devices",
        )
    if not devices or len(set(devices)) < len(devices):
        raise checks.JgdValueError(
            f"devices must name at least one, each once, got {checks.shown(devices)}", argument="devices"
        )
    return LocalDevices(tuple(devices))


def executor_of(executor: Any) -> Executor | None:
    """Who runs the blocks: None for the devices of this process, a `Pool` as it is, or one of anything that takes calls."""
    if executor is None:
        return None
    from jgd.sweeps.engine.pool import Pool  # here: process pools take a tenth of a second to import

    return executor if isinstance(executor, Pool) else Pool(executor)


def seeds_of(seeds: int | Sequence[int]) -> tuple[int, ...]:
    """How many seeds (0, 1, …) or which, as their tuple."""
    if isinstance(seeds, Sequence | np.ndarray) and not isinstance(seeds, str) and np.ndim(seeds) > 0:
        chosen = tuple(seeding.check(seed, f"seeds[{i}]") for i, seed in enumerate(seeds))
        if not chosen:
            raise checks.JgdValueError("seeds must name at least one, got none", argument="seeds")
        if len(set(chosen)) < len(chosen):
            raise checks.JgdValueError(f"seeds must differ from each other, got {chosen}", argument="seeds")
        return chosen
    return tuple(range(checks.count("seeds", seeds, 1)))


def optional_count(name: str, value: int | None) -> int | None:
    """A whole number ≥ 1, or None."""
    return None if value is None else checks.count(name, value, 1)
