"""Lane-steps per second of a sweep: jgd against what people write by hand.

Digits, batch 64, Adam, 64 learning rates × 4 seeds, on an MLP 64-64-10 and on softmax regression; compile time is
apart. jgd also records the loss curves, watches for divergence and evaluates at the end; its peers only train:

* optax by hand: vmap and scan, optax's own loss, each lane draws its own rows; on one device, and with the lanes
  halved over the devices by hand.
* optax tuned: the same with jgd's loss and with every lane's rows drawn before the clock starts.
* a warm compiled scan (tuned), one config after the other.
* torch, where it is installed: an eager loop, and a torch.func ensemble with one fused Adam.

    python benchmarks/sweep_throughput.py [--rounds 5] [--steps 300] [--only optax] [--out benchmarks/results]
"""

import argparse
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import measure
import numpy as np

import jgd

CONFIGS, SEEDS, BATCH = 64, 4, 64
RATES = jgd.spaces.log_grid(1e-4, 1e-1, CONFIGS)


def ours(task: jgd.Task, steps: int) -> float:
    found = jgd.sweep(
        task, "adam", {"learning_rate": RATES}, seeds=SEEDS, steps=steps, batch_size=BATCH, evaluate_every=steps
    )
    return found.cost["steps_per_second"]


def orders(rows: int, lanes: int, steps: int) -> np.ndarray:
    """(lanes, steps, BATCH) row indices, epochs of permutations: made before the clock starts."""
    rng = np.random.default_rng(0)
    epochs = -(-steps * BATCH // rows)
    whole = np.concatenate([rng.permuted(np.tile(np.arange(rows), (lanes, 1)), axis=1) for _ in range(epochs)], axis=1)
    return whole[:, : steps * BATCH].reshape(lanes, steps, BATCH).astype(np.int32)


def tuned_batch(order: jax.Array, step: jax.Array, data: Any) -> Any:
    return jax.tree.map(lambda a: a[order[step]], data)


def drawn_batch(key: jax.Array, step: jax.Array, data: Any) -> Any:
    rows = jax.random.randint(jax.random.fold_in(key, step), (BATCH,), 0, len(data[0]))
    return jax.tree.map(lambda a: a[rows], data)


def optax_loss(model: Any, params: Any, batch: Any) -> jax.Array:
    import optax

    inputs, labels = batch
    return optax.softmax_cross_entropy_with_integer_labels(model.predict(params, inputs), labels).mean()


def optax_train(loss: Any, batch_of: Any, steps: int, data: Any, rate: jax.Array, params: Any, source: Any) -> Any:
    """One lane by hand: what one writes today, to be jitted or vmapped."""
    import optax

    optimizer = optax.adam(rate)

    def step(carry, t):
        params, state = carry
        value, grads = jax.value_and_grad(loss)(params, batch_of(source, t, data))
        updates, state = optimizer.update(grads, state, params)
        return (optax.apply_updates(params, updates), state), value

    (params, _), losses = jax.lax.scan(step, (params, optimizer.init(params)), jnp.arange(steps))
    return params, losses


def optax_contenders(task: jgd.Task, steps: int) -> dict[str, Callable[[], float]]:
    import optax as optax  # or there is none of them

    devices, lanes = jax.devices(), CONFIGS * SEEDS
    data = jax.tree.map(jnp.asarray, task.train)
    keys = jax.random.split(jax.random.key(0), lanes)
    params = jax.tree.map(lambda leaf: jnp.repeat(leaf, CONFIGS, axis=0), jax.vmap(task.init)(keys[:SEEDS]))
    rates = jnp.tile(jnp.array(RATES, jnp.float32), SEEDS)
    order = jnp.asarray(orders(len(task.train[0]), lanes, steps))
    by_hand = partial(optax_train, partial(optax_loss, task.loss.model), drawn_batch, steps)
    tuned = partial(optax_train, task.loss, tuned_batch, steps)
    pool = ThreadPoolExecutor(len(devices))
    out = {}
    for name, one, source in (("by hand", by_hand, keys), ("tuned", tuned, order)):
        train = jax.jit(jax.vmap(one, in_axes=(None, 0, 0, 0)))
        whole = (data, rates, params, source)
        out[f"optax {name}, one device"] = partial(measure.rate, lanes * steps, partial(train, *whole))
        if len(devices) > 1:
            mine = [jax.tree.map(lambda a, i=i: a[i :: len(devices)], whole[1:]) for i in range(len(devices))]
            shares = [jax.device_put((data, *m), d) for m, d in zip(mine, devices, strict=True)]
            both = lambda train=train, shares=shares: list(
                pool.map(lambda share: jax.block_until_ready(train(*share)), shares)
            )
            out[f"optax {name}, {len(devices)} devices"] = partial(measure.rate, lanes * steps, both)
    alone = jax.jit(tuned)
    few = range(0, lanes, lanes // 8)
    singles = [(data, rates[i], jax.tree.map(lambda leaf, i=i: leaf[i], params), order[i]) for i in few]
    loop = lambda: [jax.block_until_ready(alone(*each)) for each in singles]
    out["warm scan, config by config"] = partial(measure.rate, len(singles) * steps, loop)
    return out


def torch_contenders(task: jgd.Task, steps: int) -> dict[str, Callable[[], float]]:
    import torch

    device = "cuda" if torch.cuda.is_available() else "cpu"
    rows = torch.tensor(task.train[0], device=device), torch.tensor(task.train[1].astype(np.int64), device=device)
    widths = [np.shape(leaf["weights"]) for leaf in _layers(task)]

    def network() -> Any:
        layers = []
        for n_in, n_out in widths:
            layers += [torch.nn.Linear(n_in, n_out), torch.nn.ReLU()]
        return torch.nn.Sequential(*layers[:-1]).to(device)

    some = max(10, steps // 10)
    return {
        "torch eager loop": lambda: measure.rate(steps, lambda: torch_eager(network(), rows, steps)),
        "torch.func ensemble, fused Adam": lambda: measure.rate(
            CONFIGS * some, lambda: torch_ensemble(network, rows, some)
        ),
    }


def torch_eager(model: Any, rows: tuple[Any, Any], steps: int) -> None:
    """One run, step by step."""
    import torch

    inputs, labels = rows
    criterion = torch.nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    for _ in range(steps):
        chosen = torch.randint(0, len(inputs), (BATCH,), device=inputs.device)
        optimizer.zero_grad()
        criterion(model(inputs[chosen]), labels[chosen]).backward()
        optimizer.step()
    torch_wait(inputs)


def torch_ensemble(network: Callable[[], Any], rows: tuple[Any, Any], steps: int) -> None:
    """CONFIGS runs side by side."""
    import torch
    from torch.func import functional_call, grad_and_value, stack_module_state, vmap

    inputs, labels = rows
    base, criterion = network().to("meta"), torch.nn.CrossEntropyLoss()
    params, _ = stack_module_state([network() for _ in range(CONFIGS)])
    params = {name: leaf.detach() for name, leaf in params.items()}
    optimizer = torch.optim.Adam(list(params.values()), lr=1e-3, fused=True)  # one rate for all: it has no other
    gradient = vmap(grad_and_value(lambda p, x, y: criterion(functional_call(base, p, (x,)), y)), in_dims=(0, 0, 0))
    for _ in range(steps):
        chosen = torch.randint(0, len(inputs), (CONFIGS, BATCH), device=inputs.device)
        grads, _ = gradient(params, inputs[chosen], labels[chosen])
        for name, leaf in params.items():
            leaf.grad = grads[name]
        optimizer.step()
    torch_wait(inputs)


def torch_wait(array: Any) -> None:
    """Until the device is done."""
    import torch

    if array.device.type == "cuda":
        torch.cuda.synchronize()


def _layers(task: jgd.Task) -> list[Any]:
    params = task.init(jax.random.key(0))
    return [params] if isinstance(params, dict) else list(params)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--only", default="", help="peers whose name has this in it")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results")
    asked = parser.parse_args()
    if os.environ.get("JAX_PLATFORMS", "cpu") == "cpu":
        jgd.use_cores()
    results = {}
    for model in ("mlp", "softmax"):
        task = jgd.tasks.get("digits", model)
        contenders: dict[str, Callable[[], float]] = {"jgd": partial(ours, task, asked.steps)}
        for peers in (optax_contenders, torch_contenders):
            try:
                contenders |= {name: run for name, run in peers(task, asked.steps).items() if asked.only in name}
            except ImportError as missing:
                print(f"left out: {missing.name} is not installed")
        measured = measure.alternate(contenders, asked.rounds)
        results[model] = measured
        title = "digits MLP 64-64-10" if model == "mlp" else "digits softmax regression"
        print(f"\n{title}, batch {BATCH}, Adam, {CONFIGS} configs × {SEEDS} seeds, {asked.steps} steps")
        print("\n".join(measure.table(measured, "jgd", "steps/s")), flush=True)
    path = measure.file_for(asked.out, "sweep_throughput")
    measure.write(path, {"steps": asked.steps, "steps_per_second": results})
    print(f"\nwrote {path}")


if __name__ == "__main__":
    main()
