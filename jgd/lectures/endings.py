"""The training loop, when it ends, and which parameters are kept."""

import jax
import jax.numpy as jnp
import numpy as np

from jgd import optimizers, plots, tasks
from jgd.data import datasets
from jgd.lectures import hours
from jgd.lectures.demonstration import Part, Pictures, Table
from jgd.losses import SupervisedLoss
from jgd.models import Linear
from jgd.stopping import StoppingRule
from jgd.training import train

LOOP = """init weights
loop until a rule says stop:
    loss and gradients of a batch, all of them at the present weights
    update all weights
"""


def stopping() -> tuple[list[Part], Pictures]:
    """Each way to end, by its status; and the best validation beside the last."""
    rules = {
        "a budget of 100 steps": (100, None),
        "the gradient's norm ≤ 1e-6": (1000, StoppingRule(gradient_norm=1e-6)),
        "the loss changes by ≤ 1e-9": (1000, StoppingRule(loss_change=1e-9)),
        "the loss ≤ 1e-3": (1000, StoppingRule(loss=1e-3)),
    }
    ends = {name: hours.run(optimizers.sgd(0.01), steps, stop=rule).end for name, (steps, rule) in rules.items()}
    table = Table(
        {
            "asked for": list(ends),
            "status": [str(end.status.value) for end in ends.values()],
            "at step": [end.step for end in ends.values()],
            "detail": [str(end.detail) for end in ends.values()],
        }
    )
    together, in_place = _one_step()
    task = tasks.get("breast_cancer", "mlp")
    run = train(task, optimizers.adam(0.01), epochs=120, batch_size=32, metric="loss", stop=StoppingRule(patience=30))
    assert run.best is not None
    kept = Table(
        {
            "parameters": ["of the best evaluation", "the last"],
            "step": [run.best.step, run.end.step],
            "validation loss": [run.best.value, float(run.evaluations["loss"][-1])],
        },
        {"validation loss": ".4f"},
    )
    parts: list[Part] = [
        LOOP,
        "All gradients come before any update. On the hours with ŷ = w x + b, one step at η = 0.01 from w = 1, b = 0:",
        Table(
            {
                "gradients": ["all before the update", "b's after w has moved: wrong"],
                "w": [together[0], in_place[0]],
                "b": [together[1], in_place[1]],
            },
            {"w": ".7f", "b": ".7f"},
        ),
        table,
        "A budget that is over is `max_steps`, never `converged`. Where the gradient is 0 nothing moves any more.",
        "The lowest training loss is not the goal: a network on the tumours still improves on the rows that it sees while it\n"
        "gets worse on others. The best by validation are kept beside the last:",
        kept,
        f"{run.end}; the training loss of its last 10 steps is {np.mean(run.history['loss'][-10:]):.1e}.",
    ]
    return parts, {"curves": lambda: plots.plot_training_curves(run)}


def _one_step() -> tuple[tuple[float, float], tuple[float, float]]:
    """((w, b) after one step, the same where b's gradient is taken at the new w)."""
    loss, rows = SupervisedLoss(Linear(1), "squared_error"), jax.tree.map(jnp.asarray, datasets.hours_points().rows)
    before = {"weights": jnp.ones(1), "bias": jnp.zeros(())}
    moved = lambda params: jax.tree.map(lambda w, g: w - 0.01 * g, params, jax.grad(loss)(params, rows))
    after = moved(before)
    late = moved({**before, "weights": after["weights"]})
    w = float(after["weights"][0])
    return (w, float(after["bias"])), (w, float(late["bias"]))
