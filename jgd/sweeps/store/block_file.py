"""What a block left as the arrays of a file and a part of the journal's line, and back; refused where they don't fit."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from jgd.core import checks
from jgd.core.plain_trees import describe_tree, tree_of
from jgd.core.snapshots import pack, unpack
from jgd.core.types import Params
from jgd.lane import Lane
from jgd.sweeps.engine.block import Block
from jgd.sweeps.facts import SweepFacts
from jgd.sweeps.store.base import BlockResult


def arrays_of(result: BlockResult) -> dict[str, np.ndarray]:
    """The arrays of a result, by the names that they have in its file."""
    return {
        "losses": result.losses,
        "diverged_at": result.diverged_at,
        **{f"metrics.{name}": rows for name, rows in result.metrics.items()},
        **{f"recorded.{name}": rows for name, rows in result.recorded.items()},
        **pack("params", result.params),
        **pack("model_state", result.model_state),
    }


def facts_of(result: BlockResult) -> dict[str, Any]:
    """What the journal says of a result beside its place: evaluations, seconds, and the structure of its trees."""
    state = {} if result.model_state is None else {"state_tree": describe_tree(result.model_state)}
    return {
        "evaluation_steps": list(result.evaluation_steps),
        "seconds": result.seconds,
        "tree": describe_tree(result.params),
        **state,
    }


def result_of(
    arrays: Mapping[str, np.ndarray],
    line: Mapping[str, Any],
    block: Block,
    facts: SweepFacts,
    like: tuple[Params, Lane] | None,
) -> BlockResult:
    """The result that `arrays_of` and `facts_of` took apart. like: its parameters and lanes; None where no code is there.

    Raises:
        JgdValueError: for arrays that are not those of the block.
    """
    _check(arrays, block, len(line["evaluation_steps"]), facts)
    part = lambda kind: {name.removeprefix(kind): a for name, a in arrays.items() if name.startswith(kind)}
    if like is None:
        params = tree_of(line["tree"], part("params").values())
        model_state = tree_of(line.get("state_tree"), part("model_state").values())
    else:
        params = unpack("params", arrays, like[0])
        model_state = unpack("model_state", arrays, like[1].train_state.model_state)
    return BlockResult(
        block=block,
        evaluation_steps=tuple(line["evaluation_steps"]),
        losses=arrays["losses"],
        metrics=part("metrics."),
        diverged_at=arrays["diverged_at"],
        params=params,
        seconds=line["seconds"],
        recorded=part("recorded."),
        model_state=model_state,
    )


def _check(arrays: Mapping[str, np.ndarray], block: Block, evaluations: int, facts: SweepFacts) -> None:
    """Refuse arrays that are not those of a block."""
    lanes = len(block.configs)
    wanted = {"losses": (len(block.recorded(facts.record_every)), lanes), "diverged_at": (lanes,)}
    wanted |= {f"metrics.{name}": (evaluations, lanes) for name in ("loss", *facts.metrics)}
    wanted |= {  # what is observed has axes of its own
        name: (*wanted["losses"], *array.shape[2:]) for name, array in arrays.items() if name.startswith("recorded.")
    }
    for name, shape in wanted.items():
        if name not in arrays or arrays[name].shape != shape or arrays[name].dtype.kind not in "fiuV":
            raise checks.JgdValueError(f"its {name} is not the numbers of {lanes} runs")
    if any(arrays[name].shape[:1] != (lanes,) for name in arrays if name.startswith(("params", "model_state"))):
        raise checks.JgdValueError(f"its parameters are not those of {lanes} runs")
