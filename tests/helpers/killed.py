"""A run in a process of its own, to be killed: `python killed.py SETTING FOLDER [STORE]` prints the digest of its end."""

import importlib
import sys
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np

import jgd
from jgd import transforms
from jgd.core.fingerprint import tree_digest
from jgd.data import orders

STEPS = 12_000
RNG = np.random.default_rng(0)
ROWS = (RNG.normal(size=(200, 3)).astype(np.float32), RNG.normal(size=200).astype(np.float32))
LOSS = jgd.SupervisedLoss(jgd.models.Linear(3), "squared_error")
START = {"weights": jnp.ones(3), "bias": jnp.zeros(())}


def mapped(folder: Path):
    return tuple(np.load(folder / f"{name}.npy", mmap_mode="r") for name in "xy")


def mined():
    """Hard rows mined, a restarting schedule, eight-bit moments, a lookahead around all, and the mean of the path."""
    rate = jgd.schedules.CosineRestarts(0.01, 700)
    inner = transforms.EightBit(jgd.optimizers.adam(rate).transform, 4, 3)
    optimizer = jgd.chain(transforms.Lookahead(transforms.SkipNonFinite(inner), 5), transforms.MeanOfParams(100.0))
    return optimizer, {
        "order": orders.HardMining(update_every=130),
        "history": 256,
        "observe": lambda params: params["bias"],
    }


def noisy():
    """Noise in every gradient, accumulated in threes, and a plateau that hears the validation loss."""
    inner = jgd.chain(transforms.AddNoise(0.01, 0.55), jgd.optimizers.momentum(0.01).transform).transform
    optimizer = jgd.chain(transforms.Accumulate(inner, 3), transforms.ReduceOnPlateau(factor=0.8, metric="validation"))
    return optimizer, {}


SETTINGS = {
    "adam": lambda: (jgd.optimizers.adam(0.01), {"stop": jgd.StoppingRule(patience=1000)}),
    "mined": mined,
    "noisy, mapped": noisy,
}


def main(name: str, folder: str, store: str | None = None) -> None:
    importlib.import_module("jgd.training.plan").SEGMENT_STEPS = 20
    optimizer, options = SETTINGS[name]()
    data = mapped(Path(folder)) if "mapped" in name else ROWS
    options |= {"steps": STEPS, "batch_size": 7, "validation": ROWS, "evaluate_every": 500}
    run = jgd.train(LOSS, optimizer, START, data, store=store, resume=store is not None, save_every=0, **options)
    seen = jax.tree.map(np.asarray, (run.params, run.train_state, run.best and run.best.params, run.observations))
    print(run.status, tree_digest((seen, run.history, run.evaluations)))


if __name__ == "__main__":
    main(*sys.argv[1:])
