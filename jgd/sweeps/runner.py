"""Round by round through a sweep: the policy says who goes on, the engine runs what is left, the store keeps it."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from jgd.sweeps.assemble import assemble
