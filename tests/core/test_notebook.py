"""What a notebook's cell shows: the numbers of the object, all text escaped; and one short line where it is printed."""

import re
from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from helpers import sweeping

import jgd
from jgd.core import notebook
from jgd.core.short_repr import short

EVIL = "<script>alert(1)</script>"


def cells(html):
    """The rows of a table as text."""
    return [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row) for row in re.findall(r"<tr>(.*?)</tr>", html)]


def test_a_curve_has_a_point_for_each_number_and_gaps():
    path = re.search(r' d="(.*?)"', notebook.curve([1.0, 10.0, np.nan, 100.0, 10.0], EVIL, log=True))[1]
    heights = [float(height) for height in re.findall(r"[ML][\d.]+ ([\d.]+)", path)]
    assert (path.count("M"), path.count("L")) == (2, 2)
    assert heights[1] == heights[3]  # both are 10
    assert heights[0] > heights[1] > heights[2]  # downwards in pixels
    assert "&lt;script&gt;" in notebook.curve([1.0, 2.0], EVIL)
    assert EVIL not in notebook.curve([1.0, 2.0], EVIL)
    assert notebook.curve([np.nan, 1.0], "none") == notebook.curve([], "none") == ""
    long = notebook.curve(np.arange(10_001.0), "many")
    assert (long.count("L") <= 201, "0 … 1e+04" in long) == (True, True)
    assert "H" in notebook.curve([1.0, 0.5], "rates", stairs=True)


def test_an_optimizer_is_its_transforms_without_defaults():
    inner = jgd.chain(jgd.transforms.ClipByGlobalNorm(2.0), jgd.optimizers.sgd(jgd.schedules.CosineDecay(0.1, 50)))
    rate = "ScaleByLearningRate(learning_rate=CosineDecay(init_value=0.1, decay_steps=50))"
    assert repr(inner) == f"Optimizer(ClipByGlobalNorm(max_norm=2), {rate})"
    assert [row[0] for row in cells(inner._repr_html_())] == ["transform", "ClipByGlobalNorm", "ScaleByLearningRate"]
    assert "b1 0.9, b2 0.999" in cells(jgd.optimizers.adam(0.1)._repr_html_())[1][1]
    assert (
        short(jgd.optimizers.sgd(jnp.ones(9)).transform.transforms[0])
        == "ScaleByLearningRate(learning_rate=float32[9])"
    )
    seen = []
    jax.eval_shape(
        lambda optimizer: seen.append(repr(optimizer)) or 0.0, jgd.optimizers.sgd(0.1)
    )  # a number that is traced
    assert seen[0].startswith("Optimizer(ScaleByLearningRate(learning_rate=float")


def test_runs_show_how_they_ended():
    run = jgd.train("hours_points", jgd.optimizers.sgd(0.1), steps=3)
    noted = replace(run, notes=(EVIL,))
    assert ["ended", "max_steps at step 3"] in cells(noted._repr_html_())
    assert EVIL not in noted._repr_html_()
    assert noted._repr_html_().count("<svg") == 2  # losses: of training and of validation
    runs = jgd.training.Runs((run, run), (0, 7))
    last = run.evaluations["loss"][-1]
    assert repr(runs) == f"Runs(2 seeds; last loss {last:.6g} ± 0; 0 diverged)"
    assert cells(runs._repr_html_())[2] == ["7", f"{last:.4g}", "max_steps at step 3"]


def test_a_sweep_and_its_confirmation_show_their_picks():
    found = sweeping.usual()
    rows = cells(found._repr_html_())
    best = found.best
    row = next(row for row in rows if row[0] == best.recipe)
    assert row[1:4] == [
        str(best.config),
        f"learning_rate {best.hyperparameters['learning_rate']:.3g}",
        jgd.reports.format_estimate(best.validation),
    ]
    values, e = {"learning_rate": 0.1}, best.validation
    one = jgd.sweeps.Confirmed(EVIL, 3, values, e, e, replace(e, mean=0.5), 0.25, 0)
    sure = jgd.sweeps.Confirmation("accuracy", (8, 9), (one,), 2, found)
    assert len(repr(sure)) < 300
    assert f"{EVIL} 3: " in repr(sure)
    assert EVIL not in sure._repr_html_()
    assert cells(sure._repr_html_())[1][3] == "+0.2500"


def test_a_gradient_check_is_one_line_and_a_table():
    from jgd.gradients.report import ConsistencyCheck, GradientCheck, LeafCheck

    good, bad = LeafCheck("['a']", (2,), "float32", "ok"), LeafCheck("['b']", (), "float32", "wrong", cause=EVIL)
    found = GradientCheck((good, bad), 1.0, 0, consistency=(ConsistencyCheck("jit", "['a']", 0.5, "wrong"),))
    found = replace(found, second=GradientCheck((good,), 1.0, 0, problem="not finite"))
    assert repr(found) == f"GradientCheck(not ok: 1 ok, 1 wrong; ['b'] wrong: {EVIL})"
    html = found._repr_html_()
    assert EVIL not in html
    assert [row[9] for row in cells(html) if len(row) == 11] == ["verdict", "ok", "wrong", "verdict", "ok"]
    assert ["jit", "wrong", "[&#x27;a&#x27;] differs by 5.0e-01"] in cells(html)
    assert ["could not be checked", "not finite", ""] in cells(html)


@pytest.mark.parametrize(
    ("schedule", "words"),
    [
        (jgd.schedules.StepDecay(0.5, step_size=10, decay_rate=0.5), "steps 0 to 40: 0.5 … 0.0625"),
        (jgd.schedules.LinearWarmup(0.1, jgd.schedules.share(0.5)), "of a run of 1000, 100 an epoch: 0 … 0.1"),
        (jgd.schedules.CosineDecay(np.array([0.1, 0.2]), 10), None),
    ],
    ids=["stairs", "a share of the run", "a batch"],
)
def test_a_schedule_is_a_curve(schedule, words):
    html = schedule._repr_html_()
    assert type(schedule).__name__ in html
    assert (words is None or words in html, "<svg" in html) == (True, words is not None)


def test_a_lecture_is_its_text_and_tables():
    numbers = jgd.lectures.Table({"w": [0.5, EVIL]}, title="after a step")
    lecture = jgd.lectures.Demonstration("one", EVIL, ("text", numbers), {"parabola": lambda: None})
    assert repr(lecture) == "Demonstration('one', 2 parts, pictures: parabola)"
    assert cells(lecture._repr_html_()) == [["w"], ["0.5"], ["&lt;script&gt;alert(1)&lt;/script&gt;"]]
    assert EVIL not in lecture._repr_html_()
