"""A sweep whose processes are killed at random moments, again and again, ends with the bits of one that nobody disturbs.

Killed (SIGKILL) are workers of a Dask cluster of two processes, the process that gives them blocks, and each of two
`jgd work` processes on one directory. Digits, softmax, Adam, 48 learning rates × 2 seeds, blocks of 4 runs.

    python benchmarks/kills.py [--workers 8] [--coordinators 6] [--shards 6] [--steps 4000] [--out benchmarks/results]
"""

import argparse
import contextlib
import hashlib
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import jax
import measure
import numpy as np

import jgd

RATES = jgd.spaces.log_grid(1e-4, 1.0, 48)
A_DIRECTORY = 4  # kills, then from an empty one again


def swept(steps: int, **options: Any) -> jgd.Sweep:
    ask = {"seeds": 2, "steps": steps, "batch_size": 64, "block": 4, "progress": False}
    return jgd.sweep("digits", "adam", {"learning_rate": RATES}, **ask | options)


def bits(found: jgd.Sweep) -> str:
    arrays = (found.loss, *found.validation.values(), found.diverged_at, *jax.tree.leaves(found.final))
    return hashlib.sha256(b"".join(np.ascontiguousarray(array).tobytes() for array in arrays)).hexdigest()


def coordinate(steps: int, path: str) -> None:
    """The child: a sweep on a cluster of its own. It says how many blocks have landed, and its bits at the end."""
    from distributed import Client, LocalCluster

    blocks = [-1]

    def tell(progress: Any) -> None:
        if progress.stage == "run" and progress.blocks > blocks[-1]:
            blocks.append(progress.blocks)
            print("landed", progress.blocks, flush=True)

    cluster = LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=":0", silence_logs=50)
    with cluster, Client(cluster) as client:
        found = swept(steps, store=path, executor=client, callback=tell)
        print("bits", bits(found), flush=True)


def started(*words: str) -> subprocess.Popen:
    """A child with a process group of its own, so that what it leaves behind can be ended too."""
    return subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, start_new_session=True)


def end_group(child: subprocess.Popen) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()


def children_of(pid: int) -> list[int]:
    """The processes below one whose command line is that of a Dask worker."""
    said = subprocess.run(["ps", "-eo", "pid,ppid,args"], stdout=subprocess.PIPE, text=True, check=True).stdout
    rows = [line.split(None, 2) for line in said.splitlines()[1:]]
    return [int(own) for own, parent, words in rows if int(parent) == pid and "spawn_main" in words]


def cluster_with_kills(path: Path, steps: int, kills: list[str], rng: random.Random) -> str:
    """Run the child until it ends, and take from `kills` ("worker", "coordinator") as many as fit in: -> its bits.

    A kill comes some blocks after the one before, at a random moment of a block.
    """
    while True:
        child, wait, said = started(sys.executable, __file__, "--child", str(path), "--steps", str(steps)), 2, ""
        try:
            assert child.stdout is not None
            for line in child.stdout:
                word, value, *_ = line.split()
                wait -= 1
                if word == "bits":
                    said = value
                elif kills and wait <= 0:
                    workers = children_of(child.pid)
                    victim = child.pid if kills[0] == "coordinator" else rng.choice(workers) if workers else None
                    if victim is not None:
                        time.sleep(rng.uniform(0, 0.3))
                        os.kill(victim, signal.SIGKILL)
                        print(f"  killed a {kills.pop(0)} when {value} blocks had landed", flush=True)
                        wait = rng.randint(1, 5)
        finally:
            end_group(child)
        if said:
            return said


def shards_with_kills(path: Path, steps: int, kills: int, rng: random.Random, seconds: float) -> str:
    """Two `jgd work` on one directory, each killed and begun again: -> the bits of what they land."""
    code = "from jgd.cli import main; main()"
    beginning = started(sys.executable, __file__, "--begin", str(path), "--steps", str(steps))
    while not (path / "journal-0").exists():
        time.sleep(0.05)
    end_group(beginning)
    print("  killed the process that began", flush=True)
    work = lambda k: started(sys.executable, "-c", code, "work", str(path), "--shard", f"{k}/2")
    running = {k: work(k) for k in (0, 1)}
    ended = dict.fromkeys(running, False)
    while not all(ended.values()):
        time.sleep(rng.uniform(0, 2 * seconds))
        for k, child in running.items():
            if not ended[k] and child.poll() is not None:
                ended[k] = child.returncode == 0
                running[k] = child if ended[k] else work(k)
        alive = [k for k, child in running.items() if not ended[k] and child.poll() is None]
        lines = sum(len((path / f"journal-{k}").read_text().split()) for k in alive if (path / f"journal-{k}").exists())
        if kills and alive and lines:
            os.kill(running[rng.choice(alive)].pid, signal.SIGKILL)
            kills -= 1
            print("  killed a shard", flush=True)
    found = swept(steps, store=path)
    assert found.cost["steps"] == 0, "a shard has left runs"
    return bits(found)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--workers", type=int, default=8)
    options.add_argument("--coordinators", type=int, default=6)
    options.add_argument("--shards", type=int, default=6)
    options.add_argument("--steps", type=int, default=4000)
    options.add_argument("--seed", type=int, default=0)
    options.add_argument("--out", type=Path)
    options.add_argument("--child")
    options.add_argument("--begin")
    asked = options.parse_args()
    if asked.child:
        return coordinate(asked.steps, asked.child)
    if asked.begin:
        swept(asked.steps, store=asked.begin, shard=(0, 2))
        return None
    rng, begin = random.Random(asked.seed), time.perf_counter()
    want = bits(swept(asked.steps))
    begin, _ = time.perf_counter(), bits(swept(asked.steps))
    seconds = time.perf_counter() - begin
    print(f"undisturbed: {seconds:.1f} s", flush=True)
    kills = ["worker"] * asked.workers + ["coordinator"] * asked.coordinators
    rng.shuffle(kills)
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        while kills:
            some, kills = kills[:A_DIRECTORY], kills[A_DIRECTORY:]
            print("cluster:", *some, flush=True)
            left = list(some)
            same = cluster_with_kills(Path(folder) / str(len(rows)), asked.steps, left, rng) == want
            kills = [*left, *kills]
            rows.append({"kills": some[: len(some) - len(left)], "same": same})
            print("  same bits" if same else "  other bits", flush=True)
        if asked.shards:
            print(f"two `jgd work`: {asked.shards} kills", flush=True)
            same = shards_with_kills(Path(folder) / "shards", asked.steps, asked.shards - 1, rng, seconds) == want
            rows.append({"kills": ["jgd work"] * asked.shards, "same": same})
    print("same bits" if all(row["same"] for row in rows) else f"bits differ: {rows}")
    if asked.out:
        measure.write(measure.file_for(asked.out, "kills"), {"steps": asked.steps, "rounds": rows})
    if not all(row["same"] for row in rows):
        sys.exit(1)


if __name__ == "__main__":
    main()
