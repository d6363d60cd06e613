"""What is checked: a way to build an optimizer from its hyperparameters, and what is known of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from functools import cached_property
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from jgd.core.checks import JgdError
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
    """A transform beside plain descent, or alone where it has a learning rate; its fields that hold one number."""
    found = dict(_hyperparameters(transform))
    names = _names(list(found))

    def build(**hyperparameters: Any) -> Optimizer:
        changed = transform
        for path, name in names.items():
            changed = _replaced(changed, path, hyperparameters[name])
        if any(path[-1] == "learning_rate" for path in found):
            return chain(changed)
        descend = ScaleByLearningRate(RATE)
        return chain(descend, changed) if transform.must_be_last else chain(changed, descend)

    return Subject(
        build,
        {names[path]: value for path, (value, _) in found.items()},
        frozenset(names[path] for path, (_, about) in found.items() if not about.get("schedule", True)),
        {names[path]: about["rule"] for path, (_, about) in found.items() if "rule" in about},
        **options,
    )


def rules_of(optimizer: Optimizer, hyperparameters: Mapping[str, float]) -> dict[str, str]:
    """The rules of those hyperparameters that stand, with their name and number, in a field of a record."""
    found = _hyperparameters(optimizer.transform)
    rules = {(path[-1], value): about["rule"] for path, (value, about) in found if "rule" in about}
    return {name: rules[name, value] for name, value in hyperparameters.items() if (name, value) in rules}


def _hyperparameters(node: Any, path: tuple = ()) -> list[tuple[tuple, tuple[float, Mapping[str, Any]]]]:
    """(path, (value, metadata)) of every number of a record and of the records and tuples in it.

    A `hyper` field, whose metadata has its rule, or another field that holds a float and is no structure.
    """
    if isinstance(node, tuple | list):
        children = [(place, value, {}) for place, value in enumerate(node)]
    elif is_dataclass(node) and not isinstance(node, type):
        children = [(f.name, getattr(node, f.name), f.metadata) for f in fields(node) if "static" not in f.metadata]
    else:
        return []
    out = []
    for key, value, about in children:
        if isinstance(value, float) or ("rule" in about and not callable(value) and np.ndim(value) == 0):
            out.append(((*path, key), (float(value), about)))
        else:
            out += _hyperparameters(value, (*path, key))
    return out


def _names(paths: list[tuple]) -> dict[tuple, str]:
    """A path's name: its last part where that is unique, else the whole, such as `transforms.0.b1`."""
    last = [path[-1] for path in paths]
    return {path: path[-1] if last.count(path[-1]) == 1 else ".".join(map(str, path)) for path in paths}


def _replaced(node: Any, path: tuple, value: Any) -> Any:
    if not path:
        return value
    key, *rest = path
    if isinstance(key, str):
        return replace(node, **{key: _replaced(getattr(node, key), tuple(rest), value)})
    parts = list(node)
    parts[key] = _replaced(parts[key], tuple(rest), value)
    return type(node)(*parts) if hasattr(node, "_fields") else type(node)(parts)


def shapes_and_dtypes(tree: Any) -> Any:
    """The tree with abstract leaves, which `chex` compares without their values."""
    return jax.tree.map(lambda leaf: jax.ShapeDtypeStruct(leaf.shape, leaf.dtype), tree)
