"""Which policy when: how often each keeps the best config, what its pick is worth, and what it costs.

A policy is a pure function of scores, and survivors keep their bits. So what it would do is told by the scores of a sweep in
which every config had every step: each study draws 32 configs and 3 seeds (a race up to 12) from such a table and lets every
policy decide by them. The best is known: it is the one with the best mean of all the table's seeds, or by construction.

    ranks kept      curves that do not cross, no noise
    noise           the same, with noise of the seeds as large as the distance of the first from the eighth
    crossing        better configs are slower: early scores mislead
    digits          softmax regression, 64 configs of Adam (rate, b1) and 12 seeds, trained

Time is that of WORKERS which take a config each, at all its seeds, and need e^z times as long for it, z normal with a deviation of
UNEVEN: a policy that decides round by round waits for the last of them.

    python benchmarks/policies.py [--studies 100] [--out benchmarks/results]
"""

import argparse
import heapq
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import measure
import numpy as np

import jgd
from jgd.sweeps import Full, Round, SweepState, pick

STEPS, CONFIGS, FEW, MANY = 81, 32, 3, 12
WORKERS, UNEVEN = 8, 0.5
START = -4.0  # where curves begin; what configs are worth is normal around 0
POLICIES: dict[str, tuple[Any, int]] = {  # the policy, and the seeds that it may use
    "full, 3 seeds": (Full(), FEW),
    "full, 12 seeds": (Full(), MANY),
    "halving": (jgd.SuccessiveHalving(3), FEW),
    "halving, ties stay": (jgd.SuccessiveHalving(3, confidence=0.95), FEW),
    "asynchronous halving": (jgd.AsynchronousHalving(3), FEW),
    "Hyperband": (jgd.Hyperband(3), FEW),
    "Hyperband, ties stay": (jgd.Hyperband(3, confidence=0.95), FEW),
    "median": (jgd.MedianStopping(), FEW),
    "race, 3 to 12 seeds": (jgd.RacingSeeds(3), MANY),
}

Table = tuple[np.ndarray, np.ndarray]  # scores (configs, seeds, steps), and what each config is worth (configs,)


def decide(policy: Any, scores: np.ndarray, draws: np.random.Generator) -> tuple[int | None, int, float]:
    """(the config that a policy picks, the steps of all runs, the time) in a sweep with these scores (configs, seeds, steps)."""
    configs, seeds, steps = scores.shape
    policy = policy.resolve(steps, configs)
    looks = tuple(sorted({*policy.evaluation_steps(steps), steps}))
    seen = scores[..., np.array(looks) - 1]
    given, rounds = np.zeros((configs, seeds), int), []
    state = SweepState(
        ({},) * configs,
        tuple(range(seeds)),
        steps,
        True,
        looks,
        given.max(axis=1),
        seen,
        (),
        (0,) * configs,
        (jgd.space(rate=[1.0]),) * configs,
        widths=(1,),
    )
    free, on_their_way = (
        [0.0] * WORKERS,
        list[tuple[float, int, Round]](),
    )  # when workers are free, and when rounds land
    while True:
        known = np.where(np.array(looks) > given[..., None], np.nan, seen)
        running = frozenset(config for *_, each in on_their_way for config in each.configs)
        now = replace(state, reached=given.max(axis=1), scores=known, rounds=tuple(rounds), running=running)
        busy = on_their_way and (not policy.asynchronous or len(on_their_way) == WORKERS)
        current: Round | None = None if busy else policy.next_round(now)
        if current is None and on_their_way:
            time, _, landed = heapq.heappop(on_their_way)
            given[np.ix_(landed.configs, landed.places(seeds))] = landed.until
            free = [max(time, each) for each in free]  # nothing begins before what it was decided by
            continue
        if current is None:
            ends = np.take_along_axis(scores, np.maximum(given - 1, 0)[..., None], axis=2)[..., 0]
            return pick(np.where(given > 0, ends, np.nan), True, given.sum(axis=1)), int(given.sum()), max(free)
        rounds.append(current)
        steps_left = (current.until - given[np.ix_(current.configs, current.places(seeds))]).sum(axis=1)
        ended = []
        for some in steps_left.tolist():
            ended.append(heapq.heappop(free) + some * float(np.exp(UNEVEN * draws.normal())))
            heapq.heappush(free, ended[-1])
        heapq.heappush(on_their_way, (max(ended), len(rounds), current))


