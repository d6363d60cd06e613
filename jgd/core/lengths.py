"""Lengths of schedules that aren't counted in steps: a share of the run, or epochs. What runs makes steps of them.

    LinearWarmup(0.1, warmup_steps=share(0.1))      # the first tenth, however long the run is
    StepDecay(0.1, step_size=epochs(3), decay_rate=0.5)

`jgd.train`, `jgd.sweep` and `jgd.hypergradient` know how many steps there are; in a loop of one's own `in_steps` is told.
"""

from dataclasses import fields, is_dataclass, replace
from typing import Any, NamedTuple, TypeVar

import jax
import jax.numpy as jnp
from jax import Array

from jgd.core import checks
from jgd.core.record import hyper, record

T = TypeVar("T")


class RunLength(NamedTuple):
    """What lengths are made steps by; 0 where none needs it."""

    steps: int
    per_epoch: int


@record
class Share:
    """A share of a run's steps; see `share`."""

    value: float | Array = hyper(">= 0", schedule=False)

    is_length = True  # where a number of steps is wanted, it passes

    def steps_of(self, run: RunLength) -> Any:
        """The number of steps, a whole one."""
        return _whole(self.value * run.steps)


@record
class Epochs:
    """Passes over the rows; see `epochs`."""

    value: float | Array = hyper(">= 0", schedule=False)

    is_length = True

    def steps_of(self, run: RunLength) -> Any:
        """The number of steps, a whole one."""
        return _whole(self.value * run.per_epoch)


def share(value: float | Array) -> Any:
    """A length of a schedule as a share of the run: 0.1 is its first tenth, 1 all of it.

    Args:
        value: ≥ 0; a number that may be swept. The steps are rounded to a whole number.

    Returns:
        What a schedule takes in place of a number of steps.

    Raises:
        JgdValueError: For a number below 0.

    Example:
        >>> import jgd
        >>> schedule = jgd.schedules.CosineDecay(0.1, decay_steps=jgd.schedules.share(1))
        >>> jgd.schedules.in_steps(schedule, steps=200).decay_steps
        200.0
    """
    return Share(value)


def epochs(value: float | Array) -> Any:
    """A length of a schedule in passes over the rows, fractions included.

    Args:
        value: ≥ 0; a number that may be swept. The steps are rounded to a whole number.

    Returns:
        What a schedule takes in place of a number of steps.

    Raises:
        JgdValueError: For a number below 0.

    Example:
        >>> import jgd
        >>> schedule = jgd.schedules.StepDecay(0.1, step_size=jgd.schedules.epochs(2), decay_rate=0.5)
        >>> run = jgd.train("iris", jgd.optimizers.sgd(schedule), epochs=5, batch_size=30)  # of 90 rows
        >>> sorted(set(run.history["learning_rate"].round(3).tolist()))
        [0.025, 0.05, 0.1]
    """
    return Epochs(value)


def in_steps(tree: T, *, steps: int = 0, per_epoch: int = 0) -> T:
    """An optimizer or schedule with its lengths in steps; itself where it has no others.

    Args:
        tree: A record that may hold `share(…)` and `epochs(…)`.
        steps: Of the run, for shares.
        per_epoch: Steps of an epoch, for epochs.

    Returns:
        The same record with numbers in their place.

    Raises:
        JgdValueError: For a share without `steps`, epochs without `per_epoch`, or steps that a schedule refuses, such as a
            warm-up longer than the decay that it belongs to.

    Example:
        >>> import jgd
        >>> warm = jgd.schedules.LinearWarmup(1.0, warmup_steps=share(0.25))
        >>> in_steps(warm, steps=8)(jnp.arange(3)).tolist()
        [0.0, 0.5, 1.0]
    """
    run, kinds = RunLength(checks.count("steps", steps), checks.count("per_epoch", per_epoch)), kinds_of(tree)
    for kind, name, given in ((Share, "steps", steps), (Epochs, "per_epoch", per_epoch)):
        if kind in kinds and not given:
            raise checks.JgdValueError(
                f"{name} must be given: there are lengths as {kind.__name__.lower()}", argument=name
            )
    return resolved(tree, run)


def resolved(tree: T, run: RunLength) -> T:
    """`in_steps` of a run, which may have no step; a record whose lengths become steps checks them again."""
    if not kinds_of(tree):
        return tree

    def one(node: Any) -> Any:
        if is_length(node):
            return node.steps_of(run)
        if not _holds_lengths(node):
            return node
        return replace(
            node, **{each.name: resolved(getattr(node, each.name), run) for each in fields(node) if each.init}
        )

    return jax.tree.map(one, tree, is_leaf=lambda node: is_length(node) or _holds_lengths(node))


def _holds_lengths(node: Any) -> bool:
    """Whether a record has a length in a field of its own."""
    return is_dataclass(node) and any(is_length(getattr(node, each.name, None)) for each in fields(node))


def kinds_of(tree: Any) -> set[type]:
    """`Share` and `Epochs`, as far as they are in a tree."""
    return {type(leaf) for leaf in jax.tree.leaves(tree, is_leaf=is_length) if is_length(leaf)}


def is_length(value: Any) -> bool:
    """Whether a value is a `Share` or `Epochs`."""
    return isinstance(value, Share | Epochs)


def _whole(steps: Any) -> Any:
    return jnp.round(steps) if isinstance(steps, Array) else float(round(steps))
