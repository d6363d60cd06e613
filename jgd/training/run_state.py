"""A session of training: everything that has to survive for a run to go on bit for bit, taken apart and put together."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jgd.core.snapshots import pack, unpack
from jgd.core.types import Params
from jgd.descent import Lane
from jgd.stopping import EarlyStoppingState
from jgd.training.history import History
from jgd.training.run import Kept
from jgd.training.validation import Evaluations
from jgd.watch import Status


@dataclass
class Session:
    """Where a run stands on the host."""

    lane: Lane
    history: History
    evaluations: dict[str, list[float]] = field(default_factory=dict)
    observations: list[Any] = field(default_factory=list)  # a part a segment: leaves (steps of it, …)
    ranked: np.ndarray | None = None  # rows from the hardest on, where the order mines them
    done: int = 0  # steps made
    still: int = 0  # steps in a row whose gradient was exactly 0
    seconds: float = 0.0
    status: Status | None = None  # why the run ended; None while it goes on

    @property
    def kept(self) -> Kept | None:
        """The best evaluation so far, if there is one."""
        best = self.lane.best
        if not isinstance(best, EarlyStoppingState) or int(best.step) < 0:
            return None
        return Kept(jax.tree.map(jnp.copy, best.params), int(best.step), float(best.value))  # the lane's are donated

    def evaluated(self, made: Evaluations) -> None:
        """Those of another segment, on the host."""
        for name, column in {"step": made.step, **made.values}.items():
            number = int if name == "step" else float
            self.evaluations.setdefault(name, []).extend(map(number, column[: int(made.count)]))

    def table(self) -> dict[str, np.ndarray]:
        """name -> (evaluations,)."""
        return {
            name: np.asarray(column, np.int64 if name == "step" else None) for name, column in self.evaluations.items()
        }

    def observed(self) -> Any:
        """The observations of all steps, leaves (steps, …); None before the first. Their parts become one."""
        if len(self.observations) > 1:
            self.observations = [jax.tree.map(lambda *parts: np.concatenate(parts), *self.observations)]
        return self.observations[0] if self.observations else None

    def arrays(self) -> dict[str, np.ndarray]:
        """Everything that is an array, by name, for a store."""
        arrays = {
            **pack("lane", self.lane),
            **pack("observations", self.observed()),
            **self.history.arrays(),
            **{f"evaluations.{name}": column for name, column in self.table().items()},
        }
        return arrays if self.ranked is None else {**arrays, "ranked": self.ranked}

    def facts(self) -> dict[str, Any]:
        """Everything else, as JSON holds it."""
        return {
            "history": {"stride": self.history.stride, "done": self.history.done},
            "done": self.done,
            "still": self.still,
            "seconds": self.seconds,
            "status": None if self.status is None else asdict(self.status),
        }

    def restored(
        self, arrays: Mapping[str, np.ndarray], facts: Mapping[str, Any], observe: Callable[[Params], Any] | None
    ) -> "Session":
        """The session that `arrays` and `facts` took apart, in the structure of this fresh one."""
        lane = jax.tree.map(jnp.asarray, unpack("lane", arrays, self.lane))
        seen = None if observe is None else jax.eval_shape(observe, self.lane.progress.params)
        return replace(
            self,
            lane=lane,
            history=History.of(arrays, self.history.limit, **facts["history"]),
            evaluations={
                name.removeprefix("evaluations."): list(array)
                for name, array in arrays.items()
                if name.startswith("evaluations.")
            },
            observations=_observations(arrays, seen),
            ranked=arrays.get("ranked"),
            done=facts["done"],
            still=facts["still"],
            seconds=facts["seconds"],
            status=None if facts["status"] is None else Status(**facts["status"]),
        )


def _observations(arrays: Mapping[str, np.ndarray], like: Any) -> list[Any]:
    """What was observed before, as one part; none where no step was."""
    names = ["observations" + jax.tree_util.keystr(path) for path, _ in jax.tree_util.tree_leaves_with_path(like)]
    whole = all(name in arrays for name in names)
    return [jax.tree.unflatten(jax.tree.structure(like), [arrays[name] for name in names])] if names and whole else []
