"""A session of training, everything that has to survive for a run to go on bit for bit, and its snapshots.

What identifies a run (data, parameters, optimizer, seed, …) is stored with each snapshot and compared before it is gone
on with. What doesn't change the numbers (how often it was saved, who looked) is not.
"""

import platform
import warnings
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jgd.core import checks
from jgd.core.types import Params
from jgd.descent import Lane
from jgd.stopping import Best
from jgd.store import Store, differences, pack, unpack
from jgd.train.history import History
from jgd.train.run import Kept
from jgd.train.validation import Evaluations
from jgd.watch import Status


@dataclass
class Session:
    """Where a run stands on the host."""

    lane: Lane
    history: History
    evaluations: dict[str, list[float]] = field(default_factory=dict)
    observations: list[Any] = field(default_factory=list)
    ranked: np.ndarray | None = None  # rows from the hardest on, where the order mines them
    done: int = 0  # steps made
    still: int = 0  # steps in a row whose gradient was exactly 0
    seconds: float = 0.0
    status: Status | None = None  # why the run ended; None while it goes on

    @property
    def kept(self) -> Kept | None:
        """The best evaluation so far, if there is one."""
        best = self.lane.best
        if not isinstance(best, Best) or int(best.step) < 0:
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

    def save(self, store: Store, identity: Mapping[str, Any]) -> None:
        """A snapshot; raises `OSError` where the disk refuses."""
        arrays = {
            **pack("lane", self.lane),
            **pack("observations", self.observations),
            **self.history.arrays(),
            **{f"evaluations.{name}": column for name, column in self.table().items()},
        }
        if self.ranked is not None:
            arrays["ranked"] = self.ranked
        facts = {
            "identity": dict(identity),
            "machine": machine(),
            "history": {"stride": self.history.stride, "done": self.history.done},
            "observed": len(self.observations),
            "done": self.done,
            "still": self.still,
            "seconds": self.seconds,
            "status": None if self.status is None else asdict(self.status),
        }
        store.save(arrays, facts)

    def resumed(self, store: Store, identity: Mapping[str, Any], observe: Callable[[Params], Any] | None) -> "Session":
        """The session of the store's newest snapshot, or this fresh one where there is none.

        `JgdValueError` lists what differs from the stored run. Another machine or jax version is warned about, as the
        numbers then agree to rounding only.
        """
        snapshot = store.load()
        if snapshot is None:
            return self
        arrays, facts = snapshot
        differs = differences(facts["identity"], identity)
        if differs:
            raise checks.JgdValueError(
                f"store {str(store.path)!r} holds another run; what differs: {', '.join(differs)}. "
                "Resume with the same settings, or use another directory"
            )
        elsewhere = differences(facts["machine"], machine())
        if elsewhere:
            warnings.warn(
                f"the run in {str(store.path)!r} was made elsewhere, so that its numbers go on to rounding only: "
                + ", ".join(elsewhere),
                stacklevel=3,
            )
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
            observations=_observations(arrays, [seen] * facts["observed"]),
            ranked=arrays.get("ranked"),
            done=facts["done"],
            still=facts["still"],
            seconds=facts["seconds"],
            status=None if facts["status"] is None else Status(**facts["status"]),
        )


def _observations(arrays: Mapping[str, np.ndarray], parts: list[Any]) -> list[Any]:
    """Observations, a part a segment; the number of steps differs from part to part."""
    named = jax.tree_util.tree_leaves_with_path(parts)
    leaves = [arrays["observations" + jax.tree_util.keystr(path)] for path, _ in named]
    return jax.tree.unflatten(jax.tree.structure(parts), leaves)


def machine() -> dict[str, Any]:
    """What the last bits of a run depend on besides its own settings."""
    device = jax.devices()[0]
    return {
        "jax": jax.__version__,
        "device": device.device_kind,
        "platform": device.platform,
        "processor": platform.machine(),
        "cores": jax.local_device_count() if device.platform == "cpu" else None,
    }
