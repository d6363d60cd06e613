"""Where a run stands on the host: everything that has to survive for it to go on bit for bit."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jgd.core.plain_trees import describe_tree
from jgd.core.sharding import Sharding
from jgd.core.snapshots import pack, unpack
from jgd.core.types import Params
from jgd.lane import Lane
from jgd.status import RunEnd, Status
from jgd.stopping import EarlyStoppingState
from jgd.training.history import History
from jgd.training.run import BestParams
from jgd.training.validation import Evaluations


@dataclass
class RunState:
    """Where a run stands; `TrainPlan` is what stays fixed."""

    lane: Lane
    history: History
    evaluations: dict[str, list[float]] = field(default_factory=dict)
    observations: list[Any] = field(default_factory=list)  # a part a segment: leaves (steps of it, …)
    ranked: np.ndarray | None = None  # (rows,) row numbers from the hardest on, where the order mines them
    step: int = 0  # updates made
    zero_gradients: int = 0  # steps in a row whose gradient was exactly 0
    seconds: float = 0.0
    end: RunEnd | None = None  # None while the run goes on

    @property
    def best(self) -> BestParams | None:
        """The best evaluation so far, if there is one."""
        early = self.lane.early_stopping
        if not isinstance(early, EarlyStoppingState) or int(early.step) < 0:
            return None
        params, own = jax.tree.map(jnp.copy, (early.params, early.model_state))  # a segment takes the lane's own arrays
        return BestParams(params, int(early.step), float(early.value), own)

    def add_evaluations(self, made: Evaluations) -> None:
        """Those of another segment, on the host."""
        for name, column in {"step": made.step, **made.values}.items():
            number = int if name == "step" else float
            self.evaluations.setdefault(name, []).extend(map(number, column[: int(made.count)]))

    def evaluation_table(self) -> dict[str, np.ndarray]:
        """name -> (evaluations,)."""
        return {
            name: np.asarray(column, np.int64 if name == "step" else None) for name, column in self.evaluations.items()
        }

    def observed(self) -> Any:
        """The observations of all steps, leaves (steps, …); None before the first. Their parts become one."""
        if len(self.observations) > 1:
            self.observations = [jax.tree.map(lambda *parts: np.concatenate(parts), *self.observations)]
        return self.observations[0] if self.observations else None

    def arrays(self) -> dict[str, Any]:
        """Everything that is an array, by name, for a store; what is cut over processes is left so."""
        arrays = {
            **pack("lane", self.lane, whole=False),
            **pack("observations", self.observed()),
            **self.history.arrays(),
            **{f"evaluations.{name}": column for name, column in self.evaluation_table().items()},
        }
        return arrays if self.ranked is None else {**arrays, "ranked": self.ranked}

    def facts(self) -> dict[str, Any]:
        """Everything else, as JSON holds it."""
        return {
            "history": {"stride": self.history.stride, "done": self.history.done},
            "step": self.step,
            "zero_gradients": self.zero_gradients,
            "seconds": self.seconds,
            "end": None if self.end is None else asdict(self.end),
            "trees": {"lane": describe_tree(self.lane), "observations": describe_tree(self.observed())},
        }

    def restore(
        self,
        arrays: Mapping[str, Any],
        facts: Mapping[str, Any],
        observe: Callable[[Params], Any] | None,
        sharding: Sharding | None,
    ) -> None:
        """Become the state that `arrays` and `facts` took apart; in place, as a second lane would cost its memory."""
        params = self.lane.train_state.params
        seen = None if observe is None else jax.eval_shape(observe, params)
        lane = unpack("lane", arrays, self.lane)
        if sharding is None:
            self.lane = jax.tree.map(lambda leaf: jnp.asarray(np.asarray(leaf)), lane)
        else:
            self.lane = sharding.place(lane, params)
        self.history = History.of(arrays, self.history.limit, **facts["history"])
        self.evaluations = {
            name.removeprefix("evaluations."): list(array)
            for name, array in arrays.items()
            if name.startswith("evaluations.")
        }
        self.observations = _observations(arrays, seen)
        self.ranked = arrays.get("ranked")
        self.step, self.zero_gradients, self.seconds = facts["step"], facts["zero_gradients"], facts["seconds"]
        self.end = None if facts["end"] is None else _end(**facts["end"])


def _end(status: str, step: int, detail: str) -> RunEnd:
    return RunEnd(Status(status), step, detail)


def _observations(arrays: Mapping[str, np.ndarray], like: Any) -> list[Any]:
    """What was observed before, as one part; none where no step was."""
    names = ["observations" + jax.tree_util.keystr(path) for path, _ in jax.tree_util.tree_leaves_with_path(like)]
    whole = all(name in arrays for name in names)
    return [jax.tree.unflatten(jax.tree.structure(like), [arrays[name] for name in names])] if names and whole else []