def synthetic(crossing: bool, noise: float) -> Callable[[np.random.Generator], Table]:
    """Curves from START to what a config is worth, as 1 − exp(−speed · t / steps), with noise of each seed that lasts."""

    def drawn(draws: np.random.Generator) -> Table:
        worth = draws.normal(size=CONFIGS)
        ranks = worth.argsort().argsort() / (CONFIGS - 1)
        speed = (12 - 10 * ranks if crossing else np.full(CONFIGS, 6.0))[:, None]
        time = np.arange(1, STEPS + 1) / STEPS
        curve = START + (worth[:, None] - START) * np.expm1(-speed * time) / np.expm1(-speed)
        gap = np.sort(worth)[-1] - np.sort(worth)[-8]
        return curve[:, None] + noise * gap * draws.normal(size=(CONFIGS, MANY, 1)), worth

    return drawn


def trained() -> Callable[[np.random.Generator], Table]:
    """The scores of a sweep in which every config had every step."""
    space = {"learning_rate": jgd.spaces.log_uniform(1e-4, 3), "b1": jgd.spaces.one_minus_log_uniform(0.02, 1)}
    options = {"seeds": MANY, "steps": STEPS, "batch_size": 64, "evaluate_every": 1}
    task = replace(jgd.tasks.get("digits", "softmax"), metric="loss", larger_is_better=False)
    found = jgd.sweep(task, "adam", space, samples=2 * CONFIGS, **options)
    losses = np.log(found.validation["loss"])  # so that a loss of 100 is no regret of 100
    worth = -losses[..., -1].mean(axis=1)
    worth = np.where(np.isfinite(worth), worth, np.nanmin(worth))  # one that diverged is no better than the worst

    def drawn(draws: np.random.Generator) -> Table:
        some, seeds = draws.permutation(len(losses))[:CONFIGS], draws.permutation(MANY)
        return -losses[some][:, seeds], worth[some]

    return drawn


def studied(drawn: Callable[[np.random.Generator], Table], studies: int) -> dict[str, dict[str, float]]:
    """For each policy: how often it picks the best, the mean regret of its pick, and its steps over those of 3 full seeds."""
    told = {name: {"best": 0.0, "regret": 0.0, "steps": 0.0, "time": 0.0} for name in POLICIES}
    for study in range(studies):
        scores, worth = drawn(np.random.default_rng(study))
        spread = np.sort(worth)[-1] - np.median(worth)
        for name, (policy, seeds) in POLICIES.items():
            chosen, steps, time = decide(policy, scores[:, :seeds], np.random.default_rng(study))
            told[name]["best"] += (chosen == worth.argmax()) / studies
            told[name]["regret"] += (1.0 if chosen is None else float((worth.max() - worth[chosen]) / spread)) / studies
            told[name]["steps"] += steps / (CONFIGS * FEW * STEPS) / studies
            told[name]["time"] += time * WORKERS / (CONFIGS * FEW * STEPS) / studies
    return told


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--studies", type=int, default=100)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results")
    asked = parser.parse_args()
    tables = {
        "ranks kept": synthetic(False, 0.0),
        "noise": synthetic(False, 1.0),
        "crossing": synthetic(True, 0.1),
        "digits": trained(),
    }
    results = {name: studied(drawn, asked.studies) for name, drawn in tables.items()}
    print(
        f"{asked.studies} studies of {CONFIGS} configs; the best found · regret in distances of the best from the median · steps · "
        f"time of {WORKERS} workers"
    )
    print(f"{'':22}" + "".join(f"{name:>31}" for name in tables))
    for policy in POLICIES:
        cells = (results[name][policy] for name in tables)
        print(
            f"{policy:22}"
            + "".join(f"{c['best']:10.0%}{c['regret']:7.3f}{c['steps']:7.2f}{c['time']:7.2f}" for c in cells)
        )
    path = measure.file_for(asked.out, "policies")
    measure.write(path, {"studies": asked.studies, "policies": results})
    print(f"wrote {path}")


if __name__ == "__main__":
    main()
