"""How fast are updates of many parameters? AdamW on 20 million of them (5 million in 500 leaves), in bytes a second.

An update reads gradient, parameters and both moments and writes the last three: 28 bytes a parameter in float32. What
the memory allows is told by a copy in the same run (4 bytes read, 4 written). One leaf, and 500 leaves, each

* jit: one donated call a step, from Python
* scan: the same steps inside one compiled scan

for jgd and optax; torch's fused AdamW (where torch is installed) has no scan. Weight decay, learning rate and gradient
are the same for all; jgd's optimizer is an argument of the compiled call, optax's a constant in it.

    python benchmarks/update_rate.py [--rounds 7] [--leaves 1 500] [--parameters 20000000] [--out benchmarks/results]
"""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import measure

import jgd

RATE, DECAY = 1e-3, 1e-2
PASSES = 7 * 4  # bytes a parameter
STEPS = 10
LEAVES = {1: 20_000_000, 500: 5_000_000}  # leaves -> parameters; many leaves of 20 million take minutes a contender
Contenders = dict[str, Callable[[], float]]  # name -> megabytes a second


def tree_of(parameters: int, leaves: int, value: float) -> list[jax.Array]:
    """So many parameters in leaves of one size."""
    return [jnp.full(parameters // leaves, value, jnp.float32) for _ in range(leaves)]


class Loop:
    """A contender that keeps its parameters and state from call to call, as training does."""

    def __init__(self, start: Any, steps: Callable[[Any], Any], bytes_a_call: int):
        self.now, self.steps, self.bytes = start, steps, bytes_a_call

    def __call__(self) -> float:
        def run() -> Any:
            self.now = self.steps(self.now)
            return self.now

        return measure.rate(self.bytes, run) / 1e6


def in_jax(start: Any, step: Callable[[Any], Any], parameters: int) -> Contenders:
    """A step of (parameters, state), as a jitted call and inside a scan."""
    own = lambda: jax.tree.map(jnp.copy, start)  # calls donate theirs
    once = jax.jit(step, donate_argnums=0)
    scan = jax.jit(lambda now: jax.lax.scan(lambda c, _: (step(c), None), now, length=STEPS)[0], donate_argnums=0)

    def calls(now: Any) -> Any:
        for _ in range(STEPS):
            now = once(now)
        return now

    work = PASSES * parameters * STEPS
    return {"jit": Loop(own(), calls, work), "scan": Loop(own(), scan, work)}


def with_jgd(parameters: int, leaves: int) -> Contenders:
    grads, params = tree_of(parameters, leaves, 0.5), tree_of(parameters, leaves, 1.0)
    optimizer = jgd.optimizers.adamw(RATE, weight_decay=DECAY)

    def step(now: Any) -> Any:
        optimizer, grads, params, state = now
        updates, state = optimizer.update(grads, state, params)
        return optimizer, grads, jgd.apply_updates(params, updates), state

    return in_jax((_arrays(optimizer), grads, params, optimizer.init(params)), step, parameters)


def _arrays(optimizer: jgd.Optimizer) -> jgd.Optimizer:
    return jax.tree.map(jnp.asarray, optimizer)


def with_optax(parameters: int, leaves: int) -> Contenders:
    import optax

    grads, params = tree_of(parameters, leaves, 0.5), tree_of(parameters, leaves, 1.0)
    optimizer = optax.adamw(RATE, weight_decay=DECAY)

    def step(now: Any) -> Any:
        grads, params, state = now
        updates, state = optimizer.update(grads, state, params)
        return grads, optax.apply_updates(params, updates), state

    return in_jax((grads, params, optimizer.init(params)), step, parameters)


def with_torch(parameters: int, leaves: int) -> Contenders:
    import torch

    device = "cuda" if torch.cuda.is_available() else "cpu"
    params = [torch.ones(parameters // leaves, device=device, requires_grad=True) for _ in range(leaves)]
    for each in params:
        each.grad = torch.full_like(each, 0.5)
    optimizer = torch.optim.AdamW(params, lr=RATE, weight_decay=DECAY, fused=True)

    def calls(_: Any) -> None:
        for _ in range(STEPS):
            optimizer.step()
        if device == "cuda":
            torch.cuda.synchronize()

    return {"fused": Loop(None, calls, PASSES * parameters * STEPS)}


def copying(parameters: int) -> Contenders:
    """What the memory gives: each entry read and written, in place."""
    add = jax.jit(lambda x: x + 1, donate_argnums=0)

    def calls(x: jax.Array) -> jax.Array:
        for _ in range(STEPS):
            x = add(x)
        return x

    return {"copy": Loop(jnp.zeros(parameters), calls, 2 * 4 * parameters * STEPS)}


def contenders(parameters: int, leaves: int) -> Contenders:
    """All that is installed, by name; and the copy."""
    out = copying(parameters)
    for name, make in {"jgd": with_jgd, "optax": with_optax, "torch": with_torch}.items():
        try:
            made = make(parameters, leaves)
        except ImportError as missing:
            print(f"left out: {missing.name} is not installed")
            continue
        out |= {f"{name} {how}": run for how, run in made.items()}
    return out


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--leaves", type=int, nargs="+", choices=LEAVES, default=list(LEAVES))
    parser.add_argument("--parameters", type=int, help="in either case")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results")
    asked = parser.parse_args()
    results: dict[str, Any] = {}
    path = measure.file_for(asked.out, "update_rate")
    for leaves in asked.leaves:
        parameters = asked.parameters or LEAVES[leaves]
        print(f"\nAdamW, {parameters:,} parameters in {leaves} leaves")
        measured = measure.alternate(contenders(parameters, leaves), asked.rounds)
        results[str(leaves)] = {"parameters": parameters, "megabytes_per_second": measured}
        print("\n".join(measure.table(measured, "jgd jit", "MB/s")), flush=True)
        measure.write(path, {"leaves": results})
    print(f"\nwrote {path}")


if __name__ == "__main__":
    main()
