"""A table as people have them: gaps, words (one of them rare), dates, and a target of which one class is rare."""

import numpy as np

import jgd


def mixed(rows=240, seed=0):
    """Columns: age (number with gaps), city (words with a gap), since (dates as text), bought (yes and no)."""
    rng = np.random.default_rng(seed)
    age = rng.normal(40, 12, rows).round(1)
    city = rng.choice(["Bonn", "Kiel", "Ulm"], rows, p=[0.55, 0.35, 0.1]).astype(object)
    since = np.array([f"2024-{1 + i % 12:02d}-{1 + i % 28:02d}" for i in range(rows)])
    bought = np.where(age / 12 + 2.0 * (city == "Kiel") + rng.normal(0, 0.5, rows) > 5.2, "yes", "no")
    age[::9], city[5::40] = np.nan, None
    return {"age": age, "city": city, "since": since, "bought": bought}


def read(columns=None, target="bought", **options):
    """The table as a data set, its words and dates read and its gaps filled."""
    given = {"one_hot": "auto", "dates": ["since"], "missing": "mean", **options}
    return jgd.data.read(mixed() if columns is None else columns, target, **given)


def task(**options):
    """The task of the table, its rows weighted and chosen by the balanced accuracy."""
    return jgd.tasks.of_table(read(), class_weight="balanced", **options).chosen_by("balanced_accuracy")
