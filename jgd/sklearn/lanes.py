"""Many fits as few sweeps: those that differ in numbers and rows only are the configs of one."""

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from jgd.core import checks
from jgd.core.record import record
from jgd.core.types import Batch, Params
from jgd.losses import SupervisedLoss
from jgd.models import Model
from jgd.sklearn.fit_plan import Fit, FitPlan
from jgd.sklearn.rows import Rows
from jgd.spaces.samplers import Table
from jgd.sweeps import RunSpec, Sweep, sweep
from jgd.tasks import Task

ROWS = "rows"  # the number that says which of the sets of rows a fit is of


class RowSets:
    """Sets of rows, each kept once: most fits of a search are of the same ones."""

    def __init__(self) -> None:
        self._known: dict[bytes, Rows] = {}

    def intern(self, rows: Rows) -> Rows:
        """The rows, or those that are equal to them and known already."""
        digest = blake2b()
        for part in rows:
            digest.update(repr((part.shape, part.dtype)).encode())
            digest.update(np.ascontiguousarray(part).data)
        return self._known.setdefault(digest.digest(), rows)


@record
class OfRows:
    """A supervised loss on one of the sets of rows that a batch holds side by side, leaves (n, sets, …)."""

    loss: SupervisedLoss
    rows: Any  # () which set

    def _own(self, batch: Batch) -> Batch:
        place = jnp.asarray(self.rows).astype(jnp.int32)
        return jax.tree.map(lambda part: jax.lax.dynamic_index_in_dim(part, place, 1, keepdims=False), batch)

    def outputs(self, params: Params, batch: Batch) -> Array:
        """The model's outputs."""
        return self.loss.outputs(params, self._own(batch))

    def of_outputs(self, outputs: Array, batch: Batch) -> Array:
        """The loss as a function of the outputs."""
        return self.loss.of_outputs(outputs, self._own(batch))

    def weighted(self, batch: Batch, weights: Array) -> Batch:
        """The batch with each row counted by `weights` in every set."""
        return (*batch[:2], weights[:, None] * batch[2])

    def __call__(self, params: Params, batch: Batch) -> Array:
        return self.loss(params, self._own(batch))


@dataclass(frozen=True)
class LaneRecipe:
    """A recipe of a sweep: numbers -> the loss and optimizer of a fit. Equal ones share a compiled program.

    Attributes:
        structure: The tree of (loss, optimizer).
        names: Path of each leaf that is a number.
        fixed: (place, dtype, shape, bytes) of each other leaf.
    """

    structure: Any
    names: tuple[tuple[int, str], ...]
    fixed: tuple[tuple[int, str, tuple[int, ...], bytes], ...]

    @classmethod
    def of(cls, plan: FitPlan) -> tuple["LaneRecipe", dict[str, float]]:
        """The recipe of a fit, and its numbers."""
        tree = {"loss": plan.loss, "optimizer": plan.optimizer}
        leaves = jax.tree_util.tree_leaves_with_path(tree)
        names, fixed, numbers = [], [], {}
        for place, (path, leaf) in enumerate(leaves):
            array = np.asarray(leaf)
            if array.shape == () and np.issubdtype(array.dtype, np.floating):
                name = checks.path_of(path)
                names.append((place, name))
                numbers[name] = float(array)
            else:
                fixed.append((place, array.dtype.str, array.shape, array.tobytes()))
        return cls(jax.tree.structure(tree), tuple(names), tuple(fixed)), numbers

    def __call__(self, **numbers: Any) -> RunSpec:
        leaves: dict[int, Any] = {place: numbers[name] for place, name in self.names}
        leaves |= {place: np.frombuffer(data, dtype).reshape(shape) for place, dtype, shape, data in self.fixed}
        tree = jax.tree.unflatten(self.structure, [leaves[place] for place in sorted(leaves)])
        return RunSpec(tree["optimizer"], init=tree["loss"].model, loss=OfRows(tree["loss"], numbers[ROWS]))


@record
class _Start:
    """key -> the model's parameters."""

    model: Model

    def __call__(self, key: Array) -> Params:
        return self.model.init(key)


def run_together(plans: Sequence[FitPlan], progress: bool | None = False) -> list[tuple[Fit, float]]:
    """The fits, in the order of the plans, each with its seconds: those of a sweep are shared out equally."""
    groups: dict[Any, list[int]] = {}
    recipes = [LaneRecipe.of(plan) for plan in plans]
    for place, (plan, (recipe, _)) in enumerate(zip(plans, recipes, strict=True)):
        shapes = tuple((part.shape, part.dtype) for part in plan.rows)
        alone = place if plan.alone else None
        groups.setdefault((recipe, shapes, plan.batch_size, plan.steps, plan.seed, alone), []).append(place)
    out: dict[int, tuple[Fit, float]] = {}
    for (recipe, *_), places in groups.items():
        begin = time.perf_counter()
        mine = [plans[place] for place in places]
        together = len(mine) > 1
        numbers = [recipes[place][1] for place in places]
        fits = _swept(recipe, numbers, mine, progress) if together else [mine[0].run()]
        seconds = (time.perf_counter() - begin) / len(mine)
        out |= {place: (fit, seconds) for place, fit in zip(places, fits, strict=True)}
    return [out[place] for place in range(len(plans))]


def _swept(
    recipe: LaneRecipe, numbers: Iterable[dict[str, float]], plans: Sequence[FitPlan], progress: bool | None
) -> list[Fit]:
    """Fits of one structure, one seed and rows of one shape as one sweep."""
    sets = list({id(plan.rows): plan.rows for plan in plans}.values())
    place = {id(rows): float(number) for number, rows in enumerate(sets)}
    rows = tuple(np.stack(parts, axis=1) for parts in zip(*sets, strict=True))
    first, any_row = plans[0], tuple(part[:1] for part in rows)
    loss = OfRows(first.loss, 0.0)
    configs = [{**own, ROWS: place[id(plan.rows)]} for own, plan in zip(numbers, plans, strict=True)]
    found = sweep(
        Task("fits", _Start(first.loss.model), loss, rows, any_row, any_row),
        {"fit": recipe},
        {name: sorted({config[name] for config in configs}) for name in configs[0]},
        sampler=Table(configs),
        seeds=[first.seed],
        steps=first.steps,
        batch_size=first.batch_size,
        evaluate_every=first.steps,  # its metrics are scikit-learn's
        check_finite=False,
        progress=progress,
    )
    return [_fit_of(found, config) for config in range(len(plans))]


def _fit_of(found: Sweep, config: int) -> Fit:
    """What the run of a config left."""
    params, diverged_at = found.params(config, found.seeds[0]), int(found.diverged_at[config, 0])
    diverged = diverged_at >= 0
    losses, steps = found.loss[config, 0], np.asarray(found.recorded_steps)
    seen = steps <= diverged_at if diverged else steps >= 0
    end = diverged_at if diverged else found.steps
    return Fit(jax.tree.map(np.array, params), end, steps[seen], losses[seen], diverged)
