"""One row of the table that drives the tests of all optimizers: a method, its numbers, and its paper in plain NumPy."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from helpers import problem

import jgd
from jgd.testing.subject import Subject


@dataclass(frozen=True)
class Row:
    """An optimizer of the registry: `hypers` are its numbers, `structure` its other arguments.

    rule: a generator written from the paper; given the weights and gradient(w, t), it yields the weights after each
    step. It shares nothing with jgd: where a paper corrects a bias by 1 − bᵗ, so does the rule. It sees one leaf (a
    NumPy array) at a time, or all of them (a dict of arrays) where `whole`; gradient.value(w, t) is the loss there
    and gradient.curvature(w, t) the diagonal of its Hessian (there is nothing off it). None: a method whose
    trajectory is tested elsewhere (it draws random numbers).

    The flags say what a method is, so that the tests ask of it what is true of it, and nothing less:
    hidden: arguments of `structure` that the rule doesn't take. fixed: numbers that are no schedule (they are used
    before the first step). entrywise: a coordinate knows no other. still: a zero gradient makes a zero step.
    needs: "", "value" or "loss", what `update` must be given. rough: numbers at which the path is not smooth (a sign,
    a maximum): their hypergradient has only to be finite. downhill: the first step at a gradient w = 1 makes every
    entry smaller. low_precision: how far ten steps in bfloat16 may end from float32. rtol: of the float64 path.
    apart: what it needs is not in the table's problem (a batch of examples, a model's outputs): the shared tests leave it
    out, and its family's file tests it.
    creeps: it starts too slowly, or trusts differences of rounded gradients too much, to move bfloat16 in 200 steps of 1e-3.
    golden: the lectures' settings on hours/points from w = 1, and w after 1, 2, 3, 10 and 100 steps.
    """

    name: str
    rule: Callable[..., Any] | None
    hypers: dict[str, float]
    structure: dict[str, Any] = field(default_factory=dict)
    golden: tuple[dict[str, float], tuple[float, ...]] | None = None
    hidden: tuple[str, ...] = ()
    fixed: tuple[str, ...] = ()
    whole: bool = False
    entrywise: bool = True
    still: bool = True
    needs: str = ""
    rough: tuple[str, ...] = ()
    downhill: bool = True
    low_precision: float = 0.05
    rtol: float = 1e-12
    apart: bool = False
    creeps: bool = False

    def build(self, **changes: Any) -> jgd.Optimizer:
        return jgd.optimizers.get(self.name)(**{**self.hypers, **self.structure, **changes})

    @property
    def subject(self) -> Subject:
        """What the checks of jgd.testing take."""
        return Subject(self.build, self.hypers, frozenset(self.fixed), downhill=self.downhill)

    def path(self, steps: int = problem.STEPS, **changes: Any) -> dict[str, np.ndarray]:
        """The transcription's weights after each step on the table's problem, leaves (steps, …)."""
        assert self.rule is not None
        options = {k: v for k, v in self.structure.items() if k not in self.hidden}
        numbers = {**self.hypers, **options, **changes}
        start = {name: np.asarray(leaf, np.float64) for name, leaf in problem.START.items()}
        if self.whole:
            rule = self.rule(start, problem.Slope(), **numbers)
            trees = [next(rule) for _ in range(steps)]
            return {name: np.array([tree[name] for tree in trees]) for name in start}
        out = {}
        for name, leaf in start.items():
            rule = self.rule(leaf, problem.Slope(name), **numbers)
            out[name] = np.array([next(rule) for _ in range(steps)])
        return out

    def allows(self, **changes: float) -> bool:
        """Whether the method takes these numbers."""
        try:
            self.build(**changes)
        except jgd.JgdError:
            return False
        return True

    def __str__(self) -> str:
        return "-".join([self.name, *(f"{k}={v}" for k, v in self.structure.items())])
