"""The lectures by name, each with the ids of what it shows (docs/lectures.md)."""

from collections.abc import Callable
from dataclasses import dataclass

import jax

from jgd.core import checks
from jgd.lectures import (
    adaptive,
    batch_sizes,
    decays,
    derivatives,
    endings,
    listings,
    rates,
    scalings,
    scores,
    searches,
    starts,
    traps,
    velocities,
)
from jgd.lectures.demonstration import Demonstration, Part, Pictures


@dataclass(frozen=True)
class Lecture:
    """A lecture that can be given.

    Attributes:
        title: What it shows, in a line.
        ids: Of the statements that it shows, as docs/lectures.md lists them.
        demonstrate: Makes its text, tables and pictures.
    """

    title: str
    ids: tuple[str, ...]
    demonstrate: Callable[[], tuple[list[Part], Pictures]]


def _lecture(title: str, ids: str, demonstrate: Callable[[], tuple[list[Part], Pictures]]) -> Lecture:
    return Lecture(title, tuple(ids.split()), demonstrate)


registry: dict[str, Lecture] = {
    "losses": _lecture("Squared error and its scalings", "A5 L2 L3 L4 L5 L6 L7 L8 L10 D1 G15", scores.losses),
    "likelihood": _lecture("Maximum likelihood, and why squares", "L14", scores.likelihood),
    "adaline": _lecture("Labels as numbers: adaline", "L15", scores.adaline),
    "logistic": _lecture("Logistic regression as a graph of blocks", "L9 L11 L12 L13", derivatives.logistic),
    "derivatives": _lecture("Four ways to a derivative", "D1 D2 D3 D4 D7 D8 D13 D14 L17", derivatives.four_ways),
    "checks": _lecture("Two checks of a gradient", "A13 A14 D4 D5 D6", derivatives.two_checks),
    "costs": _lecture("What derivatives cost", "D9 D10 O16", derivatives.costs),
    "steepest": _lecture("The steepest way down, and contours", "A11 D15 L16 P2 P3", derivatives.steepest),
    "search": _lecture("Search without gradients", "R1 R2 R3 R4 R5 R6 R7", searches.search),
    "gd": _lecture("Gradient descent, the listing", "A1 A2 L1 G1 G3 G9 G14 P1", listings.gd),
    "sgd": _lecture("Stochastic gradient descent, the listing", "A3 A10 L1 G2 G3", listings.sgd),
    "smoothing": _lecture("A training curve smoothed", "A4 I11", listings.smoothing),
    "batches": _lecture("All rows, some rows, one row", "G4 G5 G6 G7 G8 G9 G10 G13 P2", batch_sizes.batches),
    "stopping": _lecture("The training loop, and when it ends", "D12 G11 G12 I12 X1", endings.stopping),
    "learning-rates": _lecture("Too small, good, too large", "E1 E2 E3 E9 G16 P5", rates.learning_rates),
    "decay": _lecture("Learning rates that decay", "A12 E4 E5 E10 G16", decays.decay),
    "plateau-decay": _lecture("Decay on a validation plateau", "E6", decays.plateau_decay),
    "rate-search": _lecture("The learning rate chosen by validation", "E7 E8 X2", rates.rate_search),
    "momentum": _lecture("Momentum and its look-ahead", "A8 A9 O1 O2 O3 O3' O8 O9", velocities.momentum),
    "adaptive": _lecture("A rate for each weight", "A7 O4 O5 O6 O7 O10 O11 O12 O13 O14 O15", adaptive.adaptive),
    "initialisation": _lecture("Where weights start", "A6 G14 I1 I2 I3 I4", starts.initialisation),
    "seeds": _lecture("What a seed decides", "I5 I6", starts.seeds),
    "scaling": _lecture("Features on one scale", "D11 I7 I8 I9 I10 P4", scalings.scaling),
    "traps": _lecture("A local minimum, a plateau, a saddle", "G10 N1 N2 N3", traps.traps),
}


def give(name: str) -> Demonstration:
    """A lecture redone: everything it shows is computed anew, in float64.

    Args:
        name: One of `registry`, as `jgd lecture list` shows them.

    Returns:
        Its text with tables to print, and its pictures to draw or save.

    Raises:
        JgdValueError: There is no such lecture; the message lists them.

    Example:
        >>> lecture = give("gd")
        >>> lecture.tables[0].columns["w"][:3].round(2).tolist(), list(lecture.pictures)
        ([1.09, 1.18, 1.25], ['parabola'])
    """
    lecture = registry[checks.choice("lecture", name, registry)]
    with jax.enable_x64(True):
        parts, pictures = lecture.demonstrate()
    return Demonstration(name, lecture.title, tuple(parts), pictures)
