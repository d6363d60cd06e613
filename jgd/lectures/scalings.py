"""Features on one scale: min-max and z-scores fitted on training rows, and what raw columns do to descent."""

import jax.numpy as jnp
import numpy as np

from jgd import gradients, optimizers, plots, teaching
from jgd.data import MinMax, Standard, datasets
from jgd.gradients import condition_number, max_stable_learning_rate
from jgd.lectures.demonstration import Part, Pictures, Table
from jgd.losses import SupervisedLoss
from jgd.models import Linear
from jgd.training import train

COLUMN = np.array([[23.0], [35.0], [61.0], [100.0], [0.0]])


def scaling() -> tuple[list[Part], Pictures]:
    """The lecture's column scaled, and age beside income before and after."""
    scales = {
        "[0, 1]": MinMax(),
        "[−1, 1]": MinMax(-1, 1),
        "z-score, ÷ n": Standard(),
        "z-score, ÷ (n − 1)": Standard(ddof=1),
    }
    fitted = {name: scale.fit(COLUMN) for name, scale in scales.items()}
    columns = {"age": COLUMN[:, 0], **{name: np.asarray(scale(COLUMN))[:, 0] for name, scale in fitted.items()}}
    data = datasets.age_income()
    whole = Standard().fit(data.inputs)
    loss, start = SupervisedLoss(Linear(2), "squared_error"), {"weights": jnp.zeros(2), "bias": jnp.zeros(())}
    raw, scaled = data.rows, (whole(data.inputs), data.targets)
    limits = [max_stable_learning_rate(loss, start, rows) for rows in (raw, scaled)]
    ends = [
        train(loss, optimizers.sgd(0.475 * limit), start, rows, steps=100).history["loss"][-1]
        for limit, rows in zip(limits, (raw, scaled), strict=True)
    ]
    income = Table(
        {
            "age and income": ["raw", "standardized"],
            "condition number": [condition_number(rows[0]) for rows in (raw, scaled)],
            "largest rate 2/λ": limits,
            "loss after 100 steps": ends,
        },
        {"condition number": ".4g", "largest rate 2/λ": ".3g", "loss after 100 steps": ".2g"},
    )
    parts: list[Part] = [
        "X' = a + (X − min)(b − a)/(max − min), and z = (X − mean)/σ with\n"
        f"σ = {COLUMN.std():.6f} (÷ n) or {COLUMN.std(ddof=1):.6f} (÷ (n − 1)):",
        Table(columns, {name: ".6f" for name in scales}),
        "Scales are fitted on training rows alone, and used on all. A feature that is a hundred times larger makes its\n"
        "weight's gradient a hundred times larger (dL/dW = Xᵀ dL/dZ), so one learning rate can't serve both:",
        income,
    ]
    return parts, {"contours": lambda: plots.plot_paths_scaled(_panels(scaled))}


def _panels(scaled: tuple) -> dict:
    """The scaled columns, and the same with one of them stretched by six: 10^14 could not be drawn."""
    centered = (scaled[1] - scaled[1].mean()) / scaled[1].std()
    plain = SupervisedLoss(Linear(2, bias=False), "squared_error")
    panels = {}
    for title, stretch in (("before scaling", 6.0), ("after scaling", 1.0)):
        rows = (jnp.asarray(np.asarray(scaled[0]) * [1.0, stretch]), jnp.asarray(centered))
        ground = teaching.landscape_of(
            plain, {"weights": jnp.array([-0.8, 1.1])}, rows, low=[-1.2, -1.2], high=[1.7, 1.7]
        )
        rate = 0.45 * gradients.max_stable_learning_rate(ground, ground.start, None)
        panels[title] = (ground, teaching.descents(ground, {"all 200 rows": optimizers.sgd(rate)}, 40).paths)
    return panels
