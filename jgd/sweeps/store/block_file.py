"""What a block left as two blobs of a pack, its scores and the rest, and back; refused where they don't fit."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from jgd.core import array_files, checks
from jgd.core.plain_trees import describe_tree, tree_of
from jgd.core.snapshots import pack, unpack
from jgd.core.strict_json import fault_of
from jgd.core.types import Params
from jgd.lane import Lane
from jgd.sweeps.engine.block import Block
from jgd.sweeps.facts import SweepFacts
from jgd.sweeps.store.base import BlockResult
from jgd.sweeps.store.scores import BlockScores


def blobs_of(result: BlockResult) -> tuple[bytes, bytes]:
    """The scores of a result, and the rest: arrays with what is to be known of them."""
    scores = {"diverged_at": result.diverged_at, **{f"metrics.{name}": rows for name, rows in result.metrics.items()}}
    told = {
        "evaluation_steps": list(result.evaluation_steps),
        "seconds": result.seconds,
        "dtype": str(result.losses.dtype),
    }
    rest = {
        "losses": result.losses,
        **{f"recorded.{name}": rows for name, rows in result.recorded.items()},
        **pack("params", result.params),
        **pack("model_state", result.model_state),
    }
    trees = {"tree": describe_tree(result.params), "state_tree": describe_tree(result.model_state)}
    return array_files.blob_of(scores, told), array_files.blob_of(rest, trees)


def scores_of(blob: bytes, block: Block, facts: SweepFacts) -> BlockScores:
    """The scores of a block.

    Raises:
        JgdValueError: for arrays that are not those of the block.
    """
    arrays, told = array_files.read_blob(blob)
    if fault := fault_of(told, {"evaluation_steps": [int], "seconds": float, "dtype": _is_float}):
        raise checks.JgdValueError(fault)
    lanes, evaluations = len(block.configs), len(told["evaluation_steps"])
    wanted = {"diverged_at": (lanes,)}
    wanted |= {f"metrics.{name}": (evaluations, lanes) for name in ("loss", *facts.metrics)}
    _check(arrays, wanted, lanes)
    return BlockScores(
        block=block,
        evaluation_steps=tuple(told["evaluation_steps"]),
        metrics=_part(arrays, "metrics."),
        diverged_at=arrays["diverged_at"],
        seconds=told["seconds"],
        dtype=np.dtype(told["dtype"]),
    )


def result_of(blob: bytes, scores: BlockScores, facts: SweepFacts, like: tuple[Params, Lane] | None) -> BlockResult:
    """The whole result. like: its parameters and lanes; None where no code is there.

    Raises:
        JgdValueError: for arrays that are not those of the block.
    """
    arrays, told = array_files.read_blob(blob)
    block = scores.block
    lanes = len(block.configs)
    steps = (len(block.recorded(facts.record_every)), lanes)
    observed = {name: (*steps, *array.shape[2:]) for name, array in arrays.items() if name.startswith("recorded.")}
    _check(arrays, {"losses": steps, **observed}, lanes)  # what is observed has axes of its own
    if any(arrays[name].shape[:1] != (lanes,) for name in arrays if name.startswith(("params", "model_state"))):
        raise checks.JgdValueError(f"its parameters are not those of {lanes} runs")
    if like is None:
        params = tree_of(told.get("tree"), _part(arrays, "params").values())
        model_state = tree_of(told.get("state_tree"), _part(arrays, "model_state").values())
    else:
        params = unpack("params", arrays, like[0])
        model_state = unpack("model_state", arrays, like[1].train_state.model_state)
    return BlockResult(
        block=block,
        evaluation_steps=scores.evaluation_steps,
        losses=arrays["losses"],
        metrics=scores.metrics,
        diverged_at=scores.diverged_at,
        params=params,
        seconds=scores.seconds,
        recorded=_part(arrays, "recorded."),
        model_state=model_state,
    )


def _part(arrays: Mapping[str, np.ndarray], kind: str) -> dict[str, np.ndarray]:
    return {name.removeprefix(kind): array for name, array in arrays.items() if name.startswith(kind)}


def _is_float(name: Any) -> bool:
    return name in ("float16", "bfloat16", "float32", "float64")


def _check(arrays: Mapping[str, np.ndarray], wanted: Mapping[str, tuple[int, ...]], lanes: int) -> None:
    """Refuse arrays that are not those of a block."""
    for name, shape in wanted.items():
        if name not in arrays or arrays[name].shape != shape or arrays[name].dtype.kind not in "fiuV":
            raise checks.JgdValueError(f"its {name} is not the numbers of {lanes} runs")
