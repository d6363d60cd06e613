"""Axes to draw into; figures of pyplot are closed after each test."""

import pytest
from matplotlib import pyplot

pyplot.switch_backend("Agg")  # also where there is a display


@pytest.fixture
def ax():
    return pyplot.subplots()[1]


@pytest.fixture(autouse=True)
def closed():
    yield
    pyplot.close("all")
