"""Data sets: the lectures' examples, synthetic ones with known parameters, and those bundled with scikit-learn.

Each loader returns a `Dataset` of unscaled NumPy rows in float64; nothing is downloaded.
"""

import importlib.util
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from jgd.core import checks, seeds
from jgd.data.column import Column
from jgd.data.target import describe_target


@dataclass(frozen=True)
class Dataset:
    """Unscaled rows of a table, or of an array without columns. Printed, it is one line: how many rows, and of what target.

    Args:
        name: what tasks and results call it.
        inputs: (n, columns) float64; NaN is a gap. Without columns (n, …), images or sequences, of any dtype.
        targets: (n,): int32 labels 0 … classes − 1, or float64 values.
        features: the columns' names; () where there are none.
        classes: how many; 0 for a regression.
        columns: how each column's cells are numbers; () where they are numbers as they stand.
        labels: what the classes are called in the table, in the order of their numbers; () is 0 … classes − 1.
        target: the target's name.
        missing: what fills gaps, by the training rows: a member of `jgd.data.encoding.MISSING`.
    """

    name: str
    inputs: np.ndarray
    targets: np.ndarray
    features: tuple[str, ...]
    classes: int = 0
    columns: tuple[Column, ...] = ()
    labels: tuple[Any, ...] = ()
    target: str = "target"
    missing: str = "error"

    @property
    def rows(self) -> tuple[np.ndarray, np.ndarray]:
        """(inputs, targets), the tree that `split`, losses and training take."""
        return self.inputs, self.targets

    def __str__(self) -> str:
        goal = describe_target(self.target, self.targets, self.labels, self.classes)
        return f"{self.name}: {len(self.inputs)} rows, {len(self.features)} columns; {goal}"


def hours_points() -> Dataset:
    """The lectures' example: x = 1, 2, 3 hours give y = 2, 4, 6 points, so that ŷ = x · w is best at w = 2.

    Returns:
        The `Dataset`, a regression of three rows.

    Example:
        >>> hours_points().rows
        (array([[1.], [2.], [3.]]), array([2., 4., 6.]))
    """
    hours = np.array([[1.0], [2.0], [3.0]])
    return Dataset("hours_points", hours, 2 * hours[:, 0], ("hours",))


def linear_regression(
    rows: int = 200,
    weights: tuple[float, ...] = (1.5, -2.0, 0.5),
    bias: float = 0.3,
    noise: float = 0.1,
    seed: int = 0,
) -> Dataset:
    """y = x · weights + bias + noise · ε, with x and ε standard normal: a fit can be compared with the truth.

    Args:
        rows: how many, ≥ 1.
        weights: the true weights, one a feature.
        bias: the true bias.
        noise: the standard deviation of what is added, ≥ 0.
        seed: of x and ε.

    Returns:
        The `Dataset`, a regression.

    Raises:
        JgdValueError: `rows`, `noise` or `seed` out of range.

    Example:
        >>> linear_regression(rows=4, noise=0.0).inputs.shape
        (4, 3)
    """
    checks.count("rows", rows, 1)
    rng = np.random.default_rng(seeds.check(seed))
    inputs = rng.standard_normal((rows, len(weights)))
    targets = inputs @ np.asarray(weights) + bias + checks.number("noise", noise, ">= 0") * rng.standard_normal(rows)
    return Dataset("linear_regression", inputs, targets, tuple(f"x{i}" for i in range(len(weights))))


def age_income(rows: int = 200, seed: int = 0) -> Dataset:
    """Raw scales: age uniform in 0 … 100 and income uniform in 1e4 … 1e7, a target that weighs both alike.

    Unscaled, the squared error's contours are so elongated that no learning rate serves both weights.

    Args:
        rows: how many, ≥ 1.
        seed: of the draws.

    Returns:
        The `Dataset`, a regression of two features.

    Raises:
        JgdValueError: `rows` or `seed` out of range.

    Example:
        >>> age_income().inputs.max(axis=0) > [90, 9e6]
        array([ True,  True])
    """
    checks.count("rows", rows, 1)
    rng = np.random.RandomState(seeds.check(seed))
    age, income = rng.uniform(0, 100, rows), rng.uniform(1e4, 1e7, rows)
    targets = 0.5 * age / 100 + 0.5 * income / 1e7
    return Dataset("age_income", np.stack([age, income], axis=1), targets, ("age", "income"))


