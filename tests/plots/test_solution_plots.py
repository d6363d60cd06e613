"""Pictures around solutions draw the losses and the classes that they say."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jgd
from jgd import analysis, plots
from jgd.analysis.loss_slices import filter_normalized

double_well = lambda w, rows: jnp.sum((w["a"] ** 2 - 1) ** 2) + rows


def test_a_line_meets_both_solutions_and_its_barrier(ax):
    ends = [{"a": jnp.array([side, 1.0])} for side in (-1.0, 1.0)]
    line = analysis.loss_line(double_well, *ends, jnp.float32(0.5), points=11, beyond=0.2)
    np.testing.assert_allclose(line.shares, np.linspace(-0.2, 1.2, 15), atol=1e-12)
    np.testing.assert_allclose(line.losses, ((2 * line.shares - 1) ** 2 - 1) ** 2 + 0.5, rtol=1e-5)
    assert line.barrier == pytest.approx(1)
    plots.plot_loss_line({"training": line}, ax=ax)
    curve, dots = ax.get_lines()
    np.testing.assert_array_equal(curve.get_xydata().T, [line.shares, line.losses])
    assert dots.get_xdata().tolist() == [0, 1]
    assert ax.get_legend().get_texts()[0].get_text() == "training, barrier 1"
    with pytest.raises(jgd.JgdError, match="second"):
        analysis.loss_line(double_well, ends[0], {"b": jnp.ones(2)})


def test_a_plane_goes_through_three_solutions(ax):
    solutions = [{"a": jnp.array(point)} for point in ([-1.0, 1.0], [1.0, 1.0], [1.0, -1.0])]
    plane = analysis.loss_plane(double_well, solutions[0], jnp.float32(0), through=solutions[1:], points=5, span=0)
    np.testing.assert_allclose(plane.marks, [[0, 0], [2, 0], [2, 2]], atol=1e-6)
    x, y = np.meshgrid(plane.x - 1, 1 - plane.y)
    np.testing.assert_allclose(plane.losses, (x**2 - 1) ** 2 + (y**2 - 1) ** 2, atol=1e-5)
    plots.plot_loss_plane(plane, ax=ax)
    star, dots = ax.get_lines()
    np.testing.assert_array_equal([*star.get_xydata(), *dots.get_xydata()], plane.marks)
    with pytest.raises(jgd.JgdError, match="aren't on one line"):
        analysis.loss_plane(double_well, solutions[0], through=[solutions[1], solutions[1]])
    with pytest.raises(jgd.JgdError, match="two more solutions, got 1"):
        analysis.loss_plane(double_well, solutions[0], through=solutions[1:2])


@pytest.mark.slow
def test_random_directions_have_the_norm_of_each_filter():
    params = {"kernel": jnp.array([[3.0, 0.0, 1.0], [4.0, 0.0, 0.0]]), "bias": jnp.ones(3)}
    drawn = filter_normalized(jax.random.key(0), params)
    np.testing.assert_allclose(np.linalg.norm(drawn["kernel"], axis=0), [5, 0, 1], rtol=1e-6)
    assert not np.any(drawn["bias"])
    squares = lambda params, rows: sum(jnp.sum(leaf**2) for leaf in jax.tree.leaves(params))
    plane = analysis.loss_plane(squares, params, points=3)
    assert plane.losses[1, 1] == pytest.approx(29)
    scaled = analysis.loss_plane(
        lambda p, rows: squares({**p, "kernel": p["kernel"] / 8}, rows),
        {**params, "kernel": 8 * params["kernel"]},
        points=3,
    )
    np.testing.assert_allclose(scaled.losses, plane.losses, rtol=1e-5)  # whatever the scale of the weights


def test_a_decision_map_is_what_the_model_says_and_rows_have_their_labels(ax):
    side = lambda rows: np.where(rows[:, 0] > rows[:, 1], "below", "above")
    inputs, labels = np.array([[0.0, 1.0], [1.0, 0.0], [0.2, 0.4]]), ["above", "below", "below"]
    found = analysis.decision_map(side, inputs, labels, points=7, names=("width (cm)", "height (cm)"))
    x, y = np.meshgrid(found.x, found.y)
    np.testing.assert_array_equal(found.regions == found.classes.index("below"), np.float32(x) > np.float32(y))
    plots.plot_decision_map(found, ax=ax)
    drawn = {line.get_label(): line.get_xydata().tolist() for line in ax.get_lines()}
    assert drawn == {"above": inputs[:1].tolist(), "below": inputs[1:].tolist()}
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("width (cm)", "height (cm)")
    with pytest.raises(jgd.JgdError, match="a label a row, got shape"):
        analysis.decision_map(lambda rows: rows, inputs)
    with pytest.raises(jgd.JgdError, match=r"labels must have shape \(3,\)"):
        analysis.decision_map(side, inputs, labels[:2])
