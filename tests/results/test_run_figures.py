"""The pictures of runs: each is written, whatever the runs went through, and nonsense is refused."""

import jax.numpy as jnp
import numpy as np
import pytest

import jgd

pytest.importorskip("matplotlib")
from jgd.results.run_figures import _zigzags, lr_range_curve, paths_beside, paths_over, training_curves

BOWL = jgd.landscapes.get("quadratic")
PATH = np.array([[2.0, -1.0], [1.0, -0.5]])


def is_png(path):
    return path.read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"


def run(rate):
    loss = lambda w, batch: jnp.sum(w**2)
    return jgd.train(loss, jgd.optimizers.sgd(rate), jnp.ones(1), steps=30, validation=np.ones(1, np.float32))


def test_curves_of_one_run_of_several_and_of_one_that_broke(tmp_path):
    sound, broken = run(0.1), run(30.0)
    assert broken.status == "diverged"
    for name, runs in {"one": sound, "broken": broken, "several": {"0.1": sound, "30": broken}}.items():
        path = tmp_path / f"{name}.png"
        training_curves(runs, path)
        assert is_png(path)
    with pytest.raises(jgd.JgdError, match="at least one run"):
        training_curves({}, tmp_path / "none.png")


def test_only_a_loss_that_zigzags_is_smoothed():
    assert not _zigzags(0.9 ** np.arange(50))
    assert _zigzags(np.random.default_rng(0).random(50))
    assert not _zigzags(np.array([np.nan]))


def test_paths_alone_and_side_by_side(tmp_path):
    paths_over(BOWL, {"down": PATH}, tmp_path / "one.png")
    paths_beside({"left": (BOWL, {"down": PATH}), "right": (BOWL, {"down": PATH})}, tmp_path / "two.png")
    paths_beside({"alone": (BOWL, {})}, tmp_path / "alone.png")
    assert all(is_png(tmp_path / f"{name}.png") for name in ("one", "two", "alone"))
    with pytest.raises(jgd.JgdError, match=r"must have shape \(steps, 2\)"):
        paths_over(BOWL, {"down": np.ones(3)}, tmp_path / "bad.png")
    with pytest.raises(jgd.JgdError, match="two dimensions"):
        paths_over(jgd.landscapes.get("plateau"), {}, tmp_path / "bad.png")
    with pytest.raises(jgd.JgdError, match="at least one landscape"):
        paths_beside({}, tmp_path / "bad.png")


def test_the_range_test_is_drawn_even_where_nothing_fell(tmp_path):
    for name, of in {"falls": BOWL, "flat": lambda w, batch: jnp.sum(0 * w) + 1}.items():
        seen = jgd.lr_range_test(of, jgd.optimizers.sgd, jnp.ones(2), steps=20)
        lr_range_curve(seen, tmp_path / f"{name}.png")
        assert is_png(tmp_path / f"{name}.png")