_OF_A_CELL = ("radius", "texture", "perimeter", "area", "smoothness")
_OF_A_CELL += ("compactness", "concavity", "concave points", "symmetry", "fractal dimension")
# file -> (rows of heading, the columns' names, classes): read as they are, since importing scikit-learn takes a second
FILES = {
    "digits": ("digits.csv.gz", 0, tuple(f"pixel_{row}_{column}" for row in range(8) for column in range(8)), 10),
    "iris": ("iris.csv", 1, tuple(f"{part} {of} (cm)" for part in ("sepal", "petal") for of in ("length", "width")), 3),
    "breast_cancer": (
        "breast_cancer.csv",
        1,
        tuple(words.format(each) for words in ("mean {}", "{} error", "worst {}") for each in _OF_A_CELL),
        2,
    ),
}


def _read(name: str) -> Dataset | None:
    """A data set of `FILES`; None where scikit-learn is not installed, or keeps it elsewhere."""
    file, heading, features, classes = FILES[name]
    found = importlib.util.find_spec("sklearn")
    places = (found and found.submodule_search_locations) or [""]
    path = Path(places[0]) / "datasets" / "data" / file
    if not path.is_file():
        return None
    table = np.loadtxt(path, delimiter=",", skiprows=heading)
    labels: tuple[str, ...] = ()
    if heading:  # rows, columns and what the classes are called
        with path.open(encoding="utf-8") as lines:
            labels = tuple(lines.readline().strip().split(",")[2:])
    return Dataset(name, table[:, :-1].copy(), table[:, -1].astype(np.int32), features, classes, labels=labels)


def _bundled(name: str) -> Dataset:
    read = _read(name) if name in FILES else None
    if read is not None:
        return read
    try:
        from sklearn import datasets
    except ImportError as missing:
        raise ImportError(f"the {name} data needs scikit-learn: pip install 'jgd[data]'") from missing
    raw = getattr(datasets, f"load_{name}")()
    labels = getattr(raw, "target_names", None)
    classes = 0 if name == "diabetes" or labels is None else len(labels)
    targets = raw.target.astype(np.int32 if classes else np.float64)
    names = tuple(str(feature) for feature in raw.feature_names)
    known = tuple(each.item() for each in labels) if classes and labels is not None else ()
    return Dataset(name, raw.data.astype(np.float64), targets, names, classes, labels=known)


def digits() -> Dataset:
    """1797 handwritten digits, 8 × 8 pixels of 0 … 16, ten classes."""
    return _bundled("digits")


def iris() -> Dataset:
    """150 flowers, 4 measurements in cm, three classes."""
    return _bundled("iris")


def breast_cancer() -> Dataset:
    """569 tumors, 30 features, two classes."""
    return _bundled("breast_cancer")


def wine() -> Dataset:
    """178 wines, 13 features, three classes."""
    return _bundled("wine")


def diabetes() -> Dataset:
    """442 patients, 10 features, disease progression as a number."""
    return _bundled("diabetes")


registry: dict[str, Callable[[], Dataset]] = {
    "digits": digits,
    "iris": iris,
    "breast_cancer": breast_cancer,
    "wine": wine,
    "diabetes": diabetes,
    "hours_points": hours_points,
    "linear_regression": linear_regression,
    "age_income": age_income,
}


def get(name: str) -> Dataset:
    """A bundled data set.

    Args:
        name: a name of `registry`.

    Returns:
        The `Dataset`.

    Raises:
        JgdValueError: an unknown name; the message suggests the nearest.
        ImportError: one that comes with scikit-learn, which is not installed.
    """
    return registry[checks.choice("data set", name, registry)]()
