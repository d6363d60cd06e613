"""The table of transforms: each as part of an optimizer, with its numbers, so that one file of tests asks the same of all."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest

import jgd
from helpers import ground
from jgd import transforms
from jgd.testing.subject import Subject
from jgd.transforms import ScaleByLearningRate


@dataclass(frozen=True)
class Case:
    """build(**hypers) -> Optimizer. fixed: numbers that are no schedule. still: it leaves a zero gradient alone.

    downhill: the first step at a gradient w = 1 makes every entry smaller. smooth: its path can be differentiated
    by finite differences; the hypergradient of any other has only to be finite.
    """

    name: str
    build: Callable[..., jgd.Optimizer]
    hypers: dict[str, float]
    fixed: tuple[str, ...] = ()
    downhill: bool = True
    smooth: bool = True

    @property
    def subject(self) -> Subject:
        """What the checks of jgd.testing take."""
        return Subject(self.build, self.hypers, frozenset(self.fixed), downhill=self.downhill, problem=ground.PROBLEM)


def before(transform, downhill=True, **hypers) -> Case:
    """A transform in front of plain descent."""
    build = lambda learning_rate, **numbers: jgd.chain(transform(**numbers), ScaleByLearningRate(learning_rate))
    return Case(
        getattr(transform, "__name__", str(transform)), build, {"learning_rate": 0.05, **hypers}, downhill=downhill
    )


def adam(learning_rate, b1):
    return jgd.optimizers.adam(learning_rate, b1=b1, eps=1e-3).transform


def around(wrapper, name=None, downhill=True, smooth=True, fixed=(), inner=adam, **hypers) -> Case:
    """A wrapper(transform, **numbers) around Adam."""
    build = lambda learning_rate, b1, **numbers: jgd.chain(wrapper(inner(learning_rate, b1), **numbers))
    hypers = {"learning_rate": 0.05, "b1": 0.8, **hypers}
    return Case(name or wrapper.__name__, build, hypers, fixed, downhill, smooth)


def after(transform, name=None, fixed=(), downhill=True, **hypers) -> Case:
    """A last transform, behind plain descent."""
    build = lambda learning_rate, **numbers: jgd.chain(ScaleByLearningRate(learning_rate), transform(**numbers))
    return Case(name or transform.__name__, build, {"learning_rate": 0.05, **hypers}, fixed, downhill)


def onto(convex, downhill=True, **bounds) -> Case:
    """A projection, behind plain descent."""
    return after(lambda **numbers: transforms.Project(convex(**numbers)), convex.__name__, downhill=downhill, **bounds)


def by_percentile(percentile):
    return transforms.ClipByPercentile(percentile, window=3)


CASES = [
    before(transforms.ClipByValue, max_delta=0.4),
    before(transforms.ClipByGlobalNorm, max_norm=0.7),
    before(transforms.ClipByLeafNorm, max_norm=0.7),
    before(transforms.ZeroNans),
    before(by_percentile, percentile=40.0),
    before(transforms.AmplifySlow, amplification=0.7, decay=0.6),
    before(transforms.ClipByBlockRms, threshold=0.3),
    before(transforms.ClipAdaptively, clipping=0.3, eps=0.01),
    around(lambda transform: transforms.Accumulate(transform, 2), "Accumulate", downhill=False),
    after(transforms.EmaOfParams, decay=0.6),
    after(lambda: transforms.EmaOfParams(0.6, debias=False), "EmaOfParams-biased"),
    after(lambda start: transforms.MeanOfParams(start, update_every=2), "MeanOfParams", fixed=("start",), start=2.5),
    around(lambda transform, **n: transforms.Lookahead(transform, 2, **n), "Lookahead", slow_step_size=0.6),
    around(lambda transform: transforms.Lookahead(transform, 2, reset=True), "Lookahead-reset"),
    around(transforms.SkipNonFinite),
    around(transforms.MasterCopy),
    around(lambda transform: transforms.EightBit(transform, 4, 3), "EightBit", smooth=False),
    after(transforms.StochasticRounding),
    around(
        lambda transform: transforms.SkipNonFinite(
            transforms.Accumulate(transforms.MasterCopy(transforms.EightBit(transform, 4, 3)), 2)
        ),
        "four of them",
        downhill=False,
        smooth=False,
    ),
    around(transforms.Flatten),
    around(lambda transform: transforms.Switch((transform, ScaleByLearningRate(0.03)), (2,)), "Switch"),
    around(lambda transform: transforms.Restart(transform, 2), "Restart"),
    before(transforms.AddDecayedWeights, weight_decay=0.1),
    after(transforms.IndependentDecay, weight_decay=0.1),
    around(transforms.Decayed, weight_decay=0.1),
    after(transforms.Scale, factor=0.7),
    before(transforms.NormalizeByGlobalNorm, eps=0.1),
    before(transforms.Centralize, downhill=False),
    before(transforms.EmaOfUpdates, decay=0.7),
    before(transforms.AddNoise, downhill=False, eta=0.01, gamma=0.55),
    onto(transforms.NonNegative),
    onto(transforms.Box, low=0.1, high=0.8),
    onto(transforms.Simplex, downhill=False, total=0.8),
    onto(transforms.L1Ball, radius=0.9),
    onto(transforms.L2Ball, radius=0.8),
    onto(transforms.LInfBall, radius=0.4),
    onto(transforms.HalfSpace, downhill=False, normal=0.5, bound=0.3),
    onto(transforms.Sphere, downhill=False, radius=0.7),
    around(lambda transform, **n: transforms.Proximal(transform, transforms.GroupLasso(**n)), "Proximal", strength=0.1),
]
EACH = [pytest.param(case, id=case.name) for case in CASES]
