"""Ten million runs planned, stored and shown, each in a process of its own, with its seconds and its peak of memory.

2.5 million learning rates × 4 seeds of a softmax regression on the iris. Nothing is trained: blocks get made-up scores and
parameters, and land through the store's own writer. Then the directory is loaded, its best configs are chosen, and
`jgd show` prints it.

    python benchmarks/ten_million.py [--configs 2500000] [--block 500] [--out benchmarks/results]
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import measure
import numpy as np

import jgd
from jgd.lane import NOT_DIVERGED
from jgd.sweeps.engine.block import Block
from jgd.sweeps.plan import Plan
from jgd.sweeps.policies.policy import Round
from jgd.sweeps.round_blocks import round_blocks
from jgd.sweeps.store.base import BlockResult
from jgd.sweeps.store.manifest import open_store

SEEDS, STEPS = 4, 100
RATES = jgd.spaces.log_uniform(1e-5, 10.0)


def planned(configs: int, block: int) -> Plan:
    """The plan of the large sweep: that of a small one, with more configs."""
    ask = {"seeds": SEEDS, "steps": STEPS, "evaluate_every": STEPS, "record_every": STEPS, "progress": False}
    small = jgd.sweep("iris", "adam", {"learning_rate": RATES}, samples=2, sampler="random", block=2, **ask)
    return replace(small.plan, axis=small.plan.axis.longer(configs, ()), block=block)


def blocks_of(plan: Plan) -> list[Block]:
    nothing = np.zeros((len(plan.configs), SEEDS), bool)

    class Untouched:
        done = staticmethod(lambda step: nothing)
        reached = staticmethod(lambda configs, seed, most: np.zeros(len(configs), int))

    return round_blocks(plan, Round(tuple(range(len(plan.configs))), STEPS), Untouched())


def made_up(plan: Plan, block: Block, like: Any, rng: np.random.Generator) -> BlockResult:
    """Scores that are best at a learning rate of 0.03; those far above it have diverged."""
    rates = np.array([plan.configs[config][1]["learning_rate"] for config in block.configs])
    score = 0.95 - 0.05 * np.abs(np.log10(rates / 0.03)) + 0.01 * rng.standard_normal(len(rates))
    params = {name: np.zeros((len(rates), *leaf.shape[1:]), leaf.dtype) for name, leaf in like.items()}
    return BlockResult(
        block=block,
        evaluation_steps=(STEPS,),
        losses=np.ones((1, len(rates)), np.float32),
        metrics={name: score.astype(np.float32)[None] for name in ("loss", *plan.facts.metrics)},
        diverged_at=np.where(rates > 3, 5, NOT_DIVERGED).astype(np.int32),
        params=params,
        seconds=0.01,
    )


def plan_part(configs: int, block: int, path: Path) -> dict[str, Any]:
    plan = planned(configs, block)
    before = measured()
    begin = time.process_time()
    blocks = len(blocks_of(plan))
    return {"cpu_seconds": time.process_time() - begin, "bytes_before": before, "blocks": blocks}


def store_part(configs: int, block: int, path: Path) -> dict[str, Any]:
    plan = planned(configs, block)
    rng, blocks = np.random.default_rng(0), blocks_of(plan)
    before, begin = measured(), time.perf_counter()
    with open_store(plan, path, resume=False) as store:
        opened = time.perf_counter() - begin
        lanes: Any = np.zeros((block, 4), np.float32)  # nobody goes on from them
        like = {"bias": np.zeros((1, 3), np.float32), "weights": np.zeros((1, 4, 3), np.float32)}
        for each in blocks:
            store.add(made_up(plan, each, like, rng), lanes)
    return {"open_seconds": opened, "bytes_before": before}


def load_part(configs: int, block: int, path: Path) -> dict[str, Any]:
    found = jgd.load_sweep(path)
    return {"left": found.runs_left, "best": found.best.hyperparameters["learning_rate"]}


def show_part(configs: int, block: int, path: Path) -> dict[str, Any]:
    from jgd.cli import main

    sys.argv = ["jgd", "show", str(path)]
    code = 0
    try:
        main()
    except SystemExit as end:
        code = end.code
    return {"code": code}


PARTS = {"plan": plan_part, "store": store_part, "load": load_part, "show": show_part}


def measured() -> int:
    """The peak of this process's memory so far, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--configs", type=int, default=2_500_000)
    options.add_argument("--block", type=int, default=500)
    options.add_argument("--out", type=Path)
    options.add_argument("--part", choices=PARTS)
    options.add_argument("--store", type=Path)
    asked = options.parse_args()
    if asked.part:
        begin = time.perf_counter()
        told = PARTS[asked.part](asked.configs, asked.block, asked.store)
        spent = {"seconds": time.perf_counter() - begin, "cpu": time.process_time(), "peak_bytes": measured()}
        print(json.dumps({"part": asked.part, **spent, **told}))
        return
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for part in PARTS:
            words = ["--configs", str(asked.configs), "--block", str(asked.block), "--store", f"{folder}/sweep"]
            said = subprocess.run(
                [sys.executable, __file__, "--part", part, *words], stdout=subprocess.PIPE, text=True, check=True
            )
            *seen, last = said.stdout.splitlines()
            print("\n".join(seen[:12]))
            print(last, flush=True)
            rows.append(json.loads(last))
        files = [file for file in Path(folder).rglob("*") if file.is_file()]
        sizes = {file.name: file.stat().st_size for file in files if file.suffix != ".pack"}
        packs = [file.stat().st_size for file in files if file.suffix == ".pack"]
        print(f"{len(packs)} packs of {sum(packs):,} bytes; {sizes}")
    if asked.out:
        runs = asked.configs * SEEDS
        measure.write(
            measure.file_for(asked.out, "ten_million"),
            {"runs": runs, "block": asked.block, "parts": rows, "packs": packs, "files": sizes},
        )


if __name__ == "__main__":
    main()
