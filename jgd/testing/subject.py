"""What is checked: a way to build an optimizer from its hyperparameters, and what is known of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from jgd.core.checks import JgdError
from jgd.core.hyperparameters import Hyperparameter, changed, named
from jgd.core.optimizer import Optimizer, chain
from jgd.descent import TrainState, rollout, start, step
from jgd.testing.problem import Problem, default
from jgd.transforms import ScaleByLearningRate

FACTORS = (1.0, 0.5, 0.8, 1.05)  # of a hyperparameter: what the checks put in its place
RATE = 0.05  # the learning rate of a transform that is checked alone


@dataclass(frozen=True)
class Subject:
    """`build(**hyperparameters)` is an `Optimizer`; `rules` are those that are known, such as "> 0"."""

    build: Callable[..., Optimizer]
    hyperparameters: Mapping[str, float]
    fixed: frozenset[str] = frozenset()
    rules: Mapping[str, str] = field(default_factory=dict)
    downhill: bool = False
    problem: Problem = field(default_factory=default)

    @cached_property
    def optimizer(self) -> Optimizer:
        return self.build(**self.hyperparameters)

    @property
    def numbers(self) -> dict[str, Array]:
        """The hyperparameters as arrays, to be traced."""
        return {name: jnp.asarray(value, jnp.result_type(float)) for name, value in self.hyperparameters.items()}

    @cached_property
    def values(self) -> list[dict[str, float]]:
        """Hyperparameters that all differ from one another, as far as the method takes them; its own are the first."""
        return [dict(self.hyperparameters), *(self._near(factor) for factor in FACTORS[1:])]

    def _near(self, factor: float) -> dict[str, float]:
        near = dict(self.hyperparameters)
        for name, value in self.hyperparameters.items():
            for other in (value * factor, 1 - (1 - value) * factor, value + factor):  # of a rate, a decay, and 0
                if other != value and self.takes(**{**near, name: other}):
                    near[name] = other
                    break
        return near

    def takes(self, **hyperparameters: Any) -> bool:
        """Whether the method is built with these hyperparameters."""
        try:
            self.build(**{**self.hyperparameters, **hyperparameters})
        except JgdError:
            return False
        return True

    def start(self, **hyperparameters: Any) -> TrainState:
        return start(self.build(**{**self.hyperparameters, **hyperparameters}), self.problem.params())

    def step(self, optimizer: Optimizer, state: TrainState, batch: Any) -> TrainState:
        return step(self.problem.loss, optimizer, state, batch)[0]

    def end(self, hyperparameters: Mapping[str, Any], steps: int = 5) -> Any:
        """The parameters to evaluate after some steps, with other hyperparameters or its own."""
        optimizer = self.build(**{**self.hyperparameters, **hyperparameters})
        end = rollout(self.problem.loss, optimizer, self.problem.params(), self.problem.first(steps))[0]
        return optimizer.eval_params(end.opt_state, end.params)


def of_transform(transform: Any, **options: Any) -> Subject:
    """A transform beside plain descent, or by itself where it has a learning rate; its fields that hold one number."""
    found = _numbers(transform)

    def build(**hyperparameters: Any) -> Optimizer:
        made = changed(transform, hyperparameters)
        if any(each.name == "learning_rate" for each in found.values()):
            return chain(made)
        descend = ScaleByLearningRate(RATE)
        return chain(descend, made) if transform.must_be_last else chain(made, descend)

    return Subject(
        build,
        {name: float(each.value) for name, each in found.items()},
        frozenset(name for name, each in found.items() if not each.about.get("schedule", True)),
        {name: each.about["rule"] for name, each in found.items() if "rule" in each.about},
        **options,
    )


def rules_of(optimizer: Optimizer, hyperparameters: Mapping[str, float]) -> dict[str, str]:
    """The rules of those hyperparameters that stand, with their name and number, in a field of a record."""
    found = _numbers(optimizer).values()
    rules = {(each.name, float(each.value)): each.about["rule"] for each in found if "rule" in each.about}
    return {name: rules[name, value] for name, value in hyperparameters.items() if (name, value) in rules}


def _numbers(node: Any) -> dict[str, Hyperparameter]:
    """The hyperparameters that are one number: those with a rule, and floats in other fields that are no structure."""
    one = lambda value: not callable(value) and np.ndim(value) == 0
    return {
        name: each
        for name, each in named(node).items()
        if isinstance(each.value, float) or ("rule" in each.about and one(each.value))
    }


def shapes_and_dtypes(tree: Any) -> Any:
    """The tree with abstract leaves, which `chex` compares without their values."""
    return jax.tree.map(lambda leaf: jax.ShapeDtypeStruct(leaf.shape, leaf.dtype), tree)
