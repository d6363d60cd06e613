"""What stopping early saves: wall time against steps.

Digits, batch 64, Adam, 81 learning rates × 4 seeds, on an MLP 64-64-10 and on softmax regression: every config to the
end, successive halving (eta 3, from steps / 27) and Hyperband. Survivors are cut into full blocks again after each
rung, so wall time should fall with the steps that blocks run, those that only fill a block included. What counts
is the ratio of the two ratios, 1 where a step costs the same in a short round as in a long one. The clock runs over
the whole call: deciding, gathering runs and assembling the result are in it, compiling is not (the first round warms
up). Each policy's winner is compared with the full sweep's.

    python benchmarks/halving.py [--rounds 5] [--steps 810] [--out benchmarks/results]
"""

import argparse
import os
import statistics
import time
from functools import partial
from pathlib import Path
from typing import Any

import measure

import jgd

CONFIGS, SEEDS, BATCH = 81, 4, 64
RATES = jgd.spaces.log_grid(1e-4, 1e-1, CONFIGS)


def seconds(task: jgd.Task, steps: int, policy: Any, kept: dict[str, jgd.Sweep], name: str) -> float:
    begin = time.perf_counter()
    kept[name] = jgd.sweep(
        task, "adam", {"learning_rate": RATES}, seeds=SEEDS, steps=steps, batch_size=BATCH, policy=policy
    )
    return time.perf_counter() - begin - kept[name].cost["compile_seconds"]


def told(measured: dict[str, list[float]], kept: dict[str, jgd.Sweep]) -> dict[str, dict[str, Any]]:
    """For each policy: its time and its padded steps over the full sweep's, and whether it found the same config."""
    full = sum(kept["full"].cost["round_padded_steps"])
    out = {}
    for name, found in kept.items():
        pairs = zip(measured[name], measured["full"], strict=True)
        wall = statistics.median(mine / whole for mine, whole in pairs)  # rounds alternate, so pairs share their minute
        padded = sum(found.cost["round_padded_steps"]) / full
        out[name] = {
            "seconds": measured[name],
            "wall_ratio": wall,
            "padded_step_ratio": padded,
            "ratio_of_ratios": wall / padded,
            "saved_share": found.cost["saved_share"],
            "same_winner": found.best.config == kept["full"].best.config,
            "score": found.best.validation.mean,
            "round_until": found.cost["round_until"],
            "round_seconds": found.cost["round_seconds"],
            "round_padded_steps": found.cost["round_padded_steps"],
        }
    return out


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=810)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results")
    asked = parser.parse_args()
    if os.environ.get("JAX_PLATFORMS", "cpu") == "cpu":
        jgd.use_cores()
    policies = {
        "full": None,
        "halving": jgd.SuccessiveHalving(3, min_steps=max(1, asked.steps // 27)),
        "hyperband": jgd.Hyperband(3, min_steps=max(1, asked.steps // 27)),
    }
    results = {}
    for model in ("mlp", "softmax"):
        task, kept = jgd.tasks.get("digits", model), {}
        contenders = {
            name: partial(seconds, task, asked.steps, policy, kept, name) for name, policy in policies.items()
        }
        results[model] = told(measure.alternate(contenders, asked.rounds), kept)
        title = "digits MLP 64-64-10" if model == "mlp" else "digits softmax regression"
        print(f"\n{title}, batch {BATCH}, Adam, {CONFIGS} configs × {SEEDS} seeds, {asked.steps} steps")
        print(f"{'':10}{'seconds':>9}{'wall':>8}{'steps':>12}{'wall / them':>13}{'saved':>8}  winner")
        for name, one in results[model].items():
            winner = f"{'the same' if one['same_winner'] else 'another'}, {one['score']:.4f}"
            print(
                f"{name:10}{statistics.median(one['seconds']):9.2f}{one['wall_ratio']:8.3f}"
                f"{one['padded_step_ratio']:12.3f}{one['ratio_of_ratios']:13.3f}{one['saved_share']:8.0%}  {winner}"
            )
    path = measure.file_for(asked.out, "halving")
    measure.write(path, {"steps": asked.steps, "policies": results})
    print(f"\nwrote {path}")


if __name__ == "__main__":
    main()
