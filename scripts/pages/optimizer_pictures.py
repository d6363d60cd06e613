"""Where each optimizer goes: its path through a ravine and through Rosenbrock's valley, each at the best rate of a grid."""

import hashlib
import inspect
import io
from collections.abc import Callable
from functools import partial
from pathlib import Path

import jax
import jax.numpy as jnp
import matplotlib
import numpy as np
from PIL import Image

import jgd
from jgd import landscapes

ROOT = Path(__file__).parents[2]
KEPT = ROOT / ".cache" / "docs"
DRAWN_BY = [Path(__file__), ROOT / "jgd/landscapes.py", *sorted((ROOT / "jgd/plots/lectures").glob("*.py"))]
GROUNDS = [landscapes.get("ill_conditioned"), landscapes.get("rosenbrock")]
TITLES = ["a ravine", "Rosenbrock's valley"]
RATES = np.array([10 ** (k / 2) for k in range(-8, 3)], np.float32)
STEPS = 200
SETTINGS = {  # what has no default
    "dp_sgd": {"l2_norm_clip": 1.0, "noise_multiplier": 0.5},
    "frank_wolfe": {"onto": jgd.transforms.L2Ball(2.5)},
}


def picture(name: str) -> bytes | None:
    """The PNG of a method, drawn anew where its file, the landscapes or the drawing have changed.

    None for a method that needs what a landscape hasn't got, or an argument that isn't among the settings.
    """
    method = inspect.getsourcefile(inspect.unwrap(jgd.optimizers.get(name)))
    parts = [file.read_bytes() for file in [Path(method), *DRAWN_BY]] + [jax.__version__.encode()]
    kept = KEPT / f"{name}-{hashlib.sha256(b''.join(parts)).hexdigest()[:16]}.png"
    if not kept.exists():
        KEPT.mkdir(parents=True, exist_ok=True)
        for old in KEPT.glob(f"{name}-*.png"):
            old.unlink()
        try:
            found = descents(builder(name))
        except (jgd.JgdError, TypeError) as refused:
            print(f"{name} has no picture: {refused}")
            found = None
        kept.write_bytes(drawn(name, found) if found else b"")
    return kept.read_bytes() or None


def builder(name: str) -> Callable:
    build = partial(jgd.optimizers.get(name), **SETTINGS.get(name, {}))
    takes = inspect.signature(build).parameters
    if "base_optimizer" in takes:
        return lambda learning_rate: build(jgd.optimizers.sgd(learning_rate))
    return build if "learning_rate" in takes else lambda learning_rate: build()


def descents(build: Callable) -> list[tuple[float, np.ndarray]]:
    """(the best rate whose path stays in the picture, that path) on each ground; all rates and grounds are lanes of one program."""

    def loss(w, ground):
        return jnp.where(ground[0] == 0, GROUNDS[0](w), GROUNDS[1](w))

    def path(rate, ground, start):
        optimizer = build(learning_rate=rate)

        def one(state, _):
            state = jgd.step(loss, optimizer, state, ground)[0]
            return state, state.params

        points = jax.lax.scan(one, jgd.start(optimizer, start), None, STEPS)[1]
        points = jnp.concatenate([start[None], points])
        return points, jax.vmap(loss, (0, None))(points, ground)

    over_rates = jax.vmap(path, in_axes=(0, None, None))
    starts = jnp.stack([ground.start for ground in GROUNDS])
    program = jax.jit(jax.vmap(over_rates, in_axes=(None, 0, 0)))
    points, losses = jax.device_get(program(jnp.asarray(RATES), jnp.arange(2)[:, None], starts))
    ends = np.where(np.isfinite(losses).all(axis=2), losses[:, :, -1], np.inf)
    boxes = np.array([(ground.low, ground.high) for ground in GROUNDS])[:, :, None, None]
    inside = ((boxes[:, 0] <= points) & (points <= boxes[:, 1])).all(axis=(2, 3))
    best = np.where(inside & np.isfinite(ends), ends, 1e9 + ends).argmin(axis=1)  # of those in the picture, if any
    return [(float(RATES[k]), points[ground, k]) for ground, k in enumerate(best)]


def drawn(name: str, found: list[tuple[float, np.ndarray]]) -> bytes:
    matplotlib.use("agg")
    axes = jgd.plots.new_axes(2, height=2.9)
    for ax, ground, title, (rate, points) in zip(axes, GROUNDS, TITLES, found, strict=True):
        jgd.plots.plot_paths(ground, {name: points}, ax=ax)
        swept = {"learning_rate", "base_optimizer"} & inspect.signature(jgd.optimizers.get(name)).parameters.keys()
        ax.set_title(f"{title}, learning rate {rate:.3g}" if swept else title, fontsize=9)
        ax.get_legend().remove()
        ax.set(xlabel="", ylabel="")
    whole, small = io.BytesIO(), io.BytesIO()
    axes[0].figure.savefig(whole, format="png", dpi=120)
    matplotlib.pyplot.close(axes[0].figure)
    Image.open(whole).convert("RGB").quantize(64).save(small, format="png", optimize=True)
    return small.getvalue()
