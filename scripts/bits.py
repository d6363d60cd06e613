"""The SHA-256 of what some twenty sweeps and five training runs compute, a line each.

Run it before and after a change that should change no number, on one machine and one jax version, and compare the
outputs (`.venv/bin/python scripts/bits.py > after.txt; diff before.txt after.txt`). It is a script and no test, since
bits differ between kinds of processors.
"""

import hashlib
from collections.abc import Iterator

import jax
import jax.numpy as jnp
import numpy as np

import jgd

RATES = {"learning_rate": [0.003, 0.03, 0.3, 1e6]}


def digest(*trees: object) -> str:
    """Of all arrays, with their dtypes and shapes."""
    out = hashlib.sha256()
    for leaf in jax.tree.leaves(trees):
        array = np.asarray(leaf)
        out.update(f"{array.dtype}{array.shape}".encode() + array.tobytes())
    return out.hexdigest()


def mixed(peak, b2, schedule):
    """A recipe with a schedule inside, a choice of structure and several numbers."""
    rate = jgd.schedules.CosineDecay(peak, 40) if schedule == "cosine" else peak
    return jgd.optimizers.adam(rate, b2=b2)


def clipped(learning_rate, clip):
    return jgd.chain(
        jgd.transforms.ClipByGlobalNorm(clip),
        jgd.transforms.AddNoise(0.01),
        jgd.transforms.ScaleByLearningRate(learning_rate),
    )


def grown(learning_rate, scale):
    """A trial with an initializer of its own."""
    model = jgd.models.MLP((64, 16, 10), initializer=jgd.models.Normal(scale))
    metrics = {"accuracy": jgd.tasks.Accuracy(model)}
    loss = jgd.SupervisedLoss(model, "softmax_cross_entropy")
    return jgd.RunSpec(jgd.optimizers.momentum(learning_rate), init=model, loss=loss, metrics=metrics)


MIXED = jgd.space(
    peak=jgd.spaces.log_uniform(1e-3, 1),
    b2=jgd.spaces.one_minus_log_uniform(1e-4, 0.5),
    schedule=jgd.spaces.static(["none", "cosine"]),
)


def sweeps() -> Iterator[tuple[str, jgd.Sweep]]:
    """(what it is, the sweep)."""
    common = {"seeds": 2, "steps": 45, "batch_size": 48}
    for recipe in ("sgd", "adam", "rmsprop", "muon", "schedule_free_adamw", "lion", "adafactor", "nadam"):
        yield f"digits {recipe}", jgd.sweep("digits", recipe, RATES, **common)
    yield "mlp momentum", jgd.sweep(jgd.tasks.get("digits", "mlp"), "momentum", RATES, **common)
    yield "mlp adamw block 8", jgd.sweep(jgd.tasks.get("digits", "mlp"), "adamw", RATES, block=8, **common)
    several = jgd.sweep("iris", ["sgd", "nesterov", "adagrad"], RATES, seeds=3, steps=30)
    yield "iris full batches", several
    yield "iris extended", several.extend(seeds=4, steps=50)
    yield "iris mixed", jgd.sweep("iris", mixed, MIXED, samples=6, seeds=2, steps=40, batch_size=20)
    yield "iris sobol", jgd.sweep("iris", mixed, MIXED, samples=5, sampler="sobol", seeds=2, steps=20, batch_size=20)
    noisy = {"learning_rate": [0.01, 0.1], "clip": [0.5, 2.0]}
    yield "iris noise", jgd.sweep("iris", clipped, noisy, seeds=2, steps=40, batch_size=30, order="replacement")
    trial = {"learning_rate": [0.01, 0.1], "scale": [0.05, 0.2]}
    yield "mlp init", jgd.sweep("digits", grown, trial, seeds=2, steps=30, batch_size=64)
    rates = {"learning_rate": list(np.logspace(-3, 0, 9))}
    yield "halving", jgd.sweep("digits", "sgd", rates, policy=jgd.SuccessiveHalving(3), **common)
    yield "hyperband", jgd.sweep("digits", "momentum", rates, policy=jgd.Hyperband(3), **common)
    yield "median", jgd.sweep("digits", "adam", rates, policy=jgd.MedianStopping(), **common)
    space = {"learning_rate": jgd.spaces.log_uniform(1e-3, 1), "momentum": jgd.spaces.uniform(0.5, 0.95)}
    yield (
        "population",
        jgd.sweep("digits", "momentum", space, samples=6, policy=jgd.PopulationBasedTraining(), **common),
    )
    yield "regression", jgd.sweep("diabetes", "adam", RATES, seeds=2, steps=60, batch_size=32)


def trained() -> Iterator[tuple[str, jgd.Run]]:
    """(what it is, the run)."""
    task = jgd.tasks.get("digits", "mlp")
    params = task.init(jgd.init_key(0))
    optimizers, schedules = jgd.optimizers, jgd.schedules
    common = {"validation": task.validation, "metrics": task.metrics}
    rate = schedules.WarmupCosineDecay(0.0, 0.01, 20, 200)
    yield (
        "adam, validated",
        jgd.train(task.loss, optimizers.adam(rate), params, task.train, epochs=4, batch_size=64, **common),
    )
    yield (
        "patience",
        jgd.train(
            task.loss,
            optimizers.momentum(0.5),
            params,
            task.train,
            epochs=6,
            batch_size=50,
            evaluate_every=7,
            metric="accuracy",
            larger_is_better=True,
            stop=jgd.StoppingRule(patience=3, gradient_norm=1e-3),
            **common,
        ),
    )
    yield "diverging", jgd.train(task.loss, optimizers.sgd(1e5), params, task.train, steps=30, batch_size=64)
    order = jgd.data.orders.HardMining(5)
    yield (
        "hard mining",
        jgd.train(task.loss, optimizers.sgd(0.1), params, task.train, steps=40, batch_size=64, order=order),
    )
    rosenbrock = jgd.landscapes.get("rosenbrock")
    yield "lbfgs", jgd.train(rosenbrock, optimizers.lbfgs(), jnp.array([-1.2, 1.0]), steps=30)


def main() -> None:
    """Print every line as soon as it is known."""
    for name, found in sweeps():
        params = [found.params(config, seed) for config in range(len(found.configs)) for seed in found.seeds]
        print(digest(found.loss, found.validation, found.diverged_at, params), "sweep", name, flush=True)
    sure = jgd.sweep("iris", "adam", RATES, seeds=2, steps=30).confirm(3)
    print(digest([[one.validation.mean, one.test.mean] for one in sure.confirmed]), "confirm iris", flush=True)
    for name, run in trained():
        evaluations = [np.asarray(column) for _, column in sorted(run.evaluations.items())]
        history = [np.asarray(column) for _, column in sorted(run.history.items())]
        print(digest(run.params, history, evaluations), "train", name, flush=True)


if __name__ == "__main__":
    main()
