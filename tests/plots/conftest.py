"""Axes to draw into, without a display."""

import pytest
from matplotlib import pyplot

pyplot.switch_backend("Agg")  # also where there is a display


@pytest.fixture
def ax():
    return pyplot.subplots()[1]
