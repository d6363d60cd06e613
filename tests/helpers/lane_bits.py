"""The digests of 64 lanes of three models, under every change that must not touch them; also run as a script.

python tests/lane_bits.py DEVICES [CHANGE …]   prints model -> change -> lane -> the first bits of its SHA-256, as JSON
"""

import functools
import hashlib
import json
import sys
from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np

import jgd

RATES = tuple(np.geomspace(1e-3, 1.0, 64).tolist())
MORE = (*RATES, *np.geomspace(1.1, 30.0, 36).tolist())
SHUFFLED = tuple(np.random.default_rng(0).permutation(RATES).tolist())
WILD = tuple(rate for pair in zip(RATES, np.geomspace(1e30, 1e38, 64).tolist(), strict=True) for rate in pair)
SEEDS = (3,)


@jgd.record
class Conv:
    """A user's model: one 3 × 3 convolution to four channels, its mean over 2 × 2 patches, and parameters to evaluate."""

    def init(self, key, dtype=jnp.float32):
        kernel, out = jax.random.split(key)
        return {
            "kernel": jax.random.normal(kernel, (3, 3, 1, 4), dtype) / 3,
            "out": jax.random.normal(out, (64, 10), dtype) / 8,
        }

    def predict(self, params, inputs):
        images = inputs.reshape(-1, 8, 8, 1)
        shape = ("NHWC", "HWIO", "NHWC")
        seen = jax.nn.relu(
            jax.lax.conv_general_dilated(images, params["kernel"], (1, 1), "SAME", dimension_numbers=shape)
        )
        return seen.reshape(-1, 4, 2, 4, 2, 4).mean((2, 4)).reshape(-1, 64) @ params["out"]

    def classify(self, params, inputs):
        return self.predict(params, inputs).argmax(-1)


@functools.cache
def task(model: str) -> jgd.Task:
    if model != "cnn":
        return jgd.tasks.get("iris", model)
    data = jgd.data.datasets.get("digits")
    images = jgd.tasks.supervised(data, Conv(), "softmax_cross_entropy", scale=jgd.tasks.PIXELS)
    few = lambda rows: jax.tree.map(lambda leaf: leaf[:40], rows)
    return replace(images, train=few(images.train), validation=few(images.validation))


def sweep(model: str, rates=RATES, seeds=SEEDS, **options) -> jgd.Sweep:
    options = {"steps": 10, "batch_size": 15, "block": 8, "evaluate_every": 5, **options}
    return jgd.sweep(task(model), "adam", {"learning_rate": rates}, seeds=seeds, **options)


def lanes(found: jgd.Sweep) -> dict[str, str]:
    """learning rate, seed -> a digest of all that the sweep has measured of the lane and kept of it."""
    out = {}
    for config, (_, values) in enumerate(found.configs):
        for place, seed in enumerate(found.seeds):
            measured = [found.loss[config, place], *(seen[config, place] for seen in found.validation.values())]
            arrays = measured + jax.tree.leaves(found.params(config, seed))
            blob = b"".join(np.asarray(array).tobytes() for array in arrays)
            out[f"{values['learning_rate']!r} {seed}"] = hashlib.sha256(blob).hexdigest()[:16]
    return out


CHANGES = {
    "as it is": {},
    "shuffled": {"rates": SHUFFLED},
    "five configs": {"rates": RATES[20:25]},
    "a hundred configs": {"rates": MORE},
    "diverging neighbors": {"rates": WILD},
    "other seeds beside it": {"seeds": (0, *SEEDS)},
}


def digests(model: str, change: str) -> dict[str, str]:
    """The digests of those lanes that are among the 64."""
    own = {f"{rate!r} {seed}" for rate in RATES for seed in SEEDS}
    return {lane: digest for lane, digest in lanes(sweep(model, **CHANGES[change])).items() if lane in own}


if __name__ == "__main__":
    jgd.use_cores(int(sys.argv[1]))
    changes = sys.argv[2:] or CHANGES
    print(json.dumps({model: {c: digests(model, c) for c in changes} for model in ("softmax", "mlp", "cnn")}))
